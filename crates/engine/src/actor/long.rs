//! A write that is lent piece by piece: one batch of the order, which no worker holds while the next piece is
//! being copied.

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use crate::actor::opening::Opening;
use crate::actor::outcome::{Fact, Failed, Ran};
use crate::actor::queued::{Queued, Reply};
use crate::admission::Permit;
use crate::error::Cause;
use crate::file::{Batch, CursorMove, Ticket};
use crate::op::lent::{Lent, WriteLent, Writer};
use crate::op::write::{Payload, Write};
use crate::op::{Answer, Op, Place};
use crate::pool::Job;
use crate::stats::add;

/// See the module.
pub(super) struct LongWrite {
    opening: Arc<Opening>,
    lent: Arc<Lent>,
    fact: Fact,
    begun: Instant,
    /// Where the first byte goes.
    start: u64,
    /// Whether the cursor goes along.
    moves_cursor: bool,
    /// Bytes that are in the file.
    done: u64,
    /// `None` once it is over.
    place: Option<Held>,
}

/// What it holds until it is over: its place in the order, its permit, and its caller's answer.
struct Held {
    ticket: Ticket,
    closers: u64,
    reply: Reply,
    permit: Permit,
}

impl LongWrite {
    /// Takes over a batch that is one; another one comes back.
    pub(super) fn of(batch: Batch<Queued>, opening: &Arc<Opening>) -> Result<Box<LongWrite>, Batch<Queued>> {
        let Some(Queued { op: Op::WriteLent(WriteLent { place, lent }), .. }) = batch.items.first() else {
            return Err(batch);
        };
        let (place, lent) = (*place, lent.clone());
        let Batch { ticket, cursor, closers, mut items, .. } = batch;
        let queued = items.pop().expect("the first of it has just been looked at");
        Ok(Box::new(LongWrite {
            opening: opening.clone(),
            lent,
            fact: Fact::of(&queued),
            begun: Instant::now(),
            start: match place {
                Place::At(offset) => offset,
                Place::Cursor => cursor,
            },
            moves_cursor: place == Place::Cursor,
            done: 0,
            place: Some(Held { ticket, closers, reply: queued.reply, permit: queued.permit }),
        }))
    }

    /// Writes the first pieces; returns what may start now.
    pub(super) fn begin(mut self: Box<Self>) -> Vec<Ticket> {
        let stats = &self.opening.services.stats;
        if self.place.as_ref().is_some_and(|held| held.reply.begin()) && self.lent.begin() {
            add(&stats.hops, 1);
            return self.write_on();
        }
        add(&stats.cancelled, 1);
        self.give_up()
    }

    /// Answers without having done anything; returns what may start now.
    pub(super) fn refuse(&mut self, cause: Cause) -> Vec<Ticket> {
        self.end(Err(Failed::Cause(cause)))
    }

    /// Writes what is on the table. If there is more to come it stands by, and nothing may start.
    fn write_on(self: Box<Self>) -> Vec<Ticket> {
        let lent = self.lent.clone();
        let mut this = self;
        while let Some((mut writer, piece)) = lent.next(this) {
            match writer.write(piece) {
                Ok(()) if writer.done == lent.len() as u64 => return writer.end(Ok(())),
                Ok(()) => this = writer,
                Err(failed) => return writer.end(Err(failed)),
            }
        }
        Vec::new()
    }

    fn write(&mut self, payload: Payload) -> Result<(), Failed> {
        let place = Place::At(self.start + self.done);
        let len = payload.as_ref().len() as u64;
        let piece = Op::Write(Write { place, payload, all: true, kept: false });
        let Ran { mut outcomes, .. } = self.opening.run_guarded(vec![piece], self.start, u64::MAX);
        let outcome = outcomes.pop().expect("one operation has one outcome");
        self.done += match &outcome {
            Ok(_) => len,
            Err(Failed::Storage(failure)) => failure.bytes_done,
            Err(Failed::Cause(_)) => 0,
        };
        outcome.map(|_| ())
    }

    /// Gives the place in the order back, then answers.
    fn end(&mut self, result: Result<(), Failed>) -> Vec<Ticket> {
        let Some(Held { ticket, closers, reply, permit }) = self.place.take() else { return Vec::new() };
        self.lent.end();
        let opening = &self.opening;
        let next = {
            let mut desk = opening.turn.take();
            desk.state.note_len(self.start + self.done);
            opening.book(&mut desk, ticket, self.moved(), closers)
        };
        let ended = Instant::now();
        let stats = &opening.services.stats;
        stats.waited.record(self.begun.saturating_duration_since(self.fact.arrived));
        stats.served.record(ended.saturating_duration_since(self.begun));
        let whole = ended.saturating_duration_since(self.fact.arrived);
        stats.note_duration(self.fact.operation, &opening.path, whole);
        drop(permit);
        let count = usize::try_from(self.done).unwrap_or(usize::MAX);
        let outcome = result.map(|()| Answer::Written(count));
        match reply.put(outcome.map_err(|failed| opening.describe(&self.fact, failed).after_bytes(self.done)))
        {
            Ok(waker) => waker.into_iter().for_each(Waker::wake),
            Err(unheard) => opening.orphan(unheard),
        }
        next
    }

    /// Gives the place in the order back without an answer, which tells the caller that the engine has stopped.
    fn give_up(&mut self) -> Vec<Ticket> {
        let Some(Held { ticket, closers, .. }) = self.place.take() else { return Vec::new() };
        self.lent.end();
        self.opening.finish(ticket, self.moved(), closers)
    }

    fn moved(&self) -> CursorMove {
        match self.moves_cursor && self.done > 0 {
            true => CursorMove::To(self.start + self.done),
            false => CursorMove::Stay,
        }
    }
}

impl Job for LongWrite {
    fn run(self: Box<Self>) {
        let opening = self.opening.clone();
        opening.submit_all(self.write_on());
    }
}

impl Writer for LongWrite {
    fn go_on(self: Box<Self>) {
        let opening = self.opening.clone();
        add(&opening.services.stats.jobs, 1);
        // A refused job comes back and dies here, which answers its caller: the engine has stopped.
        drop(opening.services.pool.submit(opening.device.lane, self));
    }
}

impl Drop for LongWrite {
    /// One that never came to its end must not leave its file blocked.
    fn drop(&mut self) {
        let next = self.give_up();
        self.opening.submit_all(next);
    }
}
