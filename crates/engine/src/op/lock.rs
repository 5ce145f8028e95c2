//! Advisory locks. Only attempts: waiting is done without a worker, by the handle.

use std::fmt;
use std::sync::Arc;

use crate::error::Operation;
use crate::storage::{LockKind, StorageFile};

/// What is done with the lock of an open file.
#[derive(Debug)]
pub(crate) enum Lock {
    /// One attempt, after what a stand-in has won is given up for it.
    Try(LockKind, Option<Won>),
    /// Gives it up.
    Release,
    /// Opens the file once more, to wait for the lock by.
    StandIn,
    /// Takes back the success that got this claim.
    TakeBack(u64),
}

/// The lock in the hands of a stand-in; dropping it releases.
pub(crate) struct Won(pub(crate) Arc<dyn StorageFile>);

impl fmt::Debug for Won {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Won").field(&self.0).finish()
    }
}

impl Lock {
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Lock::Try(..) | Lock::StandIn => Operation::Lock,
            Lock::Release | Lock::TakeBack(_) => Operation::Unlock,
        }
    }
}
