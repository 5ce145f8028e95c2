//! Advice to the kernel about a range of a file.

use crate::error::Operation;
use crate::file::{Footprint, Span};
use crate::file_op::op::{BatchResult, Execute, FileOp, Host, Profile, Start, done, one_by_one};
use crate::storage::Advice;

/// Advises how a range will be used; changes no bytes.
#[derive(Debug)]
pub(crate) struct Advise {
    pub(crate) advice: Advice,
    pub(crate) offset: u64,
    pub(crate) len: u64,
}

impl FileOp for Advise {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        Profile {
            operation: Operation::Advise,
            footprint: Footprint { span: Span::Read(0..0), cursor: false },
            offset: None,
            needs_trust: false,
        }
    }

    fn is_quick(&self) -> bool {
        true
    }
}

impl Execute for Advise {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        one_by_one(batch, host, |op| host.file().advise(op.advice, op.offset, op.len).map(done))
    }
}
