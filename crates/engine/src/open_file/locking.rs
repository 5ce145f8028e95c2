//! Taking and releasing advisory locks: the operations, and the threads that wait for other holders.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Instant;

use crate::admission::Client;
use crate::context::EngineContext;
use crate::context::inode::Inode;
use crate::context::lock_queue::{AcquiredLock, Holder, KernelWaitEnd, Undo};
use crate::file::{BatchId, CursorMove};
use crate::file_op::{Answer, Lock};
use crate::limits::LOCK_THREADS_MAX;
use crate::open_file::file::OpenFile;
use crate::open_file::pending::{Outcome, PendingOp, Reply};
use crate::pool::{Job, Place};
use crate::priority::Priority;
use crate::storage::{LockKind, StorageFile};

impl OpenFile {
    /// This open file among the holders of its inode's lock: its address is unique while it lives.
    pub(crate) fn holder(&self) -> Holder {
        Holder(std::ptr::from_ref(self).addr())
    }

    /// Releases an acquisition that no caller received, unless a clone relies on it.
    pub(crate) fn take_back_lock(&self, claim: u64) {
        let undone = match self.inode.locks.undo(self.holder(), claim) {
            Undo::Nothing => return,
            Undo::Release => self.file.unlock(),
            Undo::Share => self.file.try_lock(LockKind::Shared).map(drop),
        };
        if let Err(error) = undone {
            tracing::warn!(path = %self.path.display(), %error, "a lock that no caller received stays");
        }
        self.inode.locks.released(self.holder());
    }

    /// Ends an operation on the lock. Whether the caller has the lock or it is released is decided before any
    /// other operation of the file begins, because a clone could rely on it.
    pub(crate) fn finish_lock(
        &self,
        batch_id: BatchId,
        closers: u64,
        reply: Reply,
        outcome: Outcome,
    ) -> (Vec<BatchId>, Result<Option<Waker>, Outcome>) {
        let claim = if let Ok(Answer::Locked(claim)) = &outcome { *claim } else { None };
        let mut state = self.turn.take();
        let mut answered = reply.put(outcome);
        if let (Err(_), Some(claim)) = (&answered, claim) {
            drop(state);
            self.take_back_lock(claim);
            answered = Err(Ok(Answer::Done));
            state = self.turn.take();
        }
        (self.complete(&mut state, batch_id, CursorMove::Stay, closers), answered)
    }

    /// Releases a lock whose answer arrived and was not received.
    pub(crate) fn release_unclaimed_lock(self: &Arc<Self>, claim: u64) {
        let reply = Reply::File(Box::new(drop));
        let permit = self.device.admission.admit_beyond_limits();
        let (op, alone) = (Lock::TakeBack(claim).into(), self.access.alone);
        self.push(PendingOp { op, reply, permit, arrived: Instant::now(), alone });
        self.pump();
    }
}

/// The right to use one of the threads that wait for locks.
pub(crate) struct LockThread(Arc<AtomicUsize>);

impl Drop for LockThread {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl EngineContext {
    /// Takes one of the threads that wait for locks, if one is free.
    pub(crate) fn lock_thread(&self) -> Option<LockThread> {
        let thread = LockThread(self.lock_threads.clone());
        // Counted first, so that of two callers at once at least one sees the other. It carries no data.
        (self.lock_threads.fetch_add(1, Ordering::Relaxed) < LOCK_THREADS_MAX).then_some(thread)
    }

    /// Makes a thread wait for the lock of `inode` by `file`, a stand-in.
    pub(crate) fn wait_for_lock(
        &self,
        thread: LockThread,
        inode: Arc<Inode>,
        file: Arc<dyn StorageFile>,
        kind: LockKind,
    ) {
        let job = LockWaitJob {
            inode,
            file: Some(file),
            kind,
            ended: Some(KernelWaitEnd::NoThread),
            _thread: thread,
        };
        // A refused job reports its end when it is dropped.
        let place = Place { lane: self.lock_lane, flow: Client::of_paths(Priority::Normal).flow(), bytes: 0 };
        drop(self.lock_pool.submit(place, Box::new(job)));
    }
}

/// Waits in the kernel until the lock is free.
struct LockWaitJob {
    inode: Arc<Inode>,
    /// `None` once it was handed on: dropping it releases the lock, so there must not be two.
    file: Option<Arc<dyn StorageFile>>,
    kind: LockKind,
    /// Its result; `None` once it was reported.
    ended: Option<KernelWaitEnd>,
    _thread: LockThread,
}

impl Job for LockWaitJob {
    fn run(mut self: Box<Self>) {
        let Some(file) = self.file.take() else { return };
        self.ended = Some(match file.lock(self.kind) {
            Ok(()) => KernelWaitEnd::Acquired(AcquiredLock(file)),
            Err(_) => KernelWaitEnd::Refused,
        });
    }
}

impl Drop for LockWaitJob {
    fn drop(&mut self) {
        if let Some(ended) = self.ended.take() {
            self.inode.locks.kernel_wait_ended(ended);
        }
    }
}
