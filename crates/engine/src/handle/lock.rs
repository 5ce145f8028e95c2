//! Advisory locks: attempts, and waiting in the queue.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{FileHandle, unexpected};
use crate::context::lock_queue::{AcquiredLock, KernelWaitEnd, WaitFor};
use crate::error::{Cause, Operation, Result};
use crate::file_op::{Answer, Lock};
use crate::limits::{LOCK_RECHECK_PAUSE, LOCK_RETRY_PAUSE_MAX, RETRY_PAUSE_MIN};
use crate::open_file::LockThread;
use crate::open_file::OpenFile;
use crate::storage::{LockKind, StorageFile};

/// Advisory locks.
impl FileHandle {
    /// Takes the advisory lock, waiting in a queue with the other open files while another holds it.
    ///
    /// # Errors
    ///
    /// Any error of `flock`; a timeout after the handle's limit.
    ///
    /// # Cancellation
    ///
    /// The lock is not taken; if it was taken just then, it is released.
    pub async fn lock(&self, kind: LockKind) -> Result<()> {
        self.in_time(Operation::Lock, pin!(self.lock_in_queue(kind))).await
    }

    /// Takes the advisory lock if no other holder has a conflicting one; returns whether it did.
    ///
    /// # Errors
    ///
    /// Any error of `flock`.
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
            if pause > LOCK_RETRY_PAUSE_MAX || !locks.may_have_met_stand_in(seen) {
                return Ok(false);
            }
            // A stand-in may have had the lock for the moment in which it finds that no waiter is left.
            self.open_file().context.pause(pause).await;
            pause *= 2;
        }
    }

    /// Releases the advisory lock.
    ///
    /// # Errors
    ///
    /// Any error of `flock`.
    ///
    /// # Cancellation
    ///
    /// Like [`set_len`](FileHandle::set_len).
    pub async fn unlock(&self) -> Result<()> {
        self.submit(Lock::Release).await.map(|_| ())
    }

    async fn lock_in_queue(&self, kind: LockKind) -> Result<()> {
        let open_file = self.open_file();
        if open_file.inode.locks.is_held_by(open_file.holder()) && self.attempt(kind, None).await? {
            return Ok(());
        }
        let mut entry = QueueEntry::take(open_file, kind);
        let mut pause = RETRY_PAUSE_MIN;
        loop {
            // `changes` is read before the attempt, so that a release during the attempt is not missed.
            entry.reach_front().await?;
            let seen = open_file.inode.locks.changes();
            let acquired = open_file.inode.locks.take_acquired();
            if self.attempt(kind, acquired).await? {
                return Ok(());
            }
            match open_file.inode.locks.wait_for(open_file.holder(), kind, seen) {
                WaitFor::Nothing => {}
                // With a pause too: the lock may have been released without the engine's knowledge.
                WaitFor::Notification => entry.wait(LOCK_RECHECK_PAUSE).await?,
                WaitFor::NewKernelWait => self.start_kernel_wait(kind).await?,
                WaitFor::Pause => {
                    entry.wait(pause).await?;
                    pause = (pause * 2).min(LOCK_RETRY_PAUSE_MAX);
                }
            }
        }
    }

    async fn attempt(&self, kind: LockKind, acquired: Option<AcquiredLock>) -> Result<bool> {
        taken(&self.submit_untimed(Lock::Try(kind, acquired)).await?)
    }

    /// Makes a thread wait for the lock on a stand-in.
    async fn start_kernel_wait(&self, kind: LockKind) -> Result<()> {
        let open_file = self.open_file();
        let mut starting = KernelWaitStart { open_file, ended: Some(KernelWaitEnd::NoThread) };
        let Some(thread) = open_file.context.lock_thread() else {
            // All threads are in use: the first waiter tries again after a pause.
            open_file.context.pause(LOCK_RETRY_PAUSE_MAX).await;
            return Ok(());
        };
        let stand_in = match self.submit_untimed(Lock::StandIn).await? {
            Answer::Value(value) => value.downcast::<Arc<dyn StorageFile>>().ok(),
            Answer::Done => None,
            other => unexpected(&other),
        };
        match stand_in {
            Some(file) => starting.submit(thread, *file, kind),
            None => starting.ended = Some(KernelWaitEnd::Refused),
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

/// The duty to start a kernel wait: a caller that gives up half-way leaves it to the next.
struct KernelWaitStart<'a> {
    open_file: &'a Arc<OpenFile>,
    /// The result of the kernel wait, unless it was started.
    ended: Option<KernelWaitEnd>,
}

impl KernelWaitStart<'_> {
    fn submit(&mut self, thread: LockThread, file: Arc<dyn StorageFile>, kind: LockKind) {
        self.ended = None;
        self.open_file.context.wait_for_lock(thread, self.open_file.inode.clone(), file, kind);
    }
}

impl Drop for KernelWaitStart<'_> {
    fn drop(&mut self) {
        if let Some(ended) = self.ended.take() {
            self.open_file.inode.locks.kernel_wait_ended(ended);
        }
    }
}

/// An entry in the file's queue of waiters.
struct QueueEntry<'a> {
    open_file: &'a Arc<OpenFile>,
    number: u64,
    turn: Arc<Notify>,
    stopped: watch::Receiver<bool>,
}

impl<'a> QueueEntry<'a> {
    fn take(open_file: &'a Arc<OpenFile>, kind: LockKind) -> Self {
        let (number, turn) = open_file.inode.locks.join(kind);
        QueueEntry { open_file, number, turn, stopped: open_file.context.stopped.subscribe() }
    }

    async fn reach_front(&mut self) -> Result<()> {
        while !self.open_file.inode.locks.is_in_front(self.number) {
            self.wait(LOCK_RECHECK_PAUSE).await?;
        }
        Ok(())
    }

    /// Waits for a notification, at most this long.
    async fn wait(&mut self, most: Duration) -> Result<()> {
        let QueueEntry { open_file, turn, stopped, .. } = self;
        tokio::select! {
            () = turn.notified() => Ok(()),
            () = open_file.context.pause(most) => Ok(()),
            _ = stopped.wait_for(|stopped| *stopped) => {
                Err(open_file.error(Operation::Lock, Cause::Stopped).begun(false))
            }
        }
    }
}

impl Drop for QueueEntry<'_> {
    fn drop(&mut self) {
        self.open_file.inode.locks.leave(self.number);
    }
}
