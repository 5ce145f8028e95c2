//! Closing a descriptor on a worker after the last handle was dropped, and the final flush before it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use crate::admission::Permit;
use crate::context::EngineContext;
use crate::context::inode::Inode;
use crate::context::lock_queue::Holder;
use crate::context::panics::panic_text;
use crate::context::running::{RequestInfo, RunningRequest};
use crate::error::{Cause, Error, Operation};
use crate::file::Chunk;
use crate::file_op::{Append, Offset, Payload, Write, append_all, write_all};
use crate::open_file::file::OpenFile;
use crate::open_file::final_write_guard::FinalWriteGuard;
use crate::pool::Job;
use crate::stats::add;
use crate::storage::StorageFile;

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
        let payload = |chunk: &Chunk| Payload::Shared(chunk.bytes.clone());
        let written = catch_unwind(AssertUnwindSafe(|| {
            if self.append || file.appends() {
                let append = |chunk| Append {
                    payload: payload(chunk),
                    moves_cursor: false,
                    wants_offset: false,
                    buffered: true,
                };
                let appends: Vec<_> = self.chunks.iter().map(append).collect();
                return append_all(&appends.iter().collect::<Vec<_>>(), file);
            }
            let offset = |chunk: &Chunk| Offset::At(chunk.start);
            let write =
                |chunk| Write { offset: offset(chunk), payload: payload(chunk), all: true, buffered: true };
            let writes: Vec<_> = self.chunks.iter().map(write).collect();
            write_all(&writes.iter().collect::<Vec<_>>(), file, 0)
        }));
        let outcomes = match written {
            Ok(written) => written.outcomes,
            Err(panic) => return Err(std::io::Error::other(panic_text(&*panic))),
        };
        match outcomes.into_iter().find_map(Result::err) {
            Some(failure) => Err(copy_of(&failure.error)),
            None => Ok(()),
        }
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
        if let Some(flush) = self.flush.take()
            && let Err(error) = flush.write(&*self.file)
        {
            let error = Arc::new(error);
            self.inode.with_health(|health| health.owe(error.clone()));
            self.record_unreported(Operation::Write, error);
        }
        if !self.report {
            return;
        }
        if let Err(error) = self.file.close() {
            // Poisoned before it is counted: a reader of the counter finds the other open files poisoned.
            let error = Arc::new(error);
            self.context.registry.poison(&self.inode, error.clone());
            self.record_unreported(Operation::Close, error);
        }
    }
}
