//! The engine and its builder, as programs use them.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use folio_engine::storage::Storage;
use folio_engine::{Engine as Core, Limits, Priority, Result, ShutdownReport, Snapshot};

/// Executes operations: one supervisor, one pool of workers, one set of limits. Clones share it.
///
/// A default engine starts by itself and runs every call outside of a scope. A service that needs its own limits, or a
/// shutdown, starts an engine and runs its work in a [`scope`](Engine::scope).
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// use folio::{Engine, fs};
/// use std::time::Duration;
///
/// let engine = Engine::builder().workers_max(8).ops_max(1_000).start()?;
/// let bytes = engine.scope(fs::read("Cargo.toml")).await?;
/// println!("{} bytes, {} operations", bytes.len(), engine.snapshot().counters.in_place);
/// engine.shutdown(Duration::from_secs(5)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Engine {
    core: Core,
}

impl Engine {
    /// Returns the default engine. It starts with the first call that needs it and never stops. The child of a `fork`
    /// has its own default engine; the engines and files of its parent fail there with a clear error.
    ///
    /// # Panics
    ///
    /// If the system refuses the engine's thread; [`try_global`](Engine::try_global) returns an error instead.
    pub fn global() -> Engine {
        Engine { core: Core::global().clone() }
    }

    /// Returns the default engine, or the error of its start.
    ///
    /// # Errors
    ///
    /// If the system refused a thread at the first start, which is not tried again;
    /// [`is_closed`](crate::Error::is_closed) in a process with more than sixteen ancestors that had default engines.
    pub fn try_global() -> Result<Engine> {
        Core::try_global().map(|core| Engine { core: core.clone() })
    }

    /// Returns the engine of the innermost [`scope`](Engine::scope) around the caller, else the default one.
    ///
    /// # Errors
    ///
    /// Like [`try_global`](Engine::try_global), outside of any scope.
    pub fn current() -> Result<Engine> {
        Core::current().map(|core| Engine { core: Core::clone(&core) })
    }

    /// Returns a builder with the default limits and the operating system's storage.
    pub fn builder() -> EngineBuilder {
        EngineBuilder { core: Core::builder() }
    }

    /// Returns a handle of the same engine whose requests have this priority, and the files that it opens, for good: a
    /// file's operations keep their order.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use folio::{Engine, Priority, fs};
    ///
    /// let scanning = Engine::global().with_priority(Priority::Background);
    /// let index = scanning.scope(fs::read("archive/index")).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_priority(&self, priority: Priority) -> Engine {
        Engine { core: self.core.with_priority(priority) }
    }

    /// Runs `future` with this engine as the current one, which all calls use that name no other engine. Tasks that it
    /// spawns are outside of the scope, unless they get one of their own.
    ///
    /// # Cancellation
    ///
    /// That of `future`.
    ///
    /// ```
    /// # async fn example(engine: folio::Engine) -> Result<(), Box<dyn std::error::Error>> {
    /// let reading = tokio::spawn(engine.scope(folio::fs::read("data")));
    /// let data = reading.await??;
    /// # Ok(())
    /// # }
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.core.scope(future)
    }

    /// Runs a closure that may block on a worker, under the same permits as every operation.
    ///
    /// If a closure blocks on another one and all workers for closures are in use, the other runs on its worker; it must
    /// not start a runtime there. Closures that wait for closures by way of other threads may wait for ever.
    ///
    /// # Errors
    ///
    /// [`is_panicked`](crate::Error::is_panicked) if it panics; [`is_closed`](crate::Error::is_closed) if the engine has
    /// stopped.
    ///
    /// # Cancellation
    ///
    /// If the closure has not begun, it never runs; otherwise it finishes and its result is dropped.
    pub async fn run<T: Send + 'static>(&self, closure: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.core.run(closure).await
    }

    /// Returns the engine's state and counters; in the child of a fork, only the counters at the time of the fork.
    pub fn snapshot(&self) -> Snapshot {
        self.core.snapshot()
    }

    /// Refuses new operations, waits up to `deadline` for those that have permits, and ends the workers. The report counts
    /// the operations that were completed, never started, and still running: the callers of the last get an error with
    /// [`may_have_happened`](crate::Error::may_have_happened), because the outcome is unknown.
    ///
    /// It is final. A stopped [global](Engine::global) engine is stopped for all of the process.
    ///
    /// # Errors
    ///
    /// [`is_closed`](crate::Error::is_closed) if the engine has stopped before or belongs to another process.
    ///
    /// # Cancellation
    ///
    /// The shutdown goes on.
    pub async fn shutdown(&self, deadline: Duration) -> Result<ShutdownReport> {
        self.core.shutdown(deadline).await
    }

    pub(crate) fn core(&self) -> &Core {
        &self.core
    }
}

/// For crates beside this one, whose requests are made for the engine itself.
impl From<Engine> for Core {
    fn from(engine: Engine) -> Core {
        engine.core
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)
    }
}

/// Options to start an [`Engine`] with.
#[derive(Clone, Debug)]
#[must_use]
pub struct EngineBuilder {
    core: folio_engine::EngineBuilder,
}

impl EngineBuilder {
    /// Replaces all limits.
    pub fn limits(self, limits: Limits) -> Self {
        EngineBuilder { core: self.core.limits(limits) }
    }

    /// Sets the maximum number of worker threads. One device may use at most three quarters of them, rounded up.
    pub fn workers_max(self, workers: usize) -> Self {
        EngineBuilder { core: self.core.workers_max(workers) }
    }

    /// Sets how many operations may hold permits at a time, for the engine and for each device.
    pub fn ops_max(self, ops: usize) -> Self {
        EngineBuilder { core: self.core.ops_max(ops) }
    }

    /// Sets how many bytes operations with permits may hold at a time, for the engine and for each device.
    pub fn bytes_max(self, bytes: usize) -> Self {
        EngineBuilder { core: self.core.bytes_max(bytes) }
    }

    /// Sets the storage; the operating system's unless set.
    pub fn storage(self, storage: Arc<dyn Storage>) -> Self {
        EngineBuilder { core: self.core.storage(storage) }
    }

    /// Starts the engine: one thread for its actors and timers; workers follow with the first operation.
    ///
    /// # Errors
    ///
    /// If a limit is 0, before anything is started; if the system refuses a thread.
    pub fn start(self) -> Result<Engine> {
        self.core.start().map(|core| Engine { core })
    }
}
