//! The slow way: a permit, a place in the order, an answer.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use kameo::actor::ActorRef;
use kameo::error::SendError;

use super::FileHandle;
use crate::actor::file::{FileActor, Submit};
use crate::actor::letters::Letter;
use crate::actor::opening::Opening;
use crate::actor::queued::{Arrived, Outcome, Queued, Reply};
use crate::admission::Permit;
use crate::error::{Cause, Operation, Result};
use crate::limits::ACTORS_TRIED_MAX;
use crate::op::{Answer, Op};
use crate::pool::Pickup;
use crate::reply::{self, Asker, Cancelled};
use crate::stats::add;

/// The slow way.
impl FileHandle {
    /// Admits, queues and awaits one operation.
    pub(super) async fn submit(&self, op: Op) -> Result<Answer> {
        let operation = op.operation();
        let Some(limit) = self.time_limit else {
            let asker = self.send(op).await?;
            return Pending { asker, opening: self.opening(), operation }.answer().await;
        };
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

    /// Takes a permit and lets the operation take its place in the order.
    async fn send(&self, mut op: Op) -> Result<Asker<Outcome>> {
        for _ in 0..ACTORS_TRIED_MAX {
            if !self.is_behind_messages() {
                break;
            }
            match Box::pin(self.send_behind_messages(op)).await? {
                Sent::Told(asker) => return Ok(asker),
                Sent::Undelivered(back) => op = back,
            }
        }
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
            Arrived::Posted => {
                // Posted before: an actor that dies now looks at the post once more, or is seen to be dead here.
                self.living_actor();
                self.opening().ring();
            }
        }
        Ok(asker)
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
        let sent = match self.refuse {
            true => actor.tell(Submit(letter)).try_send(),
            false => tell(actor, Submit(letter)).await,
        };
        match sent {
            Ok(()) => {
                add(&self.opening().services.stats.messages, 1);
                Ok(Sent::Told(asker))
            }
            Err(SendError::MailboxFull(_)) => {
                add(&self.opening().services.stats.refusals, 1);
                Err(overloaded("messages"))
            }
            // It has just been ended; the next one goes on where it ends.
            Err(SendError::ActorNotRunning(Submit(letter))) => Ok(Sent::Undelivered(letter.op)),
            Err(_) => Err(self.opening().error(operation, Cause::Stopped)),
        }
    }

    pub(super) async fn admit(&self, operation: Operation, weight: usize) -> Result<Permit> {
        let opening = self.opening();
        let admission = &opening.device.admission;
        let admitted =
            if self.refuse { admission.admit_or_refuse(weight) } else { admission.admit(weight).await };
        admitted.map_err(|cause| opening.error(operation, cause))
    }
}

/// Sends a message. kameo's own future cannot be shared between threads, and those of callers that contain it could
/// not either; behind a lock that nobody ever takes, it can.
async fn tell(actor: ActorRef<FileActor>, message: Submit) -> Result<(), SendError<Submit>> {
    let mut sending = Mutex::new(Box::pin(async move { actor.tell(message).send().await }));
    poll_fn(|context| {
        let sending = sending.get_mut().unwrap_or_else(PoisonError::into_inner);
        sending.as_mut().poll(context)
    })
    .await
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
    async fn answer(&mut self) -> Result<Answer> {
        let outcome = (&mut self.asker).await;
        outcome.unwrap_or_else(|| Err(self.opening.error(self.operation, Cause::Stopped)))
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        match self.asker.cancel() {
            Cancelled::BeforeBegin => self.opening.purge(),
            Cancelled::Done(outcome) => self.opening.orphan(outcome),
            Cancelled::Begun | Cancelled::Nothing => {}
        }
    }
}
