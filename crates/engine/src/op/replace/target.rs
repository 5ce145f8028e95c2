//! What is to be replaced: a name, behind whatever links lead to it.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::limits::REPLACE_LINKS_MAX;
use crate::op::durable::directory;
use crate::storage::{Links, Metadata, Names, errno};

/// The name that new contents are to have.
pub(super) struct Target {
    /// No link, as far as it was looked at.
    pub(super) path: PathBuf,
    /// The attributes of what has the name; `None` if nothing has.
    pub(super) old: Option<Metadata>,
}

impl Target {
    /// Finds it. Links in the last part of the path are followed, unless the link itself is to be replaced. A dangling link
    /// names the target too, as it does for a write.
    pub(super) fn find(names: &dyn Names, path: &Path, replaces_link: bool) -> io::Result<Target> {
        let mut path = path.to_owned();
        for _ in 0..REPLACE_LINKS_MAX {
            let old = present(names, &path)?;
            if replaces_link || !old.as_ref().is_some_and(Metadata::is_symlink) {
                return Target { path, old }.checked(replaces_link);
            }
            path = directory(&path).join(names.read_link(&path)?);
        }
        Err(errno::error(errno::LINKS_IN_A_CIRCLE))
    }

    /// Refuses, before anything is written, what cannot become a file.
    fn checked(self, replaces_link: bool) -> io::Result<Target> {
        match &self.old {
            Some(old) if old.is_file() || (replaces_link && old.is_symlink()) => Ok(self),
            Some(old) if old.is_dir() => Err(errno::error(errno::IS_A_DIRECTORY)),
            Some(_) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "only files can be replaced: it is a FIFO, a socket or a device",
            )),
            None if self.path.as_os_str().is_empty() => Err(errno::error(errno::MISSING)),
            // A slash behind the name insists on a directory.
            None if self.path.as_os_str().as_bytes().ends_with(b"/") => {
                Err(errno::error(errno::IS_A_DIRECTORY))
            }
            None => Ok(self),
        }
    }
}

/// The attributes of a name itself; `None` if nothing has it.
pub(super) fn present(names: &dyn Names, path: &Path) -> io::Result<Option<Metadata>> {
    match names.metadata(path, Links::NotLast) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
