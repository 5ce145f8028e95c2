//! Advisory locks: attempts, and the line of those who wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{FileHandle, unexpected};
use crate::context::lock_queue::{AcquiredLock, Ended, Outlook};
use crate::error::{Cause, Operation, Result};
use crate::file_op::{Answer, Lock};
use crate::limits::{LOCK_RECHECK_PAUSE, LOCK_RETRY_PAUSE_MAX, RETRY_PAUSE_MIN};
use crate::open_file::OpenFile;
use crate::open_file::Watcher;
use crate::storage::{LockKind, StorageFile};

/// Advisory locks.
impl FileHandle {
    /// Takes the advisory lock, waiting while someone else holds it, in line with the other openings of the file.
    ///
    /// # Errors
    ///
    /// Whatever `flock` returns; a timeout after the handle's limit.
    ///
    /// # Cancellation
    ///
    /// The lock is not taken; if it was just then, it is released.
    pub async fn lock(&self, kind: LockKind) -> Result<()> {
        self.in_time(Operation::Lock, self.lock_in_line(kind)).await
    }

    /// Takes the advisory lock if nobody else holds a conflicting one; says whether it did.
    ///
    /// # Errors
    ///
    /// Whatever `flock` returns.
    ///
    /// # Cancellation
    ///
    /// Like [`lock`](FileHandle::lock).
    pub async fn try_lock(&self, kind: LockKind) -> Result<bool> {
        let locks = &self.open_file().inode.locks;
        let mut pause = RETRY_PAUSE_MIN;
        loop {
            let seen = locks.changes();
            if taken(&self.submit(Lock::Try(kind, None)).await?)? {
                return Ok(true);
            }
            if pause > LOCK_RETRY_PAUSE_MAX || !locks.may_be_forsaken(seen) {
                return Ok(false);
            }
            // A watch may have had it, for the moment in which it finds that nobody waits any more.
            self.open_file().context.pause(pause).await;
            pause *= 2;
        }
    }

    /// Releases the advisory lock.
    ///
    /// # Errors
    ///
    /// Whatever `flock` returns.
    ///
    /// # Cancellation
    ///
    /// Like [`set_len`](FileHandle::set_len).
    pub async fn unlock(&self) -> Result<()> {
        self.submit(Lock::Release).await.map(|_| ())
    }

    async fn lock_in_line(&self, kind: LockKind) -> Result<()> {
        let open_file = self.open_file();
        if open_file.inode.locks.is_held_by(open_file.holder()) && self.attempt(kind, None).await? {
            return Ok(());
        }
        let mut place = Place::take(open_file, kind);
        let mut pause = RETRY_PAUSE_MIN;
        loop {
            place.reach_front().await?;
            let seen = open_file.inode.locks.changes();
            let acquired = open_file.inode.locks.take_acquired();
            if self.attempt(kind, acquired).await? {
                return Ok(());
            }
            match open_file.inode.locks.outlook(open_file.holder(), kind, seen) {
                Outlook::Changed => {}
                // Peeked at again without a call too: somebody may have released it past the engine.
                Outlook::Called => place.wait(LOCK_RECHECK_PAUSE).await?,
                Outlook::Unwatched => self.post_watch(kind).await?,
                Outlook::Unwatchable => {
                    place.wait(pause).await?;
                    pause = (pause * 2).min(LOCK_RETRY_PAUSE_MAX);
                }
            }
        }
    }

    async fn attempt(&self, kind: LockKind, acquired: Option<AcquiredLock>) -> Result<bool> {
        taken(&self.submit_untimed(Lock::Try(kind, acquired)).await?)
    }

    /// Has a thread wait for the lock by a second opening of the file.
    async fn post_watch(&self, kind: LockKind) -> Result<()> {
        let open_file = self.open_file();
        let mut posting = Posting { open_file, ended: Some(Ended::NotNow) };
        let Some(watcher) = open_file.context.watcher() else {
            // All threads are taken: tried again after a pause, by whoever is in front then.
            open_file.context.pause(LOCK_RETRY_PAUSE_MAX).await;
            return Ok(());
        };
        let stand_in = match self.submit_untimed(Lock::StandIn).await? {
            Answer::Value(value) => value.downcast::<Arc<dyn StorageFile>>().ok(),
            Answer::Done => None,
            other => unexpected(&other),
        };
        match stand_in {
            Some(file) => posting.post(watcher, *file, kind),
            None => posting.ended = Some(Ended::Refused),
        }
        Ok(())
    }
}

fn taken(answer: &Answer) -> Result<bool> {
    match answer {
        Answer::Locked(claim) => Ok(claim.is_some()),
        other => unexpected(other),
    }
}

/// The duty to post a watch: one that is given up half-way is left to the next.
struct Posting<'a> {
    open_file: &'a Arc<OpenFile>,
    /// How the watch has ended, unless it was posted.
    ended: Option<Ended>,
}

impl Posting<'_> {
    fn post(&mut self, watcher: Watcher, file: Arc<dyn StorageFile>, kind: LockKind) {
        self.ended = None;
        self.open_file.context.watch(watcher, self.open_file.inode.clone(), file, kind);
    }
}

impl Drop for Posting<'_> {
    fn drop(&mut self) {
        if let Some(ended) = self.ended.take() {
            self.open_file.inode.locks.watched(ended);
        }
    }
}

/// A place in the line of the file's waiters.
struct Place<'a> {
    open_file: &'a Arc<OpenFile>,
    number: u64,
    turn: Arc<Notify>,
    stopped: watch::Receiver<bool>,
}

impl<'a> Place<'a> {
    fn take(open_file: &'a Arc<OpenFile>, kind: LockKind) -> Self {
        let (number, turn) = open_file.inode.locks.join(kind);
        Place { open_file, number, turn, stopped: open_file.context.stopped.subscribe() }
    }

    async fn reach_front(&mut self) -> Result<()> {
        while !self.open_file.inode.locks.is_in_front(self.number) {
            self.wait(LOCK_RECHECK_PAUSE).await?;
        }
        Ok(())
    }

    /// Waits to be called, and no longer than this.
    async fn wait(&mut self, most: Duration) -> Result<()> {
        let Place { open_file, turn, stopped, .. } = self;
        tokio::select! {
            () = turn.notified() => Ok(()),
            () = open_file.context.pause(most) => Ok(()),
            _ = stopped.wait_for(|stopped| *stopped) => {
                Err(open_file.error(Operation::Lock, Cause::Stopped).begun(false))
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.open_file.inode.locks.leave(self.number);
    }
}
