//! The regular files below a directory, found one at a time.

use std::path::{Path, PathBuf};

use folio::fs::{self, ReadDir};

/// A walk in progress: one open listing per level, so that it never holds more names than a path has parts.
#[derive(Debug)]
pub(super) struct Walk {
    open: Vec<(PathBuf, ReadDir)>,
}

/// What a walk comes across.
#[derive(Debug)]
pub(super) enum Found {
    /// A regular file.
    File(PathBuf),
    /// Neither a regular file nor a directory. Symbolic links are among these, wherever they point.
    Other,
    /// A directory that could not be listed to its end, and why.
    Unreadable(String),
}

impl Walk {
    /// Starts at `root`, which may be a symbolic link: the user named it.
    pub(super) async fn start(root: &Path) -> Result<Walk, String> {
        let listing = fs::read_dir(root).await.map_err(|error| error.to_string())?;
        Ok(Walk { open: vec![(root.to_owned(), listing)] })
    }

    /// Goes on to the next thing that is not a directory; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Found> {
        loop {
            let (dir, listing) = self.open.last_mut()?;
            let entry = match listing.next_entry().await {
                Ok(Some(entry)) => entry,
                Ok(None) => {
                    self.open.pop();
                    continue;
                }
                // A listing that failed once may fail for ever: what is left of it is given up.
                Err(error) => {
                    let why = format!("{}: {error}", dir.display());
                    self.open.pop();
                    return Some(Found::Unreadable(why));
                }
            };
            match entry.file_type().await {
                Ok(kind) if kind.is_file() => return Some(Found::File(entry.path())),
                Ok(kind) if kind.is_dir() => {
                    if let Err(why) = self.descend(entry.path()).await {
                        return Some(Found::Unreadable(why));
                    }
                }
                Ok(_) => return Some(Found::Other),
                Err(error) => {
                    return Some(Found::Unreadable(format!("{}: {error}", entry.path().display())));
                }
            }
        }
    }

    async fn descend(&mut self, dir: PathBuf) -> Result<(), String> {
        let listing = fs::read_dir(&dir).await.map_err(|error| error.to_string())?;
        self.open.push((dir, listing));
        Ok(())
    }
}
