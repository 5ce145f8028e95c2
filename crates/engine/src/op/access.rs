//! Asking what a path may be used for.

use std::io;
use std::path::{Path, PathBuf};

use super::PathRequest;
use crate::error::Operation;
use crate::storage::{Mode, Storage};

/// Asks whether this process may use a path in certain ways.
#[derive(Clone, Debug)]
pub struct Access {
    /// What is to be used; symbolic links are followed.
    pub path: PathBuf,
    /// How it is to be used.
    pub mode: Mode,
}

impl PathRequest for Access {
    type Reply = bool;

    fn operation(&self) -> Operation {
        Operation::Access
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<bool> {
        match storage.access(&self.path, self.mode) {
            Ok(()) => Ok(true),
            // Not a no of the kernel's: this storage cannot tell.
            Err(error) if error.raw_os_error().is_none() => Err(error),
            Err(_) => Ok(false),
        }
    }
}
