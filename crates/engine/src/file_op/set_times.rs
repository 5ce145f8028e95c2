//! The times of an open file.

use crate::error::Operation;
use crate::file::{Footprint, Span};
use crate::file_op::op::{BatchResult, Execute, FileOp, Host, Profile, Start, done, one_by_one};
use std::fs::FileTimes;

/// Changes the times; a barrier, since a later write sets them again.
#[derive(Debug)]
pub(crate) struct SetTimes(pub(crate) FileTimes);

impl FileOp for SetTimes {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        Profile {
            operation: Operation::SetTimes,
            footprint: Footprint { span: Span::Exclusive, cursor: false },
            offset: None,
            needs_trust: false,
        }
    }

    fn is_quick(&self) -> bool {
        true
    }
}

impl Execute for SetTimes {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        one_by_one(batch, host, |op| host.file().set_times(op.0).map(done))
    }
}
