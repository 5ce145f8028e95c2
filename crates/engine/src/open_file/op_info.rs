//! What is needed of an operation when its batch ends.

use std::time::Instant;

use crate::error::Operation;
use crate::file_op::Ending;
use crate::open_file::pending::PendingOp;

/// What an error names, and what has to be done at the end.
pub(crate) struct OpInfo {
    pub(crate) operation: Operation,
    pub(crate) offset: Option<u64>,
    pub(crate) arrived: Instant,
    pub(crate) ending: Ending,
}

impl OpInfo {
    pub(crate) fn of(pending: &PendingOp) -> Self {
        OpInfo {
            operation: pending.op.operation(),
            offset: pending.op.offset(),
            arrived: pending.arrived,
            ending: pending.op.ending(),
        }
    }
}
