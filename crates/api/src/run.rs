//! Blocking closures of the program, on the engine's workers.

use folio_engine::Engine;

use crate::Result;

/// Runs a closure that may block on a worker of the [current](Engine::current) engine, under the same permits
/// as every operation, and returns the closure's result. About closures within closures see
/// [`Engine::run`](crate::Engine::run).
///
/// # Errors
///
/// [`is_panicked`](crate::Error::is_panicked) if the closure panics; an engine that has stopped.
///
/// # Cancellation
///
/// A closure that has not begun never runs. One that has begun finishes, and its result is dropped.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let addresses = folio::run(|| std::net::ToSocketAddrs::to_socket_addrs("localhost:80")).await?;
/// # Ok(())
/// # }
/// ```
pub async fn run<T: Send + 'static>(closure: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    Engine::current()?.run(closure).await
}
