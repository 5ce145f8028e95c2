//! What a file was opened by.

use std::fmt;
use std::os::fd::RawFd;
use std::path::Path;
use std::sync::Arc;

/// What a file was opened by: Python's `file.name`.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let file = folio::open("data.bin", "rb").await?.binary()?;
/// assert_eq!(file.name().as_path(), Some("data.bin".as_ref()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A path, as it was given.
    Path(Arc<Path>),
    /// A descriptor that was open already.
    Descriptor(RawFd),
}

impl Name {
    /// Returns the path, if it was one.
    pub fn as_path(&self) -> Option<&Path> {
        match self {
            Name::Path(path) => Some(path),
            Name::Descriptor(_) => None,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Path(path) => path.display().fmt(f),
            Name::Descriptor(number) => number.fmt(f),
        }
    }
}
