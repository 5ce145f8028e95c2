//! A descriptor that a worker gives up after the last handle was dropped, and what was still to be written before.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use crate::admission::Permit;
use crate::context::EngineContext;
use crate::context::inode::Inode;
use crate::context::lock_queue::Holder;
use crate::context::panics::panic_text;
use crate::error::{Cause, Error, Operation};
use crate::file::Chunk;
use crate::file_op::{Append, Offset, Payload, Write, append_all, write_all};
use crate::open_file::file::OpenFile;
use crate::open_file::final_write_guard::FinalWriteGuard;
use crate::pool::Job;
use crate::stats::add;
use crate::storage::StorageFile;

/// Tells whoever waits for a descriptor, or for the file's lock, when the descriptor has been given up.
pub(crate) struct GivenUp {
    pub(crate) context: Arc<EngineContext>,
    pub(crate) inode: Arc<Inode>,
    pub(crate) holder: Holder,
}

impl Drop for GivenUp {
    fn drop(&mut self) {
        if self.context.here().is_ok() {
            self.context.descriptors.free_one();
            self.inode.locks.lost(self.holder);
        }
    }
}

/// Gives a descriptor up on a worker after the last handle was dropped.
pub(crate) struct CloseJob {
    pub(crate) file: Arc<dyn StorageFile>,
    pub(crate) path: Arc<Path>,
    pub(crate) inode: Arc<Inode>,
    pub(crate) context: Arc<EngineContext>,
    /// Whether something was written and nobody has asked for the errors of closing.
    pub(crate) report: bool,
    /// What a buffered file had still kept back.
    pub(crate) last: Option<FinalFlush>,
    /// Last, so that the descriptor has gone before.
    pub(crate) _given_up: GivenUp,
}

/// What was kept back when the last handle went.
pub(crate) struct FinalFlush {
    chunks: Vec<Chunk>,
    append: bool,
    context: Arc<EngineContext>,
    _leaving: FinalWriteGuard,
    /// Makes a shutdown wait.
    _permit: Permit,
}

impl FinalFlush {
    /// Takes over what a dying opening has kept back; from now on others wait for it.
    pub(crate) fn of(open_file: &OpenFile, chunks: Vec<Chunk>) -> Self {
        let OpenFile { context, inode, device, access, .. } = open_file;
        context.unfinished.add();
        FinalFlush {
            chunks,
            append: access.append,
            context: context.clone(),
            _leaving: FinalWriteGuard::begin(context, inode),
            _permit: device.admission.admit_unseated(),
        }
    }

    /// Writes everything; a panic is a failure too.
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

impl Drop for FinalFlush {
    fn drop(&mut self) {
        self.context.unfinished.done();
    }
}

/// The same error once more, since the first is shared.
fn copy_of(error: &Arc<std::io::Error>) -> std::io::Error {
    match error.raw_os_error() {
        Some(errno) => std::io::Error::from_raw_os_error(errno),
        None => std::io::Error::new(error.kind(), error.clone()),
    }
}

impl CloseJob {
    /// Nobody hears of it but the next sync, the counter and the log.
    fn note(&self, operation: Operation, error: Arc<std::io::Error>) {
        add(&self.context.stats.unobserved_errors, 1);
        let error = Error::new(operation, Cause::Io(error)).at_path(self.path.clone());
        tracing::warn!(%error, "nobody was left to hear of a failure");
    }
}

impl Drop for CloseJob {
    /// Bytes that no worker came for are lost, and that is said.
    fn drop(&mut self) {
        if let Some(_last) = self.last.take() {
            let error = Arc::new(std::io::Error::other("the engine has stopped"));
            self.inode.with_health(|health| health.owe(error.clone()));
            self.note(Operation::Write, error);
        }
    }
}

impl Job for CloseJob {
    fn run(mut self: Box<Self>) {
        if let Some(last) = self.last.take()
            && let Err(error) = last.write(&*self.file)
        {
            let error = Arc::new(error);
            self.inode.with_health(|health| health.owe(error.clone()));
            self.note(Operation::Write, error);
        }
        if !self.report {
            return;
        }
        if let Err(error) = self.file.close() {
            // Latched before it is counted: whoever sees the count finds the other openings poisoned.
            let error = Arc::new(error);
            self.context.registry.poison(&self.inode, error.clone());
            self.note(Operation::Close, error);
        }
    }
}
