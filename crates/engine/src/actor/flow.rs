//! The way of an operation through the order of its file: it arrives, waits, starts, ends.

use std::sync::Arc;
use std::task::Waker;

use crate::actor::desk::Desk;
use crate::actor::job::FileJob;
use crate::actor::opening::Opening;
use crate::actor::queued::{Arrived, Outcome, Queued, Reply, closers};
use crate::error::Cause;
use crate::file::{Arrival, CursorMove, Ticket};
use crate::op::Answer;
use crate::pool::Pickup;
use crate::stats::add;

impl Opening {
    /// Lets an operation run at once if nothing is in its way. Otherwise it is posted to the actor.
    pub(crate) fn arrive(self: &Arc<Self>, queued: Queued) -> Arrived {
        let mut desk = self.turn.take();
        if desk.state.is_closed() {
            drop(desk);
            self.refuse(queued, Cause::Closed);
            return Arrived::Started(Pickup::Later);
        }
        let sent_ahead = self.make_way(&mut desk, &queued);
        if queued.closes_gate() {
            self.turn.close_gate(1);
        }
        let arrival = desk.state.arrive(queued, || self.turn.drain());
        let arrived = match arrival {
            Arrival::Start(batch) => Some(desk.start(batch)),
            Arrival::Wait(queued) => {
                desk.post.push_back(queued);
                None
            }
        };
        drop(desk);
        self.submit_all(sent_ahead);
        match arrived {
            Some(ticket) => Arrived::Started(self.submit(ticket)),
            None => {
                add(&self.services.stats.messages, 1);
                Arrived::Posted
            }
        }
    }

    /// Queues an operation that came to the actor by a message, behind what was posted before.
    pub(crate) fn push(self: &Arc<Self>, queued: Queued) {
        let mut desk = self.turn.take();
        if desk.state.is_closed() {
            drop(desk);
            return self.refuse(queued, Cause::Closed);
        }
        let gone = self.empty_post(&mut desk);
        let sent_ahead = self.make_way(&mut desk, &queued);
        if queued.closes_gate() {
            self.turn.close_gate(1);
        }
        desk.state.push(queued);
        drop(desk);
        add(&self.services.stats.cancelled, gone.len() as u64);
        drop(gone);
        self.submit_all(sent_ahead);
    }

    /// Moves what was posted into the order; returns those whose callers are gone.
    pub(crate) fn empty_post(&self, desk: &mut Desk) -> Vec<Queued> {
        let mut gone = Vec::new();
        while let Some(queued) = desk.post.pop_front() {
            if queued.reply.is_cancelled() {
                desk.state.lose_mail();
                gone.push(queued);
            } else {
                desk.state.receive(queued);
            }
        }
        self.turn.open_gate(closers(&gone));
        gone
    }

    /// Answers an operation that will not be carried out.
    fn refuse(&self, queued: Queued, cause: Cause) {
        let error = self.error(queued.op.operation(), cause).begun(false);
        // Nobody left to hear of a refusal means nobody was refused.
        let _ = queued.reply.send(Err(error));
    }

    /// Starts everything that may start now. Called by whoever changed something.
    pub(crate) fn pump(self: &Arc<Self>) {
        let ready = self.ready(&mut self.turn.take());
        self.submit_all(ready);
    }

    pub(crate) fn ready(&self, desk: &mut Desk) -> Vec<Ticket> {
        let mut ready = Vec::new();
        while desk.state.has_waiting() {
            let Some(batch) = desk.state.next(self.turn.has_readers()) else { break };
            ready.push(desk.start(batch));
        }
        ready
    }

    /// Sends a worker for the batch.
    pub(crate) fn submit(self: &Arc<Self>, ticket: Ticket) -> Pickup {
        add(&self.services.stats.jobs, 1);
        let job = FileJob::new(ticket, self.clone());
        // A refused job comes back and dies here, which answers its callers: the engine has stopped.
        self.services.pool.submit(self.device.lane, Box::new(job)).unwrap_or(Pickup::Later)
    }

    pub(crate) fn submit_all(self: &Arc<Self>, tickets: impl IntoIterator<Item = Ticket>) {
        for ticket in tickets {
            self.submit(ticket);
        }
    }

    /// Books the end of a batch and returns what may start now.
    pub(crate) fn finish(&self, ticket: Ticket, moved: CursorMove, closers: u64) -> Vec<Ticket> {
        self.book(&mut self.turn.take(), ticket, moved, closers)
    }

    /// Ends a cursor read. Whether its caller gets the bytes and whether the cursor moves is one step under
    /// the turn: a caller that gave up and reads on at once would otherwise get later bytes first.
    pub(crate) fn finish_read(
        &self,
        ticket: Ticket,
        moved: CursorMove,
        reply: Reply,
        mut outcome: Outcome,
    ) -> (Vec<Ticket>, Result<Option<Waker>, Outcome>) {
        let mut desk = self.turn.take();
        if let Ok(Answer::Read(_, Some(taken))) = &mut outcome {
            desk.state.stamp(taken);
        }
        // Unheard bytes have not left the cursor, so there is nothing to give back to it.
        let heard = reply.put(outcome).map_err(|unheard| {
            unheard.map(|answer| {
                self.take_back(&answer);
                Answer::Done
            })
        });
        let moved = if heard.is_ok() { moved } else { CursorMove::Stay };
        (self.book(&mut desk, ticket, moved, 0), heard)
    }

    /// Books the end of a batch and returns what may start now.
    pub(crate) fn book(
        &self,
        desk: &mut Desk,
        ticket: Ticket,
        moved: CursorMove,
        closers: u64,
    ) -> Vec<Ticket> {
        desk.running.retain(|running| running.ticket != ticket);
        desk.state.finish(ticket, moved);
        desk.state.note_changes(closers);
        self.turn.open_gate(closers);
        self.ready(desk)
    }

    /// Takes out and drops what no worker has begun and whose caller is gone, so that its permits are free
    /// again; what waited for it may start.
    pub(crate) fn purge(self: &Arc<Self>) {
        let mut desk = self.turn.take();
        let mut gone = desk.unpost(|queued| queued.reply.is_cancelled());
        gone.append(&mut desk.state.remove_unless(|queued| !queued.reply.is_cancelled()));
        gone.append(&mut desk.recall());
        self.turn.open_gate(closers(&gone));
        let ready = self.ready(&mut desk);
        drop(desk);
        add(&self.services.stats.cancelled, gone.len() as u64);
        drop(gone);
        self.submit_all(ready);
    }

    /// Moves what callers have posted into the order, then starts everything that may start.
    pub(crate) fn collect(self: &Arc<Self>) {
        let mut desk = self.turn.take();
        let gone = self.empty_post(&mut desk);
        let ready = self.ready(&mut desk);
        drop(desk);
        add(&self.services.stats.cancelled, gone.len() as u64);
        // Behind the turn: an answer may lead back here.
        drop(gone);
        self.submit_all(ready);
    }

    /// Whether the file has been closed, and what closing reports is known.
    pub(crate) fn is_over(&self) -> bool {
        let desk = self.turn.take();
        desk.state.is_closed() && desk.running.is_empty()
    }

    /// Whether something waits only for readers inside a shared turn to leave it, or may.
    pub(crate) fn waits_for_readers(&self) -> bool {
        self.turn.take().state.has_waiting() && self.turn.has_readers()
    }
}
