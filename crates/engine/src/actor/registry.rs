//! Open files by device and inode. The only file that names dashmap.
//!
//! Two things are looked up here: the health of an inode, shared by every opening of it in the process, and
//! the open files themselves, for snapshots, sweeps and shutdown.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use dashmap::DashMap;

use crate::actor::locks::Locks;
use crate::actor::opening::Opening;
use crate::file::Health;
use crate::storage::Identity;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    inodes: DashMap<(u64, u64), Entry>,
}

#[derive(Debug)]
struct Entry {
    inode: Arc<Inode>,
    openings: Vec<Weak<Opening>>,
}

/// What all openings of one inode share.
#[derive(Debug)]
pub(crate) struct Inode {
    key: (u64, u64),
    health: Mutex<Health>,
    /// Openings that were dropped and have still to write what they had kept back.
    pub(crate) parting: AtomicUsize,
    /// Who waits for its advisory lock.
    pub(crate) locks: Locks,
}

impl Inode {
    pub(crate) fn identity(&self) -> Identity {
        let (device, inode) = self.key;
        Identity { device, inode }
    }

    /// Looks at or changes the memory of failures.
    pub(crate) fn with_health<T>(&self, look: impl FnOnce(&mut Health) -> T) -> T {
        look(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Registry {
    /// Books an opening; `make` builds it around the inode it shares with the others.
    ///
    /// `make` runs under the map's lock for that inode and must not come back here.
    pub(crate) fn open(
        &self,
        device: u64,
        inode: u64,
        make: impl FnOnce(Arc<Inode>) -> Arc<Opening>,
    ) -> Arc<Opening> {
        let key = (device, inode);
        let mut entry = self.inodes.entry(key).or_insert_with(|| {
            let inode = Arc::new(Inode {
                key,
                health: Mutex::default(),
                parting: AtomicUsize::new(0),
                locks: Locks::default(),
            });
            Entry { inode, openings: Vec::with_capacity(1) }
        });
        let opening = make(entry.inode.clone());
        entry.openings.push(Arc::downgrade(&opening));
        opening
    }

    /// Strikes out the openings of `inode` that are gone, and the inode with the last of them, unless something
    /// is still to be written to it. Called by a dying opening, which is one of them, and when that is written.
    pub(crate) fn forget(&self, inode: &Inode) {
        self.inodes.remove_if_mut(&inode.key, |_, entry| {
            entry.openings.retain(|opening| opening.strong_count() > 0);
            entry.openings.is_empty() && entry.inode.parting.load(Ordering::Acquire) == 0
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
        openings.iter().for_each(|opening| opening.ring());
    }

    /// Every open file, in no order.
    pub(crate) fn all(&self) -> Vec<Arc<Opening>> {
        // Collected before anything is dropped: the last reference of an opening comes back to `forget`.
        let mut all = Vec::new();
        for entry in &self.inodes {
            all.extend(entry.openings.iter().filter_map(Weak::upgrade));
        }
        all
    }
}
