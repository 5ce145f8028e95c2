//! Which failures a file owes to its next sync: those after which it may lack what it should hold.
//!
//! A call that was refused before it touched anything lost nothing. Who asked for it knows; to the others it is
//! as if it had never been asked for. If nobody is left to know it, it is owed like any other.

use std::io;
use std::sync::Arc;

use crate::error::{Cause, Error, Operation};
use crate::file_op::{Answer, Failure};
use crate::open_file::file::OpenFile;
use crate::open_file::pending::Outcome;
use crate::stats::add;
use crate::storage::errno;

impl OpenFile {
    /// Takes care of an outcome that nobody heard: bytes go back before the cursor, an error becomes sticky.
    pub(crate) fn orphan(&self, outcome: Outcome) {
        match outcome {
            Ok(answer @ Answer::Read(_, Some(taken))) => {
                let mut state = self.turn.take();
                let len = self.take_back(&answer);
                state.core.give_back(taken, len);
            }
            Ok(_) => {}
            Err(error) => self.orphan_error(&error),
        }
    }

    /// Gives bytes that nobody saw back to the storage, which may be unable to read them twice.
    pub(crate) fn take_back(&self, answer: &Answer) -> u64 {
        let Answer::Read(buffer, Some(taken)) = answer else { return 0 };
        self.file.take_back(buffer.as_ref(), taken.offset());
        buffer.as_ref().len() as u64
    }

    fn orphan_error(&self, error: &Error) {
        match error.cause() {
            Cause::Io(_) | Cause::EarlierWrite(_) | Cause::Panicked(_) | Cause::WriteZero => {
                self.remember(error)
            }
            // Nothing has happened, and whoever asked for it has given up.
            Cause::Overloaded(_)
            | Cause::Closed
            | Cause::Poisoned(_)
            | Cause::TimedOut(_)
            | Cause::Stopped
            | Cause::Forked
            | Cause::Invalid(_)
            | Cause::Unsupported(_)
            | Cause::Codec(_)
            | Cause::TooLong(_)
            | Cause::UnexpectedEof
            | Cause::NotUtf8 => {}
        }
    }

    /// Takes care of a failure that nobody hears: the next sync does, it is counted, and it is logged.
    pub(crate) fn remember(&self, error: &Error) {
        if let Some(source) = self.owed_unheard(error) {
            self.inode.with_health(|health| health.owe(source));
        }
        add(&self.context.stats.unobserved_errors, 1);
        tracing::warn!(%error, "nobody was left to hear of a failure");
    }

    /// Whether the failure of something that changes the file is owed although its caller hears of it.
    pub(crate) fn owes(&self, failure: &Failure) -> bool {
        let error = &*failure.error;
        let is_refusal = match self.access.alone {
            // What a program's own object means by an error, and what it had taken by then, is its own affair.
            true => error.kind() == io::ErrorKind::Unsupported,
            false => is_wrong_request(error) || (!self.access.remote && is_forbidden(error)),
        };
        failure.bytes_done > 0 || !is_refusal
    }

    /// What a failure that nobody hears leaves to the next sync, apart from what it owed when it happened: one of
    /// them may have reported that by now, and must not do so twice.
    pub(crate) fn owed_unheard(&self, error: &Error) -> Option<Arc<io::Error>> {
        match error.cause() {
            // A sync that nobody heard has not settled the debt.
            Cause::EarlierWrite(source) => Some(source.clone()),
            Cause::Io(source) if changes_contents(error.operation()) => {
                let failure = Failure { error: source.clone(), bytes_done: error.bytes_done() };
                (!self.owes(&failure)).then_some(failure.error)
            }
            Cause::Io(source) => (!is_apart(error.operation())).then(|| source.clone()),
            Cause::Panicked(_) | Cause::WriteZero | Cause::Poisoned(_) => None,
            Cause::Overloaded(_)
            | Cause::Closed
            | Cause::TimedOut(_)
            | Cause::Stopped
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

/// Whether the call was turned away though it made sense. Over a network a write may report what became of the
/// ones before it, and then this is no refusal of the call itself.
fn is_forbidden(error: &io::Error) -> bool {
    let forbidden = [errno::FILE_TOO_BIG, errno::NOT_PERMITTED, errno::TEXT_BUSY];
    error.raw_os_error().is_some_and(|errno| forbidden.contains(&errno))
}

/// Whether the call made no sense for this file, whatever state it is in.
pub(crate) fn is_wrong_request(error: &io::Error) -> bool {
    let wrong = [errno::NOT_OPEN_FOR, errno::NO_POSITION, errno::IS_A_DIRECTORY];
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
        || error.raw_os_error().is_some_and(|errno| wrong.contains(&errno))
}

/// Whether a failure of such an operation is owed when it happens, unless it was a refusal.
fn changes_contents(operation: Operation) -> bool {
    use Operation::{Append, SendFile, SetLen, Write};
    matches!(operation, Write | Append | SetLen | SendFile)
}

/// Whether a failure of such an operation has nothing to do with debts: it changes nothing, or it is final.
fn is_apart(operation: Operation) -> bool {
    use Operation::{Close, Read, SyncAll, SyncData};
    matches!(operation, Read | SyncAll | SyncData | Close)
}
