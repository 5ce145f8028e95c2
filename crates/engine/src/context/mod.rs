//! What all open files of one engine share: the storage, the pool, the limits and the counters.

pub(crate) mod descriptors;
pub(crate) mod final_writes;
pub(crate) mod inode;
mod later;
pub(crate) mod lock_queue;
mod mount_watch;
pub(crate) mod panics;
pub(crate) mod paused_clock;
pub(crate) mod registry;
pub(crate) mod running;
pub(crate) mod unfinished;
#[cfg(all(test, folio_loom))]
mod unfinished_loom;

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Once, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;

use crate::context::descriptors::Descriptors;
use crate::context::final_writes::FinalWrites;
use crate::context::later::LaterCalls;
use crate::context::running::RunningRequests;

use crate::admission::Admission;
use crate::buffer::Buffers;
use crate::context::registry::Registry;
use crate::context::unfinished::Unfinished;
use crate::error::Cause;
use crate::limits::{LOCK_THREADS_MAX, Limits};
use crate::oneshot::Lost;
use crate::origin::Origin;
use crate::pool::{LaneId, Pool, cores};
use crate::stats::Stats;
use crate::storage::{Nature, OpenRequest, Opened, Storage, wrapped::Wrapped};

/// Device number for the program's own code: closures and wrapped objects. It may block at will and must not
/// occupy the workers of real devices. The kernel numbers its devices in 32 bits.
const PROGRAM: u64 = u64::MAX;

/// See the module.
#[derive(Debug)]
pub(crate) struct EngineContext {
    /// The process of the engine's threads. In any other, no lock of this engine may be taken: see [`Origin`].
    pub(crate) origin: Origin,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) pool: Pool,
    /// Separate threads that wait for locks of other holders: such a wait cannot be cancelled.
    pub(crate) lock_pool: Pool,
    pub(crate) lock_lane: LaneId,
    /// How many of these threads are in use.
    pub(crate) lock_threads: Arc<AtomicUsize>,
    pub(crate) limits: Limits,
    pub(crate) stats: Arc<Stats>,
    pub(crate) buffers: Arc<Buffers>,
    /// Buffers for direct I/O.
    pub(crate) aligned: Arc<Buffers>,
    pub(crate) registry: Arc<Registry>,
    /// Threads that can run at once on this machine.
    pub(crate) cores: usize,
    /// The engine's own runtime, for actors and timers, so that no runtime of a caller has to outlive them.
    pub(crate) runtime: tokio::runtime::Handle,
    /// The queue of path requests: their device is unknown until they are resolved.
    pub(crate) names: Arc<Device>,
    pub(crate) running_requests: RunningRequests,
    /// Calls of a storage that answers later.
    pub(crate) later_calls: Arc<LaterCalls>,
    /// True once a shutdown has waited long enough: waits for a peer end then.
    pub(crate) stopped: watch::Sender<bool>,
    /// The queue for free descriptors.
    pub(crate) descriptors: Descriptors,
    /// Final writes of dropped files.
    pub(crate) final_writes: FinalWrites,
    /// Work that the end of the process has to wait for.
    pub(crate) unfinished: Unfinished,
    /// Whether the engine is registered for the end of the process, which waits for its buffered files.
    pub(crate) registered_at_exit: Once,
    devices: RwLock<HashMap<u64, Arc<Device>>>,
    /// Number of wrapped objects so far: each gets one in place of an inode number, so that none shares
    /// another's failures.
    objects: AtomicU64,
}

/// One device: its lane in the pool and its admission.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) lane: LaneId,
    pub(crate) admission: Admission,
}

impl EngineContext {
    pub(crate) fn new(storage: Arc<dyn Storage>, limits: Limits, runtime: tokio::runtime::Handle) -> Self {
        let stats = Arc::new(Stats::default());
        let pool = Pool::start(&limits);
        runtime.spawn(pool.clone().watch());
        mount_watch::watch(&*storage, &runtime);
        let lock_pool = Pool::start(&Limits {
            workers_max: LOCK_THREADS_MAX,
            lane_workers_max: LOCK_THREADS_MAX,
            spare_workers_max: 0,
            ..limits.clone()
        });
        let admission = Admission::new(limits.ops_max, limits.bytes_max, stats.clone());
        let names = Arc::new(Device { lane: pool.add_lane_of_many(), admission });
        let (buffers, registry) = (Arc::default(), Arc::default());
        EngineContext {
            origin: Origin::here(),
            cores: cores(),
            storage,
            pool,
            lock_lane: lock_pool.add_lane(),
            lock_pool,
            lock_threads: Arc::default(),
            limits,
            stats,
            buffers,
            aligned: Arc::new(Buffers::aligned()),
            registry,
            runtime,
            names,
            running_requests: RunningRequests::default(),
            later_calls: Arc::default(),
            stopped: watch::Sender::new(false),
            descriptors: Descriptors::default(),
            final_writes: FinalWrites::default(),
            unfinished: Unfinished::new(),
            registered_at_exit: Once::new(),
            devices: RwLock::default(),
            objects: AtomicU64::new(0),
        }
    }

    /// Refuses what would need the engine's threads, or a lock that they may have held, in another process.
    pub(crate) fn here(&self) -> Result<(), Cause> {
        if self.origin.is_here() { Ok(()) } else { Err(Cause::Forked) }
    }

    /// Runs a call of a storage that answers later. It goes on after its engine was dropped.
    pub(crate) fn spawn(&self, call: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(self.later_calls.counted(call));
    }

    /// Why an operation ended without an answer.
    pub(crate) fn cause_of(&self, lost: Lost) -> Cause {
        match lost {
            Lost { begun: true } => Cause::Abandoned,
            Lost { begun: false } if self.names.admission.is_stopping() => Cause::Stopped,
            // A running engine drops an operation only if it has no worker for it.
            Lost { begun: false } => self.pool.refusal().map_or(Cause::Stopped, Cause::NoThread),
        }
    }

    /// Returns the device with this number, created on first use.
    pub(crate) fn device(&self, number: u64) -> Arc<Device> {
        let known = self.devices.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned();
        known.unwrap_or_else(|| {
            let mut devices = self.devices.write().unwrap_or_else(PoisonError::into_inner);
            devices.entry(number).or_insert_with(|| self.new_device()).clone()
        })
    }

    /// Makes an open file out of an object of the program's own.
    pub(crate) fn object<T: Send + 'static>(&self, object: Wrapped<T>) -> (Opened, OpenRequest) {
        // An object without offsets is always written at its end, whatever the cursor is.
        let (write, append) =
            (object.can_write() && object.can_seek(), object.can_write() && !object.can_seek());
        let request = OpenRequest { read: object.can_read(), write, append, ..OpenRequest::default() };
        let opened = Opened {
            nature: Nature::Object { seekable: object.can_seek() },
            file: Box::new(object),
            device: PROGRAM,
            inode: self.objects.fetch_add(1, Ordering::Relaxed),
            len: 0,
            remote: true,
            directory: Some(false),
        };
        (opened, request)
    }

    /// The device on which the program's own code queues.
    pub(crate) fn program(&self) -> Arc<Device> {
        self.device(PROGRAM)
    }

    fn new_device(&self) -> Arc<Device> {
        let admission = self.names.admission.for_lane(self.limits.lane_ops_max, self.limits.lane_bytes_max);
        Arc::new(Device { lane: self.pool.add_lane(), admission })
    }

    /// Every admission, the engine's own first.
    pub(crate) fn admissions(&self) -> Vec<Admission> {
        let devices = self.devices.read().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(&self.names).chain(devices.values()).map(|device| device.admission.clone()).collect()
    }

    /// A pause by the engine's own timer, which works on any executor.
    pub(crate) fn pause(&self, length: Duration) -> tokio::time::Sleep {
        let _entered = self.runtime.enter();
        tokio::time::sleep(length)
    }
}
