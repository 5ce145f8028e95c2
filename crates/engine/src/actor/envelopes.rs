//! Messages of other actors: the operation, the receiver of its answer, and the queue for permits.
//!
//! ```text
//!   caller ── permit ──▶ posted ──────────────────────┐       has a permit, so it waits for no message
//!   caller after messages ──┐                         ├──▶ order
//!   other actors ───────────┴▶ mailbox ─▶ queue ─ permit    has nothing but its place in the mailbox
//! ```
//!
//! An operation with a permit never waits behind one without: posted operations bypass the mailbox, and the
//! actor receives them while its queue waits.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::admission::Permit;
use crate::error::{Cause, Error, Operation, Result};
use crate::file_op::Op;
use crate::oneshot::{Abandon, Lost};
use crate::open_file::OpenFile;
use crate::open_file::pending::{MessageReply, Outcome, PendingOp, Reply};
use crate::stats::add;

/// An operation that arrived in a message and has no permit yet.
pub(crate) struct Envelope {
    pub(crate) op: Op,
    pub(crate) reply: Reply,
    /// Whether it is refused instead of waiting for a permit.
    pub(crate) refuse: bool,
}

impl Envelope {
    fn admitted(self, permit: Permit, open_file: &OpenFile) -> PendingOp {
        let Envelope { op, reply, refuse: _ } = self;
        PendingOp { op, reply, permit, arrived: Instant::now(), alone: open_file.access.alone }
    }

    fn refused(self, cause: Cause, open_file: &OpenFile) {
        let error = open_file.error(self.op.operation(), cause).begun(false);
        // A caller that is gone needs no refusal; the sender of a message handles its own.
        let _ = self.reply.send(Err(error));
    }
}

/// Messages that were taken from the mailbox and wait for their permits. At most one, apart from those that
/// arrived while the actor started or was killed, which a mailbox can hold.
#[derive(Default)]
pub(crate) struct PermitQueue {
    waiting: VecDeque<Envelope>,
}

impl PermitQueue {
    /// Admits a message into the order, or queues it.
    pub(crate) fn accept(&mut self, envelope: Envelope, open_file: &Arc<OpenFile>) {
        if envelope.reply.is_cancelled() {
            add(&open_file.context.stats.cancelled, 1);
            return;
        }
        let admission = &open_file.device.admission;
        if envelope.refuse {
            return match admission.admit_or_refuse(envelope.op.weight(), open_file.client()) {
                Ok(permit) => open_file.push(envelope.admitted(permit, open_file)),
                Err(cause) => envelope.refused(cause, open_file),
            };
        }
        let free =
            self.waiting.is_empty().then(|| admission.try_admit(envelope.op.weight(), open_file.client()));
        match free {
            Some(Ok(permit)) => open_file.push(envelope.admitted(permit, open_file)),
            Some(Err(_)) | None => self.waiting.push_back(envelope),
        }
    }

    /// Queues a message even if there is a permit for it.
    pub(crate) fn push(&mut self, envelope: Envelope) {
        self.waiting.push_back(envelope);
    }

    /// Admits all messages, one after another. Meanwhile it runs what has been admitted, because that returns
    /// the permits.
    pub(crate) async fn admit_all(&mut self, open_file: &Arc<OpenFile>) {
        while let Some(first) = self.waiting.front() {
            open_file.inbox.wait();
            open_file.collect();
            let admitted = {
                let admission = &open_file.device.admission;
                let admit = admission.admit(first.op.weight(), open_file.client());
                tokio::pin!(admit);
                loop {
                    tokio::select! {
                        biased;
                        admitted = &mut admit => break admitted,
                        () = open_file.turn.waker().notify.notified() => open_file.collect(),
                    }
                }
            };
            open_file.inbox.take();
            let Some(envelope) = self.waiting.pop_front() else { return };
            match admitted {
                Ok(_) if envelope.reply.is_cancelled() => add(&open_file.context.stats.cancelled, 1),
                Ok(permit) => open_file.push(envelope.admitted(permit, open_file)),
                Err(cause) => envelope.refused(cause, open_file),
            }
        }
    }
}

impl fmt::Debug for PermitQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitQueue").field("waiting", &self.waiting.len()).finish()
    }
}

/// Passes an outcome to the sender of a message; returns it if the sender is gone.
type Answer = Box<dyn FnOnce(Outcome) -> Result<(), Outcome> + Send>;

/// The sender of a message, as the receiver of the outcome. If there is none, the failure is recorded with the
/// file. A message that is dropped has failed too.
pub(crate) struct MessageSender {
    open_file: Arc<OpenFile>,
    operation: Operation,
    /// `None` once there is an outcome.
    answer: Mutex<Option<Answer>>,
}

impl MessageSender {
    pub(crate) fn new(
        open_file: Arc<OpenFile>,
        operation: Operation,
        answer: impl FnOnce(Outcome) -> Result<(), Outcome> + Send + 'static,
    ) -> Self {
        MessageSender { open_file, operation, answer: Mutex::new(Some(Box::new(answer))) }
    }

    /// Turns it into a reply.
    pub(crate) fn into_reply(self) -> Reply {
        Reply::Message(Arc::new(self))
    }

    fn take_answer(&self) -> Option<Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl MessageReply for MessageSender {
    fn respond(&self, outcome: Outcome) {
        let unreported = match self.take_answer() {
            Some(answer) => answer(outcome).err().and_then(Result::err),
            // A shutdown has answered: what the worker comes back with has no receiver.
            None => return drop(outcome.map_err(|late| self.open_file.settle_unreported(Err(late)))),
        };
        if let Some(unreported) = unreported {
            self.open_file.record_unreported(&unreported);
        }
    }
}

impl Abandon<Error> for MessageSender {
    fn abandon(&self, error: Error) {
        if let Some(answer) = self.take_answer() {
            // Without a receiver it concerns no sender; a failure that the worker meets is recorded.
            let _ = answer(Err(error));
        }
    }
}

impl Drop for MessageSender {
    fn drop(&mut self) {
        if self.answer.get_mut().is_ok_and(|answer| answer.is_some()) {
            let cause = self.open_file.context.cause_of(Lost { begun: false });
            self.respond(Err(self.open_file.error(self.operation, cause)));
        }
    }
}
