//! Requests about paths: no open file, hence no actor; in place, or one job under a permit.

use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::actor::job::panic_text;
use crate::actor::services::Services;
use crate::admission::Permit;
use crate::error::{Cause, Error, Operation, Result};
use crate::op::PathRequest;
use crate::pool::Job;
use crate::reply::{self, Asker, Cancelled, Replier};
use crate::stats::add;
use crate::storage::{OpenRequest, Opened, Storage};

/// Path requests that a worker is carrying out, for sweeps and shutdown.
#[derive(Debug, Default)]
pub(crate) struct Errands {
    running: Mutex<(u64, HashMap<u64, Errand>)>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Errand {
    pub(crate) operation: Operation,
    pub(crate) path: PathBuf,
    pub(crate) since: Instant,
}

impl Errands {
    pub(crate) fn begin(&self, operation: Operation, path: &Path, since: Instant) -> u64 {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.0 += 1;
        let key = running.0;
        running.1.insert(key, Errand { operation, path: path.to_owned(), since });
        key
    }

    pub(crate) fn end(&self, key: u64) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&key);
    }

    pub(crate) fn all(&self) -> Vec<Errand> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).1.values().cloned().collect()
    }
}

impl Services {
    /// Carries out a request about a path.
    pub(crate) async fn call<R: PathRequest>(self: &Arc<Self>, request: R) -> Result<R::Reply> {
        tokio::task::consume_budget().await;
        if self.names.admission.is_stopping() {
            return Err(Error::new(request.operation(), Cause::Stopped).at_path(request.path()));
        }
        if let Some(reply) = request.in_place(&*self.storage) {
            add(&self.stats.in_place, 1);
            return reply.map_err(|error| Facts::of(&request).error(error));
        }
        Box::pin(self.call_by_worker(request)).await
    }

    async fn call_by_worker<R: PathRequest>(self: &Arc<Self>, request: R) -> Result<R::Reply> {
        let operation = request.operation();
        let refuse = |path: &Path, cause| Error::new(operation, cause).at_path(path);
        let admitted = self.names.admission.admit(request.bytes()).await;
        let permit = admitted.map_err(|cause| refuse(request.path(), cause))?;
        let path = request.path().to_owned();
        let (replier, asker) = reply::channel();
        let waiting = Arc::new(Mutex::new(Some((request, permit))));
        let job =
            PathJob { waiting: waiting.clone(), replier, services: self.clone(), arrived: Instant::now() };
        drop(self.pool.submit(self.names.lane, Box::new(job)));
        let mut pending = PendingCall { asker, waiting, services: self };
        let outcome = (&mut pending.asker).await;
        outcome.unwrap_or_else(|| Err(refuse(&path, Cause::Stopped)))
    }
}

/// A request that no worker has begun, and its permit. Opening between the job and the caller, who takes both
/// back when it gives up: the job itself may stand behind stuck ones for long.
type Waiting<R> = Mutex<Option<(R, Permit)>>;

/// A call under way. Dropping it gives up; an outcome that was there already is not lost silently.
struct PendingCall<'a, R: PathRequest> {
    asker: Asker<Result<R::Reply>>,
    waiting: Arc<Waiting<R>>,
    services: &'a Services,
}

impl<R: PathRequest> Drop for PendingCall<'_, R> {
    fn drop(&mut self) {
        match self.asker.cancel() {
            Cancelled::BeforeBegin => {
                drop(self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take());
                add(&self.services.stats.cancelled, 1);
            }
            Cancelled::Done(outcome) => note_unheard(self.services, &outcome),
            Cancelled::Begun | Cancelled::Nothing => {}
        }
    }
}

fn note_unheard<T>(services: &Services, outcome: &Result<T>) {
    if let Err(error) = outcome {
        add(&services.stats.unobserved_errors, 1);
        tracing::warn!(%error, "nobody was left to hear of a failure");
    }
}

struct PathJob<R: PathRequest> {
    waiting: Arc<Waiting<R>>,
    replier: Replier<Result<R::Reply>>,
    services: Arc<Services>,
    arrived: Instant,
}

impl<R: PathRequest> Job for PathJob<R> {
    fn run(self: Box<Self>) {
        let PathJob { waiting, replier, services, arrived } = *self;
        if !replier.begin() {
            return;
        }
        let begun = waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (request, permit) = begun.expect("only a caller that gave up before the beginning takes it back");
        let facts = Facts::of(&request);
        let begun = Instant::now();
        let key = services.errands.begin(facts.operation, &facts.path, begun);
        let ran = catch_unwind(AssertUnwindSafe(|| request.execute(&*services.storage)));
        services.errands.end(key);
        let outcome = match ran {
            Ok(result) => result.map_err(|error| facts.error(error)),
            Err(panic) => {
                add(&services.stats.panics, 1);
                let cause = Cause::Panicked(panic_text(&*panic));
                Err(Error::new(facts.operation, cause).at_path(facts.path.clone()))
            }
        };
        services.stats.waited.record(begun.saturating_duration_since(arrived));
        services.stats.served.record(begun.elapsed());
        services.stats.note_duration(facts.operation, &facts.path, arrived.elapsed());
        add(&services.stats.hops, 1);
        add(&services.stats.jobs, 1);
        drop(permit);
        if let Err(unheard) = replier.send(outcome) {
            note_unheard(&services, &unheard);
        }
    }
}

/// What an error of a request has to name, kept apart because the request is used up by its execution.
struct Facts {
    operation: Operation,
    path: Arc<Path>,
    target: Option<PathBuf>,
}

impl Facts {
    fn of(request: &impl PathRequest) -> Self {
        let target = request.target().map(Path::to_owned);
        Facts { operation: request.operation(), path: request.path().into(), target }
    }

    fn error(&self, error: io::Error) -> Error {
        let error = Error::io(self.operation, error).at_path(self.path.clone());
        match &self.target {
            Some(target) => error.with_target(target),
            None => error,
        }
    }
}

/// Opens a file; what becomes of it is decided by its nature.
pub(crate) struct Open {
    pub(crate) path: Arc<Path>,
    pub(crate) request: OpenRequest,
}

impl PathRequest for Open {
    type Reply = Opened;

    fn operation(&self) -> Operation {
        Operation::Open
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn in_place(&self, storage: &dyn Storage) -> Option<io::Result<Opened>> {
        storage.open_cached(&self.path, &self.request)
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<Opened> {
        storage.open(&self.path, &self.request)
    }
}
