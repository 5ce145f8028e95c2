//! The engine: one running instance of supervisor, pool, limits and storage.

mod replace;
mod whole;

use std::fmt;
use std::io;
use std::ops::Deref;
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::actor::supervisor::{ShutdownReport, SupervisorHandle};
use crate::context::EngineContext;
use crate::context::panics::panic_text;
use crate::context::paused_clock::HoldsClock;
use crate::context::registry::RunningBatch;
use crate::error::{Cause, Error, Operation, Result};
use crate::exclusive::Exclusive;
use crate::handle::FileHandle;
use crate::limits::{Limits, RETRY_PAUSE_MAX, RETRY_PAUSE_MIN};
use crate::op::open::{is_fifo, open, open_by};
use crate::op::{PathRequest, dir::OpenDir, walk::WalkEntry};
use crate::open_file::OpenFile;
use crate::origin::PerProcess;
use crate::pool::{PoolSnapshot, try_start};
use crate::priority::Priority;
use crate::stats::{Counters, Durations, FileSnapshot, RequestSnapshot, Slowest};
use crate::storage::{
    Metadata, Nature, OpenRequest, Opened, Storage, StorageDir, errno, os, os::Os, os::Standard,
    wrapped::Wrapped,
};
use crate::stream::StreamHandle;

/// One running instance. Clones are the same engine; it stops when the last clone and the last file are gone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
    /// That of this handle.
    priority: Priority,
}

tokio::task_local! {
    /// The engine of the scope that is being polled.
    static CURRENT: Engine;
}

/// The engine that a call uses; see [`Engine::current`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Current {
    /// That of a scope.
    Scoped(Engine),
    /// The default one.
    Default(&'static Engine),
}

impl Deref for Current {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        match self {
            Current::Scoped(engine) => engine,
            Current::Default(engine) => engine,
        }
    }
}

struct Inner {
    context: Arc<EngineContext>,
    /// `None` only while the engine is dropped.
    supervisor: Option<SupervisorHandle>,
    /// Taken out by drop, because a runtime may not be dropped where async code runs.
    runtime: Mutex<Option<Runtime>>,
}

/// An open handle: most files are plain, some have a peer to wait for.
#[derive(Clone, Debug)]
pub enum Handle {
    /// Has offsets and an actor.
    Plain(FileHandle),
    /// Driven by readiness.
    Stream(StreamHandle),
}

impl Handle {
    /// Returns the std file, if the storage has one, in order to lend its descriptor.
    pub fn as_std(&self) -> Option<&std::fs::File> {
        match self {
            Handle::Plain(file) => file.as_std(),
            Handle::Stream(stream) => stream.as_std(),
        }
    }
}

impl Engine {
    /// Returns the default engine. It starts on first use and never stops. A forked child has a default engine
    /// of its own; the engines and files of its parent return errors there.
    ///
    /// # Errors
    ///
    /// The error of the first start, if the system refused a thread; it is not retried. In a process with
    /// sixteen ancestors that have default engines: that it has none.
    pub fn try_global() -> Result<&'static Engine> {
        static GLOBAL: PerProcess<Result<Engine>> = PerProcess::new();
        match GLOBAL.get_or_init(|| Engine::builder().start()) {
            Some(started) => started.as_ref().map_err(Clone::clone),
            None => Err(Error::new(Operation::Start, Cause::Forked)),
        }
    }

    /// Returns the default engine; for callers that cannot handle a failure of
    /// [`try_global`](Engine::try_global).
    ///
    /// # Panics
    ///
    /// If the system refuses the engine's one thread.
    pub fn global() -> &'static Engine {
        Engine::try_global().expect("the system gives one thread to the default engine")
    }

    /// Returns the engine of the innermost [`scope`](Engine::scope) around the caller, otherwise the default
    /// engine.
    ///
    /// # Errors
    ///
    /// Like [`try_global`](Engine::try_global), outside of any scope.
    pub fn current() -> Result<Current> {
        match CURRENT.try_with(Engine::clone) {
            Ok(engine) => Ok(Current::Scoped(engine)),
            Err(_) => Engine::try_global().map(Current::Default),
        }
    }

    /// Runs `future` with this engine as the [current](Engine::current) one. Tasks that it spawns do not
    /// inherit it.
    ///
    /// # Cancellation
    ///
    /// That of `future`.
    ///
    /// ```
    /// # async fn example() -> folio_engine::Result<()> {
    /// use folio_engine::Engine;
    ///
    /// let engine = Engine::builder().workers_max(2).start()?;
    /// let same = engine.scope(async { Engine::current().map(|current| current.snapshot().files.len()) });
    /// println!("{} files are open on it", same.await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(self.clone(), future)
    }

    /// Returns a handle of the same engine whose requests have this priority, and the files that it opens, for good.
    #[must_use]
    pub fn with_priority(&self, priority: Priority) -> Engine {
        Engine { priority, ..self.clone() }
    }

    /// Returns a builder with the default limits and the operating system's storage.
    pub fn builder() -> EngineBuilder {
        EngineBuilder { limits: Limits::default(), storage: None }
    }

    /// Opens a file.
    ///
    /// # Errors
    ///
    /// A contradictory request, before anything is touched; otherwise any error of opening.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind.
    pub async fn open(&self, path: impl AsRef<Path>, request: OpenRequest) -> Result<Handle> {
        self.open_at(path.as_ref().into(), None, request).await
    }

    /// Opens a file below an open directory, which its path does not leave.
    ///
    /// # Errors
    ///
    /// Like [`open`](Engine::open); `EXDEV` for a path that would leave the directory.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind.
    pub async fn open_below(
        &self,
        dir: &OpenDir,
        name: impl AsRef<Path>,
        request: OpenRequest,
    ) -> Result<Handle> {
        let name = name.as_ref();
        self.open_at(dir.path().join(name).into(), Some((dir.storage(), name.into())), request).await
    }

    async fn open_at(
        &self,
        path: Arc<Path>,
        below: Option<(Arc<dyn StorageDir>, Arc<Path>)>,
        request: OpenRequest,
    ) -> Result<Handle> {
        check(&request).map_err(|why| Error::invalid(Operation::Open, why).at_path(path.clone()))?;
        let mut pause = RETRY_PAUSE_MIN;
        loop {
            let open = open(path.clone(), below.clone(), request.clone());
            match self.inner.context.call(open, self.priority).await {
                // A FIFO without a reader: opening it for writing waits for one, as it does everywhere.
                Err(error) if waits_for_reader(&error, &request) => {
                    let is_fifo = is_fifo(path.clone(), below.clone(), request.clone());
                    if !self.inner.context.call(is_fifo, self.priority).await? {
                        return Err(error);
                    }
                    self.inner.context.pause(pause).await;
                    pause = (pause * 2).min(RETRY_PAUSE_MAX);
                }
                Err(error) => return Err(error),
                Ok(opened) => {
                    let handle = self.register(opened, &request, path)?;
                    if self.inner.context.final_writes.is_any()
                        && let Handle::Plain(file) = &handle
                    {
                        HoldsClock::new(Box::pin(file.open_file().wait_for_final_writes())).await?;
                    }
                    return Ok(handle);
                }
            }
        }
    }

    /// Adopts a file that std has opened, with its position; the path is only used in messages.
    ///
    /// # Errors
    ///
    /// Any error of `fstat` and `fcntl`; an unsupported error on an engine with a storage of its own.
    pub fn adopt(&self, file: std::fs::File, path: impl AsRef<Path>) -> Result<Handle> {
        self.adopt_buffered(file, path, 0)
    }

    /// Like [`adopt`](Engine::adopt), with a write buffer of `buffer_bytes`.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn adopt_buffered(
        &self,
        file: std::fs::File,
        path: impl AsRef<Path>,
        buffer_bytes: usize,
    ) -> Result<Handle> {
        let path: Arc<Path> = path.as_ref().into();
        let adopted =
            Os::new().adopt(file).map_err(|error| Error::io(Operation::Open, error).at_path(path.clone()));
        let (opened, mut request, position) = adopted?;
        request.buffer_bytes = buffer_bytes;
        let handle = self.register(opened, &request, path)?;
        if let Handle::Plain(file) = &handle {
            file.start_at(position);
        }
        Ok(handle)
    }

    /// Opens a standard stream of the process as it is now, without changing anything for other users of it.
    ///
    /// # Errors
    ///
    /// Any error of duplicating the descriptor and of `fstat`.
    pub fn standard(&self, stream: Standard) -> Result<Handle> {
        let opened = Os::new().standard(stream);
        let failed = |error| Error::io(Operation::Open, error).at_path(Path::new(stream.name()));
        let (opened, request) = opened.map_err(failed)?;
        self.register(opened, &request, Path::new(stream.name()).into())
    }

    /// Calls `opener` on a worker, with the path and the `O_*` flags of `request`, and adopts the returned file
    /// with its access mode and its position.
    ///
    /// # Errors
    ///
    /// A contradictory request, before `opener` is called; otherwise an error of `opener`, or of
    /// [`adopt`](Engine::adopt).
    ///
    /// # Cancellation
    ///
    /// Before it begins: `opener` is not called. Afterwards: the file it returns is closed.
    pub async fn open_by(
        &self,
        path: impl AsRef<Path>,
        request: OpenRequest,
        opener: impl FnOnce(&Path, i32) -> io::Result<std::fs::File> + Send + 'static,
    ) -> Result<Handle> {
        let path: Arc<Path> = path.as_ref().into();
        check(&request).map_err(|why| Error::invalid(Operation::Open, why).at_path(path.clone()))?;
        let flags = os::open_flags(&request);
        let open = open_by(path.clone(), flags, Exclusive::new(Box::new(opener)));
        let (opened, found, position) = self.inner.context.call(open, self.priority).await?;
        let found = OpenRequest { buffer_bytes: request.buffer_bytes, ..found };
        let handle = self.register(opened, &found, path)?;
        if let Handle::Plain(file) = &handle {
            file.start_at(position);
        }
        Ok(handle)
    }

    /// Opens `path` on a worker with std's own options, which cannot be inspected, and adopts the file. std
    /// waits for the peer of a FIFO, so this runs on the lane of closures and takes no worker from files and
    /// names.
    ///
    /// # Errors
    ///
    /// Any error of std, without a path if std refuses the options; those of [`adopt`](Engine::adopt).
    ///
    /// # Cancellation
    ///
    /// Before it begins: nothing is opened. Afterwards: the opened file is closed.
    pub async fn open_by_std(&self, path: impl AsRef<Path>, options: std::fs::OpenOptions) -> Result<Handle> {
        let path: Arc<Path> = path.as_ref().into();
        let moved = path.clone();
        let opened = self.run(move || Os::new().open_by_std(&moved, &options)).await?;
        let (opened, found, position) =
            opened.map_err(|error| Error::io(Operation::Open, error).at_path(path.clone()))?;
        let handle = self.register(opened, &found, path)?;
        if let Handle::Plain(file) = &handle {
            file.start_at(position);
        }
        Ok(handle)
    }

    /// Makes a handle for an opened file: a stream, if it is one and can be polled, otherwise a plain file.
    fn register(&self, mut opened: Opened, request: &OpenRequest, path: Arc<Path>) -> Result<Handle> {
        let context = self.inner.context.clone();
        context.here().map_err(|cause| Error::new(Operation::Open, cause).at_path(path.clone()))?;
        if opened.nature == Nature::Stream {
            let engine = self.inner.clone();
            match StreamHandle::new(opened.file, request, path.clone(), context.clone(), engine) {
                Ok(stream) => return Ok(Handle::Stream(stream)),
                // A stream without readiness answers at once or never; it is driven like a plain file.
                Err((file, error)) if errno::cannot_be_waited_for(&error) => {
                    if !file.has_positions() {
                        opened.nature = Nature::Object { seekable: false };
                    }
                    opened.file = file
                }
                Err((_, error)) => return Err(Error::io(Operation::Open, error).at_path(path)),
            }
        }
        let open_file = OpenFile::new(opened, request, path, context, self.priority);
        Ok(Handle::Plain(FileHandle::new(open_file, self.inner.clone())))
    }

    /// Makes a file of an object of the program's own, at the object's position; `name` is its path in errors
    /// and snapshots.
    ///
    /// # Errors
    ///
    /// Any error of a seekable object when asked for its position.
    ///
    /// # Cancellation
    ///
    /// The object is dropped.
    ///
    /// ```
    /// # async fn example(engine: folio_engine::Engine) -> folio_engine::Result<()> {
    /// use folio_engine::storage::wrapped::Wrapped;
    ///
    /// let object = Wrapped::reader(std::io::repeat(7));
    /// let seven = engine.wrap(object, "<sevens>").await?.read_bytes(1, None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wrap<T: Send + 'static>(
        &self,
        object: Wrapped<T>,
        name: impl AsRef<Path>,
    ) -> Result<FileHandle> {
        let name: Arc<Path> = name.as_ref().into();
        let (object, position) = if object.can_seek() {
            let located = self.run(move || (object.locate(), object)).await;
            let (position, object) = located.map_err(|error| error.at_path(name.clone()))?;
            let failed = |error| Error::io(Operation::Seek, error).at_path(name.clone());
            (object, position.map_err(failed)?)
        } else {
            (object, 0)
        };
        let forked = |cause| Error::new(Operation::Open, cause).at_path(name.clone());
        self.inner.context.here().map_err(forked)?;
        let (opened, request) = self.inner.context.object(object);
        let open_file = OpenFile::new(opened, &request, name, self.inner.context.clone(), self.priority);
        let file = FileHandle::new(open_file, self.inner.clone());
        file.start_at(position);
        Ok(file)
    }

    /// Runs a blocking closure on a worker, under the same limits as operations. Closures and wrapped objects
    /// have a lane of their own: however long they block, workers remain for files and names.
    ///
    /// If a closure of this engine blocks on another one and all workers of the lane are in use, the other runs
    /// on its worker; it must not start a runtime there. Closures that wait for closures by way of other threads
    /// may take all workers of the lane, and wait for ever.
    ///
    /// # Errors
    ///
    /// [`Error::is_panicked`] if it panics; an engine that has stopped.
    ///
    /// # Cancellation
    ///
    /// Before it begins: it never runs. Afterwards: it completes and its result is dropped.
    ///
    /// ```
    /// # async fn example(engine: folio_engine::Engine) -> folio_engine::Result<()> {
    /// let sum = engine.run(|| (1..=1_000_000_u64).sum::<u64>()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run<T: Send + 'static>(&self, closure: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.inner.context.run(closure, self.priority).await
    }

    /// Executes a request about a path, in place if that cannot block.
    ///
    /// # Errors
    ///
    /// The storage's, naming the operation and the path.
    ///
    /// # Cancellation
    ///
    /// Before it begins: nothing happens. Afterwards: it completes, and an error is counted and logged.
    pub async fn call<R: PathRequest>(&self, request: R) -> Result<R::Reply> {
        self.inner.context.call(request, self.priority).await
    }

    /// Submits a request about a path without waiting for it; returns at once, even at the limits.
    ///
    /// It takes a permit like any other, [`shutdown`](Engine::shutdown) waits for it, and it is refused only
    /// after a shutdown has ended: it is for cleaning up. A failure is counted and logged.
    pub fn call_detached<R: PathRequest>(&self, request: R) {
        self.inner.context.call_detached(request, self.priority, self.clone());
    }

    /// Stops the engine: refuses new operations (except reads in place of open files), lets pending ones
    /// complete until `deadline` from now, then answers the rest with an error, which says that the outcome is
    /// unknown if the operation is inside a call that does not come back. Files need not be closed before.
    /// It is final, for the default engine as for any other.
    ///
    /// # Errors
    ///
    /// [`Error::is_closed`] if the engine has already stopped.
    ///
    /// # Cancellation
    ///
    /// The shutdown continues.
    pub async fn shutdown(&self, deadline: Duration) -> Result<ShutdownReport> {
        self.inner.context.here().map_err(|cause| Error::new(Operation::Shutdown, cause))?;
        match &self.inner.supervisor {
            Some(supervisor) => supervisor.shut_down(deadline).await,
            None => unreachable!("it goes with the engine"),
        }
    }

    /// Returns what the engine is doing and has done so far; in a forked child, only the counters copied from
    /// the parent.
    pub fn snapshot(&self) -> Snapshot {
        let context = &self.inner.context;
        let stats = &context.stats;
        let mut counters = stats.counters();
        let mut files = Vec::new();
        let here = context.here().is_ok();
        let open = if here { context.registry.all() } else { Vec::new() };
        for file in open {
            files.push(file.snapshot(&mut counters));
        }
        let mut requests = Vec::new();
        if here {
            context.running_requests.show_running(&mut |RunningBatch { operation, path, age, .. }| {
                requests.push(RequestSnapshot { operation, path: path.to_owned(), age });
            });
        }
        Snapshot {
            counters,
            in_flight: stats.in_flight(),
            in_flight_peak: stats.in_flight_peak(),
            slowest: if here { stats.slowest() } else { None },
            waited: stats.waited.snapshot(),
            served: stats.served.snapshot(),
            files,
            requests,
            pool: if here { context.pool.snapshot() } else { PoolSnapshot::default() },
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A snapshot shows its state; here it would clutter the output of structs that hold an engine.
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl WalkEntry {
    /// Reads the attributes now, on the [current](Engine::current) engine: of a symbolic link itself, unless
    /// the walk has followed it.
    ///
    /// # Errors
    ///
    /// If the entry is gone, or its path is not searchable any more.
    ///
    /// # Cancellation
    ///
    /// Nothing is changed in any case.
    ///
    /// ```
    /// # async fn example(entry: folio_engine::op::walk::WalkEntry) -> folio_engine::Result<()> {
    /// let bytes = entry.metadata().await?.len();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn metadata(&self) -> Result<Metadata> {
        Engine::current()?.call(self.stat()).await
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.context.here().is_err() {
            // Both would use locks and descriptors of the parent.
            std::mem::forget((self.supervisor.take(), self.runtime.get_mut().map(Option::take)));
            return;
        }
        self.context.pool.close();
        let runtime = self.runtime.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(runtime) = runtime else { return };
        if self.context.later_calls.are_some() {
            let (handle, context) = (runtime.handle().clone(), self.context.clone());
            handle.spawn(async move {
                context.later_calls.ended().await;
                runtime.shutdown_background();
            });
        } else {
            runtime.shutdown_background();
        }
    }
}

/// Whether a FIFO that was opened like that would have no reader. Sockets and absent devices look the same.
fn waits_for_reader(error: &Error, request: &OpenRequest) -> bool {
    error.raw_os_error() == Some(errno::NO_READER) && !request.read && !os::asks_nonblocking(request)
}

/// Starts the runtime of an engine's actors and timers.
fn start_runtime() -> io::Result<Runtime> {
    // tokio panics if the system refuses it a thread. This asks before, and what changes in between is caught.
    try_start()?;
    let build = || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("folio-actors").enable_all().build()
    };
    catch_unwind(build).unwrap_or_else(|panic| Err(io::Error::other(panic_text(&*panic))))
}

/// std's rules for contradictory combinations.
fn check(request: &OpenRequest) -> std::result::Result<(), &'static str> {
    let creates = request.create || request.create_new;
    match (request.read, request.write, request.append) {
        (false, false, false) => Err("neither read, write nor append is set"),
        (true, false, false) if creates || request.truncate => {
            Err("creating or truncating a file needs write access")
        }
        (_, _, true) if request.truncate && !request.create_new => {
            Err("append and truncate contradict each other")
        }
        (true, _, _) | (_, true, _) | (_, _, true) => Ok(()),
    }
}

/// Configures an engine.
#[derive(Clone, Debug)]
#[must_use]
pub struct EngineBuilder {
    limits: Limits,
    storage: Option<Arc<dyn Storage>>,
}

impl EngineBuilder {
    /// Replaces all limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the maximum number of worker threads; a quarter of them, rounded down, is unavailable to any single
    /// device.
    pub fn workers_max(mut self, workers: usize) -> Self {
        self.limits.workers_max = workers;
        self.limits.lane_workers_max = workers - workers / 4;
        self
    }

    /// Sets the maximum number of admitted operations, for the engine and for each device.
    pub fn ops_max(mut self, ops: usize) -> Self {
        self.limits.ops_max = ops;
        self.limits.lane_ops_max = ops;
        self
    }

    /// Sets the maximum number of bytes that admitted operations hold, for the engine and for each device.
    pub fn bytes_max(mut self, bytes: usize) -> Self {
        self.limits.bytes_max = bytes;
        self.limits.lane_bytes_max = bytes;
        self
    }

    /// Uses another storage than the operating system's.
    pub fn storage(mut self, storage: Arc<dyn Storage>) -> Self {
        self.storage = Some(storage);
        self
    }

    /// Starts the engine: one thread for its actors and timers; workers follow with the first operation.
    ///
    /// # Errors
    ///
    /// A limit of 0, before anything starts; the system's refusal of a thread.
    pub fn start(self) -> Result<Engine> {
        let limits = self.limits;
        let positive = [
            limits.workers_max,
            limits.lane_workers_max,
            limits.ops_max,
            limits.bytes_max,
            limits.lane_ops_max,
            limits.lane_bytes_max,
        ];
        if positive.contains(&0) {
            return Err(Error::invalid(Operation::Start, "a limit of 0 lets nothing through"));
        }
        let runtime = start_runtime().map_err(|error| Error::io(Operation::Start, error).begun(false))?;
        let storage = self.storage.unwrap_or_else(|| Arc::new(Os::new()));
        let context = Arc::new(EngineContext::new(storage, limits, runtime.handle().clone()));
        let supervisor = SupervisorHandle::start(context.clone());
        let runtime = Mutex::new(Some(runtime));
        let inner = Arc::new(Inner { context, supervisor: Some(supervisor), runtime });
        Ok(Engine { inner, priority: Priority::default() })
    }
}

/// What an engine is doing and has done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// Counts of events.
    pub counters: Counters,
    /// Operations that hold a permit now.
    pub in_flight: u64,
    /// Its maximum so far.
    pub in_flight_peak: u64,
    /// The slowest operation so far, of those that workers executed.
    pub slowest: Option<Slowest>,
    /// Times that operations waited for a worker.
    pub waited: Durations,
    /// Times that workers took for them.
    pub served: Durations,
    /// Each open plain file.
    pub files: Vec<FileSnapshot>,
    /// What runs beside the queues of open files.
    pub requests: Vec<RequestSnapshot>,
    /// The workers.
    pub pool: PoolSnapshot,
}
