//! Matching a path against a pattern without I/O.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};
use std::str::FromStr;
use std::sync::Arc;

use super::name::{self, NamePattern};
use super::{GlobOptions, Part, expand, fits, refuse, split};
use crate::{Error, Result};

/// A pattern of [`glob`](crate::fs::glob()), to match paths against without I/O. Two patterns are equal if their texts are
/// equal.
///
/// ```
/// use folio::fs::Pattern;
///
/// # fn example() -> folio::Result<()> {
/// let sources = Pattern::new("src/**/*.{rs,toml}")?;
/// assert!(sources.matches("src/a/b.rs") && sources.matches("src/b.toml"));
/// assert!(!sources.matches("tests/b.rs"));
/// # Ok(())
/// # }
/// # example().expect("it is a pattern");
/// ```
#[derive(Clone)]
pub struct Pattern {
    text: Arc<str>,
    /// The components of each choice.
    choices: Arc<[Vec<Part>]>,
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// Like [`glob`](crate::fs::glob()).
    pub fn new(pattern: &str) -> Result<Pattern> {
        let (names, rest) = split(pattern)?;
        let names: Vec<Part> = names.iter().map(|name| Part::Name(NamePattern::exactly(name))).collect();
        let choices = expand(&names, &rest).ok_or_else(|| refuse(pattern, "this is no pattern"))?;
        Ok(Pattern { text: pattern.into(), choices: choices.into() })
    }

    /// Returns the pattern that matches only `text`: every special character is escaped.
    ///
    /// ```
    /// # async fn example(album: &str) -> folio::Result<()> {
    /// let escaped = folio::fs::Pattern::escape(album);            // "album [1]" is no class
    /// let mut songs = folio::fs::glob(&format!("{escaped}/*.mp3"))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn escape(text: &str) -> String {
        name::escape(text)
    }

    /// Returns whether the path matches: whether [`glob`](crate::fs::glob()) would find it, if it exists. A pattern that
    /// ends with `/` matches only paths that end with `/`.
    pub fn matches(&self, path: &str) -> bool {
        self.matches_path(Path::new(path))
    }

    /// Like [`matches`](Pattern::matches) for any path.
    pub fn matches_path(&self, path: &Path) -> bool {
        self.matches_path_with(path, &GlobOptions::new())
    }

    /// Like [`matches`](Pattern::matches), with the `case_sensitive` and `hidden` of `options`.
    ///
    /// ```
    /// use folio::fs::{GlobOptions, Pattern};
    ///
    /// # fn example() -> folio::Result<()> {
    /// let readme = Pattern::new("readme*")?;
    /// assert!(readme.matches_with("README.md", &GlobOptions::new().case_sensitive(false)));
    /// # Ok(())
    /// # }
    /// # example().expect("it is a pattern");
    /// ```
    pub fn matches_with(&self, path: &str, options: &GlobOptions) -> bool {
        self.matches_path_with(Path::new(path), options)
    }

    /// Like [`matches_with`](Pattern::matches_with) for any path.
    pub fn matches_path_with(&self, path: &Path, options: &GlobOptions) -> bool {
        let is_directory = path.as_os_str().as_bytes().ends_with(b"/");
        if path.has_root() != self.text.starts_with('/') || self.text.ends_with('/') && !is_directory {
            return false;
        }
        let parts = path.components().filter(|part| *part != Component::RootDir);
        let names: Vec<&OsStr> = parts.map(Component::as_os_str).collect();
        self.choices.iter().any(|parts| fits(parts, &names, is_directory, options.rules()))
    }

    /// Returns the text of the pattern.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.text).finish()
    }
}

impl FromStr for Pattern {
    type Err = Error;

    fn from_str(pattern: &str) -> Result<Pattern> {
        Pattern::new(pattern)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Pattern) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Pattern) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}
