//! Which failures a file owes to its next sync: those after which it may lack what it should hold.
//!
//! A call that was refused before it touched anything lost nothing. Who asked for it knows; to the others it is
//! as if it had never been asked for. If nobody is left to know it, it is owed like any other.

use std::io;
use std::sync::Arc;

use crate::actor::opening::Opening;
use crate::error::{Cause, Error, Operation};
use crate::op::{Failure, Op};

impl Opening {
    /// Whether the failure of something that changes the file is owed although its caller hears of it.
    pub(crate) fn owes(&self, failure: &Failure) -> bool {
        failure.bytes_done > 0 || failure.error.kind() != io::ErrorKind::Unsupported
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

/// Whether somebody has been told `Ok` for it before it was carried out.
pub(crate) fn is_promised(op: &Op) -> bool {
    match op {
        Op::Write(write) => write.kept,
        Op::Append(append) => append.kept,
        Op::Read(_) | Op::Seek(_) | Op::Sync(_) | Op::Describe(_) | Op::Lock(_) | Op::Run(_) | Op::Close => {
            false
        }
    }
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
