//! The way of an operation through the order of its file: it arrives, waits, starts, ends.

use std::sync::Arc;
use std::task::Waker;

use crate::error::Cause;
use crate::file::{Arrival, BatchId, CursorMove};
use crate::file_op::Answer;
use crate::open_file::batch::FileJob;
use crate::open_file::file::OpenFile;
use crate::open_file::pending::{Arrived, Outcome, PendingOp, Reply, closers};
use crate::open_file::state::FileState;
use crate::pool::Pickup;
use crate::stats::add;

impl OpenFile {
    /// Lets an operation run at once if nothing is in its way. Otherwise it is posted to the actor.
    pub(crate) fn arrive(self: &Arc<Self>, pending: PendingOp) -> Arrived {
        let mut state = self.turn.take();
        if state.core.is_closed() {
            drop(state);
            self.refuse(pending, Cause::Closed);
            return Arrived::Started(Pickup::Later);
        }
        let sent_ahead = self.make_way(&mut state, &pending);
        if pending.closes_gate() {
            self.turn.close_gate(1);
        }
        let arrival = state.core.arrive(pending, || self.turn.drain());
        let arrived = match arrival {
            Arrival::Start(batch) => Some(state.start(batch)),
            Arrival::Wait(pending) => {
                state.post.push_back(pending);
                None
            }
        };
        drop(state);
        self.submit_all(sent_ahead);
        match arrived {
            Some(batch_id) => Arrived::Started(self.submit(batch_id)),
            None => {
                add(&self.context.stats.messages, 1);
                Arrived::Posted
            }
        }
    }

    /// Queues an operation that came to the actor by a message, behind what was posted before.
    pub(crate) fn push(self: &Arc<Self>, pending: PendingOp) {
        let mut state = self.turn.take();
        if state.core.is_closed() {
            drop(state);
            return self.refuse(pending, Cause::Closed);
        }
        let gone = self.empty_post(&mut state);
        let sent_ahead = self.make_way(&mut state, &pending);
        if pending.closes_gate() {
            self.turn.close_gate(1);
        }
        state.core.push(pending);
        drop(state);
        add(&self.context.stats.cancelled, gone.len() as u64);
        drop(gone);
        self.submit_all(sent_ahead);
    }

    /// Moves what was posted into the order; returns those whose callers are gone.
    pub(crate) fn empty_post(&self, state: &mut FileState) -> Vec<PendingOp> {
        let mut gone = Vec::new();
        while let Some(pending) = state.post.pop_front() {
            if pending.reply.is_cancelled() {
                state.core.lose_mail();
                gone.push(pending);
            } else {
                state.core.receive(pending);
            }
        }
        self.turn.open_gate(closers(&gone));
        gone
    }

    /// Answers an operation that will not be carried out.
    fn refuse(&self, pending: PendingOp, cause: Cause) {
        let error = self.error(pending.op.operation(), cause).begun(false);
        // Nobody left to hear of a refusal means nobody was refused.
        let _ = pending.reply.send(Err(error));
    }

    /// Starts everything that may start now. Called by whoever changed something.
    pub(crate) fn pump(self: &Arc<Self>) {
        let ready = self.ready(&mut self.turn.take());
        self.submit_all(ready);
    }

    pub(crate) fn ready(&self, state: &mut FileState) -> Vec<BatchId> {
        let mut ready = Vec::new();
        while state.core.has_waiting() {
            let Some(batch) = state.core.next(self.turn.has_readers()) else { break };
            ready.push(state.start(batch));
        }
        ready
    }

    /// Sends a worker for the batch.
    pub(crate) fn submit(self: &Arc<Self>, batch_id: BatchId) -> Pickup {
        add(&self.context.stats.jobs, 1);
        let job = FileJob::new(batch_id, self.clone());
        // A refused job comes back and dies here, which answers its callers: the engine has stopped.
        self.context.pool.submit(self.device.lane, Box::new(job)).unwrap_or(Pickup::Later)
    }

    pub(crate) fn submit_all(self: &Arc<Self>, batch_ids: impl IntoIterator<Item = BatchId>) {
        for batch_id in batch_ids {
            self.submit(batch_id);
        }
    }

    /// Books the end of a batch and returns what may start now.
    pub(crate) fn finish(&self, batch_id: BatchId, moved: CursorMove, closers: u64) -> Vec<BatchId> {
        self.complete(&mut self.turn.take(), batch_id, moved, closers)
    }

    /// Ends a cursor read. Whether its caller gets the bytes and whether the cursor moves is one step under
    /// the turn: a caller that gave up and reads on at once would otherwise get later bytes first.
    pub(crate) fn finish_read(
        &self,
        batch_id: BatchId,
        moved: CursorMove,
        reply: Reply,
        mut outcome: Outcome,
    ) -> (Vec<BatchId>, Result<Option<Waker>, Outcome>) {
        let mut state = self.turn.take();
        if let Ok(Answer::Read(_, Some(taken))) = &mut outcome {
            state.core.stamp(taken);
        }
        // Unheard bytes have not left the cursor, so there is nothing to give back to it.
        let heard = reply.put(outcome).map_err(|unheard| {
            unheard.map(|answer| {
                self.take_back(&answer);
                Answer::Done
            })
        });
        let moved = if heard.is_ok() { moved } else { CursorMove::Stay };
        (self.complete(&mut state, batch_id, moved, 0), heard)
    }

    /// Books the end of a batch and returns what may start now.
    pub(crate) fn complete(
        &self,
        state: &mut FileState,
        batch_id: BatchId,
        moved: CursorMove,
        closers: u64,
    ) -> Vec<BatchId> {
        state.running.retain(|running| running.batch_id != batch_id);
        state.core.finish(batch_id, moved);
        state.core.note_changes(closers);
        self.turn.open_gate(closers);
        self.ready(state)
    }

    /// Takes out and drops what no worker has begun and whose caller is gone, so that its permits are free
    /// again; what waited for it may start.
    pub(crate) fn purge(self: &Arc<Self>) {
        let mut state = self.turn.take();
        let mut gone = state.unpost(|pending| pending.reply.is_cancelled());
        gone.append(&mut state.core.remove_unless(|pending| !pending.reply.is_cancelled()));
        gone.append(&mut state.recall());
        self.turn.open_gate(closers(&gone));
        let ready = self.ready(&mut state);
        drop(state);
        add(&self.context.stats.cancelled, gone.len() as u64);
        drop(gone);
        self.submit_all(ready);
    }

    /// Moves what callers have posted into the order, then starts everything that may start.
    pub(crate) fn collect(self: &Arc<Self>) {
        let mut state = self.turn.take();
        let gone = self.empty_post(&mut state);
        let ready = self.ready(&mut state);
        drop(state);
        add(&self.context.stats.cancelled, gone.len() as u64);
        // Behind the turn: an answer may lead back here.
        drop(gone);
        self.submit_all(ready);
    }

    /// Whether the file has been closed, and what closing reports is known.
    pub(crate) fn is_over(&self) -> bool {
        let state = self.turn.take();
        state.core.is_closed() && state.running.is_empty()
    }

    /// Whether something waits only for readers inside a shared turn to leave it, or may.
    pub(crate) fn waits_for_readers(&self) -> bool {
        self.turn.take().core.has_waiting() && self.turn.has_readers()
    }
}
