//! The slow path: a permit, a place in the order, an answer.

use std::future::{Future, poll_fn};
use std::io::SeekFrom;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use super::FileHandle;
use crate::actor::Envelope;
use crate::actor::file::{Delivery, deliver};
use crate::admission::{Admit, Permit};
use crate::budget;
use crate::context::paused_clock::HoldsClock;
use crate::context::registry::Registered;
use crate::error::{Cause, Operation, Result};
use crate::exclusive::Exclusive;
use crate::file_op::lent::Lender;
use crate::file_op::{Answer, Op, Seek};
use crate::limits::{ACTORS_TRIED_MAX, ANSWER_SPIN_UNITS};
use crate::oneshot::{self, Cancelled};
use crate::open_file::OpenFile;
use crate::open_file::pending::{Arrived, Outcome, PendingOp, Reply};
use crate::pool::Pickup;
use crate::stats::add;

/// The slow path.
impl FileHandle {
    /// Admits, queues and awaits one operation.
    pub(crate) fn submit(&self, op: impl Into<Op>) -> impl Future<Output = Result<Answer>> {
        let op = op.into();
        self.submit_when_admitted(op.operation(), op.weight(), || op, None, Ok)
    }

    /// Like [`submit`](FileHandle::submit), for an operation that copies bytes of its caller: `make_op` runs
    /// after the admission, so an operation without a permit holds no memory. A lender is polled while the
    /// operation runs.
    ///
    /// `send` is written out: it would keep a second copy of its arguments in every task that waits.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` keeps a second copy of its arguments while it waits"
    )]
    pub(crate) fn submit_when_admitted<T>(
        &self,
        operation: Operation,
        weight: usize,
        make_op: impl FnOnce() -> Op,
        lender: Option<&mut Lender<'_>>,
        read: impl FnOnce(Answer) -> Result<T>,
    ) -> impl Future<Output = Result<T>> {
        async move {
            self.here(operation)?;
            if let Some(limit) = self.time_limit {
                return read(Box::pin(self.submit_within(limit, operation, weight, make_op, lender)).await?);
            }
            let receiver = if self.is_behind_messages() {
                Box::pin(self.send_after_messages(make_op())).await?
            } else {
                let permit = self.admit(operation, weight).await?;
                self.enqueue(make_op(), permit)
            };
            read(PendingAnswer { receiver, open_file: self.open_file(), operation }.answer(lender).await?)
        }
    }

    async fn submit_within(
        &self,
        limit: Duration,
        operation: Operation,
        weight: usize,
        make_op: impl FnOnce() -> Op,
        lender: Option<&mut Lender<'_>>,
    ) -> Result<Answer> {
        let timed_out = |begun| self.open_file().error(operation, Cause::TimedOut(limit)).begun(begun);
        // The same timer bounds the admission and the operation.
        let timeout = self.open_file().context.pause(limit);
        tokio::pin!(timeout);
        let receiver = tokio::select! {
            biased;
            receiver = self.send(operation, weight, make_op) => receiver?,
            () = &mut timeout => return Err(timed_out(false)),
        };
        let mut pending = PendingAnswer { receiver, open_file: self.open_file(), operation };
        tokio::select! {
            biased;
            answer = pending.answer(lender) => return answer,
            () = timeout => {}
        }
        // Too late: an operation that has not begun is withdrawn, any other completes without its caller.
        match pending.receiver.cancel() {
            Cancelled::BeforeBegin => {
                self.open_file().withdraw(&pending.receiver);
                Err(timed_out(false))
            }
            Cancelled::Begun => Err(timed_out(true)),
            Cancelled::Done(outcome) => outcome,
            Cancelled::Nothing => Err(self.open_file().error(operation, Cause::Stopped)),
        }
    }

    /// Like [`submit`](FileHandle::submit), without the time limit: for a part of a call that is limited as a
    /// whole.
    pub(crate) async fn submit_untimed(&self, op: impl Into<Op>) -> Result<Answer> {
        let op = op.into();
        let operation = op.operation();
        self.here(operation)?;
        let receiver = self.send(operation, op.weight(), || op).await?;
        PendingAnswer { receiver, open_file: self.open_file(), operation }.answer(None).await
    }

    /// Takes a permit and queues the operation in the order.
    async fn send(
        &self,
        operation: Operation,
        weight: usize,
        make_op: impl FnOnce() -> Op,
    ) -> Result<oneshot::Receiver<Outcome>> {
        if self.is_behind_messages() {
            return Box::pin(self.send_after_messages(make_op())).await;
        }
        let permit = self.admit(operation, weight).await?;
        Ok(self.enqueue(make_op(), permit))
    }

    /// Sends an operation through the actor, behind earlier messages, or directly once they are in the order or
    /// no actor is left.
    async fn send_after_messages(&self, mut op: Op) -> Result<oneshot::Receiver<Outcome>> {
        for _ in 0..ACTORS_TRIED_MAX {
            if !self.is_behind_messages() {
                break;
            }
            match self.send_behind_messages(op).await? {
                Sent::Delivered(receiver) => return Ok(receiver),
                Sent::Undelivered(back) => op = back,
            }
        }
        let permit = self.admit(op.operation(), op.weight()).await?;
        Ok(self.enqueue(op, permit))
    }

    fn enqueue(&self, op: Op, permit: Permit) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        self.start(op, permit, Reply::Oneshot(sender), &receiver);
        receiver
    }

    /// Refuses to touch the file's state in a forked process, which has only a copy of it.
    pub(crate) fn here(&self, operation: Operation) -> Result<()> {
        let open_file = self.open_file();
        if open_file.is_here() { Ok(()) } else { Err(open_file.error(operation, Cause::Forked)) }
    }

    /// Queues an admitted operation in the order; spins for the answer if a worker takes it at once.
    pub(crate) fn start(&self, op: Op, permit: Permit, reply: Reply, receiver: &oneshot::Receiver<Outcome>) {
        let is_quick = op.is_quick();
        let alone = self.open_file().access.alone;
        match self.open_file().arrive(PendingOp { op, reply, permit, arrived: Instant::now(), alone }) {
            Arrived::Started(Pickup::Now) if is_quick && self.open_file().adaptive_spin.allows() => {
                self.open_file().adaptive_spin.learn(receiver.spin_for_answer());
                budget::charge(ANSWER_SPIN_UNITS);
            }
            Arrived::Started(_) => {}
            Arrived::Posted => {
                // Posted first: an actor that ends now either looks at the queue once more, or is seen here to
                // have ended.
                self.live_actor();
                self.open_file().wake_actor();
            }
        }
    }

    /// Sends an operation through the mailbox. It takes no permit along: the actor has to admit the messages
    /// before it first, and they may need that permit.
    async fn send_behind_messages(&self, op: Op) -> Result<Sent> {
        let operation = op.operation();
        let overloaded = |limit| self.open_file().error(operation, Cause::Overloaded(limit));
        if self.refuse && self.open_file().inbox.is_waiting() {
            add(&self.open_file().context.stats.refusals, 1);
            return Err(overloaded("operations"));
        }
        let (sender, receiver) = oneshot::channel();
        let envelope = Envelope { op, reply: Reply::Oneshot(sender), refuse: self.refuse };
        let actor = self.live_actor();
        match HoldsClock::new(Exclusive::new(Box::pin(deliver(actor, envelope)))).await {
            Delivery::Delivered => {
                add(&self.open_file().context.stats.messages, 1);
                Ok(Sent::Delivered(receiver))
            }
            Delivery::Full => {
                add(&self.open_file().context.stats.refusals, 1);
                Err(overloaded("messages"))
            }
            // The actor has just ended; the next one continues where it ended.
            Delivery::Ended(envelope) => Ok(Sent::Undelivered(envelope.op)),
            Delivery::Lost => Err(self.open_file().error(operation, Cause::Stopped)),
        }
    }

    /// Waits for a permit within the time limit of this handle, behind messages that this caller may have sent.
    pub(crate) async fn admit_in_time(&self, operation: Operation, weight: usize) -> Result<Permit> {
        self.in_time(operation, self.admit_after_messages(operation, weight)).await
    }

    /// Runs a wait that precedes an operation within the time limit of this handle.
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
            // The answer means that every earlier message is in the order.
            self.submit(Seek { to: SeekFrom::Current(0) }).await?;
        }
        self.admit(operation, weight).await
    }

    /// Waits for a permit, in turn with the other callers of the file.
    pub(crate) fn admit(&self, operation: Operation, weight: usize) -> Admitting<'_> {
        let open_file = self.open_file();
        let admission = &open_file.device.admission;
        let admitted = match self.refuse {
            true => admission.admit_or_refuse(weight, open_file.client()),
            false => match admission.try_admit(weight, open_file.client()) {
                Err(Cause::Overloaded(_)) => {
                    let admit = admission.admit_late(weight, open_file.client());
                    return Admitting::Waits(Box::new(Waits { admit, open_file, operation }));
                }
                admitted => admitted,
            },
        };
        Admitting::Now(Some(admitted.map_err(|cause| open_file.error(operation, cause))))
    }
}

/// The future of a permit. Few wait, and the future of every operation would have room for that.
pub(crate) enum Admitting<'a> {
    /// The answer, until it is taken.
    Now(Option<Result<Permit>>),
    /// The caller is in line.
    Waits(Box<Waits<'a>>),
}

/// A caller in line, and what its error names.
pub(crate) struct Waits<'a> {
    admit: Admit<'a>,
    open_file: &'a Arc<OpenFile>,
    operation: Operation,
}

impl Future for Admitting<'_> {
    type Output = Result<Permit>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Permit>> {
        match &mut *self {
            Admitting::Now(admitted) => {
                Poll::Ready(admitted.take().expect("a future that is done is not polled again"))
            }
            Admitting::Waits(waits) => {
                let Waits { admit, open_file, operation } = &mut **waits;
                let admitted = ready!(Pin::new(admit).poll(cx));
                Poll::Ready(admitted.map_err(|cause| open_file.error(*operation, cause)))
            }
        }
    }
}

/// Result of sending an operation behind messages.
enum Sent {
    /// The actor has it.
    Delivered(oneshot::Receiver<Outcome>),
    /// There is no actor that could take it.
    Undelivered(Op),
}

/// A pending operation. Dropping it cancels the operation, or handles its outcome.
struct PendingAnswer<'a> {
    receiver: oneshot::Receiver<Outcome>,
    open_file: &'a Arc<OpenFile>,
    operation: Operation,
}

impl PendingAnswer<'_> {
    async fn answer(&mut self, mut lender: Option<&mut Lender<'_>>) -> Result<Answer> {
        let receiver = &mut self.receiver;
        let outcome = poll_fn(|cx| {
            // An answer that came at once is paid for when it is taken: the operation already has its place in the order.
            let progress = ready!(budget::poll_proceed(cx));
            if let Some(lender) = &mut lender {
                lender.poll(cx);
            }
            let outcome = ready!(Pin::new(&mut *receiver).poll(cx));
            progress.made_progress();
            Poll::Ready(outcome)
        });
        let outcome = HoldsClock::new(outcome).await;
        outcome.unwrap_or_else(|lost| {
            Err(self.open_file.error(self.operation, self.open_file.context.cause_of(lost)))
        })
    }
}

impl Drop for PendingAnswer<'_> {
    fn drop(&mut self) {
        if !self.open_file.is_here() {
            return;
        }
        match self.receiver.cancel() {
            Cancelled::BeforeBegin => self.open_file.withdraw(&self.receiver),
            Cancelled::Done(Ok(Answer::Locked(Some(claim)))) => self.open_file.release_unclaimed_lock(claim),
            Cancelled::Done(outcome) => self.open_file.settle_unreported(outcome),
            Cancelled::Begun | Cancelled::Nothing => {}
        }
    }
}
