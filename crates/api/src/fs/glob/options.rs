//! Rules for looking for the paths that match a pattern.

use std::path::Path;

use super::name::Likeness;
use super::{Cut, Glob, Search, Then, begin, cut, refuse};
use crate::checked;
use crate::{Operation, Result};

/// Rules for [`glob`](crate::fs::glob()), [`rglob`](crate::fs::rglob) and [`Pattern`](super::Pattern).
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
    /// Starts with the rules of [`glob`](crate::fs::glob()): `**` follows no links, case matters, dots do not.
    pub fn new() -> Self {
        GlobOptions { follow_links: false, case_sensitive: true, hidden: true }
    }

    /// Sets whether symbolic links to directories are gone through by `**`, too. A link that leads nowhere, or back to a
    /// directory that it is in, is a name like any other.
    pub fn follow_links(mut self, follow: bool) -> Self {
        self.follow_links = follow;
        self
    }

    /// Sets whether upper and lower case are different. If not, every part of the pattern has to be looked for:
    /// nothing of it is a path that can be opened as it is.
    pub fn case_sensitive(mut self, case_sensitive: bool) -> Self {
        self.case_sensitive = case_sensitive;
        self
    }

    /// Sets whether `?`, `*`, `**` and classes stand for a dot at the beginning of a name too. If not, such names are
    /// found only by a pattern that has the dot, as by a shell.
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

    /// Goes on from a directory that was found, which `**` begins with.
    pub(super) fn go_on_in(&self, dir: &Path, pattern: &str) -> Result<Glob> {
        let Glob { search, follow_links, then, .. } = self.search(Some(dir), pattern)?;
        let min_depth = search.least;
        Ok(begin(Search { min_depth, ..search }, follow_links, then))
    }

    fn search(&self, root: Option<&Path>, pattern: &str) -> Result<Glob> {
        let (head, then) = match cut(pattern) {
            Some(Cut { head, dots, tail }) => {
                let then = Then { dots: dots.to_owned(), tail: tail.to_owned(), options: self.clone() };
                (head, Some(then))
            }
            None => (pattern, None),
        };
        let search = Search::parse(head, self.likeness())?;
        let base = root.map_or_else(|| search.base.clone(), |root| root.join(&search.base));
        Ok(begin(Search { base, ..search }, self.follow_links, then))
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

    pub(super) fn likeness(&self) -> Likeness {
        Likeness { case_sensitive: self.case_sensitive, hidden: self.hidden }
    }
}
