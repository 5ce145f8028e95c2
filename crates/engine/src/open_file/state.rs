//! The state of an open file and its running batches: all that its turn guards.

use std::collections::VecDeque;
use std::time::Instant;

use tokio::sync::Notify;

use crate::error::Operation;
use crate::file::{Batch, BatchId, Core, CursorMove, Footprint, WakeActor, WriteBuffer};
use crate::open_file::pending::{PendingOp, closers};

/// The file's state and what its running batches are, all behind the turn.
#[derive(Debug, Default)]
pub(crate) struct FileState {
    pub(crate) core: Core<PendingOp>,
    /// What callers have posted to the actor, first come first. The state counts it as mailed.
    pub(crate) post: VecDeque<PendingOp>,
    pub(crate) running: Vec<Running>,
    /// What a buffered file keeps back.
    pub(crate) write_buffer: Option<Box<WriteBuffer>>,
}

/// One running batch, for snapshots and sweeps.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) batch_id: BatchId,
    /// The batch itself until a worker begins it: kept here and not in the worker's job, so that those who
    /// give up get their permits and payloads back though every worker is stuck.
    batch: Option<Batch<PendingOp>>,
    pub(crate) operation: Operation,
    pub(crate) since: Instant,
    /// How many operations it carries out.
    pub(crate) operations: u64,
    /// A sweep has said that it is stuck.
    pub(crate) reported: bool,
}

/// Wakes the file's actor from wherever a batch ended. Its own channel, never the mailbox.
#[derive(Debug, Default)]
pub(crate) struct ActorWaker {
    pub(crate) notify: Notify,
}

impl WakeActor for ActorWaker {
    fn wake_actor(&self) {
        self.notify.notify_one();
    }
}

impl FileState {
    /// Whether something with this footprint may act in place: it overtakes nothing, and finds in the file
    /// whatever was accepted before it.
    pub(crate) fn is_free(&self, footprint: &Footprint) -> bool {
        self.core.is_free(footprint)
            && !self
                .write_buffer
                .as_ref()
                .is_some_and(|write_buffer| write_buffer.must_flush_before(footprint))
    }

    /// Takes out of the post what satisfies `goes`.
    pub(crate) fn unpost(&mut self, goes: impl Fn(&PendingOp) -> bool) -> Vec<PendingOp> {
        let (gone, buffered) = std::mem::take(&mut self.post).into_iter().partition(|pending| goes(pending));
        self.post = buffered;
        let gone: VecDeque<PendingOp> = gone;
        gone.iter().for_each(|_| self.core.lose_mail());
        gone.into()
    }

    /// What waits for its start, first come first.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &PendingOp> {
        self.core.waiting().chain(&self.post)
    }

    pub(crate) fn start(&mut self, batch: Batch<PendingOp>) -> BatchId {
        let first = &batch.items[0];
        let (batch_id, operation, since) = (batch.batch_id, first.op.operation(), first.arrived);
        let operations = batch.items.len() as u64;
        self.running.push(Running {
            batch_id,
            batch: Some(batch),
            operation,
            since,
            operations,
            reported: false,
        });
        batch_id
    }

    /// Hands a batch to its worker, once.
    pub(crate) fn take(&mut self, batch_id: BatchId) -> Option<Batch<PendingOp>> {
        self.running.iter_mut().find(|running| running.batch_id == batch_id)?.batch.take()
    }

    /// Takes those whose callers are gone out of the batches that no worker has begun, and ends a batch of
    /// which nothing is left.
    pub(crate) fn recall(&mut self) -> Vec<PendingOp> {
        let mut gone = Vec::new();
        for running in &mut self.running {
            let Some(batch) = &mut running.batch else { continue };
            let (cancelled, buffered) = std::mem::take(&mut batch.items)
                .into_iter()
                .partition(|pending| pending.reply.is_cancelled());
            batch.items = buffered;
            batch.closers -= closers(&cancelled);
            running.operations -= cancelled.len() as u64;
            gone.extend(cancelled);
        }
        let core = &mut self.core;
        self.running.retain(|running| {
            let empty = running.batch.as_ref().is_some_and(|batch| batch.items.is_empty());
            if empty {
                core.finish(running.batch_id, CursorMove::Stay);
            }
            !empty
        });
        gone
    }
}
