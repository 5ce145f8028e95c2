//! Which failures the next sync must report: those after which the file may lack bytes.
//!
//! A call that was refused before it touched anything lost nothing. Its caller has the error, and for other
//! callers nothing has changed. If no caller is left to receive the error, the next sync reports it like any
//! other.

use std::io;
use std::sync::Arc;

use crate::error::{Cause, Error, Operation};
use crate::file_op::{Answer, Failure};
use crate::open_file::file::OpenFile;
use crate::open_file::pending::Outcome;
use crate::stats::add;
use crate::storage::errno;

impl OpenFile {
    /// Handles an outcome that no caller received: bytes go back to the cursor, an error goes to the next sync.
    pub(crate) fn settle_unreported(&self, outcome: Outcome) {
        match outcome {
            Ok(answer @ Answer::Read(_, Some(taken))) => {
                let mut state = self.turn.take();
                let len = self.take_back(&answer);
                state.core.give_back(taken, len);
            }
            Ok(_) => {}
            Err(error) => self.settle_unreported_error(&error),
        }
    }

    /// Returns undelivered bytes to the storage, which may be unable to read them twice.
    pub(crate) fn take_back(&self, answer: &Answer) -> u64 {
        let Answer::Read(buffer, Some(taken)) = answer else { return 0 };
        self.file.take_back(buffer.as_ref(), taken.offset());
        buffer.as_ref().len() as u64
    }

    fn settle_unreported_error(&self, error: &Error) {
        match error.cause() {
            Cause::Io(_) | Cause::EarlierWrite(_) | Cause::Panicked(_) | Cause::WriteZero => {
                self.record_unreported(error)
            }
            // Nothing has happened, or the worker that comes back reports what did; and the caller has given up.
            Cause::Overloaded(_)
            | Cause::Closed
            | Cause::Poisoned(_)
            | Cause::TimedOut(_)
            | Cause::Stopped
            | Cause::Abandoned
            | Cause::NoThread(_)
            | Cause::Forked
            | Cause::Invalid(_)
            | Cause::Unsupported(_)
            | Cause::Codec(_)
            | Cause::TooLong(_)
            | Cause::UnexpectedEof
            | Cause::NotUtf8 => {}
        }
    }

    /// Reports a failure without a caller: to the next sync, the counter and the log.
    pub(crate) fn record_unreported(&self, error: &Error) {
        if let Some(source) = self.owed_unreported(error) {
            self.inode.with_health(|health| health.owe(source));
        }
        add(&self.context.stats.unobserved_errors, 1);
        tracing::warn!(%error, "a failure reached no caller");
    }

    /// Whether the next sync must report the failure of a change even though its caller receives it.
    pub(crate) fn owes(&self, failure: &Failure) -> bool {
        let error = &*failure.error;
        let is_refusal = match self.access.alone {
            // What an error of a program's own object means, and how many bytes it had taken, is unknown.
            true => error.kind() == io::ErrorKind::Unsupported,
            false => is_wrong_request(error) || (!self.access.remote && is_forbidden(error)),
        };
        failure.bytes_done > 0 || !is_refusal
    }

    /// What the next sync must report of a failure without a caller, beyond what was recorded when it happened:
    /// a sync may have reported that part already, and must not do so twice.
    pub(crate) fn owed_unreported(&self, error: &Error) -> Option<Arc<io::Error>> {
        match error.cause() {
            // A sync that reported to no caller has not settled the debt.
            Cause::EarlierWrite(source) => Some(source.clone()),
            Cause::Io(source) if changes_contents(error.operation()) => {
                let failure = Failure { error: source.clone(), bytes_done: error.bytes_done() };
                (!self.owes(&failure)).then_some(failure.error)
            }
            Cause::Io(source) => (!is_apart(error.operation())).then(|| source.clone()),
            Cause::Panicked(_) | Cause::WriteZero | Cause::Poisoned(_) | Cause::Abandoned => None,
            Cause::Overloaded(_)
            | Cause::Closed
            | Cause::TimedOut(_)
            | Cause::Stopped
            | Cause::NoThread(_)
            | Cause::Forked
            | Cause::Invalid(_)
            | Cause::Unsupported(_)
            | Cause::Codec(_)
            | Cause::TooLong(_)
            | Cause::UnexpectedEof
            | Cause::NotUtf8 => {
                changes_contents(error.operation()).then(|| Arc::new(io::Error::from(error.clone())))
            }
        }
    }
}

/// Whether a sensible call was refused. On a network file system the error may be one of an earlier write, and
/// then it is no refusal.
fn is_forbidden(error: &io::Error) -> bool {
    let forbidden = [errno::FILE_TOO_BIG, errno::NOT_PERMITTED, errno::TEXT_BUSY];
    error.raw_os_error().is_some_and(|errno| forbidden.contains(&errno))
}

/// Whether the call can never succeed on this file.
pub(crate) fn is_wrong_request(error: &io::Error) -> bool {
    let wrong = [errno::NOT_OPEN_FOR, errno::NO_POSITION, errno::IS_A_DIRECTORY];
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
        || error.raw_os_error().is_some_and(|errno| wrong.contains(&errno))
}

/// Whether failures of this operation are recorded for the next sync when they happen, refusals aside.
fn changes_contents(operation: Operation) -> bool {
    use Operation::{Append, SendFile, SetLen, Write};
    matches!(operation, Write | Append | SetLen | SendFile)
}

/// Whether failures of this operation never concern the next sync: it changes nothing, or is final.
fn is_apart(operation: Operation) -> bool {
    use Operation::{Close, Metadata, Read, Seek, SyncAll, SyncData};
    matches!(operation, Read | Seek | Metadata | SyncAll | SyncData | Close)
}
