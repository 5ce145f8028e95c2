//! What every open file of one engine uses: the storage, the pool, the limits and the counters.

pub(crate) mod descriptors;
pub(crate) mod final_writes;
pub(crate) mod inode;
pub(crate) mod lock_queue;
pub(crate) mod panics;
pub(crate) mod paused_clock;
pub(crate) mod registry;
pub(crate) mod running;
pub(crate) mod unfinished;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Once, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;

use crate::context::descriptors::Descriptors;
use crate::context::final_writes::FinalWrites;
use crate::context::running::RunningRequests;

use crate::admission::Admission;
use crate::buffer::Buffers;
use crate::context::registry::Registry;
use crate::context::unfinished::Unfinished;
use crate::error::Cause;
use crate::limits::{LOCK_WATCHES_MAX, Limits};
use crate::origin::Origin;
use crate::pool::{LaneId, Pool, cores};
use crate::stats::Stats;
use crate::storage::{Nature, OpenRequest, Opened, Storage, wrapped::Wrapped};

/// The number that stands for a device where the program's own code runs: closures and wrapped objects. That
/// may block for as long as it likes, and must not take the workers of files and names with it. The kernel
/// numbers its devices in 32 bits.
const PROGRAM: u64 = u64::MAX;

/// See the module. Shared by everything that belongs to one engine.
#[derive(Debug)]
pub(crate) struct EngineContext {
    /// Where the threads are. Elsewhere no lock of this engine may be taken: see [`Origin`].
    pub(crate) origin: Origin,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) pool: Pool,
    /// Threads of their own for those who wait for locks that others hold: nobody can call them back.
    pub(crate) watch_pool: Pool,
    pub(crate) watch_lane: LaneId,
    /// How many of them are taken.
    pub(crate) watchers: Arc<AtomicUsize>,
    pub(crate) limits: Limits,
    pub(crate) stats: Arc<Stats>,
    pub(crate) buffers: Arc<Buffers>,
    /// The same for direct I/O.
    pub(crate) aligned: Arc<Buffers>,
    pub(crate) registry: Arc<Registry>,
    /// Threads that can run at a time on this machine.
    pub(crate) cores: usize,
    /// The engine's own runtime: actors and timers live there, so no caller's runtime has to outlive them.
    pub(crate) runtime: tokio::runtime::Handle,
    /// Where operations on paths queue: their device is not known before they are resolved.
    pub(crate) names: Arc<Device>,
    pub(crate) running_requests: RunningRequests,
    /// True once a shutdown has waited long enough: what waits for a peer gives up then.
    pub(crate) stopped: watch::Sender<bool>,
    /// Who waits for a descriptor.
    pub(crate) descriptors: Descriptors,
    /// What dropped files have still to write.
    pub(crate) final_writes: FinalWrites,
    /// Portions of buffered files on their way.
    pub(crate) unfinished: Unfinished,
    /// Done once the engine has had a buffered file, for which the end of the process must wait.
    pub(crate) watched: Once,
    devices: RwLock<HashMap<u64, Arc<Device>>>,
    /// Wrapped objects so far: each gets a number in place of an inode's, so that none has another's failures.
    objects: AtomicU64,
}

/// One device: its lane in the pool and the door before it.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) lane: LaneId,
    pub(crate) admission: Admission,
}

impl EngineContext {
    pub(crate) fn new(storage: Arc<dyn Storage>, limits: Limits, runtime: tokio::runtime::Handle) -> Self {
        let stats = Arc::new(Stats::default());
        let pool = Pool::start(&limits);
        let watch_pool = Pool::start(&Limits {
            workers_max: LOCK_WATCHES_MAX,
            lane_workers_max: LOCK_WATCHES_MAX,
            ..limits.clone()
        });
        let admission = Admission::new(limits.ops_max, limits.bytes_max, stats.clone());
        let names = Arc::new(Device { lane: pool.add_lane(), admission });
        let (buffers, registry) = (Arc::default(), Arc::default());
        EngineContext {
            origin: Origin::here(),
            cores: cores(),
            storage,
            pool,
            watch_lane: watch_pool.add_lane(),
            watch_pool,
            watchers: Arc::default(),
            limits,
            stats,
            buffers,
            aligned: Arc::new(Buffers::aligned()),
            registry,
            runtime,
            names,
            running_requests: RunningRequests::default(),
            stopped: watch::Sender::new(false),
            descriptors: Descriptors::default(),
            final_writes: FinalWrites::default(),
            unfinished: Unfinished::default(),
            watched: Once::new(),
            devices: RwLock::default(),
            objects: AtomicU64::new(0),
        }
    }

    /// Refuses what would need the engine's threads, or a lock that they may have held, in another process.
    pub(crate) fn here(&self) -> Result<(), Cause> {
        if self.origin.is_here() { Ok(()) } else { Err(Cause::Forked) }
    }

    /// The device with this number, made known if it is new.
    pub(crate) fn device(&self, number: u64) -> Arc<Device> {
        let known = self.devices.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned();
        known.unwrap_or_else(|| {
            let mut devices = self.devices.write().unwrap_or_else(PoisonError::into_inner);
            devices.entry(number).or_insert_with(|| self.new_device()).clone()
        })
    }

    /// The opening of an object of the program's own.
    pub(crate) fn object<T: Send + 'static>(&self, object: Wrapped<T>) -> (Opened, OpenRequest) {
        // Without positions every write is one at the end, whatever the cursor says.
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
        };
        (opened, request)
    }

    /// Where code of the program's own queues.
    pub(crate) fn program(&self) -> Arc<Device> {
        self.device(PROGRAM)
    }

    fn new_device(&self) -> Arc<Device> {
        let admission = self.names.admission.for_lane(self.limits.lane_ops_max, self.limits.lane_bytes_max);
        Arc::new(Device { lane: self.pool.add_lane(), admission })
    }

    /// Every door there is, the engine's own first.
    pub(crate) fn doors(&self) -> Vec<Admission> {
        let devices = self.devices.read().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(&self.names).chain(devices.values()).map(|device| device.admission.clone()).collect()
    }

    /// A pause on the engine's own timer, which works from any executor.
    pub(crate) fn pause(&self, length: Duration) -> tokio::time::Sleep {
        let _entered = self.runtime.enter();
        tokio::time::sleep(length)
    }
}
