//! Open files by device and inode. The only file that names dashmap.
//!
//! Two things are looked up here: the health of an inode, shared by every opening of it in the process, and
//! the open files themselves, for snapshots, sweeps and shutdown.

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

/// What an engine asks of each of its open files.
pub(crate) trait Registered: Debug + Send + Sync {
    /// Makes its actor look at it.
    fn wake_actor(&self);

    /// Sends everything that is kept back on its way, whoever may need it.
    fn flush_all(self: Arc<Self>);

    /// Drops everything that waits, which answers its callers.
    fn abandon(&self);

    /// Shows each batch that is running.
    fn show_running(&self, show: &mut dyn FnMut(RunningBatch<'_>));

    /// Describes it, and adds to `counters` what it has counted itself so far.
    fn snapshot(&self, counters: &mut Counters) -> FileSnapshot;
}

/// A batch of operations on a file, or a request about a path, that a worker is carrying out.
pub(crate) struct RunningBatch<'a> {
    pub(crate) operation: Operation,
    pub(crate) path: &'a Path,
    pub(crate) age: Duration,
    /// How many operations it carries out.
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
    openings: Vec<Weak<dyn Registered>>,
}

impl Registry {
    /// Books an opening; `make` builds it around the inode it shares with the others.
    ///
    /// `make` runs under the map's lock for that inode and must not come back here.
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
            .or_insert_with(|| Entry { inode: Arc::new(Inode::new(key)), openings: Vec::with_capacity(1) });
        let open_file = make(entry.inode.clone());
        let weak: Weak<F> = Arc::downgrade(&open_file);
        entry.openings.push(weak);
        open_file
    }

    /// Strikes out the openings of `inode` that are gone, and the inode with the last of them, unless something
    /// is still to be written to it. Called by a dying opening, which is one of them, and when that is written.
    pub(crate) fn forget(&self, inode: &Inode) {
        self.inodes.remove_if_mut(&inode.key, |_, entry| {
            entry.openings.retain(|open_file| open_file.strong_count() > 0);
            entry.openings.is_empty() && entry.inode.final_writes.load(Ordering::Acquire) == 0
        });
    }

    /// Latches a failed sync or close of `inode`; the actors of all its openings hear of it.
    pub(crate) fn poison(&self, inode: &Inode, error: Arc<io::Error>) {
        inode.with_health(|health| health.poison(error));
        // Collected like those of `all`, and for the same reason.
        let openings: Vec<_> = match self.inodes.get(&inode.key) {
            Some(entry) => entry.openings.iter().filter_map(Weak::upgrade).collect(),
            None => Vec::new(),
        };
        openings.iter().for_each(|open_file| open_file.wake_actor());
    }

    /// Every open file, in no order.
    pub(crate) fn all(&self) -> Vec<Arc<dyn Registered>> {
        // Collected before anything is dropped: the last reference of an opening comes back to `forget`.
        let mut all = Vec::new();
        for entry in &self.inodes {
            all.extend(entry.openings.iter().filter_map(Weak::upgrade));
        }
        all
    }
}
