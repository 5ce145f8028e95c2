//! A store in memory whose calls answer later, as one on the other side of a network does.

mod calls;
mod file;
mod plan;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use folio_engine::storage::Asynchronous;
use tokio::sync::Semaphore;

use crate::lock::lock;
pub use plan::FarCall;
use plan::Plan;

/// Objects in memory, reached by calls that take time: for tests of programs on an asynchronous storage.
///
/// An object is written in order, or appended to, and takes its name when the file is closed or synced. Directories are
/// what the names of objects imply, and what was created. There are no permissions, links or locks. Clones are the same
/// store.
///
/// ```
/// # async fn example() -> folio_engine::Result<()> {
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use folio_engine::Engine;
/// use folio_testkit::FarStore;
///
/// let store = FarStore::new();
/// store.put("/data", "far away");
/// store.delay(Duration::from_millis(50));
///
/// let engine = Engine::builder().storage(Arc::new(store.storage())).start()?;
/// assert_eq!(engine.read_whole("/data".into(), None).await?, b"far away");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct FarStore {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    tree: Mutex<Tree>,
    plan: Plan,
    /// Room for open listings, if that is limited.
    listings: Mutex<Option<Arc<Semaphore>>>,
    /// Number of this store: the device of its files.
    number: u64,
}

#[derive(Debug, Default)]
struct Tree {
    objects: BTreeMap<String, Object>,
    /// Directories that were created, by their keys without a slash at the end.
    directories: BTreeMap<String, ()>,
}

#[derive(Clone, Debug)]
struct Object {
    bytes: Bytes,
    modified: SystemTime,
}

impl FarStore {
    /// Makes an empty store that answers in the next turn of the executor.
    pub fn new() -> FarStore {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        // Above the numbers of the kernel's devices, of which there are 32 bits.
        let number = (1 << 48) + NUMBERS.fetch_add(1, Ordering::Relaxed);
        FarStore { shared: Arc::new(Shared { number, ..Shared::default() }) }
    }

    /// Returns the store as the storage of an engine.
    pub fn storage(&self) -> Asynchronous {
        Asynchronous::new(self.clone())
    }

    /// Sets how long every call takes from now on.
    pub fn delay(&self, delay: Duration) {
        self.shared.plan.delay(delay);
    }

    /// Makes the `nth` of the following calls of this kind fail, counted from 1.
    pub fn fail(&self, call: FarCall, nth: u64, errno: i32) {
        self.shared.plan.fail(call, nth, errno);
    }

    /// Makes the next call of this kind panic.
    pub fn panic(&self, call: FarCall) {
        self.shared.plan.panic(call);
    }

    /// Holds all calls of this kind from now on, until they are [released](FarStore::release).
    pub fn hold(&self, call: FarCall) {
        self.shared.plan.hold(call);
    }

    /// Lets calls of this kind pass again.
    pub fn release(&self, call: FarCall) {
        self.shared.plan.release(call);
    }

    /// Sets how many listings may be open at a time; the next waits until one is at its end or dropped.
    pub fn listings_max(&self, listings: usize) {
        *lock(&self.shared.listings) = Some(Arc::new(Semaphore::new(listings)));
    }

    /// Returns how many calls of this kind have begun.
    pub fn calls(&self, call: FarCall) -> u64 {
        self.shared.plan.calls(call)
    }

    /// Returns how many calls were under way at most at one time.
    pub fn most_under_way(&self) -> usize {
        self.shared.plan.most_under_way()
    }

    /// Puts an object.
    pub fn put(&self, path: impl AsRef<Path>, bytes: impl Into<Bytes>) {
        let object = Object { bytes: bytes.into(), modified: SystemTime::now() };
        self.tree().objects.insert(key(path.as_ref()), object);
    }

    /// Returns the contents of an object; `None` if there is none of that name.
    pub fn contents(&self, path: impl AsRef<Path>) -> Option<Bytes> {
        self.tree().objects.get(&key(path.as_ref())).map(|object| object.bytes.clone())
    }

    /// Returns the names of all objects, in order.
    pub fn names(&self) -> Vec<String> {
        self.tree().objects.keys().cloned().collect()
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        lock(&self.shared.tree)
    }
}

/// The key of a path: without slashes at its ends, or single dots.
fn key(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        std::path::Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}
