//! Closing a descriptor on a worker after the last handle was dropped, and the final flush before it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use crate::admission::Permit;
use crate::context::EngineContext;
use crate::context::inode::Inode;
use crate::context::lock_queue::Holder;
use crate::context::panics::{guarded, panic_text};
use crate::context::running::{RequestInfo, RunningRequest};
use crate::error::{Cause, Error, Operation};
use crate::file::Chunk;
use crate::file_op::{
    Append, Offset, Payload, Write, Written, append_all, append_later, write_all, write_later,
};
use crate::open_file::file::OpenFile;
use crate::open_file::final_write_guard::FinalWriteGuard;
use crate::pool::Job;
use crate::stats::add;
use crate::storage::{AsyncFile, StorageFile};

/// Notifies waiters for a descriptor, and for the file's lock, once the descriptor is closed.
pub(crate) struct CloseNotice {
    pub(crate) context: Arc<EngineContext>,
    pub(crate) inode: Arc<Inode>,
    pub(crate) holder: Holder,
}

impl Drop for CloseNotice {
    fn drop(&mut self) {
        if self.context.here().is_ok() {
            self.context.descriptors.free_one();
            self.inode.locks.released_if_held(self.holder);
        }
    }
}

/// Closes a descriptor on a worker after the last handle was dropped.
pub(crate) struct CloseJob {
    pub(crate) file: Arc<dyn StorageFile>,
    pub(crate) path: Arc<Path>,
    pub(crate) inode: Arc<Inode>,
    pub(crate) context: Arc<EngineContext>,
    /// Whether errors of closing must be reported: something was written, and no caller closed the file.
    pub(crate) report: bool,
    /// The bytes that were still buffered.
    pub(crate) flush: Option<FinalFlush>,
    /// The last field, so that the descriptor is dropped before.
    pub(crate) _notice: CloseNotice,
}

/// The bytes that were buffered when the last handle was dropped.
pub(crate) struct FinalFlush {
    chunks: Vec<Chunk>,
    append: bool,
    _guard: FinalWriteGuard,
    /// Makes a shutdown wait.
    _permit: Permit,
}

impl FinalFlush {
    /// Takes over the chunks of an open file that is being dropped; later requests for the file wait for them.
    pub(crate) fn of(open_file: &OpenFile, chunks: Vec<Chunk>) -> Self {
        let OpenFile { context, inode, device, access, .. } = open_file;
        FinalFlush {
            chunks,
            append: access.append,
            _guard: FinalWriteGuard::begin(context, inode),
            _permit: device.admission.admit_beyond_limits(),
        }
    }

    /// Writes all chunks; a panic counts as a failure.
    fn write(&self, file: &dyn StorageFile) -> std::io::Result<()> {
        let written = catch_unwind(AssertUnwindSafe(|| match self.append || file.appends() {
            true => append_all(&self.appends().iter().collect::<Vec<_>>(), file),
            false => write_all(&self.writes().iter().collect::<Vec<_>>(), file, 0),
        }));
        match written {
            Ok(written) => first_failure(written),
            Err(panic) => Err(std::io::Error::other(panic_text(&*panic))),
        }
    }

    /// Does the same on a storage whose calls answer later.
    async fn write_later(&self, file: &dyn AsyncFile) -> std::io::Result<()> {
        let writing = async {
            match self.append {
                true => append_later(&mut self.appends(), file).await,
                false => write_later(&mut self.writes(), file, 0).await,
            }
        };
        match guarded(writing).await {
            Ok(written) => first_failure(written),
            Err(cause) => Err(std::io::Error::other(cause.to_string())),
        }
    }

    fn appends(&self) -> Vec<Append> {
        let append = |chunk: &Chunk| {
            let payload = Payload::Shared(chunk.bytes.clone());
            Append { payload, moves_cursor: false, wants_offset: false, buffered: true }
        };
        self.chunks.iter().map(append).collect()
    }

    fn writes(&self) -> Vec<Write> {
        let write = |chunk: &Chunk| {
            let payload = Payload::Shared(chunk.bytes.clone());
            Write { offset: Offset::At(chunk.start), payload, all: true, buffered: true }
        };
        self.chunks.iter().map(write).collect()
    }
}

fn first_failure(written: Written) -> std::io::Result<()> {
    match written.outcomes.into_iter().find_map(Result::err) {
        Some(failure) => Err(copy_of(&failure.error)),
        None => Ok(()),
    }
}

/// A copy of a shared error.
fn copy_of(error: &Arc<std::io::Error>) -> std::io::Error {
    match error.raw_os_error() {
        Some(errno) => std::io::Error::from_raw_os_error(errno),
        None => std::io::Error::new(error.kind(), error.clone()),
    }
}

impl CloseJob {
    /// Reports a failure to the next sync, the counter and the log, since no caller is left.
    fn record_unreported(&self, operation: Operation, error: Arc<std::io::Error>) {
        add(&self.context.stats.unobserved_errors, 1);
        let error = Error::new(operation, Cause::Io(error)).at_path(self.path.clone());
        tracing::warn!(%error, "a failure reached no caller");
    }
}

impl Drop for CloseJob {
    /// Bytes that no worker fetched are lost, which is reported.
    fn drop(&mut self) {
        if let Some(_flush) = self.flush.take() {
            let error = Arc::new(std::io::Error::other("the engine has stopped"));
            self.inode.with_health(|health| health.owe(error.clone()));
            self.record_unreported(Operation::Write, error);
        }
    }
}

impl Job for CloseJob {
    fn run(self: Box<Self>) {
        let _running = RunningClose::begin(&self);
        // Dropped before that, and its descriptor with it.
        let mut close = self;
        close.flush_and_close();
    }
}

/// A close among the running requests.
struct RunningClose {
    context: Arc<EngineContext>,
    /// `None` after a shutdown, which has no caller to answer here and must not lose the bytes.
    key: Option<u64>,
}

impl RunningClose {
    fn begin(job: &CloseJob) -> Self {
        let info = RequestInfo { operation: Operation::Close, path: job.path.clone(), target: None };
        let running = RunningRequest::new(info, Instant::now());
        let running = if job.flush.is_some() { running } else { running.without_permit() };
        RunningClose { context: job.context.clone(), key: job.context.running_requests.begin(running) }
    }
}

impl Drop for RunningClose {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.context.running_requests.end(key);
        }
    }
}

impl CloseJob {
    fn flush_and_close(&mut self) {
        if let Some(flush) = self.flush.take() {
            self.flushed(flush.write(&*self.file));
        }
        if self.report {
            self.closed(self.file.close());
        }
    }

    /// Does what a worker does, on a storage whose calls answer later. A file that lacks bytes is discarded.
    pub(crate) async fn run_later(mut self, file: Arc<dyn AsyncFile>, guard: FinalWriteGuard) {
        let _running = RunningClose::begin(&self);
        if let Some(flush) = self.flush.take() {
            self.flushed(flush.write_later(&*file).await);
        }
        let lacks_bytes = self.inode.with_health(|health| health.lacks_bytes());
        let ended = async { if lacks_bytes { file.abandon().await } else { file.close().await } };
        match guarded(ended).await {
            Ok(closed) => self.closed(closed),
            Err(cause) => self.closed(Err(std::io::Error::other(cause.to_string()))),
        }
        drop(guard);
    }

    fn flushed(&self, flushed: std::io::Result<()>) {
        if let Err(error) = flushed {
            let error = Arc::new(error);
            self.inode.with_health(|health| health.owe(error.clone()));
            self.record_unreported(Operation::Write, error);
        }
    }

    fn closed(&self, closed: std::io::Result<()>) {
        if let Err(error) = closed {
            // Poisoned before it is counted: a reader of the counter finds the other open files poisoned.
            let error = Arc::new(error);
            self.context.registry.poison(&self.inode, error.clone());
            self.record_unreported(Operation::Close, error);
        }
    }
}
