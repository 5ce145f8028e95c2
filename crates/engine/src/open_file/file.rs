//! An open file, shared by its handles, its actor and its workers.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::at_exit;
use crate::buffer::Buffers;
use crate::context::inode::Inode;
use crate::context::{Device, EngineContext};
use crate::error::{Cause, Error, Operation, Result};
use crate::file::{Turn, WriteBuffer};
use crate::limits::CLOSE_IN_PLACE_BYTES_MAX;
use crate::open_file::adaptive_spin::AdaptiveSpin;
use crate::open_file::final_write_guard::FinalWriteGuard;
use crate::open_file::flush_waiters::FlushWaiters;
use crate::open_file::inbox::Inbox;
use crate::open_file::state::{ActorWaker, FileState};
use crate::origin::Origin;
use crate::priority::Priority;
use crate::stats::add;
use crate::storage::{Nature, OpenRequest, Opened, StorageFile};

/// See the module.
pub(crate) struct OpenFile {
    pub(crate) turn: Turn<FileState, ActorWaker>,
    pub(crate) file: Arc<dyn StorageFile>,
    pub(crate) path: Arc<Path>,
    pub(crate) context: Arc<EngineContext>,
    pub(crate) device: Arc<Device>,
    pub(crate) inode: Arc<Inode>,
    /// Operations that finished in place. They are counted here, in a cache line that the turn touches anyway,
    /// and added to the engine's counter when the file closes.
    pub(crate) in_place: AtomicU64,
    /// Bytes they read.
    pub(crate) bytes_in_place: AtomicU64,
    /// Writes accepted into the write buffer.
    pub(crate) writes_buffered: AtomicU64,
    pub(crate) access: Access,
    /// The engine's, copied here for the same reason as the counters.
    origin: Origin,
    pub(crate) adaptive_spin: AdaptiveSpin,
    /// Set by the first write; decides how the descriptor is closed.
    pub(crate) written: AtomicBool,
    /// Whether the descriptor is closed, or the program's to close.
    pub(crate) descriptor_gone: AtomicBool,
    /// Present if writes are buffered.
    pub(crate) flush_waiters: Option<Box<FlushWaiters>>,
    pub(crate) inbox: Inbox,
    /// Present after the last handle is dropped, if something remained to be written.
    pub(crate) final_write_guard: OnceLock<FinalWriteGuard>,
}

/// How the file was opened, as far as later operations depend on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) append: bool,
    pub(crate) write: bool,
    /// Calls may block at any time, so nothing is done in place.
    pub(crate) remote: bool,
    /// Operations run one at a time, whatever they touch.
    pub(crate) alone: bool,
    /// A stream of bytes without offsets.
    pub(crate) sequential: bool,
    /// Closing the descriptor may free many blocks or flush, unless the storage knows better.
    pub(crate) slow_to_close: bool,
    /// Whether it is a directory, if the opening has seen it.
    pub(crate) directory: Option<bool>,
    /// How urgent its operations are.
    pub(crate) priority: Priority,
}

impl OpenFile {
    /// Registers a newly opened file with its engine.
    pub(crate) fn new(
        opened: Opened,
        request: &OpenRequest,
        path: Arc<Path>,
        context: Arc<EngineContext>,
        priority: Priority,
    ) -> Arc<OpenFile> {
        add(&context.stats.opened, 1);
        let write = request.write || request.append;
        let access = Access {
            append: request.append || opened.file.appends(),
            write,
            remote: opened.remote,
            // What is uploaded has one position, as an object has.
            alone: matches!(opened.nature, Nature::Object { .. })
                || (write && opened.file.asynchronous().is_some()),
            sequential: opened.nature == Nature::Object { seekable: false },
            slow_to_close: write || opened.remote || opened.len > CLOSE_IN_PLACE_BYTES_MAX,
            directory: opened.directory,
            priority,
        };
        let device = context.device(opened.device);
        let (registry, cores) = (context.registry.clone(), context.cores);
        let buffers = write && request.buffer_bytes > 0;
        if buffers {
            at_exit::register(&context);
        }
        let write_buffer = buffers.then(|| Box::new(WriteBuffer::new(request.buffer_bytes, access.append)));
        let mut state = FileState::default();
        state.write_buffer = write_buffer;
        state.core.note_len(opened.len);
        if opened.file.writes_in_turn() {
            state.core.write_in_turn();
        }
        let origin = context.origin.clone();
        registry.open(opened.device, opened.inode, |inode| {
            Arc::new(OpenFile {
                turn: Turn::new(state, ActorWaker::default()),
                file: opened.file.into(),
                path,
                context,
                device,
                inode,
                in_place: AtomicU64::new(0),
                bytes_in_place: AtomicU64::new(0),
                writes_buffered: AtomicU64::new(0),
                access,
                origin,
                adaptive_spin: AdaptiveSpin::new(cores),
                written: AtomicBool::new(false),
                descriptor_gone: AtomicBool::new(false),
                flush_waiters: buffers.then(Box::default),
                inbox: Inbox::default(),
                final_write_guard: OnceLock::new(),
            })
        })
    }

    /// Whether the engine's threads are in this process. If not, no lock of it may be taken: see [`Origin`].
    pub(crate) fn is_here(&self) -> bool {
        self.origin.is_here()
    }

    /// Names the operation and this file's path in an error.
    pub(crate) fn error(&self, operation: Operation, cause: Cause) -> Error {
        Error::new(operation, cause).at_path(self.path.clone())
    }

    /// The pool that its operations take buffers from.
    pub(crate) fn buffers(&self) -> &Arc<Buffers> {
        if self.file.is_direct() { &self.context.aligned } else { &self.context.buffers }
    }

    /// Waits for the final writes of other open files of the same inode.
    ///
    /// # Errors
    ///
    /// The engine stops before their end.
    pub(crate) async fn wait_for_final_writes(&self) -> Result<()> {
        let are_some = || self.inode.final_writes.load(Ordering::Acquire) > 0;
        match self.context.final_writes.wait_while(are_some).await {
            true => Ok(()),
            false => Err(self.error(Operation::Open, Cause::Stopped)),
        }
    }

    /// The failed sync of this inode, if there was one.
    pub(crate) fn poison(&self) -> Option<Cause> {
        self.inode.with_health(|health| health.poisoned()).map(Cause::Poisoned)
    }
}

impl fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenFile")
            .field("path", &self.path)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}
