//! The slow way: a permit, a place in the order, an answer.

use std::future::{Future, poll_fn};
use std::io::SeekFrom;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use super::FileHandle;
use crate::actor::Envelope;
use crate::actor::file::{Delivery, deliver};
use crate::admission::Permit;
use crate::context::paused_clock::Held;
use crate::context::registry::Registered;
use crate::error::{Cause, Operation, Result};
use crate::exclusive::Exclusive;
use crate::file_op::lent::Lender;
use crate::file_op::{Answer, Op, Seek};
use crate::limits::ACTORS_TRIED_MAX;
use crate::oneshot::{self, Cancelled};
use crate::open_file::OpenFile;
use crate::open_file::pending::{Arrived, Outcome, PendingOp, Reply};
use crate::pool::Pickup;
use crate::stats::add;

/// The slow way.
impl FileHandle {
    /// Admits, queues and awaits one operation.
    pub(crate) fn submit(&self, op: impl Into<Op>) -> impl Future<Output = Result<Answer>> {
        let op = op.into();
        self.submit_when_admitted(op.operation(), op.weight(), || op, None)
    }

    /// Like [`submit`](FileHandle::submit), for an operation that copies what its caller has: it is worded once
    /// it has its permit, so that what has none holds no memory. What is lent is fed to it meanwhile.
    pub(crate) async fn submit_when_admitted(
        &self,
        operation: Operation,
        weight: usize,
        word: impl FnOnce() -> Op,
        lender: Option<&mut Lender<'_>>,
    ) -> Result<Answer> {
        self.here(operation)?;
        let Some(limit) = self.time_limit else {
            let receiver = self.send(operation, weight, word).await?;
            return Pending { receiver, open_file: self.open_file(), operation }.answer(lender).await;
        };
        let late = |begun| self.open_file().error(operation, Cause::TimedOut(limit)).begun(begun);
        let alarm = self.open_file().context.pause(limit);
        tokio::pin!(alarm);
        let receiver = tokio::select! {
            biased;
            receiver = self.send(operation, weight, word) => receiver?,
            () = &mut alarm => return Err(late(false)),
        };
        let mut pending = Pending { receiver, open_file: self.open_file(), operation };
        tokio::select! {
            biased;
            answer = pending.answer(lender) => return answer,
            () = alarm => {}
        }
        match pending.receiver.cancel() {
            Cancelled::BeforeBegin => {
                self.open_file().purge();
                Err(late(false))
            }
            Cancelled::Begun => Err(late(true)),
            Cancelled::Done(outcome) => outcome,
            Cancelled::Nothing => Err(self.open_file().error(operation, Cause::Stopped)),
        }
    }

    /// The same, however long it takes: for what is limited as a whole.
    pub(crate) async fn submit_untimed(&self, op: impl Into<Op>) -> Result<Answer> {
        let op = op.into();
        let operation = op.operation();
        self.here(operation)?;
        let receiver = self.send(operation, op.weight(), || op).await?;
        Pending { receiver, open_file: self.open_file(), operation }.answer(None).await
    }

    /// Takes a permit and lets the operation take its place in the order.
    async fn send(
        &self,
        operation: Operation,
        weight: usize,
        word: impl FnOnce() -> Op,
    ) -> Result<oneshot::Receiver<Outcome>> {
        if self.is_behind_messages() {
            return Box::pin(self.send_after_messages(word())).await;
        }
        let permit = self.admit(operation, weight).await?;
        Ok(self.take_place(word(), permit))
    }

    /// Sends an operation behind the messages before it, or after them if there is no actor any more to take it.
    async fn send_after_messages(&self, mut op: Op) -> Result<oneshot::Receiver<Outcome>> {
        for _ in 0..ACTORS_TRIED_MAX {
            if !self.is_behind_messages() {
                break;
            }
            match self.send_behind_messages(op).await? {
                Sent::Told(receiver) => return Ok(receiver),
                Sent::Undelivered(back) => op = back,
            }
        }
        let permit = self.admit(op.operation(), op.weight()).await?;
        Ok(self.take_place(op, permit))
    }

    fn take_place(&self, op: Op, permit: Permit) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        self.start(op, permit, Reply::Slot(sender), &receiver);
        receiver
    }

    /// Refuses what would touch the file's state in a process that only has a copy of it.
    pub(crate) fn here(&self, operation: Operation) -> Result<()> {
        let open_file = self.open_file();
        if open_file.is_here() { Ok(()) } else { Err(open_file.error(operation, Cause::Forked)) }
    }

    /// Lets an admitted operation take its place in the order.
    pub(crate) fn start(&self, op: Op, permit: Permit, reply: Reply, receiver: &oneshot::Receiver<Outcome>) {
        let is_quick = op.is_quick();
        let alone = self.open_file().access.alone;
        match self.open_file().arrive(PendingOp { op, reply, permit, arrived: Instant::now(), alone }) {
            Arrived::Started(Pickup::Now) if is_quick && self.open_file().adaptive_spin.allows() => {
                self.open_file().adaptive_spin.learn(receiver.spin_for_answer());
            }
            Arrived::Started(_) => {}
            Arrived::Posted => {
                // Posted before: an actor that dies now looks at the post once more, or is seen to be dead here.
                self.living_actor();
                self.open_file().wake_actor();
            }
        }
    }

    /// Sends an operation the way of the messages before it. It takes no permit along: the actor has to let those
    /// in first, and they may need it.
    async fn send_behind_messages(&self, op: Op) -> Result<Sent> {
        let operation = op.operation();
        let overloaded = |limit| self.open_file().error(operation, Cause::Overloaded(limit));
        if self.refuse && self.open_file().inbox.is_waiting() {
            add(&self.open_file().context.stats.refusals, 1);
            return Err(overloaded("operations"));
        }
        let (sender, receiver) = oneshot::channel();
        let envelope = Envelope { op, reply: Reply::Slot(sender), refuse: self.refuse };
        let actor = self.living_actor();
        match Held::new(Exclusive::new(Box::pin(deliver(actor, envelope)))).await {
            Delivery::Delivered => {
                add(&self.open_file().context.stats.messages, 1);
                Ok(Sent::Told(receiver))
            }
            Delivery::Full => {
                add(&self.open_file().context.stats.refusals, 1);
                Err(overloaded("messages"))
            }
            // It has just been ended; the next one goes on where it ends.
            Delivery::Ended(envelope) => Ok(Sent::Undelivered(envelope.op)),
            Delivery::Lost => Err(self.open_file().error(operation, Cause::Stopped)),
        }
    }

    /// Waits for a permit for as long as an operation of this handle may take, behind the messages that this caller
    /// may have sent.
    pub(crate) async fn admit_in_time(&self, operation: Operation, weight: usize) -> Result<Permit> {
        self.in_time(operation, self.admit_after_messages(operation, weight)).await
    }

    /// Waits for what comes before an operation begins, for as long as one of this handle may take.
    pub(crate) async fn in_time<T>(
        &self,
        operation: Operation,
        wait: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let Some(limit) = self.limit() else { return wait.await };
        tokio::select! {
            biased;
            waited = wait => waited,
            () = self.open_file().context.pause(limit) => {
                Err(self.open_file().error(operation, Cause::TimedOut(limit)).begun(false))
            }
        }
    }

    async fn admit_after_messages(&self, operation: Operation, weight: usize) -> Result<Permit> {
        if self.is_behind_messages() {
            // Answered when everything before it is in the order.
            self.submit(Seek { to: SeekFrom::Current(0) }).await?;
        }
        self.admit(operation, weight).await
    }

    pub(crate) async fn admit(&self, operation: Operation, weight: usize) -> Result<Permit> {
        let open_file = self.open_file();
        let admission = &open_file.device.admission;
        let admitted =
            if self.refuse { admission.admit_or_refuse(weight) } else { admission.admit(weight).await };
        admitted.map_err(|cause| open_file.error(operation, cause))
    }
}

/// What became of an operation that was sent behind messages.
enum Sent {
    /// The actor has it.
    Told(oneshot::Receiver<Outcome>),
    /// There is no actor to take it.
    Undelivered(Op),
}

/// An operation under way. Dropping it gives up: what comes of it is taken care of.
struct Pending<'a> {
    receiver: oneshot::Receiver<Outcome>,
    open_file: &'a Arc<OpenFile>,
    operation: Operation,
}

impl Pending<'_> {
    async fn answer(&mut self, mut lender: Option<&mut Lender<'_>>) -> Result<Answer> {
        let receiver = &mut self.receiver;
        let outcome = poll_fn(|cx| {
            if let Some(lender) = &mut lender {
                lender.poll(cx);
            }
            Pin::new(&mut *receiver).poll(cx)
        });
        let outcome = Held::new(outcome).await;
        outcome.unwrap_or_else(|| Err(self.open_file.error(self.operation, Cause::Stopped)))
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.open_file.is_here() {
            return;
        }
        match self.receiver.cancel() {
            Cancelled::BeforeBegin => self.open_file.purge(),
            Cancelled::Done(Ok(Answer::Locked(Some(claim)))) => self.open_file.forsake_lock(claim),
            Cancelled::Done(outcome) => self.open_file.orphan(outcome),
            Cancelled::Begun | Cancelled::Nothing => {}
        }
    }
}
