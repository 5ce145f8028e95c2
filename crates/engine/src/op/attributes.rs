//! Operations on attributes: asking for them, changing permissions, owner and times, existence.

use std::fs::{DirEntry, FileTimes, Metadata, Permissions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::PathRequest;
use crate::error::Operation;
use crate::storage::{Stamps, Storage};

/// Asks for attributes.
#[derive(Clone, Debug)]
pub struct Stat {
    /// What to look at.
    pub path: PathBuf,
    /// Whether a symbolic link at the end of the path is followed.
    pub follow: bool,
}

impl PathRequest for Stat {
    type Reply = Metadata;

    fn operation(&self) -> Operation {
        Operation::Metadata
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn in_place(&self, storage: &dyn Storage) -> Option<io::Result<Metadata>> {
        match self.follow {
            true => storage.metadata_cached(&self.path),
            false => storage.symlink_metadata_cached(&self.path),
        }
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<Metadata> {
        if self.follow { storage.metadata(&self.path) } else { storage.symlink_metadata(&self.path) }
    }
}

/// Asks for the attributes of a listed entry, through the directory it was listed from.
///
/// Unlike [`Stat`], it finds the entry even after the directory was renamed.
#[derive(Clone, Debug)]
pub struct StatEntry {
    /// The entry; a symbolic link is not followed.
    pub entry: Arc<DirEntry>,
    /// Its path, for errors.
    pub path: PathBuf,
}

impl PathRequest for StatEntry {
    type Reply = Metadata;

    fn operation(&self) -> Operation {
        Operation::Metadata
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, _storage: &dyn Storage) -> io::Result<Metadata> {
        self.entry.metadata()
    }
}

/// Asks whether a path names something, following symbolic links.
#[derive(Clone, Debug)]
pub struct Exists {
    /// What to look for.
    pub path: PathBuf,
}

impl PathRequest for Exists {
    type Reply = bool;

    fn operation(&self) -> Operation {
        Operation::Metadata
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn in_place(&self, storage: &dyn Storage) -> Option<io::Result<bool>> {
        storage.metadata_cached(&self.path).map(found)
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<bool> {
        found(storage.metadata(&self.path))
    }
}

/// Only "not found" is a no: a path that may not be looked at could be there.
fn found(metadata: io::Result<Metadata>) -> io::Result<bool> {
    match metadata {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Changes the permissions of what a path names.
#[derive(Clone, Debug)]
pub struct SetPermissions {
    /// What to change; symbolic links are followed.
    pub path: PathBuf,
    /// The permissions to have.
    pub permissions: Permissions,
}

impl PathRequest for SetPermissions {
    type Reply = ();

    fn operation(&self) -> Operation {
        Operation::SetPermissions
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<()> {
        storage.set_permissions(&self.path, self.permissions)
    }
}

/// Changes owner and group.
#[derive(Clone, Debug)]
pub struct SetOwner {
    /// What to change.
    pub path: PathBuf,
    /// The user to own it; `None` for the one who does.
    pub uid: Option<u32>,
    /// The group to own it; `None` for the one that does.
    pub gid: Option<u32>,
    /// Whether a symbolic link at the end of the path is followed.
    pub follow: bool,
}

impl PathRequest for SetOwner {
    type Reply = ();

    fn operation(&self) -> Operation {
        Operation::SetOwner
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<()> {
        storage.set_owner(&self.path, self.uid, self.gid, self.follow)
    }
}

/// Changes the times of the last reading and the last change.
#[derive(Clone, Debug)]
pub struct SetTimes {
    /// What to change.
    pub path: PathBuf,
    /// The times to have.
    pub times: Stamps,
    /// Whether a symbolic link at the end of the path is followed.
    pub follow: bool,
}

impl PathRequest for SetTimes {
    type Reply = ();

    fn operation(&self) -> Operation {
        Operation::SetTimes
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<()> {
        storage.set_times(&self.path, &self.times, self.follow)
    }
}

/// Changes times in std's words.
#[derive(Clone, Debug)]
pub struct SetFileTimes {
    /// What to change.
    pub path: PathBuf,
    /// The times to have.
    pub times: FileTimes,
    /// Whether a symbolic link at the end of the path is followed.
    pub follow: bool,
}

impl PathRequest for SetFileTimes {
    type Reply = ();

    fn operation(&self) -> Operation {
        Operation::SetTimes
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<()> {
        storage.set_file_times(&self.path, self.times, self.follow)
    }
}

#[cfg(test)]
mod tests {
    use super::{Exists, PathRequest, Stat};
    use crate::storage::Storage;
    use crate::storage::os::Os;
    use std::{fs, io};

    #[test]
    fn existence_in_place_and_by_a_worker_agree() {
        let dir = tempfile::tempdir().expect("temp dir");
        let os = Os::new();
        fs::write(dir.path().join("file"), b"x").expect("write");
        std::os::unix::fs::symlink("missing", dir.path().join("dangling")).expect("symlink");
        os.metadata(dir.path()).expect("learn the device");
        let check = |name: &str, expected: Result<bool, io::ErrorKind>| {
            let request = Exists { path: dir.path().join(name) };
            if let Some(answer) = request.in_place(&os) {
                assert_eq!(answer.map_err(|e| e.kind()), expected, "{name} in place");
            }
            assert_eq!(request.execute(&os).map_err(|e| e.kind()), expected, "{name}");
        };
        check("file", Ok(true));
        check("missing", Ok(false));
        check("dangling", Ok(false));
        check("file/below", Err(io::ErrorKind::NotADirectory));
        let request = Stat { path: dir.path().join("dangling"), follow: false };
        if let Some(answer) = request.in_place(&os) {
            assert!(answer.expect("lstat in place").is_symlink());
        }
        assert!(request.execute(&os).expect("lstat").is_symlink());
    }
}
