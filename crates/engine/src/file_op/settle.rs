//! Reporting earlier failures before a descriptor is closed.

use crate::error::Operation;
use crate::file::{Footprint, Span};
use crate::file_op::op::{BatchResult, Execute, Far, FileOp, Host, Profile, RunLater, Start};

/// Reports failures that no caller has received yet.
#[derive(Debug)]
pub(crate) struct Settle;

impl FileOp for Settle {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        Profile {
            operation: Operation::Close,
            footprint: Footprint { span: Span::Sync, cursor: false },
            offset: None,
            // It reports the failed sync itself.
            needs_trust: false,
        }
    }
}

impl Execute for Settle {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        BatchResult::alike(batch.len(), &host.vouch(&mut |_| Ok(())))
    }

    fn run_later<'a>(batch: Vec<Self>, far: Far<'a>) -> RunLater<'a> {
        let Far { host, start, .. } = far;
        Box::pin(std::future::ready(Settle::run(batch, host, start)))
    }
}
