//! A task that is to run every millisecond, and how late it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::{Instant as Later, sleep_until};

const TICK: Duration = Duration::from_millis(1);

/// Runs until it is stopped.
#[derive(Debug)]
pub(super) struct Ticker {
    stop: Arc<AtomicBool>,
    late: JoinHandle<Vec<Duration>>,
}

impl Ticker {
    pub(super) fn start() -> Ticker {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let late = tokio::spawn(async move {
            let mut late = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let due = Instant::now() + TICK;
                sleep_until(Later::from_std(due)).await;
                late.push(due.elapsed());
            }
            late
        });
        Ticker { stop, late }
    }

    /// How late it was, each time.
    pub(super) async fn stop(self) -> Vec<Duration> {
        self.stop.store(true, Ordering::Relaxed);
        self.late.await.unwrap_or_default()
    }
}
