//! Messages of other actors on their way into the order: what they ask for, who hears of it, and the line in
//! which they wait for permits.
//!
//! ```text
//!   caller ── permit ──▶ post ─────────────────────┐      holds a permit, so it waits for nobody here
//!   caller behind messages ─┐                      ├──▶ order
//!   other actors ───────────┴▶ mailbox ─▶ line ─ permit   holds nothing but its place in the mailbox
//! ```
//!
//! What holds a permit never stands behind what waits for one: the post goes past the mailbox, and the actor
//! empties it while its line waits.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use crate::admission::Permit;
use crate::error::{Cause, Operation, Result};
use crate::file_op::Op;
use crate::open_file::OpenFile;
use crate::open_file::pending::{Outcome, PendingOp, Reply};
use crate::stats::add;

/// One operation that came by a message and has no permit yet.
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
        // A caller that is gone was not refused; whoever sent a message sees to that by itself.
        let _ = self.reply.send(Err(error));
    }
}

/// Messages that were taken out of the mailbox and wait for their permits. One at the most but for what came
/// while the actor started or was killed, and that is no more than a mailbox holds.
#[derive(Default)]
pub(crate) struct Line {
    waiting: VecDeque<Envelope>,
}

impl Line {
    /// Lets a letter into the order, or puts it in line.
    pub(crate) fn take_in(&mut self, envelope: Envelope, open_file: &Arc<OpenFile>) {
        if envelope.reply.is_cancelled() {
            add(&open_file.context.stats.cancelled, 1);
            return;
        }
        let admission = &open_file.device.admission;
        if envelope.refuse {
            return match admission.admit_or_refuse(envelope.op.weight()) {
                Ok(permit) => open_file.push(envelope.admitted(permit, open_file)),
                Err(cause) => envelope.refused(cause, open_file),
            };
        }
        let free = self.waiting.is_empty().then(|| admission.try_admit(envelope.op.weight()));
        match free {
            Some(Ok(permit)) => open_file.push(envelope.admitted(permit, open_file)),
            Some(Err(_)) | None => self.waiting.push_back(envelope),
        }
    }

    /// Puts a letter in line, whether it would have to wait or not.
    pub(crate) fn put(&mut self, envelope: Envelope) {
        self.waiting.push_back(envelope);
    }

    /// Lets everyone in, one after the other. Meanwhile goes on with what has been admitted: the permits that
    /// are waited for come back by that.
    pub(crate) async fn empty(&mut self, open_file: &Arc<OpenFile>) {
        while let Some(first) = self.waiting.front() {
            open_file.inbox.wait();
            open_file.collect();
            let admitted = {
                let admit = open_file.device.admission.admit(first.op.weight());
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

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("waiting", &self.waiting.len()).finish()
    }
}

/// Hands an outcome to whoever asked by a message; it comes back if nobody hears it.
type Answer = Box<dyn FnOnce(Outcome) -> Result<(), Outcome> + Send>;

/// Who sent a message, as the one that hears how its operation ended. If that is nobody, the file remembers a
/// failure. A message that is lost on the way has failed too.
pub(crate) struct Sender {
    open_file: Arc<OpenFile>,
    operation: Operation,
    /// `None` once there is an outcome.
    answer: Option<Answer>,
}

impl Sender {
    pub(crate) fn new(
        open_file: Arc<OpenFile>,
        operation: Operation,
        answer: impl FnOnce(Outcome) -> Result<(), Outcome> + Send + 'static,
    ) -> Self {
        Sender { open_file, operation, answer: Some(Box::new(answer)) }
    }

    /// The same as a reply.
    pub(crate) fn into_reply(mut self) -> Reply {
        Reply::Ask(Box::new(move |outcome| self.tell(outcome)))
    }

    fn tell(&mut self, outcome: Outcome) {
        let Some(answer) = self.answer.take() else { return };
        if let Err(Err(unheard)) = answer(outcome) {
            self.open_file.remember(&unheard);
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        if self.answer.is_some() {
            self.tell(Err(self.open_file.error(self.operation, Cause::Stopped).begun(false)));
        }
    }
}
