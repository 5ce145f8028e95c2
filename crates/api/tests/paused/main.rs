//! A clock that a test has stopped does not run ahead of the engine's threads, waits for nobody else, and a clock that
//! runs is left alone.
//!
//! `timeouts` runs operations under a timeout of virtual time, which must not elapse while a worker is at it; `others`
//! shows what the clock must not be held for; `running` counts what all that costs where no clock is paused.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod others;
mod running;
mod timeouts;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// Virtual time that no operation takes.
const MINUTE: Duration = Duration::from_secs(60);

/// A runtime whose clock stands, and how many threads its blocking pool has started.
fn paused() -> (Runtime, Arc<AtomicUsize>) {
    counted(Builder::new_current_thread().start_paused(true))
}

fn counted(builder: &mut Builder) -> (Runtime, Arc<AtomicUsize>) {
    let started = Arc::new(AtomicUsize::new(0));
    let counter = started.clone();
    let counts = move || {
        counter.fetch_add(1, Ordering::Relaxed);
    };
    (builder.enable_all().on_thread_start(counts).build().unwrap(), started)
}

/// Runs a future whose waits are for the engine and, at the most, for virtual time.
fn run<F: Future>(future: F) -> F::Output {
    let (runtime, _) = paused();
    runtime.block_on(future)
}
