//! What all open files of one inode share.

use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, PoisonError};

use crate::context::lock_queue::LockQueue;
use crate::file::Health;
use crate::storage::Identity;

/// See the module.
#[derive(Debug)]
pub(crate) struct Inode {
    pub(crate) key: (u64, u64),
    health: Mutex<Health>,
    /// Open files that were dropped and still have buffered bytes to write.
    pub(crate) final_writes: AtomicUsize,
    /// The queue for its advisory lock.
    pub(crate) locks: LockQueue,
}

impl Inode {
    pub(crate) fn new(key: (u64, u64)) -> Self {
        Inode {
            key,
            health: Mutex::default(),
            final_writes: AtomicUsize::new(0),
            locks: LockQueue::default(),
        }
    }

    pub(crate) fn identity(&self) -> Identity {
        let (device, inode) = self.key;
        Identity { device, inode }
    }

    /// Reads or changes its health.
    pub(crate) fn with_health<T>(&self, access: impl FnOnce(&mut Health) -> T) -> T {
        access(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
