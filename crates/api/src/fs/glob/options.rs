//! Options of searches and patterns.

use std::path::Path;

use super::name::MatchRules;
use super::{Continuation, Cut, Glob, Search, cut, refuse, start};
use crate::checked;
use crate::{Operation, Result};

/// Options for [`glob`](crate::fs::glob()), [`rglob`](crate::fs::rglob) and [`Pattern`](super::Pattern).
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let options = folio::fs::GlobOptions::new().case_sensitive(false).hidden(false).follow_links(true);
/// let mut photos = options.glob("albums/**/*.{jpg,jpeg}")?;
/// while let Some(path) = photos.next().await {
///     println!("{}", path?.display());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct GlobOptions {
    follow_links: bool,
    case_sensitive: bool,
    hidden: bool,
}

impl Default for GlobOptions {
    fn default() -> Self {
        GlobOptions::new()
    }
}

impl GlobOptions {
    /// Returns the options of [`glob`](crate::fs::glob()): `**` follows no links, case matters, and wildcards match leading
    /// dots.
    pub fn new() -> Self {
        GlobOptions { follow_links: false, case_sensitive: true, hidden: true }
    }

    /// Sets whether `**` follows symbolic links; off unless set. A link that is dangling or leads to a directory that
    /// contains it is not followed, but can match.
    pub fn follow_links(mut self, follow: bool) -> Self {
        self.follow_links = follow;
        self
    }

    /// Sets whether case matters; on unless set. If off, directories have to be listed for every component of the
    /// pattern, also for literal ones.
    pub fn case_sensitive(mut self, case_sensitive: bool) -> Self {
        self.case_sensitive = case_sensitive;
        self
    }

    /// Sets whether `?`, `*`, `**` and classes match a dot at the start of a name; on unless set. If off, such names match
    /// only a pattern that spells the dot, like in a shell.
    pub fn hidden(mut self, hidden: bool) -> Self {
        self.hidden = hidden;
        self
    }

    /// Finds the paths that match a pattern; see [`glob`](crate::fs::glob()).
    ///
    /// # Errors
    ///
    /// Like [`glob`](crate::fs::glob()).
    pub fn glob(&self, pattern: &str) -> Result<Glob> {
        self.search(None, pattern)
    }

    /// Finds the paths below a directory that match a pattern; see [`glob_in`](crate::fs::glob_in).
    ///
    /// # Errors
    ///
    /// Like [`glob_in`](crate::fs::glob_in).
    pub fn glob_in(&self, root: impl AsRef<Path>, pattern: &str) -> Result<Glob> {
        if pattern.starts_with('/') {
            return Err(refuse(pattern, "the pattern begins in the directory"));
        }
        let root = checked::path(Operation::ReadDir, root)?;
        self.search(Some(&root), pattern)
    }

    /// Searches for the rest of a pattern from a directory that was found, which itself may match a leading `**`.
    pub(super) fn continue_in(&self, dir: &Path, pattern: &str) -> Result<Glob> {
        let Glob { search, follow_links, continuation, .. } = self.search(Some(dir), pattern)?;
        let min_depth = search.names_min;
        Ok(start(Search { min_depth, ..search }, follow_links, continuation))
    }

    fn search(&self, root: Option<&Path>, pattern: &str) -> Result<Glob> {
        let (head, continuation) = match cut(pattern) {
            Some(Cut { head, dots, tail }) => {
                let continuation =
                    Continuation { dots: dots.to_owned(), tail: tail.to_owned(), options: self.clone() };
                (head, Some(continuation))
            }
            None => (pattern, None),
        };
        let search = Search::parse(head, self.rules())?;
        let base = root.map_or_else(|| search.base.clone(), |root| root.join(&search.base));
        Ok(start(Search { base, ..search }, self.follow_links, continuation))
    }

    /// Finds the paths below a directory that match a pattern; see [`rglob`](crate::fs::rglob).
    ///
    /// # Errors
    ///
    /// Like [`rglob`](crate::fs::rglob).
    pub fn rglob(&self, root: impl AsRef<Path>, pattern: &str) -> Result<Glob> {
        if pattern.is_empty() || pattern.starts_with('/') {
            return Err(refuse(pattern, "the pattern begins below the directory"));
        }
        let base = checked::path(Operation::ReadDir, root)?;
        self.search(Some(&base), &format!("**/{pattern}"))
    }

    pub(super) fn rules(&self) -> MatchRules {
        MatchRules { case_sensitive: self.case_sensitive, hidden: self.hidden }
    }
}
