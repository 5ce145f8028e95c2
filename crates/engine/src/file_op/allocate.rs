//! Space on the device, reserved or given back.

use crate::error::Operation;
use crate::file::{Footprint, Span};
use crate::file_op::op::{BatchResult, Execute, FileOp, Host, Profile, Start, done, one_by_one};
use crate::storage::Allocation;

/// Reserves space or gives it back. A barrier, like a length change, since it can be one.
#[derive(Debug)]
pub(crate) struct Allocate {
    pub(crate) how: Allocation,
    pub(crate) offset: u64,
    pub(crate) len: u64,
}

impl FileOp for Allocate {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        Profile {
            operation: Operation::Allocate,
            footprint: Footprint { span: Span::Exclusive, cursor: false },
            offset: None,
            needs_trust: true,
        }
    }

    /// A failed reservation loses no bytes, and programs try one to find out what a file system supports.
    fn owes_its_failure(&self) -> bool {
        false
    }
}

impl Execute for Allocate {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        one_by_one(batch, host, |op| host.file().allocate(op.how, op.offset, op.len).map(done))
    }
}
