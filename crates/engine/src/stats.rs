//! Counters, gauges and histograms of one engine.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::Operation;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// The live counters. All are statistics, so every access is relaxed.
        #[derive(Debug, Default)]
        pub(crate) struct Stats {
            $(pub(crate) $name: AtomicU64,)*
            in_flight: AtomicU64,
            in_flight_peak: AtomicU64,
            waiting: AtomicU64,
            slowest_ns: AtomicU64,
            slowest: Mutex<Option<Slowest>>,
            pub(crate) waited: Histogram,
            pub(crate) served: Histogram,
        }

        /// How often each thing happened since the engine started.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Stats {
            /// Copies every counter.
            pub(crate) fn counters(&self) -> Counters {
                Counters { $($name: self.$name.load(Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Operations that finished inside their caller's own poll.
    in_place,
    /// Answers that crossed from a worker to a caller: one change of thread each.
    hops,
    /// Operations of handles that went to their file's actor, because an earlier operation blocked them.
    messages,
    /// Jobs handed to workers.
    jobs,
    /// Writes and appends requested.
    writes_asked,
    /// System calls made for them.
    write_calls,
    /// Writes accepted into the write buffer of a buffered file.
    writes_buffered,
    /// Syncs requested.
    syncs_asked,
    /// System calls made for them.
    syncs_issued,
    /// Bytes read, in place and by workers.
    bytes_read,
    /// Bytes written.
    bytes_written,
    /// Operations refused because a limit was reached.
    refusals,
    /// Operations that their caller cancelled before they began; no system call was made for them.
    cancelled,
    /// Errors that reached no caller. The next sync or close of the file reports them.
    unobserved_errors,
    /// Operations that ended in a panic.
    panics,
    /// Operations that a sweep found running for longer than the limit.
    stuck,
    /// Files opened.
    opened,
    /// Files closed, by `close` or by the drop of the last handle.
    closed,
    /// File actors started.
    actors,
}

/// An operation that waits for admission.
#[derive(Debug)]
pub(crate) struct AdmissionWait<'a> {
    stats: &'a Stats,
}

impl Drop for AdmissionWait<'_> {
    fn drop(&mut self) {
        self.stats.waiting.fetch_sub(1, Relaxed);
    }
}

impl Stats {
    /// Counts an operation as admitted.
    pub(crate) fn enter(&self) {
        let now = self.in_flight.fetch_add(1, Relaxed) + 1;
        if now > self.in_flight_peak.load(Relaxed) {
            self.in_flight_peak.fetch_max(now, Relaxed);
        }
    }

    /// Counts an admitted operation as done.
    pub(crate) fn leave(&self) {
        self.in_flight.fetch_sub(1, Relaxed);
    }

    /// Counts an operation that waits for admission, until the guard is dropped.
    pub(crate) fn wait(&self) -> AdmissionWait<'_> {
        self.waiting.fetch_add(1, Relaxed);
        AdmissionWait { stats: self }
    }

    /// Number of operations that have been requested and are not done, admitted or not.
    pub(crate) fn outstanding(&self) -> u64 {
        self.in_flight() + self.waiting.load(Relaxed)
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(Relaxed)
    }

    pub(crate) fn in_flight_peak(&self) -> u64 {
        self.in_flight_peak.load(Relaxed)
    }

    /// Records the total duration of an operation if it is the slowest so far.
    pub(crate) fn note_duration(&self, operation: Operation, path: &Path, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        if nanos <= self.slowest_ns.load(Relaxed) || nanos <= self.slowest_ns.fetch_max(nanos, Relaxed) {
            return;
        }
        let mut slowest = self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        if slowest.as_ref().is_none_or(|known| known.took < took) {
            *slowest = Some(Slowest { operation, path: path.to_owned(), took });
        }
    }

    pub(crate) fn slowest(&self) -> Option<Slowest> {
        self.slowest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Adds `count` to a counter.
pub(crate) fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Relaxed);
}

/// The operation that took longest from its arrival to its answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Slowest {
    /// Its name.
    pub operation: Operation,
    /// The path it worked on.
    pub path: PathBuf,
    /// Its duration, including the wait.
    pub took: Duration,
}

/// Durations by powers of two of microseconds.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BUCKETS],
}

/// Buckets of a histogram: the last one holds everything of 2^22 µs (about four seconds) and more.
const BUCKETS: usize = 24;

impl Histogram {
    pub(crate) fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = (u64::BITS - micros.leading_zeros()) as usize;
        self.buckets[bucket.min(BUCKETS - 1)].fetch_add(1, Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Durations {
        Durations { buckets: self.buckets.iter().map(|bucket| bucket.load(Relaxed)).collect() }
    }
}

/// A histogram of durations: bucket 0 counts those under 1 µs, bucket `n` those under `2^n` µs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Durations {
    /// The count of each bucket; the last one has no upper bound.
    pub buckets: Vec<u64>,
}

impl Durations {
    /// Returns the upper bound of the bucket that holds the given share (0 to 1) of all durations.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let total: u64 = self.buckets.iter().sum();
        let mut seen = 0;
        self.buckets.iter().enumerate().find_map(|(power, count)| {
            seen += count;
            (total > 0 && seen as f64 >= share * total as f64).then(|| Duration::from_micros(1 << power))
        })
    }
}

/// Something that a worker is executing for no open file's queue: a request about a path, a closure, the close of a
/// dropped file; or a write that waits for the peer of a stream.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestSnapshot {
    /// Its name.
    pub operation: Operation,
    /// The path it works on.
    pub path: PathBuf,
    /// Time since it began.
    pub age: Duration,
}

/// What one open file is doing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileSnapshot {
    /// The path it was opened by.
    pub path: PathBuf,
    /// Operations that wait for earlier ones.
    pub queued: usize,
    /// Bytes that they hold.
    pub queued_bytes: u64,
    /// Bytes in the write buffer; 0 if the file is not buffered.
    pub buffered_bytes: usize,
    /// Batches at workers.
    pub running: usize,
    /// Age of the oldest operation at a worker or waiting for one.
    pub oldest: Option<Duration>,
}
