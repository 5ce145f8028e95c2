//! The state of an open file and its running batches: all that its turn guards.

use std::collections::VecDeque;
use std::time::Instant;

use tokio::sync::Notify;

use crate::actor::queued::{Queued, closers};
use crate::error::Operation;
use crate::file::{Batch, Behind, Bell, CursorMove, Footprint, State, Ticket};

/// The file's state and what its running batches are, all behind the turn.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) state: State<Queued>,
    /// What callers have posted to the actor, first come first. The state counts it as mailed.
    pub(crate) post: VecDeque<Queued>,
    pub(crate) running: Vec<Running>,
    /// What a buffered file keeps back.
    pub(crate) behind: Option<Box<Behind>>,
}

/// One running batch, for snapshots and sweeps.
#[derive(Debug)]
pub(crate) struct Running {
    pub(super) ticket: Ticket,
    /// The batch itself until a worker begins it: kept here and not in the worker's job, so that those who
    /// give up get their permits and payloads back though every worker is stuck.
    batch: Option<Batch<Queued>>,
    pub(crate) operation: Operation,
    pub(crate) since: Instant,
    /// How many operations it carries out.
    pub(crate) operations: u64,
    /// A sweep has said that it is stuck.
    pub(crate) reported: bool,
}

/// Wakes the file's actor from wherever a batch ended. Its own channel, never the mailbox.
#[derive(Debug, Default)]
pub(crate) struct Nudge {
    pub(crate) notify: Notify,
}

impl Bell for Nudge {
    fn ring(&self) {
        self.notify.notify_one();
    }
}

impl Desk {
    /// Whether something with this footprint may act in place: it overtakes nothing, and finds in the file
    /// whatever was accepted before it.
    pub(crate) fn is_free(&self, footprint: &Footprint) -> bool {
        self.state.is_free(footprint)
            && !self.behind.as_ref().is_some_and(|behind| behind.precedes(footprint))
    }

    /// Takes out of the post what satisfies `goes`.
    pub(super) fn unpost(&mut self, goes: impl Fn(&Queued) -> bool) -> Vec<Queued> {
        let (gone, kept) = std::mem::take(&mut self.post).into_iter().partition(|queued| goes(queued));
        self.post = kept;
        let gone: VecDeque<Queued> = gone;
        gone.iter().for_each(|_| self.state.lose_mail());
        gone.into()
    }

    /// What waits for its start, first come first.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Queued> {
        self.state.waiting().chain(&self.post)
    }

    pub(super) fn start(&mut self, batch: Batch<Queued>) -> Ticket {
        let first = &batch.items[0];
        let (ticket, operation, since) = (batch.ticket, first.op.operation(), first.arrived);
        let operations = batch.items.len() as u64;
        self.running.push(Running {
            ticket,
            batch: Some(batch),
            operation,
            since,
            operations,
            reported: false,
        });
        ticket
    }

    /// Hands a batch to its worker, once.
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<Batch<Queued>> {
        self.running.iter_mut().find(|running| running.ticket == ticket)?.batch.take()
    }

    /// Takes those whose callers are gone out of the batches that no worker has begun, and ends a batch of
    /// which nothing is left.
    pub(super) fn recall(&mut self) -> Vec<Queued> {
        let mut gone = Vec::new();
        for running in &mut self.running {
            let Some(batch) = &mut running.batch else { continue };
            let (cancelled, kept) =
                std::mem::take(&mut batch.items).into_iter().partition(|queued| queued.reply.is_cancelled());
            batch.items = kept;
            batch.closers -= closers(&cancelled);
            running.operations -= cancelled.len() as u64;
            gone.extend(cancelled);
        }
        let state = &mut self.state;
        self.running.retain(|running| {
            let empty = running.batch.as_ref().is_some_and(|batch| batch.items.is_empty());
            if empty {
                state.finish(running.ticket, CursorMove::Stay);
            }
            !empty
        });
        gone
    }
}
