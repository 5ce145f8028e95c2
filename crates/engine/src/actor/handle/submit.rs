//! The slow way: a permit, a place in the order, an answer.

use std::future::{Future, poll_fn};
use std::io::SeekFrom;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use super::FileHandle;
use crate::actor::clock::Held;
use crate::actor::file::{Delivery, deliver};
use crate::actor::letters::Letter;
use crate::actor::opening::Opening;
use crate::actor::queued::{Arrived, Outcome, Queued, Reply};
use crate::actor::registry::Registered;
use crate::admission::Permit;
use crate::error::{Cause, Operation, Result};
use crate::exclusive::Exclusive;
use crate::limits::ACTORS_TRIED_MAX;
use crate::op::lent::Lender;
use crate::op::{Answer, Op, seek::Seek};
use crate::pool::Pickup;
use crate::reply::{self, Asker, Cancelled};
use crate::stats::add;

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

    /// The same, however long it takes: for what is limited as a whole.
    pub(super) async fn submit_untimed(&self, op: Op) -> Result<Answer> {
        let operation = op.operation();
        self.here(operation)?;
        let asker = self.send(operation, op.weight(), || op).await?;
        Pending { asker, opening: self.opening(), operation }.answer(None).await
    }

    /// Takes a permit and lets the operation take its place in the order.
    async fn send(
        &self,
        operation: Operation,
        weight: usize,
        word: impl FnOnce() -> Op,
    ) -> Result<Asker<Outcome>> {
        if self.is_behind_messages() {
            return Box::pin(self.send_after_messages(word())).await;
        }
        let permit = self.admit(operation, weight).await?;
        Ok(self.take_place(word(), permit))
    }

    /// Sends an operation behind the messages before it, or after them if there is no actor any more to take it.
    async fn send_after_messages(&self, mut op: Op) -> Result<Asker<Outcome>> {
        for _ in 0..ACTORS_TRIED_MAX {
            if !self.is_behind_messages() {
                break;
            }
            match self.send_behind_messages(op).await? {
                Sent::Told(asker) => return Ok(asker),
                Sent::Undelivered(back) => op = back,
            }
        }
        let permit = self.admit(op.operation(), op.weight()).await?;
        Ok(self.take_place(op, permit))
    }

    fn take_place(&self, op: Op, permit: Permit) -> Asker<Outcome> {
        let (replier, asker) = reply::channel();
        self.start(op, permit, Reply::Slot(replier), &asker);
        asker
    }

    /// Refuses what would touch the file's state in a process that only has a copy of it.
    pub(crate) fn here(&self, operation: Operation) -> Result<()> {
        let opening = self.opening();
        if opening.is_here() { Ok(()) } else { Err(opening.error(operation, Cause::Forked)) }
    }

    /// Lets an admitted operation take its place in the order.
    pub(crate) fn start(&self, op: Op, permit: Permit, reply: Reply, asker: &Asker<Outcome>) {
        let is_quick = op.is_quick();
        let alone = self.opening().access.alone;
        match self.opening().arrive(Queued { op, reply, permit, arrived: Instant::now(), alone }) {
            Arrived::Started(Pickup::Now) if is_quick && self.opening().patience.allows() => {
                self.opening().patience.learn(asker.look_out());
            }
            Arrived::Started(_) => {}
            Arrived::Posted => {
                // Posted before: an actor that dies now looks at the post once more, or is seen to be dead here.
                self.living_actor();
                self.opening().ring();
            }
        }
    }

    /// Sends an operation the way of the messages before it. It takes no permit along: the actor has to let those
    /// in first, and they may need it.
    async fn send_behind_messages(&self, op: Op) -> Result<Sent> {
        let operation = op.operation();
        let overloaded = |limit| self.opening().error(operation, Cause::Overloaded(limit));
        if self.refuse && self.opening().inbox.is_waiting() {
            add(&self.opening().services.stats.refusals, 1);
            return Err(overloaded("operations"));
        }
        let (replier, asker) = reply::channel();
        let letter = Letter { op, reply: Reply::Slot(replier), refuse: self.refuse };
        let actor = self.living_actor();
        match Held::new(Exclusive::new(Box::pin(deliver(actor, letter)))).await {
            Delivery::Delivered => {
                add(&self.opening().services.stats.messages, 1);
                Ok(Sent::Told(asker))
            }
            Delivery::Full => {
                add(&self.opening().services.stats.refusals, 1);
                Err(overloaded("messages"))
            }
            // It has just been ended; the next one goes on where it ends.
            Delivery::Ended(letter) => Ok(Sent::Undelivered(letter.op)),
            Delivery::Lost => Err(self.opening().error(operation, Cause::Stopped)),
        }
    }

    /// Waits for a permit for as long as an operation of this handle may take, behind the messages that this caller
    /// may have sent.
    pub(crate) async fn admit_in_time(&self, operation: Operation, weight: usize) -> Result<Permit> {
        self.in_time(operation, self.admit_after_messages(operation, weight)).await
    }

    /// Waits for what comes before an operation begins, for as long as one of this handle may take.
    pub(super) async fn in_time<T>(
        &self,
        operation: Operation,
        wait: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let Some(limit) = self.limit() else { return wait.await };
        tokio::select! {
            biased;
            waited = wait => waited,
            () = self.opening().services.pause(limit) => {
                Err(self.opening().error(operation, Cause::TimedOut(limit)).begun(false))
            }
        }
    }

    async fn admit_after_messages(&self, operation: Operation, weight: usize) -> Result<Permit> {
        if self.is_behind_messages() {
            // Answered when everything before it is in the order.
            self.submit(Op::Seek(Seek { to: SeekFrom::Current(0) })).await?;
        }
        self.admit(operation, weight).await
    }

    pub(crate) async fn admit(&self, operation: Operation, weight: usize) -> Result<Permit> {
        let opening = self.opening();
        let admission = &opening.device.admission;
        let admitted =
            if self.refuse { admission.admit_or_refuse(weight) } else { admission.admit(weight).await };
        admitted.map_err(|cause| opening.error(operation, cause))
    }
}

/// What became of an operation that was sent behind messages.
enum Sent {
    /// The actor has it.
    Told(Asker<Outcome>),
    /// There is no actor to take it.
    Undelivered(Op),
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
            Cancelled::Done(Ok(Answer::Locked(Some(claim)))) => self.opening.forsake_lock(claim),
            Cancelled::Done(outcome) => self.opening.orphan(outcome),
            Cancelled::Begun | Cancelled::Nothing => {}
        }
    }
}
