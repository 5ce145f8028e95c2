//! The end of an open file.

use crate::error::Operation;
use crate::file::{Footprint, Span};
use crate::file_op::op::{Ending, Execute, FileOp, Host, Ran, Start};

/// Refuses everything after it, gives the descriptor up and reports what that reports.
#[derive(Debug)]
pub(crate) struct Close;

impl FileOp for Close {
    fn operation(&self) -> Operation {
        Operation::Close
    }

    fn footprint(&self, _cursor: u64, _room: u64) -> Footprint {
        Footprint { span: Span::Exclusive, cursor: true }
    }

    fn offset(&self) -> Option<u64> {
        None
    }

    /// A file that nobody trusts can still be closed, which reports the failed sync.
    fn needs_trust(&self) -> bool {
        false
    }

    fn ending(&self) -> Ending {
        Ending::Close
    }
}

impl Execute for Close {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> Ran {
        Ran::alike(batch.len(), &host.close())
    }
}
