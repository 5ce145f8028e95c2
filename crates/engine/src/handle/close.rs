//! The end of a handle: settling, closing, handing the descriptor over.

use std::any::Any;
use std::fs::File as StdFile;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::{FileHandle, Inner};
use crate::context::registry::Registered;
use crate::error::{Error, Operation, Result};
use crate::file_op::{Close, FileOp, Settle};
use crate::limits::{DRAIN_SPIN_ROUNDS, HAND_OVER_PAUSES, HAND_OVER_ROUNDS, RETRY_PAUSE_MIN};
use crate::open_file::OpenFile;
use crate::open_file::everything;

/// The end.
impl FileHandle {
    /// Returns whether nobody else has the file: no clone, and no [`actor`](FileHandle::actor) that was handed out.
    pub fn is_last(&self) -> bool {
        Arc::strong_count(&self.inner) == 1 && !self.inner.is_lent()
    }

    /// Waits for everything before it and reports what nobody has heard of; the file stays open.
    ///
    /// # Errors
    ///
    /// Every failure that no caller has heard; [`Error::is_poisoned`] after a failed sync; that of a closed file.
    ///
    /// # Cancellation
    ///
    /// Nothing happens.
    pub async fn settle(&self) -> Result<()> {
        tokio::task::consume_budget().await;
        match self.settle_in_place() {
            Some(settled) => settled,
            None => self.submit(Settle).await.map(|_| ()),
        }
    }

    fn settle_in_place(&self) -> Option<Result<()>> {
        let open_file = self.open_file();
        if self.is_kept_out() {
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

    /// Closes the file if this is the last handle; otherwise does what [`settle`](FileHandle::settle) does, and the
    /// file goes on for the others.
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
        // Of several that end at the same time, one is told that it is the last.
        match self.alone() {
            Some(last) => {
                let closed = last.close_all().await;
                settled.and(closed)
            }
            None => settled,
        }
    }

    fn alone(self) -> Option<FileHandle> {
        let FileHandle { inner, time_limit, refuse } = self;
        let inner = Arc::into_inner(inner).filter(|inner| !inner.is_lent())?;
        Some(FileHandle { inner: Arc::new(inner), time_limit, refuse })
    }

    /// Waits for everything before it, then closes the file for every clone. When it returns, the descriptor is
    /// gone: in place where nothing is under way and that cannot block.
    ///
    /// # Errors
    ///
    /// What closing the descriptor reports, or before that every failure that no caller has heard.
    ///
    /// # Cancellation
    ///
    /// Before it began: the file stays open. After: it is closed, and an error is logged.
    pub async fn close_all(&self) -> Result<()> {
        let open_file = self.open_file();
        self.here(Operation::Close)?;
        if !self.is_behind_messages() && open_file.shut_if_quick() {
            let ended = open_file.end().map_err(|cause| open_file.error(Operation::Close, cause));
            // Its outcome is booked, which decides what the actor's links are told.
            open_file.wake_actor();
            return ended;
        }
        self.submit(Close).await.map(|_| ())
    }

    /// Waits for everything before it, then hands over the file's descriptor, the kernel's cursor at the file's. With
    /// other handles there is a second descriptor for it, and they go on.
    ///
    /// # Errors
    ///
    /// If the storage has no descriptors, or a second one is needed and there is none left.
    ///
    /// # Cancellation
    ///
    /// This handle is gone; the file goes on for its clones.
    pub async fn into_std(self) -> Result<StdFile> {
        if !self.is_at_rest() {
            self.run(|_| ()).await?;
        }
        let path = self.open_file().path.clone();
        let handed = match self.surrender() {
            Ok(surrender) => {
                surrender.wait().await;
                surrender.finish().map_err(|(error, _)| error)
            }
            Err(shared) => shared.second_descriptor(),
        };
        handed.map_err(|error| Error::io(Operation::Open, error).at_path(path))
    }

    /// Does what [`into_std`](FileHandle::into_std) does, if nothing is queued or running.
    ///
    /// # Errors
    ///
    /// The handle itself, if something is, or a second descriptor is needed and there is none.
    pub fn try_into_std(self) -> std::result::Result<StdFile, FileHandle> {
        if !self.is_at_rest() {
            return Err(self);
        }
        match self.surrender() {
            Ok(surrender) => {
                surrender.spin_for_answer();
                surrender.finish().map_err(|(_, handle)| handle)
            }
            Err(shared) => shared.second_descriptor().map_err(|_| shared),
        }
    }

    /// Whether there is a descriptor, and nothing under way that would have to be waited for.
    pub(super) fn is_at_rest(&self) -> bool {
        let open_file = self.open_file();
        if self.is_kept_out() {
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

    /// Gives the file up for handing its descriptor over; comes back if others have it too.
    fn surrender(self) -> std::result::Result<Surrender, FileHandle> {
        let open_file = self.open_file().clone();
        if !self.is_last() || self.is_kept_out() {
            return Err(self);
        }
        let mut state = open_file.turn.take();
        let position = state.core.position();
        let shut = open_file.shut(&mut state);
        drop(state);
        if !shut {
            return Err(self);
        }
        let engine = self.inner.engine.clone();
        Ok(Surrender { open_file, engine, position, time_limit: self.time_limit, refuse: self.refuse })
    }
}

/// A file that is shut, on its way to the program. Its actor and the worker of its last operation may not have let
/// go of it yet.
struct Surrender {
    open_file: Arc<OpenFile>,
    engine: Arc<dyn Any + Send + std::marker::Sync>,
    position: u64,
    time_limit: Option<Duration>,
    refuse: bool,
}

impl Surrender {
    /// Waits a moment for the others to let go.
    async fn wait(&self) {
        for _ in 0..HAND_OVER_ROUNDS {
            if self.is_alone() {
                return;
            }
            tokio::task::yield_now().await;
        }
        // One of them has lost its core.
        for _ in 0..HAND_OVER_PAUSES {
            if self.is_alone() {
                return;
            }
            self.open_file.context.pause(RETRY_PAUSE_MIN).await;
        }
    }

    /// The same without waiting.
    fn spin_for_answer(&self) {
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

    /// Hands over the descriptor, or one that has taken its place by now: either way it is the only one.
    fn finish(self) -> std::result::Result<StdFile, (io::Error, FileHandle)> {
        let Surrender { open_file, engine, position, time_limit, refuse } = self;
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
                open_file.end_for_another();
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
    /// Whoever drops the last handle finds the descriptor gone, if nothing was under way and that cannot block.
    /// Anything else is left to whoever drops the opening, which a worker may have until it looks up; whoever asks for
    /// the file meanwhile waits.
    ///
    /// In the child of a fork nothing is done: to let go of an actor wakes its runtime, under a lock that may be shut for
    /// ever there.
    fn drop(&mut self) {
        if !self.open_file.is_here() {
            std::mem::forget(std::mem::take(&mut self.actors));
            return;
        }
        if self.is_lent() {
            return;
        }
        match self.open_file.shut_if_quick() {
            true => self.open_file.end_unheard(),
            false => self.open_file.leave(),
        }
    }
}
