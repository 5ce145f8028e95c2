//! Closing a file's descriptor: in place, by a worker, or by handing it to the program.
//!
//! The caller has made sure that no operation of the file is running or will run: the gate is closed, no reader
//! is inside, and the state is closed. After that, other handles, the actor and workers may keep the `OpenFile`
//! as long as they like.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::error::{Cause, Error, Operation};
use crate::file::{Footprint, WriteBuffer};
use crate::file_op::{Close, FileOp, Host};
use crate::open_file::file::OpenFile;
use crate::open_file::final_flush::{CloseJob, CloseNotice, FinalFlush};
use crate::open_file::final_write_guard::FinalWriteGuard;
use crate::open_file::state::FileState;
use crate::stats::add;
use crate::storage::AsyncFile;

/// The footprint of an operation that runs alone.
pub(crate) fn everything() -> Footprint {
    Close.footprint(0, u64::MAX)
}

impl OpenFile {
    /// Refuses every later operation if none is queued, running or buffered; returns whether that was so.
    pub(crate) fn close_if_idle(&self, state: &mut FileState) -> bool {
        if state.core.is_closed() || !state.is_free(&everything()) {
            return false;
        }
        // The gate stays closed: reads in place find the closed file on the slow path.
        self.turn.close_gate(1);
        let drained = self.turn.drain();
        if drained {
            state.core.close();
        } else {
            self.turn.open_gate(1);
        }
        drained
    }

    /// Closes the file if no operation is pending and closing the descriptor cannot block.
    pub(crate) fn close_if_quick(&self) -> bool {
        let mut state = self.turn.take();
        !state.core.is_closed()
            && state.is_free(&everything())
            && self.closes_quickly()
            && self.close_if_idle(&mut state)
    }

    /// Whether closing the descriptor cannot block. Only called while no other thread can close it.
    fn closes_quickly(&self) -> bool {
        !self.access.slow_to_close
            || (!self.access.remote && !self.access.alone && self.file.closes_at_once())
    }

    /// Closes the descriptor of a closed file. Returns an earlier failure first, then one of closing; the
    /// descriptor is gone in any case.
    pub(crate) fn close_and_report(&self) -> Result<(), Cause> {
        let result = self.close_after_check();
        self.context.registry.forget_closed(&self.inode, self);
        result
    }

    /// Does the same on a storage whose calls answer later.
    pub(crate) async fn close_and_report_later(&self, file: &dyn AsyncFile) -> Result<(), Cause> {
        let owed = if self.access.write { self.distrust() } else { None };
        self.descriptor_gone.store(true, Ordering::Relaxed);
        let result = match owed {
            Some(cause) => {
                if let Err(error) = file.abandon().await {
                    self.record_close_failure(error);
                }
                Err(cause)
            }
            None => file.close().await.map_err(|error| match self.access.write {
                true => self.latch(error),
                false => Cause::Io(Arc::new(error)),
            }),
        };
        drop(self.close_notice());
        self.context.registry.forget_closed(&self.inode, self);
        result
    }

    fn close_after_check(&self) -> Result<(), Cause> {
        if !self.access.write {
            return self.close_descriptor().map_err(|error| Cause::Io(Arc::new(error)));
        }
        let Some(owed) = self.distrust() else {
            return self.close_descriptor().map_err(|error| self.latch(error));
        };
        self.descriptor_gone.store(true, Ordering::Relaxed);
        if let Err(error) = self.file.abandon() {
            self.record_close_failure(error);
        }
        drop(self.close_notice());
        Err(owed)
    }

    /// Closes the descriptor of a closed file, and records that for the drop.
    fn close_descriptor(&self) -> io::Result<()> {
        // The caller is alone and only the drop reads this, which comes later: Relaxed is enough.
        self.descriptor_gone.store(true, Ordering::Relaxed);
        let notice = self.close_notice();
        let closed = self.file.close();
        drop(notice);
        closed
    }

    fn close_notice(&self) -> CloseNotice {
        CloseNotice { context: self.context.clone(), inode: self.inode.clone(), holder: self.holder() }
    }

    /// Closes the descriptor of a closed file when no caller waits for the result.
    pub(crate) fn close_unobserved(&self) {
        if let Err(error) = self.close_descriptor() {
            self.record_close_failure(error);
        }
        self.context.registry.forget_closed(&self.inode, self);
    }

    /// Reports the failure to the next sync, the counter and the log, since no caller is left.
    fn record_close_failure(&self, error: io::Error) {
        let error = Arc::new(error);
        // Poisoned before it is counted: a reader of the counter finds the other open files poisoned.
        if self.access.write {
            self.inode.with_health(|health| health.poison(error.clone()));
        }
        add(&self.context.stats.unobserved_errors, 1);
        let error = Error::new(Operation::Close, Cause::Io(error)).at_path(self.path.clone());
        tracing::warn!(%error, "a failure reached no caller");
    }

    /// Records that the program has the descriptor now, so that the drop closes nothing.
    pub(crate) fn hand_over(&self) {
        self.inode.locks.released_if_held(self.holder());
        self.descriptor_gone.store(true, Ordering::Relaxed);
    }

    /// Closes the descriptor of a closed file that the program has by another descriptor. If that may block,
    /// the drop of this `OpenFile` does it.
    pub(crate) fn close_duplicate(&self) {
        if self.closes_quickly() {
            self.close_unobserved();
        } else {
            self.descriptor_gone.store(false, Ordering::Relaxed);
        }
    }

    /// Accepts operations again, after the descriptor could not be handed over.
    pub(crate) fn reopen(&self) {
        self.descriptor_gone.store(false, Ordering::Relaxed);
        self.turn.take().core.reopen();
        self.turn.open_gate(1);
    }

    /// Closes the descriptor when the last reference is dropped; if that may block, a worker does it.
    pub(crate) fn close_after_last_handle(&mut self) {
        if *self.descriptor_gone.get_mut() || self.close_in_place() {
            return;
        }
        let (open, buffered) = self.take_buffered();
        // A wrapped object has to be closed even if nothing was written.
        let changed = self.written.load(Ordering::Relaxed) || self.access.alone || !buffered.is_empty();
        let flush = (!buffered.is_empty()).then(|| FinalFlush::of(self, buffered));
        let job = CloseJob {
            file: self.file.clone(),
            path: self.path.clone(),
            inode: self.inode.clone(),
            context: self.context.clone(),
            report: open && changed,
            flush,
            _notice: self.close_notice(),
        };
        if let Some(file) = self.file.asynchronous() {
            if job.report {
                // What was written becomes visible by then, so that requests for it have to wait.
                let guard = FinalWriteGuard::begin(&self.context, &self.inode);
                self.context.spawn(job.run_later(file.clone(), guard));
            }
            return;
        }
        // A late submission: a worker may have held the last reference, and the engine may have stopped
        // meanwhile.
        drop(self.context.pool.submit_late(self.place(0), Box::new(job)));
    }

    /// Closes the descriptor on this thread if that cannot block and nothing is buffered.
    fn close_in_place(&self) -> bool {
        let buffered = self.turn.take().write_buffer.as_deref().is_some_and(WriteBuffer::is_dirty);
        let quick = !buffered && self.closes_quickly();
        if quick {
            self.close_unobserved();
        }
        quick
    }

    /// Returns whether the file was still open, and its buffered bytes. A close has already reported bytes that
    /// it could not write.
    fn take_buffered(&self) -> (bool, Vec<crate::file::Chunk>) {
        let mut state = self.turn.take();
        let open = !state.core.is_closed();
        let buffered = state.write_buffer.take().filter(|_| open);
        (open, buffered.map_or(Vec::new(), |mut write_buffer| write_buffer.take_chunks()))
    }

    /// Called when the last handle is dropped: later requests for this file wait for pending and buffered
    /// writes.
    pub(crate) fn last_handle_dropped(&self) {
        let is_unpublished = self.access.write && self.file.asynchronous().is_some();
        if (is_unpublished || self.turn.share().is_none()) && !self.turn.take().core.is_closed() {
            self.final_write_guard.get_or_init(|| FinalWriteGuard::begin(&self.context, &self.inode));
        }
    }
}

impl Drop for OpenFile {
    /// Never blocks: if closing the descriptor may take time, a worker does it.
    fn drop(&mut self) {
        if !self.is_here() {
            // In a forked child: the parent has the same file and writes its buffered bytes.
            return;
        }
        let stats = &self.context.stats;
        add(&stats.in_place, self.in_place.load(Ordering::Relaxed));
        add(&stats.bytes_read, self.bytes_in_place.load(Ordering::Relaxed));
        add(&stats.writes_buffered, self.writes_buffered.load(Ordering::Relaxed));
        add(&stats.closed, 1);
        self.close_after_last_handle();
        self.context.registry.forget(&self.inode);
    }
}
