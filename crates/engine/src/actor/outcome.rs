//! How the operations of one batch ended, and what an error has to name of them.

use std::time::Instant;

use crate::actor::queued::Queued;
use crate::error::{Cause, Operation};
use crate::file::CursorMove;
use crate::op::{Answer, Failure, Op};

/// How the operations of one batch ended, in their order.
pub(super) struct Ran {
    pub(super) outcomes: Vec<Result<Answer, Failed>>,
    pub(super) moved: CursorMove,
}

impl Ran {
    /// Nothing has been done, for this reason.
    pub(super) fn refused(count: usize, cause: &Cause) -> Self {
        let outcomes = (0..count).map(|_| Err(Failed::Cause(cause.clone()))).collect();
        Ran { outcomes, moved: CursorMove::Stay }
    }

    /// One operation that answers nothing but how it went.
    pub(super) fn answering(result: Result<(), Cause>) -> Self {
        Ran { outcomes: vec![result.map(|()| Answer::Done).map_err(Failed::Cause)], moved: CursorMove::Stay }
    }
}

/// Why an operation of a batch failed.
pub(super) enum Failed {
    /// The storage said so.
    Storage(Failure),
    /// Something before it forbids it.
    Cause(Cause),
}

/// What has to be known of an operation after it was handed to the storage.
pub(super) struct Fact {
    pub(super) operation: Operation,
    pub(super) offset: Option<u64>,
    pub(super) arrived: Instant,
    pub(super) cursor_read: bool,
    pub(super) cursor_write: bool,
    pub(super) lock: bool,
}

impl Fact {
    pub(super) fn of(queued: &Queued) -> Self {
        Fact {
            operation: queued.op.operation(),
            offset: queued.op.offset(),
            arrived: queued.arrived,
            cursor_read: queued.op.reads_at_cursor(),
            cursor_write: queued.op.writes_at_cursor(),
            lock: matches!(queued.op, Op::Lock(_)),
        }
    }
}
