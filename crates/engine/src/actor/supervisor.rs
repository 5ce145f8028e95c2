//! The supervisor: owns the pool's lifetime, reports stuck operations, shuts the engine down.
//!
//! No operation passes through it.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kameo::Actor;
use kameo::actor::{ActorRef, Spawn, WeakActorRef};
use kameo::mailbox::{self, MailboxReceiver, Signal};
use kameo::message::{Context, Message};
use kameo::reply::DelegatedReply;

use crate::admission::Admission;
use crate::context::EngineContext;
use crate::context::paused_clock::HoldsClock;
use crate::context::registry::{Registered, RunningBatch};
use crate::error::{Cause, Error, Operation, Result};
use crate::exclusive::Exclusive;
use crate::limits::{MAILBOX_MESSAGES_MAX, RETRY_PAUSE_MIN, SWEEP_PAUSE};
use crate::stats::add;

/// See the module.
#[derive(Debug)]
pub(crate) struct Supervisor {
    context: Arc<EngineContext>,
}

impl Supervisor {
    /// Starts the supervisor on the engine's runtime.
    pub(crate) fn start(context: Arc<EngineContext>) -> ActorRef<Supervisor> {
        let runtime = context.runtime.clone();
        let _entered = runtime.enter();
        Supervisor::spawn_with_mailbox(Supervisor { context }, mailbox::bounded(MAILBOX_MESSAGES_MAX))
    }

    /// Reports each operation that has been running for too long, once, with its path and age; and lets callers wait no
    /// longer for others that do not come for their permits.
    fn sweep(&self) {
        let limit = self.context.limits.stuck_after;
        self.context.show_running(&mut |RunningBatch { operation, path, age, reported, .. }| {
            if age >= limit && !*reported {
                *reported = true;
                add(&self.context.stats.stuck, 1);
                tracing::warn!(%operation, path = %path.display(), ?age, "an operation is stuck");
            }
        });
        self.context.admissions().iter().for_each(Admission::nudge);
    }
}

impl Actor for Supervisor {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _: ActorRef<Self>) -> std::result::Result<Self, Infallible> {
        Ok(state)
    }

    async fn next(
        &mut self,
        _: WeakActorRef<Self>,
        mailbox: &mut MailboxReceiver<Self>,
    ) -> std::result::Result<Option<Signal<Self>>, Infallible> {
        loop {
            tokio::select! {
                biased;
                signal = mailbox.recv() => return Ok(signal),
                () = tokio::time::sleep(SWEEP_PAUSE) => self.sweep(),
            }
        }
    }
}

/// Asks the engine to shut down within a time.
pub(crate) struct Shutdown {
    pub(crate) deadline: Duration,
}

impl Message<Shutdown> for Supervisor {
    type Reply = DelegatedReply<Result<ShutdownReport>>;

    async fn handle(&mut self, request: Shutdown, ctx: &mut Context<Self, Self::Reply>) -> Self::Reply {
        let context = self.context.clone();
        ctx.spawn(async move { Ok(context.shut_down(request.deadline).await) })
    }
}

/// What a shutdown did with the operations that were under way.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Operations that ended by themselves before the deadline.
    pub completed: u64,
    /// Operations that had not begun at the deadline; no system call was made for them.
    pub never_started: u64,
    /// Operations that were inside a system call at the deadline, which cannot be cancelled.
    pub abandoned: Vec<Abandoned>,
}

/// One operation that was still running when its engine stopped.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Abandoned {
    /// Its name.
    pub operation: Operation,
    /// The path it worked on.
    pub path: PathBuf,
    /// Time since it was requested.
    pub age: Duration,
}

impl EngineContext {
    async fn shut_down(self: Arc<Self>, deadline: Duration) -> ShutdownReport {
        let end = Instant::now() + deadline;
        let admissions = self.admissions();
        admissions.iter().for_each(crate::admission::Admission::stop);
        // Admission has stopped, so no file accepts anything after this flush.
        self.registry.all().into_iter().for_each(Registered::flush_all);
        let before = self.stats.outstanding();
        let drained = tokio::time::timeout_at(end.into(), admissions[0].drained()).await.is_ok();
        // Counted before admission closes, which turns away callers that were never admitted.
        let leftover = if drained { 0 } else { self.stats.outstanding() };
        admissions.iter().for_each(crate::admission::Admission::close);
        self.pool.close();
        let files = if drained { Vec::new() } else { self.registry.all() };
        if !drained {
            // Waiting operations are dropped first: a dropped job would only start them, to be dropped in turn.
            files.iter().for_each(|file| file.stop());
            self.pool.abandon();
        }
        let abandoned = self.still_running();
        self.stopped.send_replace(true);
        // Only now is it reported what they were: a request that is answered is over.
        files.iter().for_each(|file| file.abandon());
        self.running_requests.abandon();
        self.final_writes.abandon();
        let never_started = leftover.saturating_sub(abandoned.iter().map(|(_, count)| count).sum());
        let completed = before.saturating_sub(leftover);
        if drained {
            // A worker that does not end in time ends with its last job, which the report already contains.
            while !self.pool.join(Instant::now()) && Instant::now() < end {
                tokio::time::sleep(RETRY_PAUSE_MIN).await;
            }
        }
        ShutdownReport {
            completed,
            never_started,
            abandoned: abandoned.into_iter().map(|(one, _)| one).collect(),
        }
    }

    /// Returns what workers are executing now, each with its number of operations.
    fn still_running(&self) -> Vec<(Abandoned, u64)> {
        let mut all = Vec::new();
        self.show_running(&mut |RunningBatch { operation, path, age, operations, .. }| {
            all.push((Abandoned { operation, path: path.to_owned(), age }, operations));
        });
        all
    }

    fn show_running(&self, show: &mut dyn FnMut(RunningBatch<'_>)) {
        self.registry.all().iter().for_each(|file| file.show_running(show));
        self.running_requests.show_running(show);
    }
}

/// The engine's reference to the supervisor, without kameo's types.
#[derive(Debug)]
pub(crate) struct SupervisorHandle {
    actor: ActorRef<Supervisor>,
}

impl SupervisorHandle {
    pub(crate) fn start(context: Arc<EngineContext>) -> Self {
        SupervisorHandle { actor: Supervisor::start(context) }
    }

    /// Shuts the engine down.
    pub(crate) async fn shut_down(&self, deadline: Duration) -> Result<ShutdownReport> {
        let request = Exclusive::new(Box::pin(self.actor.ask(Shutdown { deadline }).send()));
        let reply = HoldsClock::new(request).await;
        reply.map_err(|_| Error::new(Operation::Shutdown, Cause::Stopped))
    }
}
