//! Reporting earlier failures before a descriptor is closed.

use crate::error::Operation;
use crate::file::{Footprint, Span};
use crate::file_op::op::{BatchResult, Execute, FileOp, Host, Start};

/// Reports failures that no caller has received yet.
#[derive(Debug)]
pub(crate) struct Settle;

impl FileOp for Settle {
    fn operation(&self) -> Operation {
        Operation::Close
    }

    fn footprint(&self, _cursor: u64, _room: u64) -> Footprint {
        Footprint { span: Span::Sync, cursor: false }
    }

    fn offset(&self) -> Option<u64> {
        None
    }

    /// It reports the failed sync itself.
    fn needs_trust(&self) -> bool {
        false
    }
}

impl Execute for Settle {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        BatchResult::alike(batch.len(), &host.vouch(&mut |_| Ok(())))
    }
}
