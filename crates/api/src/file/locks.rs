//! Advisory locks on whole files (`flock`), by std's names.

use folio_engine::storage::LockKind;

use crate::{File, Operation, Result};

/// Advisory locks. They belong to the opening: all clones hold the lock together, and other openings of the
/// same file, in this process or another, do not. Streams refuse them with `EINVAL`.
impl File {
    /// Takes the lock for this opening alone, waiting without a worker while another holds it. The openings of a file
    /// in one engine get it in the order in which they came.
    ///
    /// # Errors
    ///
    /// Whatever `flock` returns; a timeout after the limit of [`with_time_limit`](File::with_time_limit).
    ///
    /// # Cancellation
    ///
    /// The lock is not taken; if it was being taken at that moment, it is released at once.
    pub async fn lock(&self) -> Result<()> {
        self.take(LockKind::Exclusive).await
    }

    /// Takes the lock together with others that share it, waiting without a worker while one holds it alone.
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

    /// Takes the exclusive lock if no other opening holds one; returns whether it did.
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

    /// Takes the shared lock if no other opening holds the exclusive one; returns whether it did.
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
    /// Before it began: the lock stays. After: it is released.
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
