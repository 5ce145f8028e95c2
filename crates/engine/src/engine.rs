//! The engine: one running instance of supervisor, pool, limits and storage.

mod whole;

use std::fmt;
use std::io;
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::actor::supervisor::{ShutdownReport, SupervisorHandle};
use crate::context::EngineContext;
use crate::context::paused_clock::Held;
use crate::error::{Cause, Error, Operation, Result};
use crate::exclusive::Exclusive;
use crate::handle::FileHandle;
use crate::limits::{Limits, RETRY_PAUSE_MAX, RETRY_PAUSE_MIN};
use crate::op::open::{open, open_by};
use crate::op::{PathRequest, dir::OpenDir, walk::WalkEntry};
use crate::open_file::OpenFile;
use crate::origin::PerProcess;
use crate::pool::PoolSnapshot;
use crate::stats::{Counters, Durations, FileSnapshot, Slowest};
use crate::storage::{
    Nature, OpenRequest, Opened, Storage, StorageDir, errno, os, os::Os, os::Standard, wrapped::Wrapped,
};
use crate::stream::StreamHandle;

/// One running instance. Clones are the same engine; it stops when the last clone and the last file are gone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

tokio::task_local! {
    /// The engine of the scope that is being polled.
    static CURRENT: Engine;
}

/// The engine that a call uses; see [`Engine::current`].
#[derive(Clone, Debug)]
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

/// What was opened: most things are plain files, some wait for a peer.
#[derive(Clone, Debug)]
pub enum Handle {
    /// Has a position and an actor.
    Plain(FileHandle),
    /// Driven by readiness.
    Stream(StreamHandle),
}

impl Handle {
    /// Returns the std file behind it, if the storage has one, for those who lend its descriptor.
    pub fn as_std(&self) -> Option<&std::fs::File> {
        match self {
            Handle::Plain(file) => file.as_std(),
            Handle::Stream(stream) => stream.as_std(),
        }
    }
}

impl Engine {
    /// Returns the engine that everything uses which is not told otherwise. It starts itself and never stops. The
    /// child of a `fork` has one of its own; the engines and the files of its parent are no use there, and say so.
    ///
    /// # Errors
    ///
    /// The first start's, if the system refused a thread; it is not tried again. In a process that sixteen ancestors
    /// with default engines of their own have led to: that it has none.
    pub fn try_global() -> Result<&'static Engine> {
        static GLOBAL: PerProcess<Result<Engine>> = PerProcess::new();
        match GLOBAL.get_or_init(|| Engine::builder().start()) {
            Some(started) => started.as_ref().map_err(Clone::clone),
            None => Err(Error::new(Operation::Start, Cause::Forked)),
        }
    }

    /// Returns the same as [`try_global`](Engine::try_global) where its failure is not worth handling.
    ///
    /// # Panics
    ///
    /// If the system refuses the engine's one thread.
    pub fn global() -> &'static Engine {
        Engine::try_global().expect("the system gives one thread to the default engine")
    }

    /// Returns the engine that calls use which name none: that of the innermost [`scope`](Engine::scope) around
    /// them, else the default one.
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

    /// Has everything that `future` does without naming an engine done on this one. Tasks that it spawns are
    /// not part of it.
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
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self.clone(), future)
    }

    /// Returns a builder with the default limits and the operating system's storage.
    pub fn builder() -> EngineBuilder {
        EngineBuilder { limits: Limits::default(), storage: None }
    }

    /// Opens a file.
    ///
    /// # Errors
    ///
    /// A contradictory request, before anything is touched; otherwise whatever opening returns.
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
            match self.inner.context.call(open).await {
                // A FIFO without a reader: opening it for writing waits for one, as it does everywhere.
                Err(error) if waits_for_reader(&error, &request) => {
                    self.inner.context.pause(pause).await;
                    pause = (pause * 2).min(RETRY_PAUSE_MAX);
                }
                Err(error) => return Err(error),
                Ok(opened) => {
                    let handle = self.enlist(opened, &request, path)?;
                    if self.inner.context.final_writes.is_any()
                        && let Handle::Plain(file) = &handle
                    {
                        Held::new(Box::pin(file.open_file().wait_for_final_writes())).await;
                    }
                    return Ok(handle);
                }
            }
        }
    }

    /// Takes over a file that std has opened, its position included; the path is only for messages.
    ///
    /// # Errors
    ///
    /// Whatever `fstat` and `fcntl` return; an unsupported error on an engine with a storage of its own.
    pub fn adopt(&self, file: std::fs::File, path: impl AsRef<Path>) -> Result<Handle> {
        self.adopt_buffered(file, path, 0)
    }

    /// Does what [`adopt`](Engine::adopt) does, for a file that may keep back `buffer_bytes` of what is
    /// written at its cursor.
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
        let handle = self.enlist(opened, &request, path)?;
        if let Handle::Plain(file) = &handle {
            file.start_at(position);
        }
        Ok(handle)
    }

    /// Opens one of the streams that the process was born with, as it is at this moment, without changing
    /// anything for those who share it.
    ///
    /// # Errors
    ///
    /// Whatever duplicating the descriptor and `fstat` return.
    pub fn standard(&self, stream: Standard) -> Result<Handle> {
        let opened = Os::new().standard(stream);
        let failed = |error| Error::io(Operation::Open, error).at_path(Path::new(stream.name()));
        let (opened, request) = opened.map_err(failed)?;
        self.enlist(opened, &request, Path::new(stream.name()).into())
    }

    /// Has a worker call `opener` with the path and the `O_*` flags that `request` means, and takes over what it
    /// returns: with the access it was opened with, and with its position.
    ///
    /// # Errors
    ///
    /// A contradictory request, before `opener` is called; otherwise its own, and those of
    /// [`adopt`](Engine::adopt).
    ///
    /// # Cancellation
    ///
    /// Before it began: `opener` is not called. After: what it returns is closed.
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
        let (opened, found, position) = self.inner.context.call(open).await?;
        let found = OpenRequest { buffer_bytes: request.buffer_bytes, ..found };
        let handle = self.enlist(opened, &found, path)?;
        if let Handle::Plain(file) = &handle {
            file.start_at(position);
        }
        Ok(handle)
    }

    /// Has a worker open `path` by std's own options, which cannot be read, and takes over what it returns. Since
    /// std waits for the peer of a FIFO, that is done where closures are run: names and files keep their workers.
    ///
    /// # Errors
    ///
    /// Whatever std returns, without a path if it refuses by itself; those of [`adopt`](Engine::adopt).
    ///
    /// # Cancellation
    ///
    /// Before it began: nothing is opened. After: what was opened is closed.
    pub async fn open_by_std(&self, path: impl AsRef<Path>, options: std::fs::OpenOptions) -> Result<Handle> {
        let path: Arc<Path> = path.as_ref().into();
        let asked = path.clone();
        let opened = self.run(move || Os::new().open_by_std(&asked, &options)).await?;
        let (opened, found, position) =
            opened.map_err(|error| Error::io(Operation::Open, error).at_path(path.clone()))?;
        let handle = self.enlist(opened, &found, path)?;
        if let Handle::Plain(file) = &handle {
            file.start_at(position);
        }
        Ok(handle)
    }

    /// Puts what was opened under an actor or under readiness.
    fn enlist(&self, mut opened: Opened, request: &OpenRequest, path: Arc<Path>) -> Result<Handle> {
        let context = self.inner.context.clone();
        context.here().map_err(|cause| Error::new(Operation::Open, cause).at_path(path.clone()))?;
        if opened.nature == Nature::Stream {
            let engine = self.inner.clone();
            match StreamHandle::new(opened.file, request, path.clone(), context.clone(), engine) {
                Ok(stream) => return Ok(Handle::Stream(stream)),
                // What has no readiness answers at once or not at all; it is driven like a plain file.
                Err((file, error)) if errno::cannot_be_waited_for(&error) => {
                    if !file.has_positions() {
                        opened.nature = Nature::Object { seekable: false };
                    }
                    opened.file = file
                }
                Err((_, error)) => return Err(Error::io(Operation::Open, error).at_path(path)),
            }
        }
        let open_file = OpenFile::new(opened, request, path, context);
        Ok(Handle::Plain(FileHandle::new(open_file, self.inner.clone())))
    }

    /// Makes a file of an object of the program's own, at the position where that stands; `name` stands for
    /// its path in errors and snapshots.
    ///
    /// # Errors
    ///
    /// Whatever an object that can seek returns when it is asked where it stands.
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
        let open_file = OpenFile::new(opened, &request, name, self.inner.context.clone());
        let file = FileHandle::new(open_file, self.inner.clone());
        file.start_at(position);
        Ok(file)
    }

    /// Runs a closure that may block on a worker, under the permits of everything else. Closures and wrapped
    /// objects have a lane of their own: however long they block, workers are left for files and names.
    ///
    /// # Errors
    ///
    /// [`Error::is_panicked`] if it panics; an engine that has stopped.
    ///
    /// # Cancellation
    ///
    /// Before it began: it never runs. After: it finishes and its result is dropped.
    ///
    /// ```
    /// # async fn example(engine: folio_engine::Engine) -> folio_engine::Result<()> {
    /// let sum = engine.run(|| (1..=1_000_000_u64).sum::<u64>()).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run<T: Send + 'static>(&self, closure: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.inner.context.run(closure).await
    }

    /// Carries out a request about a path, in place where that cannot block.
    ///
    /// # Errors
    ///
    /// The storage's, naming the operation and the path.
    ///
    /// # Cancellation
    ///
    /// Before it began: nothing happens. After: it finishes, and an error is counted and logged.
    pub async fn call<R: PathRequest>(&self, request: R) -> Result<R::Reply> {
        self.inner.context.call(request).await
    }

    /// Has a request about a path carried out that nobody waits for; returns at once, whatever the limits say.
    ///
    /// It takes a permit like any other, [`shutdown`](Engine::shutdown) waits for it, and until the end of a
    /// shutdown it is not refused: it is for cleaning up. A failure is counted and logged.
    pub fn call_detached<R: PathRequest>(&self, request: R) {
        self.inner.context.call_detached(request, self.clone());
    }

    /// Stops the engine: refuses what is new (apart from reads in place of files that are open), lets what is
    /// under way finish until `deadline` from now, then sends everyone who still waits an error. Files need not
    /// be closed before.
    ///
    /// # Errors
    ///
    /// [`Error::is_closed`] if the engine had been stopped before.
    ///
    /// # Cancellation
    ///
    /// The shutdown goes on.
    pub async fn shutdown(&self, deadline: Duration) -> Result<ShutdownReport> {
        self.inner.context.here().map_err(|cause| Error::new(Operation::Shutdown, cause))?;
        match &self.inner.supervisor {
            Some(supervisor) => supervisor.shut_down(deadline).await,
            None => unreachable!("it goes with the engine"),
        }
    }

    /// Returns what the engine is doing now and has done so far; in the child of a fork, only what it had counted.
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
        Snapshot {
            counters,
            in_flight: stats.in_flight(),
            in_flight_peak: stats.in_flight_peak(),
            slowest: if here { stats.slowest() } else { None },
            waited: stats.waited.snapshot(),
            served: stats.served.snapshot(),
            files,
            pool: if here { context.pool.snapshot() } else { PoolSnapshot::default() },
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What it has and does is in a snapshot; here it would stand in the way of whatever holds an engine.
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl WalkEntry {
    /// Returns the attributes, asked for now on the [current](Engine::current) engine: of a symbolic link itself,
    /// unless the walk has followed it.
    ///
    /// # Errors
    ///
    /// If the entry is gone, or its path may not be searched any more.
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
    pub async fn metadata(&self) -> Result<std::fs::Metadata> {
        Engine::current()?.call(self.stat()).await
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.context.here().is_err() {
            // Both would go by locks and descriptors that are the parent's.
            std::mem::forget((self.supervisor.take(), self.runtime.get_mut().map(Option::take)));
            return;
        }
        self.context.pool.close();
        let runtime = self.runtime.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
    }
}

fn waits_for_reader(error: &Error, request: &OpenRequest) -> bool {
    error.raw_os_error() == Some(errno::NO_READER) && !request.read && !os::asks_nonblocking(request)
}

/// std's rules for combinations that make no sense.
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
        _ => Ok(()),
    }
}

/// Sets an engine up.
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

    /// Sets the number of worker threads at the most; a quarter of them, rounded down, is kept from any one device.
    pub fn workers_max(mut self, workers: usize) -> Self {
        self.limits.workers_max = workers;
        self.limits.lane_workers_max = workers - workers / 4;
        self
    }

    /// Sets how many operations may be admitted at a time, for the engine and for each device.
    pub fn ops_max(mut self, ops: usize) -> Self {
        self.limits.ops_max = ops;
        self.limits.lane_ops_max = ops;
        self
    }

    /// Sets how many bytes admitted operations may hold at a time, for the engine and for each device.
    pub fn bytes_max(mut self, bytes: usize) -> Self {
        self.limits.bytes_max = bytes;
        self.limits.lane_bytes_max = bytes;
        self
    }

    /// Works on another storage than the operating system's.
    pub fn storage(mut self, storage: Arc<dyn Storage>) -> Self {
        self.storage = Some(storage);
        self
    }

    /// Starts the engine: one thread for its actors and timers; workers follow with the first operation.
    ///
    /// # Errors
    ///
    /// A limit of 0, before anything is started; the system's refusal of a thread.
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
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("folio-actors")
            .enable_all()
            .build()
            .map_err(|error| Error::io(Operation::Start, error))?;
        let storage = self.storage.unwrap_or_else(|| Arc::new(Os::new()));
        let context = Arc::new(EngineContext::new(storage, limits, runtime.handle().clone()));
        let supervisor = SupervisorHandle::start(context.clone());
        Ok(Engine {
            inner: Arc::new(Inner {
                context,
                supervisor: Some(supervisor),
                runtime: Mutex::new(Some(runtime)),
            }),
        })
    }
}

/// What an engine is doing and has done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// How often each thing happened.
    pub counters: Counters,
    /// Operations that hold a permit now.
    pub in_flight: u64,
    /// The most that ever did at a time.
    pub in_flight_peak: u64,
    /// The operation that took longest so far, of those that workers carried out.
    pub slowest: Option<Slowest>,
    /// How long operations waited for a worker.
    pub waited: Durations,
    /// How long workers took for them.
    pub served: Durations,
    /// Each open plain file.
    pub files: Vec<FileSnapshot>,
    /// The workers.
    pub pool: PoolSnapshot,
}
