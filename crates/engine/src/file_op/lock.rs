//! Advisory locks. Only attempts: waiting is done without a worker, by the handle.

use std::fmt;
use std::sync::Arc;

use crate::error::Operation;
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::op::{Answer, Ending, Execute, FileOp, Host, Ran, Start, one_by_one};
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

impl FileOp for Lock {
    fn operation(&self) -> Operation {
        match self {
            Lock::Try(..) | Lock::StandIn => Operation::Lock,
            Lock::Release | Lock::TakeBack(_) => Operation::Unlock,
        }
    }

    fn footprint(&self, _cursor: u64, _room: u64) -> Footprint {
        Footprint { span: Span::Exclusive, cursor: true }
    }

    fn offset(&self) -> Option<u64> {
        None
    }

    fn needs_trust(&self) -> bool {
        false
    }

    fn is_quick(&self) -> bool {
        true
    }

    fn ending(&self) -> Ending {
        Ending::Lock
    }
}

impl Execute for Lock {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> Ran {
        one_by_one(batch, host, |lock| {
            let answer = match lock {
                Lock::Try(kind, won) => {
                    // Right before the attempt: nobody else is to be quicker.
                    drop(won);
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
