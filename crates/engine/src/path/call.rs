//! Requests about paths: no open file, hence no actor; in place, or one job under a permit.

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::admission::Permit;
use crate::at_exit::Unsettled;
use crate::context::descriptors::are_used_up;
use crate::context::panics::panic_text;
use crate::context::paused_clock::Held;
use crate::context::{Device, EngineContext};
use crate::error::{Cause, Error, InTheWay, Operation, Result};
use crate::exclusive::Exclusive;
use crate::oneshot::{self, Cancelled};
use crate::op::{PathRequest, closure, identify};
use crate::pool::Job;
use crate::stats::add;

impl EngineContext {
    /// Carries out a request about a path.
    pub(crate) async fn call<R: PathRequest>(self: &Arc<Self>, request: R) -> Result<R::Reply> {
        tokio::task::consume_budget().await;
        self.here().map_err(|cause| RequestInfo::of(&request).refusal(cause))?;
        if self.names.admission.is_stopping() {
            return Err(RequestInfo::of(&request).refusal(Cause::Stopped));
        }
        let request = match self.final_writes.is_any() {
            true => Box::pin(self.wait_for_final_writes(request)).await?,
            false => request,
        };
        if let Some(reply) = request.in_place(&*self.storage) {
            add(&self.stats.in_place, 1);
            return reply.map_err(|error| RequestInfo::of(&request).error(error));
        }
        Exclusive::new(Box::pin(self.call_by_worker(request, &self.names))).await
    }

    /// Waits for what files that were dropped have still to write, if the request would look for it; returns the request.
    pub(crate) async fn wait_for_final_writes<R: PathRequest>(self: &Arc<Self>, mut request: R) -> Result<R> {
        while self.final_writes.is_any() {
            let gone = self.final_writes.gone();
            let (asked, identities) = self.call_by_worker(identify(request), &self.names).await?;
            request = asked;
            if !self.final_writes.concerns(&identities, request.reads_below()) {
                break;
            }
            Held::new(Box::pin(gone)).await;
        }
        Ok(request)
    }

    /// Runs a closure of the program's own.
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        tokio::task::consume_budget().await;
        self.here().map_err(|cause| Error::new(Operation::Run, cause))?;
        let program = self.program();
        Exclusive::new(Box::pin(self.call_by_worker(closure::run(closure), &program))).await
    }

    /// Has a worker carry the request out, again as often as it meets a process without descriptors.
    async fn call_by_worker<R: PathRequest>(
        self: &Arc<Self>,
        mut request: R,
        device: &Device,
    ) -> Result<R::Reply> {
        let mut front = None;
        loop {
            let again = request.again();
            match (self.call_once(request, device).await, again) {
                (Err(error), Some(again)) if are_used_up(&error) => {
                    if !self.wait_for_descriptor(&mut front).await {
                        return Err(error);
                    }
                    request = again;
                }
                (outcome, _) => return outcome,
            }
        }
    }

    async fn call_once<R: PathRequest>(self: &Arc<Self>, request: R, device: &Device) -> Result<R::Reply> {
        let info = RequestInfo::of(&request);
        let admitted = device.admission.admit(request.bytes()).await;
        let permit = admitted.map_err(|cause| info.refusal(cause))?;
        let (sender, receiver) = oneshot::channel();
        let waiting = Arc::new(Mutex::new(Some((request, permit))));
        let job =
            PathJob { waiting: waiting.clone(), sender, context: self.clone(), arrived: Instant::now() };
        drop(self.pool.submit(device.lane, Box::new(job)));
        let mut pending = PendingCall { receiver, waiting, context: self };
        let outcome = Held::new(&mut pending.receiver).await;
        outcome.unwrap_or_else(|| Err(info.refusal(Cause::Stopped)))
    }
}

impl EngineContext {
    /// Takes in a request that nobody waits for, without blocking. `keep` lives until a worker is sent for.
    pub(crate) fn call_detached<R: PathRequest>(self: &Arc<Self>, request: R, keep: impl Send + 'static) {
        if self.here().is_err() {
            // What the parent left to be cleaned up is the parent's.
            return;
        }
        let unsettled = Unsettled::new(self);
        let (admission, bytes) = (self.names.admission.clone(), request.bytes());
        let mut admitted = Box::pin(async move { admission.admit_late(bytes).await });
        // The first poll counts it as outstanding: a shutdown that is asked for next waits for it.
        match admitted.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(admitted) => self.submit_detached(request, admitted, unsettled),
            Poll::Pending => {
                let context = self.clone();
                self.runtime.spawn(async move {
                    let admitted = admitted.await;
                    context.submit_detached(request, admitted, unsettled);
                    drop(keep);
                });
            }
        }
    }

    fn submit_detached<R: PathRequest>(
        self: &Arc<Self>,
        request: R,
        admitted: Result<Permit, Cause>,
        unsettled: Unsettled,
    ) {
        match admitted {
            Ok(permit) => {
                let request = Some((request, permit));
                let (context, arrived) = (self.clone(), Instant::now());
                let job = DetachedJob { request, context, arrived, _unsettled: unsettled };
                drop(self.pool.submit(self.names.lane, Box::new(job)));
            }
            Err(cause) => note_unheard(self, &Err::<(), _>(RequestInfo::of(&request).refusal(cause))),
        }
    }

    /// Carries a request out on this thread, a worker's.
    fn carry_out<R: PathRequest>(&self, request: R, arrived: Instant) -> Result<R::Reply> {
        let info = RequestInfo::of(&request);
        let begun = Instant::now();
        let key = self.running_requests.begin(info.operation, &info.path, begun);
        let ran = catch_unwind(AssertUnwindSafe(|| request.execute(&*self.storage)));
        self.running_requests.end(key);
        self.descriptors.free_one();
        let outcome = match ran {
            Ok(result) => result.map_err(|error| info.error(error)),
            Err(panic) => {
                add(&self.stats.panics, 1);
                Err(info.refusal(Cause::Panicked(panic_text(&*panic))))
            }
        };
        self.stats.waited.record(begun.saturating_duration_since(arrived));
        self.stats.served.record(begun.elapsed());
        self.stats.note_duration(info.operation, &info.path, arrived.elapsed());
        add(&self.stats.hops, 1);
        add(&self.stats.jobs, 1);
        outcome
    }
}

/// A request that no worker has begun, and its permit. Shared between the job and the caller, who takes both
/// back when it gives up: the job itself may stand behind stuck ones for long.
pub(crate) type Waiting<R> = Mutex<Option<(R, Permit)>>;

/// A call under way. Dropping it gives up; an outcome that was there already is not lost silently.
pub(crate) struct PendingCall<'a, R, T> {
    pub(crate) receiver: oneshot::Receiver<Result<T>>,
    pub(crate) waiting: Arc<Waiting<R>>,
    pub(crate) context: &'a EngineContext,
}

impl<R, T> Drop for PendingCall<'_, R, T> {
    fn drop(&mut self) {
        if self.context.here().is_err() {
            return;
        }
        match self.receiver.cancel() {
            Cancelled::BeforeBegin => {
                drop(self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take());
                add(&self.context.stats.cancelled, 1);
            }
            Cancelled::Done(outcome) => note_unheard(self.context, &outcome),
            Cancelled::Begun | Cancelled::Nothing => {}
        }
    }
}

pub(crate) fn note_unheard<T>(context: &EngineContext, outcome: &Result<T>) {
    if let Err(error) = outcome {
        add(&context.stats.unobserved_errors, 1);
        tracing::warn!(%error, "nobody was left to hear of a failure");
    }
}

struct PathJob<R: PathRequest> {
    waiting: Arc<Waiting<R>>,
    sender: oneshot::Sender<Result<R::Reply>>,
    context: Arc<EngineContext>,
    arrived: Instant,
}

impl<R: PathRequest> Job for PathJob<R> {
    fn run(self: Box<Self>) {
        let PathJob { waiting, sender, context, arrived } = *self;
        if !sender.begin() {
            return;
        }
        let begun = waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (request, permit) = begun.expect("only a caller that gave up before the beginning takes it back");
        let outcome = context.carry_out(request, arrived);
        // A reply that nobody hears may have to clean up after itself, for which a shutdown waits.
        let buffered = sender.is_cancelled().then_some(permit);
        if let Err(unheard) = sender.send(outcome) {
            note_unheard(&context, &unheard);
        }
        drop(buffered);
    }
}

/// A request that nobody waits for. A job that never ran says so when it is dropped.
struct DetachedJob<R: PathRequest> {
    /// `None` once it has run.
    request: Option<(R, Permit)>,
    context: Arc<EngineContext>,
    arrived: Instant,
    /// Makes the end of the process wait.
    _unsettled: Unsettled,
}

impl<R: PathRequest> Job for DetachedJob<R> {
    fn run(mut self: Box<Self>) {
        let Some((request, permit)) = self.request.take() else { return };
        note_unheard(&self.context, &self.context.carry_out(request, self.arrived));
        drop(permit);
    }
}

impl<R: PathRequest> Drop for DetachedJob<R> {
    fn drop(&mut self) {
        if let Some((request, _permit)) = self.request.take() {
            note_unheard(&self.context, &Err::<(), _>(RequestInfo::of(&request).refusal(Cause::Stopped)));
        }
    }
}

/// What an error of a request has to name, kept apart because the request is used up by its execution.
pub(crate) struct RequestInfo {
    pub(crate) operation: Operation,
    pub(crate) path: Arc<Path>,
    pub(crate) target: Option<PathBuf>,
}

impl RequestInfo {
    pub(crate) fn of(request: &impl PathRequest) -> Self {
        let target = request.target().map(Path::to_owned);
        RequestInfo { operation: request.operation(), path: request.path().into(), target }
    }

    fn error(&self, error: io::Error) -> Error {
        let (error, entry) = InTheWay::apart(error);
        let error = self.refusal(Cause::Io(Arc::new(error)));
        match entry {
            Some(entry) => error.in_the_way(entry),
            None => error,
        }
    }

    /// Names what failed, and where: a closure of the program's own is about no path.
    pub(crate) fn refusal(&self, cause: Cause) -> Error {
        let error = Error::new(self.operation, cause);
        if self.operation == Operation::Run {
            return error;
        }
        let error = error.at_path(self.path.clone());
        match &self.target {
            Some(target) => error.with_target(target),
            None => error,
        }
    }
}
