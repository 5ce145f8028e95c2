//! Flushing to the device: one system call serves all queued syncs.

use crate::error::Operation;
use crate::file::{Footprint, Merge, Span};
use crate::file_op::op::{BatchResult, Execute, Far, FileOp, Host, Profile, RunLater, Start};
use crate::stats::add;

/// Makes every acknowledged write survive a power cut.
#[derive(Debug)]
pub(crate) struct Sync {
    /// Attributes too (`fsync`), or only what is needed to read the data back (`fdatasync`).
    pub(crate) all: bool,
}

impl FileOp for Sync {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        Profile {
            operation: if self.all { Operation::SyncAll } else { Operation::SyncData },
            footprint: Footprint { span: Span::Sync, cursor: false },
            offset: None,
            needs_trust: true,
        }
    }

    fn merge(&self) -> Merge {
        Merge::Sync
    }
}

impl Execute for Sync {
    /// One system call answers all of them, unless an earlier write failed.
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        add(&host.stats().syncs_asked, batch.len() as u64);
        let all = batch.iter().any(|sync| sync.all);
        let result = host.vouch(&mut |file| {
            add(&host.stats().syncs_issued, 1);
            file.sync(all)
        });
        BatchResult::alike(batch.len(), &result)
    }

    fn run_later<'a>(batch: Vec<Self>, far: Far<'a>) -> RunLater<'a> {
        let Far { host, file, .. } = far;
        Box::pin(async move {
            add(&host.stats().syncs_asked, batch.len() as u64);
            let result = match host.distrust() {
                Some(cause) => Err(cause),
                None => {
                    add(&host.stats().syncs_issued, 1);
                    file.sync().await.map_err(|error| host.failed_to_vouch(error))
                }
            };
            BatchResult::alike(batch.len(), &result)
        })
    }
}
