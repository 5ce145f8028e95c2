//! Closing a handle, and handing its descriptor over.

use std::any::Any;
use std::fs::File as StdFile;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::{FileHandle, Inner};
use crate::budget;
use crate::context::registry::Registered;
use crate::error::{Error, Operation, Result};
use crate::file_op::{Close, FileOp, Settle};
use crate::limits::{DRAIN_SPIN_ROUNDS, HAND_OVER_PAUSES, HAND_OVER_ROUNDS, RETRY_PAUSE_MIN};
use crate::open_file::OpenFile;
use crate::open_file::everything;

/// Closing.
impl FileHandle {
    /// Returns whether there is no other user of the file: no clone, and no [`actor`](FileHandle::actor) handed
    /// out.
    pub fn is_last(&self) -> bool {
        Arc::strong_count(&self.inner) == 1 && !self.inner.is_lent()
    }

    /// Waits for all earlier operations and reports failures that no caller has received; the file stays open.
    ///
    /// # Errors
    ///
    /// Every failure that no caller has received; [`Error::is_poisoned`] after a failed sync; that of a closed
    /// file.
    ///
    /// # Cancellation
    ///
    /// Nothing happens.
    pub async fn settle(&self) -> Result<()> {
        budget::spend().await;
        match self.settle_in_place() {
            Some(settled) => settled,
            None => self.submit(Settle).await.map(|_| ()),
        }
    }

    fn settle_in_place(&self) -> Option<Result<()>> {
        let open_file = self.open_file();
        if self.must_queue() {
            return None;
        }
        let state = open_file.turn.take();
        if state.core.is_closed() || !state.is_free(&Settle.footprint(0, u64::MAX)) {
            return None;
        }
        drop(state);
        if !open_file.access.write {
            return Some(Ok(()));
        }
        Some(open_file.vouch(|_| Ok(())).map_err(|cause| open_file.error(Operation::Close, cause)))
    }

    /// Closes the file if this is the last handle; otherwise does what [`settle`](FileHandle::settle) does and
    /// leaves the file open for the others.
    ///
    /// # Errors
    ///
    /// Like [`close_all`](FileHandle::close_all). The file is closed all the same.
    ///
    /// # Cancellation
    ///
    /// This handle is gone. If it was the last, the file is closed and an error is logged.
    pub async fn close(self) -> Result<()> {
        if self.is_last() {
            return self.close_all().await;
        }
        let settled = self.settle().await;
        // Of several handles that close at the same time, exactly one gets `Some` here.
        match self.into_last() {
            Some(last) => {
                let closed = last.close_all().await;
                settled.and(closed)
            }
            None => settled,
        }
    }

    fn into_last(self) -> Option<FileHandle> {
        let FileHandle { inner, time_limit, refuse } = self;
        let inner = Arc::into_inner(inner).filter(|inner| !inner.is_lent())?;
        Some(FileHandle { inner: Arc::new(inner), time_limit, refuse })
    }

    /// Waits for all earlier operations, then closes the file for every clone. The descriptor is closed when it
    /// returns; in place if no operation is pending and closing cannot block.
    ///
    /// # Errors
    ///
    /// The error of closing the descriptor, or any earlier failure that no caller has received.
    ///
    /// # Cancellation
    ///
    /// Before it began: the file stays open. After: it is closed, and an error is logged.
    pub async fn close_all(&self) -> Result<()> {
        let open_file = self.open_file();
        self.here(Operation::Close)?;
        if !self.is_behind_messages() && open_file.close_if_quick() {
            let closed =
                open_file.close_and_report().map_err(|cause| open_file.error(Operation::Close, cause));
            // The result is recorded, which decides the reason that the actor's links get.
            open_file.wake_actor();
            return closed;
        }
        self.submit(Close).await.map(|_| ())
    }

    /// Waits for all earlier operations, then hands over the file's descriptor, with the kernel's cursor set to
    /// the file's. If there are other handles it hands over a second descriptor, and they stay usable.
    ///
    /// # Errors
    ///
    /// If the storage has no descriptors, or a second one is needed and there is none left.
    ///
    /// # Cancellation
    ///
    /// This handle is gone; the file goes on for its clones.
    pub async fn into_std(self) -> Result<StdFile> {
        if !self.is_idle() {
            self.run(|_| ()).await?;
        }
        let path = self.open_file().path.clone();
        let handed = match self.hand_over() {
            Ok(hand_over) => {
                hand_over.wait().await;
                hand_over.finish().map_err(|(error, _)| error)
            }
            Err(shared) => shared.second_descriptor(),
        };
        handed.map_err(|error| Error::io(Operation::Open, error).at_path(path))
    }

    /// Does what [`into_std`](FileHandle::into_std) does, if no operation is queued or running.
    ///
    /// # Errors
    ///
    /// The handle itself, if an operation is pending, or a second descriptor is needed and there is none.
    pub fn try_into_std(self) -> std::result::Result<StdFile, FileHandle> {
        if !self.is_idle() {
            return Err(self);
        }
        match self.hand_over() {
            Ok(hand_over) => {
                hand_over.spin();
                hand_over.finish().map_err(|(_, handle)| handle)
            }
            Err(shared) => shared.second_descriptor().map_err(|_| shared),
        }
    }

    /// Whether there is a descriptor and no pending operation.
    pub(crate) fn is_idle(&self) -> bool {
        let open_file = self.open_file();
        if self.must_queue() {
            return false;
        }
        let state = open_file.turn.take();
        !state.core.is_closed() && state.is_free(&everything()) && open_file.file.as_std().is_some()
    }

    fn second_descriptor(&self) -> io::Result<StdFile> {
        let open_file = self.open_file();
        let position = open_file.turn.take().core.position();
        open_file.file.to_std(position)
    }

    /// Closes the file in order to hand its descriptor over; returns the handle if others have the file too.
    fn hand_over(self) -> std::result::Result<HandOver, FileHandle> {
        let open_file = self.open_file().clone();
        if !self.is_last() || self.must_queue() {
            return Err(self);
        }
        let mut state = open_file.turn.take();
        let position = state.core.position();
        let closed = open_file.close_if_idle(&mut state);
        drop(state);
        if !closed {
            return Err(self);
        }
        let engine = self.inner.engine.clone();
        Ok(HandOver { open_file, engine, position, time_limit: self.time_limit, refuse: self.refuse })
    }
}

/// A closed file whose descriptor is being handed over. Its actor and the worker of its last operation may
/// still have a reference.
struct HandOver {
    open_file: Arc<OpenFile>,
    engine: Arc<dyn Any + Send + std::marker::Sync>,
    position: u64,
    time_limit: Option<Duration>,
    refuse: bool,
}

impl HandOver {
    /// Waits for a short time until no other reference is left.
    async fn wait(&self) {
        for _ in 0..HAND_OVER_ROUNDS {
            if self.is_alone() {
                return;
            }
            tokio::task::yield_now().await;
        }
        // A thread with a reference has been preempted.
        for _ in 0..HAND_OVER_PAUSES {
            if self.is_alone() {
                return;
            }
            self.open_file.context.pause(RETRY_PAUSE_MIN).await;
        }
    }

    /// Does the same without suspending the caller.
    fn spin(&self) {
        for _ in 0..DRAIN_SPIN_ROUNDS {
            if self.is_alone() {
                return;
            }
            crate::sync::spin();
        }
    }

    fn is_alone(&self) -> bool {
        Arc::strong_count(&self.open_file) == 1
    }

    /// Hands over the descriptor, or a second one that replaces it: either way it is the only one left.
    fn finish(self) -> std::result::Result<StdFile, (io::Error, FileHandle)> {
        let HandOver { open_file, engine, position, time_limit, refuse } = self;
        let file = open_file.file.clone();
        open_file.hand_over();
        let open_file = match Arc::try_unwrap(open_file) {
            Ok(open_file) => {
                drop(open_file);
                let std = file.into_std(position);
                return Ok(std.expect("the only reference to an open file hands over its descriptor"));
            }
            Err(shared) => shared,
        };
        match file.to_std(position) {
            Ok(std) => {
                open_file.close_duplicate();
                Ok(std)
            }
            Err(error) => {
                open_file.reopen();
                Err((error, FileHandle { time_limit, refuse, ..FileHandle::new(open_file, engine) }))
            }
        }
    }
}

impl Drop for Inner {
    /// When the last handle is dropped, the descriptor is closed here if no operation is pending and that
    /// cannot block. Otherwise the last reference to the open file closes it, which a worker may hold for a
    /// while; later requests for the file wait.
    ///
    /// In a forked child nothing is done: dropping an actor wakes its runtime, under a lock that may never be
    /// released there.
    fn drop(&mut self) {
        if !self.open_file.is_here() {
            std::mem::forget(std::mem::take(&mut self.actors));
            return;
        }
        if self.is_lent() {
            return;
        }
        match self.open_file.close_if_quick() {
            true => self.open_file.close_unobserved(),
            false => self.open_file.last_handle_dropped(),
        }
    }
}
