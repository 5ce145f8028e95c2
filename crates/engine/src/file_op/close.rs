//! The end of an open file.

use crate::error::Operation;
use crate::file::{Footprint, Span};
use crate::file_op::op::{BatchResult, Ending, Execute, Far, FileOp, Host, Profile, RunLater, Start};

/// Refuses every later operation, closes the descriptor and returns the error of that.
#[derive(Debug)]
pub(crate) struct Close;

impl FileOp for Close {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        Profile {
            operation: Operation::Close,
            footprint: Footprint { span: Span::Exclusive, cursor: true },
            offset: None,
            // A poisoned file can still be closed, which reports the failed sync.
            needs_trust: false,
        }
    }

    fn ending(&self) -> Ending {
        Ending::Close
    }
}

impl Execute for Close {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        BatchResult::alike(batch.len(), &host.close())
    }

    fn run_later<'a>(batch: Vec<Self>, far: Far<'a>) -> RunLater<'a> {
        let Far { host, file, .. } = far;
        Box::pin(async move { BatchResult::alike(batch.len(), &host.close_later(file).await) })
    }
}
