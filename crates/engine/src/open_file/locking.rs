//! Taking and releasing advisory locks: the operations, and the watch for locks that others hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use std::time::Instant;

use crate::context::EngineContext;
use crate::context::inode::Inode;
use crate::context::lock_queue::{AcquiredLock, Ended, Holder, Undo};
use crate::file::{BatchId, CursorMove};
use crate::file_op::{Answer, Lock};
use crate::limits::LOCK_WATCHES_MAX;
use crate::open_file::file::OpenFile;
use crate::open_file::pending::{Outcome, PendingOp, Reply};
use crate::pool::Job;
use crate::storage::{LockKind, StorageFile};

impl OpenFile {
    /// This opening among the holders of its file's lock: no other has its address as long as it is there.
    pub(crate) fn holder(&self) -> Holder {
        Holder(std::ptr::from_ref(self).addr())
    }

    /// Takes back what nobody heard of, as far as no clone relies on it.
    pub(crate) fn take_back_lock(&self, claim: u64) {
        let undone = match self.inode.locks.undo(self.holder(), claim) {
            Undo::Nothing => return,
            Undo::Release => self.file.unlock(),
            Undo::Share => self.file.try_lock(LockKind::Shared).map(drop),
        };
        if let Err(error) = undone {
            tracing::warn!(path = %self.path.display(), %error, "a lock that nobody heard of stays");
        }
        self.inode.locks.gone(self.holder());
    }

    /// Ends an operation on the lock. Whether its caller has the lock, or it is taken back, is decided before any
    /// other operation of the file begins: a clone could rely on it.
    pub(crate) fn finish_lock(
        &self,
        batch_id: BatchId,
        closers: u64,
        reply: Reply,
        outcome: Outcome,
    ) -> (Vec<BatchId>, Result<Option<Waker>, Outcome>) {
        let claim = if let Ok(Answer::Locked(claim)) = &outcome { *claim } else { None };
        let mut state = self.turn.take();
        let mut heard = reply.put(outcome);
        if let (Err(_), Some(claim)) = (&heard, claim) {
            drop(state);
            self.take_back_lock(claim);
            heard = Err(Ok(Answer::Done));
            state = self.turn.take();
        }
        (self.complete(&mut state, batch_id, CursorMove::Stay, closers), heard)
    }

    /// Has a lock taken back whose answer was there and not looked at.
    pub(crate) fn forsake_lock(self: &Arc<Self>, claim: u64) {
        let reply = Reply::Ask(Box::new(drop));
        let permit = self.device.admission.admit_unseated();
        let (op, alone) = (Lock::TakeBack(claim).into(), self.access.alone);
        self.push(PendingOp { op, reply, permit, arrived: Instant::now(), alone });
        self.pump();
    }
}

/// The right to one of the threads that wait for locks.
pub(crate) struct Watcher(Arc<AtomicUsize>);

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl EngineContext {
    /// Takes one of the threads that wait for locks, if one is free.
    pub(crate) fn watcher(&self) -> Option<Watcher> {
        let watcher = Watcher(self.watchers.clone());
        // Counted first, so that of two that come at once at least one sees the other: carries no data.
        (self.watchers.fetch_add(1, Ordering::Relaxed) < LOCK_WATCHES_MAX).then_some(watcher)
    }

    /// Has a thread wait for the lock of `inode` by `file`, a stand-in.
    pub(crate) fn watch(
        &self,
        watcher: Watcher,
        inode: Arc<Inode>,
        file: Arc<dyn StorageFile>,
        kind: LockKind,
    ) {
        let job = Watch { inode, file: Some(file), kind, ended: Some(Ended::NotNow), _watcher: watcher };
        // A refused job tells by its drop that it has ended.
        drop(self.watch_pool.submit(self.watch_lane, Box::new(job)));
    }
}

/// Waits in the kernel until the lock is free.
struct Watch {
    inode: Arc<Inode>,
    /// `None` once it was handed on: whoever drops it releases the lock, so there must not be two.
    file: Option<Arc<dyn StorageFile>>,
    kind: LockKind,
    /// How it ends; `None` once that was told.
    ended: Option<Ended>,
    _watcher: Watcher,
}

impl Job for Watch {
    fn run(mut self: Box<Self>) {
        let Some(file) = self.file.take() else { return };
        self.ended = Some(match file.lock(self.kind) {
            Ok(()) => Ended::Acquired(AcquiredLock(file)),
            Err(_) => Ended::Refused,
        });
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(ended) = self.ended.take() {
            self.inode.locks.watched(ended);
        }
    }
}
