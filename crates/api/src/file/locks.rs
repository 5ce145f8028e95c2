//! Advisory locks on whole files (`flock`), under std's names.

use folio_engine::storage::LockKind;

use crate::{File, Operation, Result};

/// Advisory locks. A lock belongs to the open file: all clones hold it together. If the same file is opened again, in this
/// process or another, that open file does not hold it. Streams refuse locks with `EINVAL`.
impl File {
    /// Takes the exclusive lock, waiting without a worker while another open file holds the lock. Callers of one engine get
    /// it in the order of their calls.
    ///
    /// # Errors
    ///
    /// Any error of `flock`; a timeout after the limit of [`with_time_limit`](File::with_time_limit).
    ///
    /// # Cancellation
    ///
    /// The lock is not taken; if the kernel grants it at that moment, it is released at once.
    pub async fn lock(&self) -> Result<()> {
        self.take(LockKind::Exclusive).await
    }

    /// Takes a shared lock, waiting without a worker while another open file holds the exclusive lock.
    ///
    /// # Errors
    ///
    /// Whatever `flock` returns.
    ///
    /// # Cancellation
    ///
    /// Like [`lock`](File::lock).
    pub async fn lock_shared(&self) -> Result<()> {
        self.take(LockKind::Shared).await
    }

    /// Takes the exclusive lock if no other open file holds the lock; returns whether it did.
    ///
    /// # Errors
    ///
    /// Whatever `flock` returns.
    ///
    /// # Cancellation
    ///
    /// Like [`lock`](File::lock).
    pub async fn try_lock(&self) -> Result<bool> {
        self.try_take(LockKind::Exclusive).await
    }

    /// Takes a shared lock if no other open file holds the exclusive lock; returns whether it did.
    ///
    /// # Errors
    ///
    /// Whatever `flock` returns.
    ///
    /// # Cancellation
    ///
    /// Like [`lock`](File::lock).
    pub async fn try_lock_shared(&self) -> Result<bool> {
        self.try_take(LockKind::Shared).await
    }

    /// Releases the lock.
    ///
    /// # Errors
    ///
    /// Whatever `flock` returns.
    ///
    /// # Cancellation
    ///
    /// An unlock that has begun finishes.
    pub async fn unlock(&self) -> Result<()> {
        self.plain(Operation::Unlock)?.unlock().await
    }

    async fn take(&self, kind: LockKind) -> Result<()> {
        self.plain(Operation::Lock)?.lock(kind).await
    }

    async fn try_take(&self, kind: LockKind) -> Result<bool> {
        self.plain(Operation::Lock)?.try_lock(kind).await
    }
}
