//! The supervisor: owns the pool's life, looks for stuck operations, shuts the engine down.
//!
//! It is not on the way of any operation.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kameo::Actor;
use kameo::actor::{ActorRef, Spawn, WeakActorRef};
use kameo::mailbox::{self, MailboxReceiver, Signal};
use kameo::message::{Context, Message};
use kameo::reply::DelegatedReply;

use crate::context::EngineContext;
use crate::context::paused_clock::Held;
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

    /// Says once of each operation that has been running for too long that it is stuck, with path and age.
    fn sweep(&self) {
        let limit = self.context.limits.stuck_after;
        self.context.show_running(&mut |RunningBatch { operation, path, age, reported, .. }| {
            if age >= limit && !*reported {
                *reported = true;
                add(&self.context.stats.stuck, 1);
                tracing::warn!(%operation, path = %path.display(), ?age, "an operation is stuck");
            }
        });
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

/// Asks for the end of the engine within a time.
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

/// What became of the operations that were under way when an engine was shut down.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Operations that ended by themselves before the deadline.
    pub completed: u64,
    /// Operations that had not begun at the deadline; no system call was made for them.
    pub never_started: u64,
    /// Operations that were inside a system call at the deadline. Nobody can call them back.
    pub abandoned: Vec<Abandoned>,
}

/// One operation that was still running when its engine stopped.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Abandoned {
    /// What it was.
    pub operation: Operation,
    /// The path it worked on.
    pub path: PathBuf,
    /// How long ago it had been asked for.
    pub age: Duration,
}

impl EngineContext {
    async fn shut_down(self: Arc<Self>, deadline: Duration) -> ShutdownReport {
        let end = Instant::now() + deadline;
        let doors = self.doors();
        doors.iter().for_each(crate::admission::Admission::stop);
        // Behind the closed doors, so that no file accepts anything after this.
        self.registry.all().into_iter().for_each(Registered::flush_all);
        let before = self.stats.outstanding();
        let drained = tokio::time::timeout_at(end.into(), doors[0].drained()).await.is_ok();
        // Before the doors close: that sends away those who have not even been admitted.
        let leftover = if drained { 0 } else { self.stats.outstanding() };
        doors.iter().for_each(crate::admission::Admission::close);
        self.pool.close();
        if !drained {
            // What waits goes first: a job that is dropped would only start it, to be dropped in turn.
            self.registry.all().iter().for_each(|file| file.abandon());
            self.pool.abandon();
        }
        let abandoned = self.still_running();
        self.stopped.send_replace(true);
        let never_started = leftover.saturating_sub(abandoned.iter().map(|(_, count)| count).sum());
        let completed = before.saturating_sub(leftover);
        if drained {
            // A worker that does not end in time ends with its last job; there is nothing to add to the report.
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

    /// What workers are inside of now, each with the number of operations it stands for.
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

/// The supervisor as the engine holds it, without a word of actors.
#[derive(Debug)]
pub(crate) struct SupervisorHandle {
    actor: ActorRef<Supervisor>,
}

impl SupervisorHandle {
    pub(crate) fn start(context: Arc<EngineContext>) -> Self {
        SupervisorHandle { actor: Supervisor::start(context) }
    }

    /// Has the engine shut down.
    pub(crate) async fn shut_down(&self, deadline: Duration) -> Result<ShutdownReport> {
        let asking = Exclusive::new(Box::pin(self.actor.ask(Shutdown { deadline }).send()));
        let asked = Held::new(asking).await;
        asked.map_err(|_| Error::new(Operation::Shutdown, Cause::Stopped))
    }
}
