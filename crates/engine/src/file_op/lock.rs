//! Advisory locks. Only attempts: the handle waits without a worker.

use std::fmt;
use std::sync::Arc;

use crate::error::Operation;
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::op::{Answer, BatchResult, Ending, Execute, FileOp, Host, Profile, Start, one_by_one};
use crate::storage::{LockKind, StorageFile};

/// An operation on the lock of an open file.
#[derive(Debug)]
pub(crate) enum Lock {
    /// Attempts to take the lock, after releasing the one that a stand-in holds for this purpose.
    Try(LockKind, Option<AcquiredLock>),
    /// Releases the lock.
    Release,
    /// Opens the file a second time, as a stand-in that waits for the lock.
    StandIn,
    /// Undoes the acquisition with this claim.
    TakeBack(u64),
}

/// A lock that a stand-in holds; dropping it releases the lock.
pub(crate) struct AcquiredLock(pub(crate) Arc<dyn StorageFile>);

impl fmt::Debug for AcquiredLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AcquiredLock").field(&self.0).finish()
    }
}

impl FileOp for Lock {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        let operation = match self {
            Lock::Try(..) | Lock::StandIn => Operation::Lock,
            Lock::Release | Lock::TakeBack(_) => Operation::Unlock,
        };
        Profile {
            operation,
            footprint: Footprint { span: Span::Exclusive, cursor: true },
            offset: None,
            needs_trust: false,
        }
    }

    fn is_quick(&self) -> bool {
        true
    }

    fn ending(&self) -> Ending {
        Ending::Lock
    }
}

impl Execute for Lock {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        one_by_one(batch, host, |lock| {
            let answer = match lock {
                Lock::Try(kind, acquired) => {
                    // Released right before the attempt, so that no other process comes between.
                    drop(acquired);
                    Answer::Locked(host.try_lock(kind)?)
                }
                Lock::Release => {
                    host.unlock()?;
                    Answer::Done
                }
                Lock::StandIn => match host.file().stand_in() {
                    Ok(file) => Answer::Value(Box::new(file)),
                    Err(_) => Answer::Done,
                },
                Lock::TakeBack(claim) => {
                    host.take_back_lock(claim);
                    Answer::Done
                }
            };
            Ok((answer, CursorMove::Stay))
        })
    }
}
