//! A buffered file's portions on their way: sealed under the turn, carried by the order, booked where they land.

use std::sync::Arc;

use crate::actor::desk::Desk;
use crate::actor::opening::Opening;
use crate::actor::queued::{Outcome, Queued, Reply};
use crate::admission::Permit;
use crate::error::{Cause, Operation};
use crate::file::{Footprint, Ordered, Portion, Span, Ticket};
use crate::op::{
    Op, Place,
    write::{Append, Payload, Write},
};

/// What moves the cursor and touches nothing: whether an operation's place is known depends on who else moves it.
pub(crate) const AT_CURSOR: Footprint = Footprint { span: Span::Read(0..0), cursor: true };

impl Opening {
    /// Sends what is kept back on its way if `queued` must find it in the file.
    pub(crate) fn make_way(self: &Arc<Self>, desk: &mut Desk, queued: &Queued) -> Vec<Ticket> {
        if desk.behind.is_none() {
            return Vec::new();
        }
        let mut footprint = queued.footprint(desk.state.position(), desk.state.room());
        if footprint.cursor && !desk.state.is_free(&AT_CURSOR) {
            // Others have yet to move the cursor: it may end up anywhere.
            match &mut footprint.span {
                Span::Read(range) | Span::Look(range) | Span::Write(range) if !range.is_empty() => {
                    *range = 0..u64::MAX
                }
                Span::Read(_) | Span::Look(_) | Span::Write(_) | Span::Kept(_) | Span::Keep(_) => {}
                Span::Append | Span::Sync | Span::Exclusive => {}
            }
        }
        let Some(behind) = &mut desk.behind else { return Vec::new() };
        if footprint.span == Span::Exclusive {
            // It may change where the file ends.
            behind.forget_end();
        }
        let must = behind.precedes(&footprint);
        if must { self.seal(desk, None) } else { Vec::new() }
    }

    /// Makes operations of everything that is kept back; returns what may start now.
    ///
    /// Without a permit they go without a seat: the bytes they hold are bounded by the file's buffer, and an
    /// operation that has been admitted waits for them.
    pub(crate) fn seal(self: &Arc<Self>, desk: &mut Desk, permit: Option<Permit>) -> Vec<Ticket> {
        if self.push_kept(desk, permit) { self.start_behind_readers(desk) } else { Vec::new() }
    }

    /// Queues everything that is kept back; says whether there was anything.
    fn push_kept(self: &Arc<Self>, desk: &mut Desk, mut permit: Option<Permit>) -> bool {
        let Some(behind) = &mut desk.behind else { return false };
        let portions = behind.seal();
        let held_gate = std::mem::take(&mut behind.holds_gate);
        let any = !portions.is_empty();
        for portion in portions {
            let permit = permit.take().unwrap_or_else(|| self.device.admission.admit_unseated());
            self.turn.close_gate(1);
            desk.state.push(self.carry(portion, permit));
        }
        if held_gate {
            self.turn.open_gate(1);
        }
        any
    }

    /// Starts what may start. The gate has been closed since bytes were kept back, so a reader who is still
    /// inside has lost its core; somebody has to look again for it.
    fn start_behind_readers(self: &Arc<Self>, desk: &mut Desk) -> Vec<Ticket> {
        if !self.turn.drain() {
            let opening = self.clone();
            self.services.runtime.spawn(async move {
                while opening.turn.has_readers() {
                    tokio::task::yield_now().await;
                }
                opening.pump();
            });
        }
        self.ready(desk)
    }

    fn carry(self: &Arc<Self>, portion: Portion, permit: Permit) -> Queued {
        let payload = Payload::Shared(portion.bytes.clone());
        let op = if self.access.append {
            Op::Append(Append { payload, moves_cursor: false, wants_offset: false, kept: true })
        } else {
            Op::Write(Write { place: Place::At(portion.start), payload, all: true, kept: true })
        };
        self.services.unwritten.add();
        let mut journey = Journey { opening: self.clone(), portion: Some(portion) };
        let reply = Reply::Ask(Box::new(move |outcome| journey.end(outcome)));
        Queued { op, reply, permit, arrived: std::time::Instant::now(), alone: self.access.alone }
    }
}

/// A portion that is away. One that is lost on the way has failed like any other.
struct Journey {
    opening: Arc<Opening>,
    /// `None` once it has landed.
    portion: Option<Portion>,
}

impl Journey {
    fn end(&mut self, outcome: Outcome) {
        let Some(portion) = self.portion.take() else { return };
        let number = portion.number;
        let failed = outcome.err().map(|error| {
            let done = usize::try_from(error.bytes_done()).unwrap_or(usize::MAX).min(portion.bytes.len());
            let rest =
                Portion { start: portion.start + done as u64, bytes: portion.bytes.slice(done..), ..portion };
            (rest, error)
        });
        let opening = &self.opening;
        let mut desk = opening.turn.take();
        let fine = failed.is_none();
        let mut crowded = false;
        if let Some(behind) = &mut desk.behind {
            behind.landed(number, failed);
            if behind.is_dirty() && !behind.holds_gate {
                behind.holds_gate = true;
                opening.turn.close_gate(1);
            }
            crowded = behind.queued > 0;
        }
        // Whoever waits for room wakes up to an empty buffer, and this worker goes on with the full one: it
        // takes what it finds in the order when it has answered.
        if fine && crowded {
            opening.push_kept(&mut desk, None);
        }
        drop(desk);
        opening.services.unwritten.done();
        if let Some(buffered) = &opening.buffered {
            buffered.landed.notify_waiters();
        }
    }
}

impl Drop for Journey {
    fn drop(&mut self) {
        if self.portion.is_some() {
            let operation = if self.opening.access.append { Operation::Append } else { Operation::Write };
            self.end(Err(self.opening.error(operation, Cause::Stopped)));
        }
    }
}
