//! Requests about paths: without an open file or an actor; in place, or as one job under a permit.

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::admission::{Client, Permit};
use crate::at_exit::ExitGuard;
use crate::budget;
use crate::context::descriptors::are_used_up;
use crate::context::panics::{guarded, panic_text};
use crate::context::paused_clock::HoldsClock;
use crate::context::running::{RequestInfo, RunningRequest};
use crate::context::{Device, EngineContext};
use crate::error::{Cause, Error, InTheWay, Operation, Result};
use crate::exclusive::Exclusive;
use crate::limits::PATH_UNITS;
use crate::oneshot::{self, Abandon, Cancelled};
use crate::op::{PathRequest, closure, identify};
use crate::path::descriptor_wait::DescriptorWait;
use crate::pool::{Job, JobId, Place};
use crate::priority::Priority;
use crate::stats::add;
use crate::storage::AsyncStorage;

impl EngineContext {
    /// Executes a request about a path.
    pub(crate) async fn call<R: PathRequest>(
        self: &Arc<Self>,
        mut request: R,
        priority: Priority,
    ) -> Result<R::Reply> {
        budget::spend().await;
        self.here().map_err(|cause| RequestInfo::of(&request).refusal(cause))?;
        if self.names.admission.is_stopping() {
            return Err(RequestInfo::of(&request).refusal(Cause::Stopped));
        }
        if self.final_writes.is_any() {
            request = Box::pin(self.wait_for_final_writes(request, priority)).await?;
        }
        if let Some(reply) = request.in_place(&*self.storage) {
            add(&self.stats.in_place, 1);
            budget::charge(PATH_UNITS);
            return reply.map_err(|error| RequestInfo::of(&request).error(error));
        }
        let device = self.device_for(&request);
        Exclusive::new(Box::pin(self.call_by_worker(request, &device, priority))).await
    }

    /// The device in whose lane a request waits. While no worker is stuck, requests share one lane and their devices
    /// need not be known. From then on each waits in the lane of its own device, as far as that is in memory: those
    /// that would get stuck too take no more workers than a device may, and no permits of others.
    pub(super) fn device_for(&self, request: &impl PathRequest) -> Arc<Device> {
        if !self.pool.has_stuck() {
            return self.names.clone();
        }
        let paths = [Some(request.path()), request.target()].into_iter().flatten();
        let devices =
            paths.filter_map(|path| self.storage.device_cached(path)).map(|number| self.device(number));
        // Of two devices, the one that may be stuck.
        devices.max_by_key(|device| self.pool.load(device.lane)).unwrap_or_else(|| self.names.clone())
    }

    /// Waits for final writes of dropped files that the request would miss; returns the request.
    pub(crate) async fn wait_for_final_writes<R: PathRequest>(
        self: &Arc<Self>,
        mut request: R,
        priority: Priority,
    ) -> Result<R> {
        while self.final_writes.is_any() {
            let next_end = self.final_writes.next_end();
            let identities;
            if self.storage.asynchronous().is_some() {
                identities = request.identities(&*self.storage);
            } else {
                let device = self.device_for(&request);
                (request, identities) = self.call_by_worker(identify(request), &device, priority).await?;
            }
            if !self.final_writes.include(&identities, request.reads_below()) {
                break;
            }
            HoldsClock::new(Box::pin(next_end)).await;
        }
        Ok(request)
    }

    /// Runs a closure of the program's own.
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        closure: impl FnOnce() -> T + Send + 'static,
        priority: Priority,
    ) -> Result<T> {
        budget::spend().await;
        self.here().map_err(|cause| Error::new(Operation::Run, cause))?;
        let program = self.program();
        if self.pool.is_on_worker() && self.pool.load(program.lane) >= self.limits.lane_workers_max {
            return self.run_here(closure);
        }
        Exclusive::new(Box::pin(self.call_by_worker(closure::run(closure), &program, priority))).await
    }

    /// Runs a closure on this thread, which is a worker that waits for it, because every worker of the lane is
    /// in use. If each of them waited for another, they would wait for ever: the last one that looks finds the
    /// lane full, comes here, and ends.
    fn run_here<T>(&self, closure: impl FnOnce() -> T) -> Result<T> {
        if self.names.admission.is_stopping() {
            return Err(Error::new(Operation::Run, Cause::Stopped));
        }
        catch_unwind(AssertUnwindSafe(closure)).map_err(|panic| {
            add(&self.stats.panics, 1);
            Error::new(Operation::Run, Cause::Panicked(panic_text(&*panic)))
        })
    }

    /// Makes a worker execute the request, and repeats it while the process has no free descriptors.
    async fn call_by_worker<R: PathRequest>(
        self: &Arc<Self>,
        mut request: R,
        device: &Device,
        priority: Priority,
    ) -> Result<R::Reply> {
        let mut wait = DescriptorWait::default();
        loop {
            let again = request.again();
            match (self.call_once(request, device, priority).await, again) {
                (Err(error), Some(again)) if are_used_up(&error) => {
                    if !self.wait_for_descriptor(&mut wait).await {
                        return Err(error);
                    }
                    request = again;
                }
                (outcome, _) => return outcome,
            }
        }
    }

    async fn call_once<R: PathRequest>(
        self: &Arc<Self>,
        request: R,
        device: &Device,
        priority: Priority,
    ) -> Result<R::Reply> {
        let (info, bytes) = (RequestInfo::of(&request), request.bytes());
        let admitted = device.admission.admit(bytes, Client::of_paths(priority)).await;
        let permit = admitted.map_err(|cause| info.refusal(cause))?;
        let (sender, receiver) = oneshot::channel();
        let unstarted = Arc::new(Mutex::new(Some((request, permit))));
        let job =
            PathJob { unstarted: unstarted.clone(), sender, context: self.clone(), arrived: Instant::now() };
        let job = self.start(place(device, bytes, priority), job);
        let mut pending = PendingCall { receiver, unstarted, job, context: self };
        let outcome = HoldsClock::new(&mut pending.receiver).await;
        outcome.unwrap_or_else(|lost| Err(info.refusal(self.cause_of(lost))))
    }
}

/// A job about a path, in both forms.
pub(crate) trait EitherJob: Job {
    /// Does what a worker does, on a storage whose calls answer later.
    fn run_later(self, storage: Arc<dyn AsyncStorage>) -> impl Future<Output = ()> + Send + 'static;
}

impl EngineContext {
    /// Has a job carried out: by a worker, or by futures if the storage answers later. Returns the job that waits for a
    /// worker; a refused one is dropped, which answers its caller.
    pub(crate) fn start(&self, place: Place, job: impl EitherJob + 'static) -> Option<JobId> {
        match self.storage.asynchronous() {
            Some(storage) => {
                self.spawn(job.run_later(storage));
                None
            }
            None => self.pool.submit(place, Box::new(job)).ok().map(|submitted| submitted.id),
        }
    }

    /// Submits a request without waiting for it and without blocking. `keep` lives until the job is submitted.
    pub(crate) fn call_detached<R: PathRequest>(
        self: &Arc<Self>,
        request: R,
        priority: Priority,
        keep: impl Send + 'static,
    ) {
        if self.here().is_err() {
            // What a parent has to clean up stays the parent's.
            return;
        }
        let exit_guard = ExitGuard::new(self);
        let (admission, bytes) = (self.names.admission.clone(), request.bytes());
        let mut admitted =
            Box::pin(async move { admission.admit_late(bytes, Client::of_paths(priority)).await });
        // The first poll counts it as outstanding, so a later shutdown waits for it.
        match admitted.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(admitted) => self.submit_detached(request, priority, admitted, exit_guard),
            Poll::Pending => {
                let context = self.clone();
                self.runtime.spawn(async move {
                    let admitted = admitted.await;
                    context.submit_detached(request, priority, admitted, exit_guard);
                    drop(keep);
                });
            }
        }
    }

    fn submit_detached<R: PathRequest>(
        self: &Arc<Self>,
        request: R,
        priority: Priority,
        admitted: Result<Permit, Cause>,
        exit_guard: ExitGuard,
    ) {
        match admitted {
            Ok(permit) => {
                let bytes = request.bytes();
                let request = Some((request, permit));
                let (context, arrived) = (self.clone(), Instant::now());
                let job = DetachedJob { request, context, arrived, _exit_guard: exit_guard };
                self.start(place(&self.names, bytes, priority), job);
            }
            Err(cause) => record_unreported(self, &Err::<(), _>(RequestInfo::of(&request).refusal(cause))),
        }
    }

    /// Executes a request on this thread, which is a worker's. A shutdown that does not wait any longer answers
    /// the caller by `abandoner`.
    fn execute<R: PathRequest>(
        &self,
        request: R,
        arrived: Instant,
        abandoner: Option<Arc<dyn Abandon<Error>>>,
    ) -> Result<R::Reply> {
        let execution = self.begin(RequestInfo::of(&request), arrived, abandoner)?;
        let result = catch_unwind(AssertUnwindSafe(|| request.execute(&*self.storage)));
        self.end(execution, result.map_err(|panic| Cause::Panicked(panic_text(&*panic))))
    }

    /// Executes a request on a storage whose calls answer later.
    async fn execute_later<R: PathRequest>(
        &self,
        request: R,
        storage: Arc<dyn AsyncStorage>,
        arrived: Instant,
        abandoner: Option<Arc<dyn Abandon<Error>>>,
    ) -> Result<R::Reply> {
        let execution = self.begin(RequestInfo::of(&request), arrived, abandoner)?;
        let result = guarded(async move { request.execute_later(storage).await }).await;
        self.end(execution, result)
    }

    fn begin(
        &self,
        info: RequestInfo,
        arrived: Instant,
        abandoner: Option<Arc<dyn Abandon<Error>>>,
    ) -> Result<Execution> {
        let begun = Instant::now();
        let running = RunningRequest::new(info.clone(), begun).of(abandoner);
        match self.running_requests.begin(running) {
            Some(key) => Ok(Execution { info, key, arrived, begun }),
            None => Err(info.refusal(Cause::Stopped)),
        }
    }

    fn end<T>(&self, execution: Execution, result: Result<io::Result<T>, Cause>) -> Result<T> {
        let Execution { info, key, arrived, begun } = execution;
        self.running_requests.end(key);
        let outcome = match result {
            Ok(result) => result.map_err(|error| info.error(error)),
            Err(panicked) => {
                add(&self.stats.panics, 1);
                Err(info.refusal(panicked))
            }
        };
        // A refusal for want of a descriptor has given none back, and would be tried again without a pause.
        if !outcome.as_ref().is_err_and(are_used_up) {
            self.descriptors.free_one();
        }
        self.stats.waited.record(begun.saturating_duration_since(arrived));
        self.stats.served.record(begun.elapsed());
        self.stats.note_duration(info.operation, &info.path, arrived.elapsed());
        add(&self.stats.hops, 1);
        add(&self.stats.jobs, 1);
        outcome
    }
}

/// A request that is being executed.
struct Execution {
    info: RequestInfo,
    /// Its number among the running requests.
    key: u64,
    arrived: Instant,
    begun: Instant,
}

/// Where a request waits for a worker.
pub(crate) fn place(device: &Device, bytes: usize, priority: Priority) -> Place {
    Place { lane: device.lane, flow: Client::of_paths(priority).flow_of_task(), bytes: bytes as u64 }
}

/// A request that has not begun, and its permit. The job and the caller share it, so that a caller that gives
/// up frees both even while the job waits behind stuck ones.
pub(crate) type Unstarted<R> = Mutex<Option<(R, Permit)>>;

/// A pending call. Dropping it cancels the request, or reports an outcome that no caller received.
pub(crate) struct PendingCall<'a, R, T> {
    pub(crate) receiver: oneshot::Receiver<Result<T>>,
    pub(crate) unstarted: Arc<Unstarted<R>>,
    /// `None` if the pool refused it.
    pub(crate) job: Option<JobId>,
    pub(crate) context: &'a EngineContext,
}

impl<R, T> Drop for PendingCall<'_, R, T> {
    fn drop(&mut self) {
        if self.context.here().is_err() {
            return;
        }
        match self.receiver.cancel() {
            Cancelled::BeforeBegin => {
                drop(self.unstarted.lock().unwrap_or_else(PoisonError::into_inner).take());
                // Behind stuck jobs it would wait for as long as they do.
                drop(self.job.and_then(|job| self.context.pool.withdraw(job)));
                add(&self.context.stats.cancelled, 1);
            }
            Cancelled::Done(outcome) => record_unreported(self.context, &outcome),
            Cancelled::Begun | Cancelled::Nothing => {}
        }
    }
}

pub(crate) fn record_unreported<T>(context: &EngineContext, outcome: &Result<T>) {
    if let Err(error) = outcome {
        add(&context.stats.unobserved_errors, 1);
        tracing::warn!(%error, "a failure reached no caller");
    }
}

struct PathJob<R: PathRequest> {
    unstarted: Arc<Unstarted<R>>,
    sender: oneshot::Sender<Result<R::Reply>>,
    context: Arc<EngineContext>,
    arrived: Instant,
}

impl<R: PathRequest> PathJob<R> {
    /// Takes the request, unless its caller has given it up.
    fn start(&self) -> Option<(R, Permit)> {
        if !self.sender.begin() {
            return None;
        }
        let begun = self.unstarted.lock().unwrap_or_else(PoisonError::into_inner).take();
        Some(begun.expect("only a caller that gave up before the beginning takes it back"))
    }

    fn answer(self, outcome: Result<R::Reply>, permit: Permit) {
        let PathJob { sender, context, .. } = self;
        // A reply without a receiver may have to clean up when dropped; the permit makes a shutdown wait for
        // that.
        let kept_permit = sender.is_cancelled().then_some(permit);
        if let Err(unreported) = sender.send(outcome) {
            record_unreported(&context, &unreported);
        }
        drop(kept_permit);
    }
}

impl<R: PathRequest> Job for PathJob<R> {
    fn run(self: Box<Self>) {
        let Some((request, permit)) = self.start() else { return };
        let outcome = self.context.execute(request, self.arrived, self.sender.abandoner());
        self.answer(outcome, permit);
    }
}

impl<R: PathRequest> EitherJob for PathJob<R> {
    async fn run_later(self, storage: Arc<dyn AsyncStorage>) {
        let Some((request, permit)) = self.start() else { return };
        let abandoner = self.sender.abandoner();
        let outcome = self.context.execute_later(request, storage, self.arrived, abandoner).await;
        self.answer(outcome, permit);
    }
}

/// A request without a caller. A job that is dropped before it ran reports that.
struct DetachedJob<R: PathRequest> {
    /// `None` once it has run.
    request: Option<(R, Permit)>,
    context: Arc<EngineContext>,
    arrived: Instant,
    /// Makes the end of the process wait.
    _exit_guard: ExitGuard,
}

impl<R: PathRequest> Job for DetachedJob<R> {
    fn run(mut self: Box<Self>) {
        let Some((request, permit)) = self.request.take() else { return };
        record_unreported(&self.context, &self.context.execute(request, self.arrived, None));
        drop(permit);
    }
}

impl<R: PathRequest> EitherJob for DetachedJob<R> {
    async fn run_later(mut self, storage: Arc<dyn AsyncStorage>) {
        let Some((request, permit)) = self.request.take() else { return };
        record_unreported(
            &self.context,
            &self.context.execute_later(request, storage, self.arrived, None).await,
        );
        drop(permit);
    }
}

impl<R: PathRequest> Drop for DetachedJob<R> {
    fn drop(&mut self) {
        if let Some((request, _permit)) = self.request.take() {
            record_unreported(
                &self.context,
                &Err::<(), _>(RequestInfo::of(&request).refusal(Cause::Stopped)),
            );
        }
    }
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
}
