//! The engine as a program sees it.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use folio_engine::storage::Storage;
use folio_engine::{Engine as Core, Limits, Result, ShutdownReport, Snapshot};

/// Carries operations out: one supervisor, one pool of workers, one set of limits. Clones share it.
///
/// A default one starts by itself and serves every call that names no other. A service that wants limits of its own,
/// or a shutdown, starts its own and puts its work into a [`scope`](Engine::scope).
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
    /// has a default engine of its own; the engines and files of its parent fail there with a clear error.
    ///
    /// # Panics
    ///
    /// If the system refuses the engine's one thread; [`try_global`](Engine::try_global) returns that as an error.
    pub fn global() -> Engine {
        Engine { core: Core::global().clone() }
    }

    /// Returns the default engine, or why there is none.
    ///
    /// # Errors
    ///
    /// The first start's, if the system refused a thread; it is not tried again. In a process that has more than
    /// sixteen ancestors with default engines of their own, [`is_closed`](crate::Error::is_closed).
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

    /// Runs `future` so that all it does without naming an engine is done on this one. Tasks that it spawns are not
    /// part of it.
    ///
    /// # Cancellation
    ///
    /// That of `future`.
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        self.core.scope(future)
    }

    /// Runs a closure that may block on a worker, under the same permits as every operation.
    ///
    /// If a closure blocks on another one and all workers for closures are in use, the other runs on its worker; it must
    /// not start a runtime there. Closures that wait for closures by way of other threads may wait for ever.
    ///
    /// # Errors
    ///
    /// [`is_panicked`](crate::Error::is_panicked) if it panics; an engine that has stopped.
    ///
    /// # Cancellation
    ///
    /// Before it began: it never runs. After: it finishes and its result is dropped.
    pub async fn run<T: Send + 'static>(&self, closure: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        self.core.run(closure).await
    }

    /// Returns what the engine is doing now and has done so far; in the child of a fork, only what it had counted.
    pub fn snapshot(&self) -> Snapshot {
        self.core.snapshot()
    }

    /// Refuses new operations, waits for those that were admitted, and ends the workers, until `deadline` is over at
    /// the latest. The report says what was completed, what never started, and what was still running: the callers of that get
    /// an error with [`may_have_happened`](crate::Error::may_have_happened), because the outcome is unknown.
    ///
    /// It is final: whoever stops the [global](Engine::global) engine stops it for all of the process.
    ///
    /// # Errors
    ///
    /// [`is_closed`](crate::Error::is_closed) if the engine had been stopped before, and in another process than its own.
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

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.fmt(f)
    }
}

/// Sets an [`Engine`] up.
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

    /// Sets the number of worker threads at the most; a quarter of them, rounded down, is kept from any one device.
    pub fn workers_max(self, workers: usize) -> Self {
        EngineBuilder { core: self.core.workers_max(workers) }
    }

    /// Sets how many operations may be admitted at a time, for the engine and for each device.
    pub fn ops_max(self, ops: usize) -> Self {
        EngineBuilder { core: self.core.ops_max(ops) }
    }

    /// Sets how many bytes admitted operations may hold at a time, for the engine and for each device.
    pub fn bytes_max(self, bytes: usize) -> Self {
        EngineBuilder { core: self.core.bytes_max(bytes) }
    }

    /// Works on another storage than the operating system's.
    pub fn storage(self, storage: Arc<dyn Storage>) -> Self {
        EngineBuilder { core: self.core.storage(storage) }
    }

    /// Starts the engine: one thread for its actors and timers; workers follow with the first operation.
    ///
    /// # Errors
    ///
    /// A limit of 0, before anything is started; the system's refusal of a thread.
    pub fn start(self) -> Result<Engine> {
        self.core.start().map(|core| Engine { core })
    }
}
