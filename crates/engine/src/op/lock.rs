//! Advisory locks. Only attempts: waiting for another process is done without a worker, by the handle.

use std::io;

use crate::error::Operation;
use crate::op::Answer;
use crate::storage::{LockKind, StorageFile};

/// Takes the lock if it is free, or releases it.
#[derive(Debug)]
pub(crate) enum Lock {
    /// One attempt.
    Try(LockKind),
    /// Gives it up.
    Release,
}

impl Lock {
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Lock::Try(_) => Operation::Lock,
            Lock::Release => Operation::Unlock,
        }
    }

    pub(crate) fn execute(self, file: &dyn StorageFile) -> io::Result<Answer> {
        match self {
            Lock::Try(kind) => file.try_lock(kind).map(Answer::Locked),
            Lock::Release => file.unlock().map(|()| Answer::Done),
        }
    }
}
