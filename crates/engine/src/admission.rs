//! Admission: operations and bytes are counted before anything queues, per lane and for the whole engine.
//!
//! Permits are granted in order of request, travel with the operation and are returned when its outcome is
//! known. The semaphores are tokio's: fair and cancel-safe.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::error::Cause;
use crate::limits::RETRY_PAUSE_MIN;
use crate::stats::{Stats, add};

/// A limited number of operations and bytes.
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

    async fn take(&self, bytes: usize) -> Option<Units> {
        let op = self.ops.clone().acquire_owned().await.ok()?;
        let bytes = match self.share_of(bytes) {
            0 => None,
            share => Some(self.bytes.clone().acquire_many_owned(share).await.ok()?),
        };
        Some(Units { _op: op, _bytes: bytes })
    }

    fn try_take(&self, bytes: usize) -> Result<Units, Cause> {
        let op = self.ops.clone().try_acquire_owned().map_err(|error| refusal(&error, "operations"))?;
        let bytes = match self.share_of(bytes) {
            0 => None,
            share => Some(
                self.bytes.clone().try_acquire_many_owned(share).map_err(|error| refusal(&error, "bytes"))?,
            ),
        };
        Ok(Units { _op: op, _bytes: bytes })
    }
}

fn refusal(error: &TryAcquireError, limit: &'static str) -> Cause {
    match error {
        TryAcquireError::Closed => Cause::Stopped,
        TryAcquireError::NoPermits => Cause::Overloaded(limit),
    }
}

/// The semaphore counts in `u32`, so a limit of 4 GiB or more means 4 GiB.
fn permits(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[derive(Debug)]
struct Units {
    _op: OwnedSemaphorePermit,
    _bytes: Option<OwnedSemaphorePermit>,
}

/// The right of one operation to be queued or running.
#[derive(Debug)]
pub(crate) struct Permit {
    _units: Option<[Units; 2]>,
    stats: Arc<Stats>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.stats.leave();
    }
}

/// The admission of one lane, followed by the engine's.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    lane: Quota,
    engine: Quota,
    stopping: Arc<AtomicBool>,
    stats: Arc<Stats>,
}

impl Admission {
    /// Creates the engine's admission, with a lane of the same size for requests without a device.
    pub(crate) fn new(ops_max: usize, bytes_max: usize, stats: Arc<Stats>) -> Self {
        let engine = Quota::new(ops_max, bytes_max);
        let lane = Quota::new(ops_max, bytes_max);
        Admission { lane, engine, stopping: Arc::default(), stats }
    }

    /// Creates the admission of one more device.
    pub(crate) fn for_lane(&self, ops_max: usize, bytes_max: usize) -> Self {
        Admission { lane: Quota::new(ops_max, bytes_max), ..self.clone() }
    }

    /// Waits for a permit. Always the lane first, then the engine, so that no two callers can wait for each
    /// other.
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

    /// Waits for a permit even while the engine stops, until admission closes: for clean-up. Counts as
    /// outstanding from the first poll on.
    pub(crate) async fn admit_late(&self, bytes: usize) -> Result<Permit, Cause> {
        let _waiting = self.stats.wait();
        let lane = self.lane.take(bytes).await.ok_or(Cause::Stopped)?;
        let engine = self.engine.take(bytes).await.ok_or(Cause::Stopped)?;
        Ok(self.permit(lane, engine))
    }

    /// Takes a permit if one is free; otherwise counts the refusal and returns the limit that was reached.
    pub(crate) fn admit_or_refuse(&self, bytes: usize) -> Result<Permit, Cause> {
        self.try_admit(bytes).inspect_err(|cause| {
            if matches!(cause, Cause::Overloaded(_)) {
                add(&self.stats.refusals, 1);
            }
        })
    }

    /// Takes a permit if one is free; otherwise returns the limit that was reached.
    pub(crate) fn try_admit(&self, bytes: usize) -> Result<Permit, Cause> {
        if self.is_stopping() {
            return Err(Cause::Stopped);
        }
        let lane = self.lane.try_take(bytes)?;
        let engine = self.engine.try_take(bytes)?;
        Ok(self.permit(lane, engine))
    }

    fn permit(&self, lane: Units, engine: Units) -> Permit {
        self.stats.enter();
        Permit { _units: Some([lane, engine]), stats: self.stats.clone() }
    }

    /// Returns a permit outside of the limits, for bytes that are bounded elsewhere. A shutdown waits for it.
    pub(crate) fn admit_beyond_limits(&self) -> Permit {
        self.stats.enter();
        Permit { _units: None, stats: self.stats.clone() }
    }

    /// Refuses new callers; those that wait already are admitted before [`drained`](Admission::drained)
    /// returns.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether a shutdown has begun.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Waits until no permit is in use and no caller waits for one.
    pub(crate) async fn drained(&self) {
        // Callers that wait at a lane take from the engine later, so holding all of its permits once is not
        // enough.
        while self.stats.outstanding() > 0 {
            // An error means closed; then there is nothing to wait for.
            drop(self.engine.ops.acquire_many(self.engine.ops_max).await);
            tokio::time::sleep(RETRY_PAUSE_MIN).await;
        }
    }

    /// Answers all waiting callers with [`Cause::Stopped`].
    pub(crate) fn close(&self) {
        for quota in [&self.lane, &self.engine] {
            quota.ops.close();
            quota.bytes.close();
        }
    }
}
