//! What a close reports before the descriptor is given up.

use crate::error::Operation;
use crate::file::{Footprint, Span};
use crate::file_op::op::{Execute, FileOp, Host, Ran, Start};

/// Reports what nobody has been told of what came before.
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
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> Ran {
        Ran::alike(batch.len(), &host.vouch(&mut |_| Ok(())))
    }
}
