//! How the operations of one batch ended, and what an error has to name of them.

use std::time::Instant;

use crate::error::{Cause, Operation};
use crate::file::CursorMove;
use crate::op::{Answer, Failure, Op};
use crate::open_file::pending::PendingOp;

/// How the operations of one batch ended, in their order.
pub(crate) struct Ran {
    pub(crate) outcomes: Vec<Result<Answer, Failed>>,
    pub(crate) moved: CursorMove,
}

impl Ran {
    /// Nothing has been done, for this reason.
    pub(crate) fn refused(count: usize, cause: &Cause) -> Self {
        let outcomes = (0..count).map(|_| Err(Failed::Cause(cause.clone()))).collect();
        Ran { outcomes, moved: CursorMove::Stay }
    }

    /// One operation that answers nothing but how it went.
    pub(crate) fn answering(result: Result<(), Cause>) -> Self {
        Ran { outcomes: vec![result.map(|()| Answer::Done).map_err(Failed::Cause)], moved: CursorMove::Stay }
    }
}

/// Why an operation of a batch failed.
pub(crate) enum Failed {
    /// The storage said so.
    Storage(Failure),
    /// Something before it forbids it.
    Cause(Cause),
}

/// What has to be known of an operation after it was handed to the storage.
pub(crate) struct OpInfo {
    pub(crate) operation: Operation,
    pub(crate) offset: Option<u64>,
    pub(crate) arrived: Instant,
    pub(crate) cursor_read: bool,
    pub(crate) cursor_write: bool,
    pub(crate) lock: bool,
}

impl OpInfo {
    pub(crate) fn of(pending: &PendingOp) -> Self {
        OpInfo {
            operation: pending.op.operation(),
            offset: pending.op.offset(),
            arrived: pending.arrived,
            cursor_read: pending.op.reads_at_cursor(),
            cursor_write: pending.op.writes_at_cursor(),
            lock: matches!(pending.op, Op::Lock(_)),
        }
    }
}
