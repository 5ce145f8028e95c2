//! A pending operation with its reply and its permit.

use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use crate::admission::Permit;
use crate::at_exit::ExitGuard;
use crate::error::Error;
use crate::file::{Footprint, Merge, OpPlace, Ordered, Span};
use crate::file_op::{Answer, Op};
use crate::oneshot::{self, Abandon};
use crate::pool::Pickup;

/// The result of an operation.
pub(crate) type Outcome = Result<Answer, Error>;

/// An operation with its reply and its permit.
pub(crate) struct PendingOp {
    pub(crate) op: Op,
    pub(crate) reply: Reply,
    pub(crate) permit: Permit,
    pub(crate) arrived: Instant,
    /// No other operation of its file may run meanwhile, whatever it touches.
    pub(crate) alone: bool,
}

impl PendingOp {
    /// Whether reads in place are refused from its arrival to its end.
    pub(crate) fn closes_gate(&self) -> bool {
        self.footprint(0, u64::MAX).span.closes_gate()
    }
}

/// Result of the arrival of an operation.
pub(crate) enum Arrived {
    /// A worker has it, or it is answered.
    Started(Pickup),
    /// It has been posted to the actor, which has to be woken.
    Posted,
}

/// The receiver of an answer.
pub(crate) enum Reply {
    /// A caller's future.
    Oneshot(oneshot::Sender<Outcome>),
    /// A handle that has acknowledged the bytes already, so that the end of the process waits for them.
    Accepted { sender: oneshot::Sender<Outcome>, _exit_guard: ExitGuard },
    /// The sender of a message to the actor.
    Message(Arc<dyn MessageReply>),
    /// The file itself: no caller waits for this answer alone.
    File(Box<dyn FnOnce(Outcome) + Send>),
}

/// The sender of a message, as the receiver of an answer. A worker and a shutdown may have one each for it, and the
/// first counts; if there is none by the last reference's drop, the message has failed.
pub(crate) trait MessageReply: Abandon<Error> {
    fn respond(&self, outcome: Outcome);
}

impl Reply {
    /// Marks the operation as begun; returns whether its caller still waits for it.
    pub(crate) fn begin(&self) -> bool {
        match self {
            Reply::Oneshot(sender) | Reply::Accepted { sender, .. } => sender.begin(),
            Reply::Message(_) | Reply::File(_) => true,
        }
    }

    /// The means to answer the caller while a worker has the operation; `None` if there is no caller.
    pub(crate) fn abandoner(&self) -> Option<Arc<dyn Abandon<Error>>> {
        match self {
            Reply::Oneshot(sender) | Reply::Accepted { sender, .. } => sender.abandoner(),
            Reply::Message(reply) => Some(reply.clone() as Arc<dyn Abandon<Error>>),
            // What it does with the end is not over before the end.
            Reply::File(_) => None,
        }
    }

    /// Tells the caller's side where the operation is, under the file's turn.
    pub(crate) fn note_place(&self, place: OpPlace) {
        match self {
            Reply::Oneshot(sender) | Reply::Accepted { sender, .. } => sender.leave_note(place.to_word()),
            Reply::Message(_) | Reply::File(_) => {}
        }
    }

    /// Whether the caller gave up before the operation began.
    pub(crate) fn is_cancelled(&self) -> bool {
        match self {
            Reply::Oneshot(sender) | Reply::Accepted { sender, .. } => sender.is_cancelled(),
            Reply::Message(_) | Reply::File(_) => false,
        }
    }

    /// Answers and returns the caller's waker; returns the outcome if the caller is gone.
    pub(crate) fn put(self, outcome: Outcome) -> Result<Option<Waker>, Outcome> {
        match self {
            Reply::Oneshot(sender) | Reply::Accepted { sender, .. } => sender.put(outcome),
            Reply::Message(reply) => {
                reply.respond(outcome);
                Ok(None)
            }
            Reply::File(end) => {
                end(outcome);
                Ok(None)
            }
        }
    }

    /// Answers and wakes the caller; returns the outcome if the caller is gone.
    pub(crate) fn send(self, outcome: Outcome) -> Result<(), Outcome> {
        self.put(outcome).map(|waker| waker.into_iter().for_each(Waker::wake))
    }
}

impl Ordered for PendingOp {
    fn footprint(&self, cursor: u64, room: u64) -> Footprint {
        let footprint = self.op.footprint(cursor, room);
        if self.alone { Footprint { span: Span::Exclusive, ..footprint } } else { footprint }
    }

    fn merge(&self) -> Merge {
        if self.alone { Merge::Alone } else { self.op.merge() }
    }

    fn bytes(&self) -> u64 {
        self.op.bytes()
    }

    fn note_place(&self, place: OpPlace) {
        self.reply.note_place(place);
    }
}

impl fmt::Debug for PendingOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingOp").field("op", &self.op).finish_non_exhaustive()
    }
}

/// How many times these close the gate.
pub(crate) fn closers(pending: &[PendingOp]) -> u64 {
    pending.iter().filter(|pending| pending.closes_gate()).count() as u64
}
