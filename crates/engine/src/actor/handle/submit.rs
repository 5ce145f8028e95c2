//! The slow way: a permit, a place in the order, an answer.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use kameo::error::SendError;

use super::FileHandle;
use crate::actor::clock::Held;
use crate::actor::file::Submit;
use crate::actor::opening::Opening;
use crate::actor::queued::{Arrived, Mail, Outcome, Queued, Reply};
use crate::admission::Permit;
use crate::error::{Cause, Operation, Result};
use crate::exclusive::Exclusive;
use crate::op::lent::Lender;
use crate::op::{Answer, Op};
use crate::pool::Pickup;
use crate::reply::{self, Asker, Cancelled};

/// The slow way.
impl FileHandle {
    /// Admits, queues and awaits one operation.
    pub(crate) fn submit(&self, op: Op) -> impl Future<Output = Result<Answer>> {
        self.submit_when_admitted(op.operation(), op.weight(), || op, None)
    }

    /// Like [`submit`](FileHandle::submit), for an operation that copies what its caller has: it is worded once
    /// it has its permit, so that what has none holds no memory. What is lent is fed to it meanwhile.
    pub(super) async fn submit_when_admitted(
        &self,
        operation: Operation,
        weight: usize,
        word: impl FnOnce() -> Op,
        lender: Option<&mut Lender<'_>>,
    ) -> Result<Answer> {
        self.here(operation)?;
        let Some(limit) = self.time_limit else {
            let asker = self.send(operation, weight, word).await?;
            return Pending { asker, opening: self.opening(), operation }.answer(lender).await;
        };
        let late = |begun| self.opening().error(operation, Cause::TimedOut(limit)).begun(begun);
        let alarm = self.opening().services.pause(limit);
        tokio::pin!(alarm);
        let asker = tokio::select! {
            biased;
            asker = self.send(operation, weight, word) => asker?,
            () = &mut alarm => return Err(late(false)),
        };
        let mut pending = Pending { asker, opening: self.opening(), operation };
        tokio::select! {
            biased;
            answer = pending.answer(lender) => return answer,
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

    /// Takes a permit and lets the operation take its place in the order.
    async fn send(
        &self,
        operation: Operation,
        weight: usize,
        word: impl FnOnce() -> Op,
    ) -> Result<Asker<Outcome>> {
        let permit = self.admit(operation, weight).await?;
        let op = word();
        let (replier, asker) = reply::channel();
        let told = self.arrive(op, permit, Reply::Slot(replier), &asker).map(|mail| self.told(mail));
        if let Some(told) = told {
            // A mailbox that is gone hands the mail back, and its drop answers the asker.
            drop(Held::new(told).await);
        }
        Ok(asker)
    }

    /// The message that brings an operation to the file's actor.
    fn told(&self, mail: Mail) -> impl Future + Send + Sync + Unpin + use<> {
        let actor = self.actor();
        Exclusive::new(Box::pin(async move { actor.tell(Submit(mail)).send().await }))
    }

    /// Refuses what would touch the file's state in a process that only has a copy of it.
    pub(crate) fn here(&self, operation: Operation) -> Result<()> {
        let opening = self.opening();
        if opening.is_here() { Ok(()) } else { Err(opening.error(operation, Cause::Forked)) }
    }

    /// Lets the operation take its place in the order; what has to go by the mailbox comes back.
    fn arrive(&self, op: Op, permit: Permit, reply: Reply, asker: &Asker<Outcome>) -> Option<Mail> {
        let is_quick = op.is_quick();
        let alone = self.opening().access.alone;
        match self.opening().arrive(Queued { op, reply, permit, arrived: Instant::now(), alone }) {
            Arrived::Started(Pickup::Now) if is_quick && self.opening().patience.allows() => {
                self.opening().patience.learn(asker.look_out());
                None
            }
            Arrived::Started(_) => None,
            Arrived::Mailed(mail) => Some(mail),
        }
    }

    /// Lets an admitted operation take its place in the order, without waiting for room in the mailbox.
    pub(crate) fn start(&self, op: Op, permit: Permit, reply: Reply, asker: &Asker<Outcome>) {
        let Some(mail) = self.arrive(op, permit, reply, asker) else { return };
        let actor = self.actor();
        if let Err(SendError::MailboxFull(submit)) = actor.tell(Submit(mail)).try_send() {
            let runtime = &self.opening().services.runtime;
            runtime.spawn(async move { drop(actor.tell(submit).send().await) });
        }
    }

    /// Waits for a permit for as long as an operation of this handle may take.
    pub(crate) async fn admit_in_time(&self, operation: Operation, weight: usize) -> Result<Permit> {
        let Some(limit) = self.limit() else { return self.admit(operation, weight).await };
        tokio::select! {
            biased;
            permit = self.admit(operation, weight) => permit,
            () = self.opening().services.pause(limit) => {
                Err(self.opening().error(operation, Cause::TimedOut(limit)).begun(false))
            }
        }
    }

    pub(crate) async fn admit(&self, operation: Operation, weight: usize) -> Result<Permit> {
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
    async fn answer(&mut self, mut lender: Option<&mut Lender<'_>>) -> Result<Answer> {
        let asker = &mut self.asker;
        let outcome = poll_fn(|cx| {
            if let Some(lender) = &mut lender {
                lender.poll(cx);
            }
            Pin::new(&mut *asker).poll(cx)
        });
        let outcome = Held::new(outcome).await;
        outcome.unwrap_or_else(|| Err(self.opening.error(self.operation, Cause::Stopped)))
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.opening.is_here() {
            return;
        }
        match self.asker.cancel() {
            Cancelled::BeforeBegin => self.opening.purge(),
            Cancelled::Done(outcome) => self.opening.orphan(outcome),
            Cancelled::Begun | Cancelled::Nothing => {}
        }
    }
}
