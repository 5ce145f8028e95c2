//! The slow way: a permit, a place in the order, an answer.

use std::sync::Arc;
use std::time::Instant;

use super::FileHandle;
use crate::actor::file::Submit;
use crate::actor::opening::Opening;
use crate::actor::queued::{Arrived, Outcome, Queued, Reply};
use crate::admission::Permit;
use crate::error::{Cause, Operation, Result};
use crate::op::{Answer, Op};
use crate::pool::Pickup;
use crate::reply::{self, Asker, Cancelled};

/// The slow way.
impl FileHandle {
    /// Admits, queues and awaits one operation.
    pub(super) async fn submit(&self, op: Op) -> Result<Answer> {
        let operation = op.operation();
        let Some(limit) = self.time_limit else { return self.submit_untimed(op).await };
        let late = |begun| self.opening().error(operation, Cause::TimedOut(limit)).begun(begun);
        let alarm = self.opening().services.pause(limit);
        tokio::pin!(alarm);
        let asker = tokio::select! {
            biased;
            asker = self.send(op) => asker?,
            () = &mut alarm => return Err(late(false)),
        };
        let mut pending = Pending { asker, opening: self.opening(), operation };
        tokio::select! {
            biased;
            answer = pending.answer() => return answer,
            () = alarm => {}
        }
        match pending.asker.cancel() {
            Cancelled::BeforeBegin => {
                self.opening().purge();
                Err(late(false))
            }
            Cancelled::Begun => Err(late(true)),
            Cancelled::Done(outcome) => outcome,
            Cancelled::Nothing => Err(self.opening().error(operation, Cause::Stopped)),
        }
    }

    /// The same, however long it takes: for what is limited as a whole.
    pub(super) async fn submit_untimed(&self, op: Op) -> Result<Answer> {
        let operation = op.operation();
        let asker = self.send(op).await?;
        Pending { asker, opening: self.opening(), operation }.answer().await
    }

    /// Takes a permit and lets the operation take its place in the order.
    async fn send(&self, op: Op) -> Result<Asker<Outcome>> {
        let permit = self.admit(op.operation(), op.weight()).await?;
        let is_quick = op.is_quick();
        let (replier, asker) = reply::channel();
        let alone = self.opening().access.alone;
        let queued = Queued { op, reply: Reply::Slot(replier), permit, arrived: Instant::now(), alone };
        match self.opening().arrive(queued) {
            Arrived::Started(Pickup::Now) if is_quick && self.opening().patience.allows() => {
                self.opening().patience.learn(asker.look_out());
            }
            Arrived::Started(_) => {}
            // A mailbox that is gone hands the mail back, and its drop answers the asker.
            Arrived::Mailed(mail) => drop(self.own_actor().tell(Submit(mail)).send().await),
        }
        Ok(asker)
    }

    pub(super) async fn admit(&self, operation: Operation, weight: usize) -> Result<Permit> {
        let opening = self.opening();
        let admission = &opening.device.admission;
        let admitted =
            if self.refuse { admission.admit_or_refuse(weight) } else { admission.admit(weight).await };
        admitted.map_err(|cause| opening.error(operation, cause))
    }
}

/// An operation under way. Dropping it gives up: what comes of it is taken care of.
struct Pending<'a> {
    asker: Asker<Outcome>,
    opening: &'a Arc<Opening>,
    operation: Operation,
}

impl Pending<'_> {
    async fn answer(&mut self) -> Result<Answer> {
        let outcome = (&mut self.asker).await;
        outcome.unwrap_or_else(|| Err(self.opening.error(self.operation, Cause::Stopped)))
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        match self.asker.cancel() {
            Cancelled::BeforeBegin => self.opening.purge(),
            Cancelled::Done(Ok(Answer::Locked(Some(claim)))) => self.opening.forsake_lock(claim),
            Cancelled::Done(outcome) => self.opening.orphan(outcome),
            Cancelled::Begun | Cancelled::Nothing => {}
        }
    }
}
