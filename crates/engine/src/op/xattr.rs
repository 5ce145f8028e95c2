//! Operations on extended attributes: names with values that a file system keeps beside a file.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::PathRequest;
use crate::error::Operation;
use crate::storage::{Storage, XattrMode};

/// Asks for a value.
#[derive(Clone, Debug)]
pub struct GetXattr {
    /// What has it.
    pub path: PathBuf,
    /// Its name.
    pub name: OsString,
    /// Whether a symbolic link at the end of the path is followed.
    pub follow: bool,
}

impl PathRequest for GetXattr {
    type Reply = Option<Vec<u8>>;

    fn operation(&self) -> Operation {
        Operation::GetXattr
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<Option<Vec<u8>>> {
        storage.xattr(&self.path, &self.name, self.follow)
    }
}

/// Sets a value.
#[derive(Clone, Debug)]
pub struct SetXattr {
    /// What gets it.
    pub path: PathBuf,
    /// Its name.
    pub name: OsString,
    /// The value.
    pub value: Bytes,
    /// Whether it may, must or must not be there before.
    pub mode: XattrMode,
    /// Whether a symbolic link at the end of the path is followed.
    pub follow: bool,
}

impl PathRequest for SetXattr {
    type Reply = ();

    fn operation(&self) -> Operation {
        Operation::SetXattr
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn bytes(&self) -> usize {
        self.value.len()
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<()> {
        storage.set_xattr(&self.path, &self.name, &self.value, self.mode, self.follow)
    }
}

/// Asks for all names.
#[derive(Clone, Debug)]
pub struct ListXattrs {
    /// What has them.
    pub path: PathBuf,
    /// Whether a symbolic link at the end of the path is followed.
    pub follow: bool,
}

impl PathRequest for ListXattrs {
    type Reply = Vec<OsString>;

    fn operation(&self) -> Operation {
        Operation::ListXattr
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<Vec<OsString>> {
        storage.xattrs(&self.path, self.follow)
    }
}

/// Removes a value and its name.
#[derive(Clone, Debug)]
pub struct RemoveXattr {
    /// What has it.
    pub path: PathBuf,
    /// Its name.
    pub name: OsString,
    /// Whether a symbolic link at the end of the path is followed.
    pub follow: bool,
}

impl PathRequest for RemoveXattr {
    type Reply = ();

    fn operation(&self) -> Operation {
        Operation::RemoveXattr
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<()> {
        storage.remove_xattr(&self.path, &self.name, self.follow)
    }
}
