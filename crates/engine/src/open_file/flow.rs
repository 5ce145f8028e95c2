//! The life of an operation in the order of its file: arrival, wait, start, end.

use std::sync::Arc;
use std::task::Waker;

use crate::admission::Client;
use crate::error::Cause;
use crate::file::{Arrival, BatchId, CursorMove, OpPlace};
use crate::file_op::Answer;
use crate::oneshot;
use crate::open_file::batch::FileJob;
use crate::open_file::file::OpenFile;
use crate::open_file::pending::{Arrived, Outcome, PendingOp, Reply, closers};
use crate::open_file::state::FileState;
use crate::pool::{Pickup, Place, Submitted};
use crate::stats::add;

impl OpenFile {
    /// Starts an operation at once if no earlier one blocks it; otherwise posts it to the actor.
    pub(crate) fn arrive(self: &Arc<Self>, pending: PendingOp) -> Arrived {
        let mut state = self.turn.take();
        if let Some(cause) = state.refusal() {
            drop(state);
            self.refuse(pending, cause);
            return Arrived::Started(Pickup::Later);
        }
        let flushes = self.flush_before(&mut state, &pending);
        if pending.closes_gate() {
            self.turn.close_gate(1);
        }
        let arrival = state.core.arrive(pending, || self.turn.drain());
        let arrived = match arrival {
            Arrival::Start(batch) => Some(state.start(batch)),
            Arrival::Wait(pending) => {
                state.post(pending);
                None
            }
        };
        drop(state);
        self.submit_all(flushes);
        match arrived {
            Some(batch_id) => Arrived::Started(self.submit(batch_id)),
            None => {
                add(&self.context.stats.messages, 1);
                Arrived::Posted
            }
        }
    }

    /// Queues an operation that arrived in a message to the actor, after those posted before.
    pub(crate) fn push(self: &Arc<Self>, pending: PendingOp) {
        let mut state = self.turn.take();
        if let Some(cause) = state.refusal() {
            drop(state);
            return self.refuse(pending, cause);
        }
        let mut cancelled = self.receive_posted(&mut state);
        // A caller that gives it up from here on finds it by its place.
        let mut flushes = Vec::new();
        if pending.reply.is_cancelled() {
            cancelled.push(pending);
        } else {
            flushes = self.flush_before(&mut state, &pending);
            if pending.closes_gate() {
                self.turn.close_gate(1);
            }
            state.core.push(pending);
        }
        drop(state);
        add(&self.context.stats.cancelled, cancelled.len() as u64);
        drop(cancelled);
        self.submit_all(flushes);
    }

    /// Moves posted operations into the order; returns those whose callers are gone.
    pub(crate) fn receive_posted(&self, state: &mut FileState) -> Vec<PendingOp> {
        let mut cancelled = Vec::new();
        while let Some(pending) = state.posted.pop_front() {
            if pending.reply.is_cancelled() {
                state.core.lose_mail();
                cancelled.push(pending);
            } else {
                state.core.receive(pending);
            }
        }
        self.turn.open_gate(closers(&cancelled));
        cancelled
    }

    /// Answers an operation that will not run.
    fn refuse(&self, pending: PendingOp, cause: Cause) {
        let error = self.error(pending.op.operation(), cause).begun(false);
        // A caller that is gone needs no refusal.
        let _ = pending.reply.send(Err(error));
    }

    /// Starts every operation that may start now. Called after any change that may allow one.
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

    /// Submits the batch to a worker.
    pub(crate) fn submit(self: &Arc<Self>, batch_id: BatchId) -> Pickup {
        add(&self.context.stats.jobs, 1);
        let job = FileJob::new(batch_id, self.clone());
        if let Some(file) = self.file.asynchronous() {
            self.context.spawn(job.run_later(file.clone()));
            return Pickup::Later;
        }
        // A refused job is dropped here, which answers its callers: the engine has stopped.
        let place = self.place(batch_id.bytes());
        let Ok(Submitted { pickup, id }) = self.context.pool.submit(place, Box::new(job)) else {
            return Pickup::Later;
        };
        if pickup == Pickup::Later
            && let Some(running) = self.turn.take().running.get_mut(batch_id.number())
        {
            running.job = Some(id);
        }
        pickup
    }

    /// Where a job of this file waits for a worker.
    pub(crate) fn place(&self, bytes: u64) -> Place {
        Place { lane: self.device.lane, flow: self.client().flow(), bytes }
    }

    /// On whose behalf its operations ask for permits and workers.
    pub(crate) fn client(&self) -> Client {
        Client::of_file(self, self.access.priority)
    }

    pub(crate) fn submit_all(self: &Arc<Self>, batch_ids: impl IntoIterator<Item = BatchId>) {
        for batch_id in batch_ids {
            self.submit(batch_id);
        }
    }

    /// Records the end of a batch and returns the batches that may start now.
    pub(crate) fn finish(&self, batch_id: BatchId, moved: CursorMove, closers: u64) -> Vec<BatchId> {
        self.complete(&mut self.turn.take(), batch_id, moved, closers)
    }

    /// Ends a cursor read. Delivering the bytes and moving the cursor is one step under the turn: a caller that
    /// cancels and reads on at once would otherwise get later bytes first.
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
        // Undelivered bytes have not left the cursor, so there is nothing to give back to it.
        let answered = reply.put(outcome).map_err(|unreported| {
            unreported.map(|answer| {
                self.take_back(&answer);
                Answer::Done
            })
        });
        let moved = if answered.is_ok() { moved } else { CursorMove::Stay };
        (self.complete(&mut state, batch_id, moved, 0), answered)
    }

    /// Records the end of a batch and returns the batches that may start now.
    pub(crate) fn complete(
        &self,
        state: &mut FileState,
        batch_id: BatchId,
        moved: CursorMove,
        closers: u64,
    ) -> Vec<BatchId> {
        state.running.remove(batch_id.number());
        state.core.finish(batch_id, moved);
        self.turn.open_gate(closers);
        self.ready(state)
    }

    /// Drops an operation that has not begun and whose caller has cancelled it, so that its permit is free again,
    /// and starts what waited for it.
    pub(crate) fn withdraw(self: &Arc<Self>, cancelled: &oneshot::Receiver<Outcome>) {
        let mut state = self.turn.take();
        // Without a place it is in a message to the actor, which looks before it queues it.
        let (cancelled, job) = state.remove(OpPlace::of_word(cancelled.note()));
        self.turn.open_gate(closers(&cancelled));
        let ready = self.ready(&mut state);
        drop(state);
        add(&self.context.stats.cancelled, cancelled.len() as u64);
        drop(cancelled);
        job.map(|job| self.context.pool.withdraw(job));
        self.submit_all(ready);
    }

    /// Moves posted operations into the order, then starts every operation that may start.
    pub(crate) fn collect(self: &Arc<Self>) {
        let mut state = self.turn.take();
        let cancelled = self.receive_posted(&mut state);
        let ready = self.ready(&mut state);
        drop(state);
        add(&self.context.stats.cancelled, cancelled.len() as u64);
        // Dropped outside of the turn: an answer may lead back here.
        drop(cancelled);
        self.submit_all(ready);
    }

    /// Whether the file is closed and the result of closing is known.
    pub(crate) fn is_closed_and_idle(&self) -> bool {
        let state = self.turn.take();
        state.core.is_closed() && state.running.is_empty()
    }

    /// Whether an operation may wait only for readers inside a shared turn.
    pub(crate) fn waits_for_readers(&self) -> bool {
        self.turn.take().core.has_waiting() && self.turn.has_readers()
    }
}
