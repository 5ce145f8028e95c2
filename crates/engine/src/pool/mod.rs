//! Blocking work: a bounded number of threads, shared over one lane per device.
//!
//! ```text
//!   submit ──▶ lane a ▢▢▢ ──┐
//!   submit ──▶ lane b ▢ ────┼─ round robin ──▶ folio-worker-0 … folio-worker-15
//!   submit ──▶ lane c ──────┘
//! ```
//!
//! A lane holds only a part of the workers, so a device that hangs keeps its share and the others proceed.

mod job;
mod lanes;
#[cfg(all(test, folio_loom))]
mod loom;
mod queue;
#[cfg(all(test, not(folio_loom)))]
mod tests;
mod thread;
mod worker;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Notify;

pub(crate) use self::job::Job;
use self::job::Shared;
pub(crate) use self::lanes::{JobId, LaneId, Place};
use self::queue::{Pushed, Queue, Seat, SpawnFailure, Swept, Wakeup};
use crate::limits::{LANE_STUCK_MAX, Limits, WORKER_STUCK_AFTER};
use crate::sync::{AtomicU64, Ordering};
pub(crate) use thread::{cores, try_start};

/// A handle to the workers. Clones share them; idle workers end by themselves even after the last clone is
/// gone.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

/// The numbers of an engine's worker pool at one moment.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PoolSnapshot {
    /// Live worker threads, including those that are about to start.
    pub workers: usize,
    /// Workers that sleep until there is work.
    pub idle: usize,
    /// Workers without work that stay awake for a moment in case of a new job.
    pub spinning: usize,
    /// Jobs that no worker has begun.
    pub queued: usize,
    /// Jobs that a worker is executing.
    pub running: usize,
    /// Jobs that have panicked.
    pub panics: u64,
    /// Threads that have been started.
    pub threads_started: u64,
    /// Threads that the system has refused. The pool continued with those it had.
    pub spawn_failures: u64,
    /// The share of each device, in order of first use.
    pub lanes: Vec<LaneSnapshot>,
}

/// The numbers of one device's share of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaneSnapshot {
    /// Jobs that no worker has begun.
    pub queued: usize,
    /// Jobs that a worker is executing.
    pub running: usize,
}

/// A job in its lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Submitted {
    pub(crate) pickup: Pickup,
    /// For taking it back.
    pub(crate) id: JobId,
}

/// When a submitted job will begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pickup {
    /// An awake worker takes it at once.
    Now,
    /// A worker has to wake up first.
    Soon,
    /// A worker has to finish another job first.
    Later,
}

impl Pool {
    /// Creates a pool without threads; the first job starts one.
    pub(crate) fn start(limits: &Limits) -> Pool {
        Pool(Arc::new(Shared {
            queue: Queue::new(limits),
            panics: AtomicU64::new(0),
            pressed: Notify::new(),
            refusal: AtomicU64::new(0),
        }))
    }

    /// Adds a lane. Lanes live as long as the pool: there is one per device, and devices are few.
    pub(crate) fn add_lane(&self) -> LaneId {
        self.0.queue.add_lane(0)
    }

    /// Adds a lane for requests whose device is not known: those that are stuck on one must not keep the others
    /// from its slots.
    pub(crate) fn add_lane_of_many(&self) -> LaneId {
        self.0.queue.add_lane(LANE_STUCK_MAX)
    }

    /// Queues a job in its lane, behind the earlier ones of its flow.
    ///
    /// # Errors
    ///
    /// Returns the job after [`close`](Self::close), or if there is no worker and the system refuses to start
    /// one. In the latter case jobs of others that waited for the same worker are dropped.
    pub(crate) fn submit(&self, place: Place, job: Box<dyn Job>) -> Result<Submitted, Box<dyn Job>> {
        self.pushed(self.0.queue.push(place, job)?)
    }

    /// Like [`submit`](Self::submit), but also after [`close`](Self::close) while a worker lives: for clean-up
    /// after the last user of the pool, which may be a job itself.
    ///
    /// # Errors
    ///
    /// Returns the job if no worker is left, or as `submit` does.
    pub(crate) fn submit_late(&self, place: Place, job: Box<dyn Job>) -> Result<Submitted, Box<dyn Job>> {
        self.pushed(self.0.queue.push_late(place, job)?)
    }

    /// Takes back a job whose caller has given it up; `None` if a worker has begun it.
    pub(crate) fn withdraw(&self, id: JobId) -> Option<Box<dyn Job>> {
        self.0.queue.withdraw(id)
    }

    fn pushed(&self, (pushed, id): (Pushed, JobId)) -> Result<Submitted, Box<dyn Job>> {
        let pickup = match pushed {
            Pushed::Seen => Pickup::Now,
            Pushed::Covered => {
                self.0.pressed.notify_one();
                Pickup::Later
            }
            Pushed::Wake(wakeup) => {
                wakeup.notify();
                Pickup::Soon
            }
            Pushed::Spawn(seat) => {
                self.grow(seat, Some(id))?;
                Pickup::Soon
            }
        };
        Ok(Submitted { pickup, id })
    }

    /// Whether a job waits that a free worker could start. It may be out of date: it costs no lock.
    pub(crate) fn is_contended(&self) -> bool {
        self.0.queue.has_startable()
    }

    /// Whether a worker is stuck. It may be out of date: it costs no lock.
    pub(crate) fn has_stuck(&self) -> bool {
        self.0.queue.has_stuck()
    }

    /// Stops admission. Workers execute the queued jobs, then end.
    pub(crate) fn close(&self) {
        self.0.queue.close();
        self.0.pressed.notify_one();
    }

    /// Starts workers beside stuck ones, until the pool is closed. It sleeps while no job waits.
    pub(crate) async fn watch(self) {
        loop {
            self.0.pressed.notified().await;
            while self.sweep() {
                tokio::time::sleep(WORKER_STUCK_AFTER).await;
            }
            if self.0.queue.is_closed() {
                return;
            }
        }
    }

    /// Looks for stuck workers; returns whether jobs wait.
    pub(crate) fn sweep(&self) -> bool {
        let Swept { wakeups, seats, waiting } = self.0.queue.sweep();
        wakeups.iter().for_each(Wakeup::notify);
        for seat in seats {
            // Without a thread the jobs wait for the workers there are.
            drop(self.grow(seat, None));
        }
        waiting
    }

    /// Blocks until every worker has ended or the deadline has passed; returns whether all have ended.
    ///
    /// It is meant for after [`close`](Self::close). A worker must not call it: it would wait for itself.
    pub(crate) fn join(&self, deadline: Instant) -> bool {
        self.0.queue.wait_ended(Some(deadline))
    }

    /// Drops every job that has not begun, on this thread, and returns their number.
    pub(crate) fn abandon(&self) -> usize {
        self.0.queue.drain().len()
    }

    /// Returns the errno of the last time that the system refused a thread.
    pub(crate) fn refusal(&self) -> Option<i32> {
        i32::try_from(self.0.refusal.load(Ordering::Relaxed)).ok().filter(|errno| *errno > 0)
    }

    /// Whether the calling thread is a worker of this pool.
    pub(crate) fn is_on_worker(&self) -> bool {
        thread::works_for(Arc::as_ptr(&self.0).addr())
    }

    /// Jobs of a lane that wait or run.
    pub(crate) fn load(&self, lane: LaneId) -> usize {
        self.0.queue.counts().lanes.get(lane.index()).map_or(0, |(waiting, running)| waiting + running)
    }

    /// Reads the pool's numbers; they are consistent, except for `panics`, which may be newer.
    pub(crate) fn snapshot(&self) -> PoolSnapshot {
        let counts = self.0.queue.counts();
        let lanes = counts.lanes.into_iter().map(|(queued, running)| LaneSnapshot { queued, running });
        let lanes: Vec<_> = lanes.collect();
        PoolSnapshot {
            workers: counts.workers,
            idle: counts.parked,
            spinning: counts.spinning,
            queued: lanes.iter().map(|lane| lane.queued).sum(),
            running: lanes.iter().map(|lane| lane.running).sum(),
            panics: self.0.panics.load(Ordering::Relaxed),
            threads_started: counts.threads_started,
            spawn_failures: counts.spawn_failures,
            lanes,
        }
    }

    fn grow(&self, seat: Seat, id: Option<JobId>) -> Result<(), Box<dyn Job>> {
        let number = seat.number();
        let Err(refusal) = worker::spawn(self.0.clone(), seat) else { return Ok(()) };
        let errno = refusal.raw_os_error().and_then(|errno| u64::try_from(errno).ok());
        self.0.refusal.store(errno.unwrap_or_default(), Ordering::Relaxed);
        match self.0.queue.spawn_failed(number, id) {
            SpawnFailure::Degraded(Some(wakeup)) => {
                wakeup.notify();
                Ok(())
            }
            SpawnFailure::Degraded(None) => Ok(()),
            SpawnFailure::Stranded { own, others } => {
                // Dropping them answers their callers.
                drop(others);
                own.map_or(Ok(()), Err)
            }
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.snapshot()).finish()
    }
}
