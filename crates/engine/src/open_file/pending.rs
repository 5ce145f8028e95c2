//! One operation on its way, and what travels with it.

use std::fmt;
use std::task::Waker;
use std::time::Instant;

use crate::admission::Permit;
use crate::at_exit::Unsettled;
use crate::error::Error;
use crate::file::{Footprint, Merge, Ordered, Span};
use crate::file_op::{Answer, Op};
use crate::oneshot;
use crate::pool::Pickup;

/// How an operation ended.
pub(crate) type Outcome = Result<Answer, Error>;

/// One operation with all that travels with it.
pub(crate) struct PendingOp {
    pub(crate) op: Op,
    pub(crate) reply: Reply,
    pub(crate) permit: Permit,
    pub(crate) arrived: Instant,
    /// Nothing else of its file may run meanwhile, whatever it touches.
    pub(crate) alone: bool,
}

impl PendingOp {
    /// Whether reads in place must stay out from its arrival to its end.
    pub(crate) fn closes_gate(&self) -> bool {
        self.footprint(0, u64::MAX).span.closes_gate()
    }
}

/// What became of an operation that arrived.
pub(crate) enum Arrived {
    /// A worker has it, or its answer is there.
    Started(Pickup),
    /// It has been posted to the actor, who has to be told.
    Posted,
}

/// Where an answer goes.
pub(crate) enum Reply {
    /// To a caller's future.
    Slot(oneshot::Sender<Outcome>),
    /// To a handle that has acknowledged the bytes already, so that the end of the process waits for them.
    Accepted { sender: oneshot::Sender<Outcome>, _unsettled: Unsettled },
    /// To whoever asked the actor by a message.
    Ask(Box<dyn FnOnce(Outcome) + Send>),
}

impl Reply {
    /// Whether someone still wants it; from then on the operation counts as begun.
    pub(crate) fn begin(&self) -> bool {
        match self {
            Reply::Slot(sender) | Reply::Accepted { sender, .. } => sender.begin(),
            Reply::Ask(_) => true,
        }
    }

    /// Whether the asker has gone away before the operation began.
    pub(crate) fn is_cancelled(&self) -> bool {
        match self {
            Reply::Slot(sender) | Reply::Accepted { sender, .. } => sender.is_cancelled(),
            Reply::Ask(_) => false,
        }
    }

    /// Answers without waking the asker; the outcome comes back if nobody hears it.
    pub(crate) fn put(self, outcome: Outcome) -> Result<Option<Waker>, Outcome> {
        match self {
            Reply::Slot(sender) | Reply::Accepted { sender, .. } => sender.put(outcome),
            Reply::Ask(answer) => {
                answer(outcome);
                Ok(None)
            }
        }
    }

    /// Answers; the outcome comes back if nobody hears it.
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
}

impl fmt::Debug for PendingOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingOp").field("op", &self.op).finish_non_exhaustive()
    }
}

/// How many closings of the gate go with these.
pub(crate) fn closers(pending: &[PendingOp]) -> u64 {
    pending.iter().filter(|pending| pending.closes_gate()).count() as u64
}
