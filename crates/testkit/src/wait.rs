//! How tests wait: for events, with a bound, and without taking the processor from what they wait for.

use std::future::Future;
use std::iter::successors;
use std::thread;
use std::time::{Duration, Instant};

use folio_engine::Snapshot;

/// How long an event may take that should come at once: far longer than a busy machine needs, and shorter than a
/// harness waits before it kills a hanging run without a message.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Shortest and longest pause between two looks. The longest is what a test may lose behind the event.
const PAUSE_MIN: Duration = Duration::from_micros(50);
const PAUSE_MAX: Duration = Duration::from_millis(8);

/// The growing pauses between the looks at one condition, until patience ends.
fn pauses() -> impl Iterator<Item = Duration> {
    let end = Instant::now() + PATIENCE;
    let pauses = successors(Some(PAUSE_MIN), |pause| Some(PAUSE_MAX.min(*pause * 2)));
    pauses.take_while(move |_| Instant::now() < end)
}

/// Waits until `condition` holds, without blocking other tasks. Needs a runtime with a timer that runs.
///
/// # Panics
///
/// If it does not hold within [`PATIENCE`].
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let mut pauses = pauses();
    while !condition() {
        tokio::time::sleep(pauses.next().unwrap_or_else(|| panic!("in vain: {what}"))).await;
    }
}

/// Waits until `condition` holds, and blocks this thread meanwhile.
///
/// # Panics
///
/// If it does not hold within [`PATIENCE`].
#[track_caller]
pub fn eventually_blocking(what: &str, condition: impl FnMut() -> bool) {
    assert!(holds_in_time(condition), "in vain: {what}");
}

/// Blocks this thread until `condition` holds; `false` if it does not within [`PATIENCE`].
pub fn holds_in_time(mut condition: impl FnMut() -> bool) -> bool {
    let mut pauses = pauses();
    loop {
        if condition() {
            return true;
        }
        let Some(pause) = pauses.next() else { return false };
        thread::sleep(pause);
    }
}

/// Waits for a future that must not hang. Needs a runtime with a timer.
///
/// # Panics
///
/// If it is not ready within [`PATIENCE`].
pub async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("in vain: {what}"),
    }
}

/// Waits until an engine has nothing left to do.
///
/// # Panics
///
/// If that takes longer than [`PATIENCE`].
pub async fn settled(snapshot: impl Fn() -> Snapshot) {
    eventually("the engine comes to rest", || is_settled(&snapshot())).await;
}

/// What [`settled`] does, where no executor is.
///
/// # Panics
///
/// If that takes longer than [`PATIENCE`].
#[track_caller]
pub fn settled_blocking(snapshot: impl Fn() -> Snapshot) {
    eventually_blocking("the engine comes to rest", || is_settled(&snapshot()));
}

fn is_settled(now: &Snapshot) -> bool {
    now.in_flight == 0 && now.pool.queued + now.pool.running == 0
}

/// Runs a future to its end, on a runtime without timer and drivers: folio needs none of its caller's.
///
/// # Panics
///
/// If no runtime can be started.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    runtime.block_on(future)
}
