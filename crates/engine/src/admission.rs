//! Permits: operations and bytes are counted before anything queues, per lane and for the whole engine.
//!
//! A permit is taken in the order of asking, travels inside the operation and goes back when its outcome is
//! known. The semaphores are tokio's: fair, cancel-safe, and not what this library is about.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::error::Cause;
use crate::limits::RETRY_PAUSE_MIN;
use crate::stats::{Stats, add};

/// Room for a number of operations and bytes.
#[derive(Clone, Debug)]
struct Quota {
    ops: Arc<Semaphore>,
    ops_max: u32,
    bytes: Arc<Semaphore>,
    bytes_max: u32,
}

impl Quota {
    fn new(ops_max: usize, bytes_max: usize) -> Self {
        let (ops_max, bytes_max) = (permits(ops_max), permits(bytes_max));
        Quota {
            ops: Arc::new(Semaphore::new(ops_max as usize)),
            ops_max,
            bytes: Arc::new(Semaphore::new(bytes_max as usize)),
            bytes_max,
        }
    }

    /// An operation larger than the whole limit counts as the limit: it is admitted alone.
    fn share_of(&self, bytes: usize) -> u32 {
        permits(bytes).min(self.bytes_max)
    }

    async fn take(&self, bytes: usize) -> Option<Seat> {
        let op = self.ops.clone().acquire_owned().await.ok()?;
        let bytes = match self.share_of(bytes) {
            0 => None,
            share => Some(self.bytes.clone().acquire_many_owned(share).await.ok()?),
        };
        Some(Seat { _op: op, _bytes: bytes })
    }

    fn try_take(&self, bytes: usize) -> Result<Seat, Cause> {
        let op = self.ops.clone().try_acquire_owned().map_err(|error| refusal(&error, "operations"))?;
        let bytes = match self.share_of(bytes) {
            0 => None,
            share => Some(
                self.bytes.clone().try_acquire_many_owned(share).map_err(|error| refusal(&error, "bytes"))?,
            ),
        };
        Ok(Seat { _op: op, _bytes: bytes })
    }
}

fn refusal(error: &TryAcquireError, limit: &'static str) -> Cause {
    match error {
        TryAcquireError::Closed => Cause::Stopped,
        TryAcquireError::NoPermits => Cause::Overloaded(limit),
    }
}

/// The semaphore counts in `u32`, so a limit of 4 GiB and more means 4 GiB.
fn permits(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[derive(Debug)]
struct Seat {
    _op: OwnedSemaphorePermit,
    _bytes: Option<OwnedSemaphorePermit>,
}

/// The right of one operation to be queued or running.
#[derive(Debug)]
pub(crate) struct Permit {
    _seats: Option<[Seat; 2]>,
    stats: Arc<Stats>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.stats.leave();
    }
}

/// The door of one lane, with the engine's behind it.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    lane: Quota,
    engine: Quota,
    stopping: Arc<AtomicBool>,
    stats: Arc<Stats>,
}

impl Admission {
    /// The engine's door, with a lane of the same size for what belongs to no device.
    pub(crate) fn new(ops_max: usize, bytes_max: usize, stats: Arc<Stats>) -> Self {
        let engine = Quota::new(ops_max, bytes_max);
        let lane = Quota::new(ops_max, bytes_max);
        Admission { lane, engine, stopping: Arc::default(), stats }
    }

    /// A door for one more device.
    pub(crate) fn for_lane(&self, ops_max: usize, bytes_max: usize) -> Self {
        Admission { lane: Quota::new(ops_max, bytes_max), ..self.clone() }
    }

    /// Waits its turn for a permit. Lane first, then engine, everywhere, so that no two can wait for each other.
    pub(crate) async fn admit(&self, bytes: usize) -> Result<Permit, Cause> {
        if let Ok(permit) = self.try_admit(bytes) {
            return Ok(permit);
        }
        if self.is_stopping() {
            return Err(Cause::Stopped);
        }
        // Few wait, and the future of every operation would have room for it.
        Box::pin(self.admit_late(bytes)).await
    }

    /// Waits its turn even while the engine stops, until the doors close: for what cleans up after others.
    /// Counts as outstanding from its first poll on.
    pub(crate) async fn admit_late(&self, bytes: usize) -> Result<Permit, Cause> {
        let _waiting = self.stats.wait();
        let lane = self.lane.take(bytes).await.ok_or(Cause::Stopped)?;
        let engine = self.engine.take(bytes).await.ok_or(Cause::Stopped)?;
        Ok(self.permit(lane, engine))
    }

    /// Takes a permit if one is free now; a refusal is counted and says which limit stands in the way.
    pub(crate) fn admit_or_refuse(&self, bytes: usize) -> Result<Permit, Cause> {
        self.try_admit(bytes).inspect_err(|cause| {
            if matches!(cause, Cause::Overloaded(_)) {
                add(&self.stats.refusals, 1);
            }
        })
    }

    /// Takes a permit if one is free now, or says which limit stands in the way.
    pub(crate) fn try_admit(&self, bytes: usize) -> Result<Permit, Cause> {
        if self.is_stopping() {
            return Err(Cause::Stopped);
        }
        let lane = self.lane.try_take(bytes)?;
        let engine = self.engine.try_take(bytes)?;
        Ok(self.permit(lane, engine))
    }

    fn permit(&self, lane: Seat, engine: Seat) -> Permit {
        self.stats.enter();
        Permit { _seats: Some([lane, engine]), stats: self.stats.clone() }
    }

    /// A permit that takes no room, for bytes that are bounded elsewhere. A shutdown waits for it.
    pub(crate) fn admit_unseated(&self) -> Permit {
        self.stats.enter();
        Permit { _seats: None, stats: self.stats.clone() }
    }

    /// Refuses everyone from now on; those who wait already are let in before [`drained`](Admission::drained).
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether a shutdown has begun.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Waits until no permit is out and nobody waits for one.
    pub(crate) async fn drained(&self) {
        // Those who wait at a lane ask the engine after us, so holding every permit once is not enough.
        while self.stats.outstanding() > 0 {
            // An error means closed, and then there is nothing to wait for.
            drop(self.engine.ops.acquire_many(self.engine.ops_max).await);
            tokio::time::sleep(RETRY_PAUSE_MIN).await;
        }
    }

    /// Sends those who still wait away with [`Cause::Stopped`].
    pub(crate) fn close(&self) {
        for quota in [&self.lane, &self.engine] {
            quota.ops.close();
            quota.bytes.close();
        }
    }
}
