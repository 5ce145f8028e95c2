//! Open files by device and inode. The only file that names dashmap.
//!
//! It holds the health of each inode, shared by all its open files in the process, and the open files
//! themselves, for snapshots, sweeps and shutdown.

use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::DashMap;

use crate::context::inode::Inode;
use crate::error::Operation;
use crate::stats::{Counters, FileSnapshot};

/// What an engine needs of each open file.
pub(crate) trait Registered: Debug + Send + Sync {
    /// Makes its actor step the state.
    fn wake_actor(&self);

    /// Starts a flush of everything that is buffered.
    fn flush_all(self: Arc<Self>);

    /// Drops every operation that has not begun, which answers its callers, and accepts no other.
    fn stop(&self);

    /// Answers the callers of what workers are executing, who would wait until the device returns.
    fn abandon(&self);

    /// Passes each running batch to `show`.
    fn show_running(&self, show: &mut dyn FnMut(RunningBatch<'_>));

    /// Describes it, and adds its own counts to `counters`.
    fn snapshot(&self, counters: &mut Counters) -> FileSnapshot;
}

/// A batch of operations on a file, or a request about a path, that a worker is carrying out.
pub(crate) struct RunningBatch<'a> {
    pub(crate) operation: Operation,
    pub(crate) path: &'a Path,
    pub(crate) age: Duration,
    /// The number of its operations.
    pub(crate) operations: u64,
    /// Whether a sweep has reported it as stuck.
    pub(crate) reported: &'a mut bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    inodes: DashMap<(u64, u64), Entry>,
}

#[derive(Debug)]
struct Entry {
    inode: Arc<Inode>,
    open_files: Vec<Weak<dyn Registered>>,
}

impl Registry {
    /// Registers an open file; `make` builds it around the inode it shares with the others.
    ///
    /// `make` runs under the map's lock for that inode and must not call the registry.
    pub(crate) fn open<F: Registered + 'static>(
        &self,
        device: u64,
        inode: u64,
        make: impl FnOnce(Arc<Inode>) -> Arc<F>,
    ) -> Arc<F> {
        let key = (device, inode);
        let mut entry = self
            .inodes
            .entry(key)
            .or_insert_with(|| Entry { inode: Arc::new(Inode::new(key)), open_files: Vec::with_capacity(1) });
        let open_file = make(entry.inode.clone());
        let weak: Weak<F> = Arc::downgrade(&open_file);
        entry.open_files.push(weak);
        open_file
    }

    /// Removes the open files of `inode` that are gone, and the inode with the last of them unless final writes
    /// remain. Called by an open file that is being dropped, which is one of them, and after its final writes.
    pub(crate) fn forget(&self, inode: &Inode) {
        self.forget_unless(inode, |open_file| open_file.strong_count() > 0);
    }

    /// Like [`forget`](Registry::forget), for an open file that is closed: workers and its actor may hold it a moment
    /// longer, and the next opening must not find what was wrong with this one.
    pub(crate) fn forget_closed(&self, inode: &Inode, closed: &dyn Registered) {
        let closed = std::ptr::from_ref(closed).addr();
        self.forget_unless(inode, |open_file| {
            open_file.strong_count() > 0 && open_file.as_ptr().addr() != closed
        });
    }

    fn forget_unless(&self, inode: &Inode, is_open: impl Fn(&Weak<dyn Registered>) -> bool) {
        self.inodes.remove_if_mut(&inode.key, |_, entry| {
            entry.open_files.retain(is_open);
            entry.open_files.is_empty() && entry.inode.final_writes.load(Ordering::Acquire) == 0
        });
    }

    /// Poisons `inode` after a failed sync or close and wakes the actors of all its open files.
    pub(crate) fn poison(&self, inode: &Inode, error: Arc<io::Error>) {
        inode.with_health(|health| health.poison(error));
        // Collected first, like those of `all` and for the same reason.
        let open_files: Vec<_> = match self.inodes.get(&inode.key) {
            Some(entry) => entry.open_files.iter().filter_map(Weak::upgrade).collect(),
            None => Vec::new(),
        };
        open_files.iter().for_each(|open_file| open_file.wake_actor());
    }

    /// Returns every open file, in no order.
    pub(crate) fn all(&self) -> Vec<Arc<dyn Registered>> {
        // Collected before any is dropped: the last reference to one calls `forget`.
        let mut all = Vec::new();
        for entry in &self.inodes {
            all.extend(entry.open_files.iter().filter_map(Weak::upgrade));
        }
        all
    }
}
