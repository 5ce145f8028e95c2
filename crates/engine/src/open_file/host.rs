//! What an operation may use of its open file, and the checks before it runs.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::buffer::Buffers;
use crate::context::panics::panic_text;
use crate::error::{Cause, Operation};
use crate::file::Trust;
use crate::file_op::{BatchResult, Failed, Failure, Host, Op, Start};
use crate::open_file::failures::is_wrong_request;
use crate::open_file::file::OpenFile;
use crate::stats::{Stats, add};
use crate::storage::{LockKind, StorageFile, errno};

impl Host for OpenFile {
    fn file(&self) -> &dyn StorageFile {
        &*self.file
    }

    fn buffers(&self) -> &Arc<Buffers> {
        OpenFile::buffers(self)
    }

    fn stats(&self) -> &Stats {
        &self.context.stats
    }

    fn appends(&self) -> bool {
        OpenFile::appends(self)
    }

    fn note_write(&self) {
        self.written.store(true, Ordering::Relaxed);
    }

    fn owe(&self, failure: &Failure, acknowledged: bool) {
        if acknowledged || self.owes(failure) {
            self.inode.with_health(|health| health.owe(failure.error.clone()));
        }
    }

    fn vouch(&self, call: &mut dyn FnMut(&dyn StorageFile) -> io::Result<()>) -> Result<(), Cause> {
        OpenFile::vouch(self, call)
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<Option<u64>> {
        let locks = &self.inode.locks;
        if self.file.try_lock(kind)? {
            return Ok(Some(locks.granted(self.holder(), kind)));
        }
        // A refused conversion has lost the lock that was held.
        locks.released_if_held(self.holder());
        Ok(None)
    }

    fn unlock(&self) -> io::Result<()> {
        let released = self.file.unlock();
        self.inode.locks.released(self.holder());
        released
    }

    fn take_back_lock(&self, claim: u64) {
        OpenFile::take_back_lock(self, claim);
    }

    fn forget_lock(&self) {
        self.inode.locks.released(self.holder());
    }

    fn close(&self) -> Result<(), Cause> {
        self.turn.take().core.close();
        // The gate stays closed: reads in place find the closed file on the slow path.
        self.turn.close_gate(1);
        self.close_and_report()
    }
}

impl OpenFile {
    /// Runs the operations. A panic fails all of them and goes no further.
    pub(crate) fn run_guarded(&self, ops: Vec<Op>, start: Start) -> BatchResult {
        let count = ops.len();
        let operation = ops.first().map(|op| op.operation());
        catch_unwind(AssertUnwindSafe(|| self.run(ops, start))).unwrap_or_else(|panic| {
            add(&self.context.stats.panics, count as u64);
            let text = panic_text(&*panic);
            self.record_panic(operation, &text);
            BatchResult::refused(count, &Cause::Panicked(text))
        })
    }

    /// Counts a panic as a failed write, or as a failed sync or close.
    fn record_panic(&self, operation: Option<Operation>, text: &str) {
        let error = || Arc::new(io::Error::other(format!("it panicked: {text}")));
        if matches!(operation, Some(Operation::Write | Operation::Append | Operation::SetLen)) {
            self.inode.with_health(|health| health.owe(error()));
        }
        if matches!(operation, Some(Operation::SyncAll | Operation::SyncData | Operation::Close)) {
            self.context.registry.poison(&self.inode, error());
        }
    }

    fn run(&self, ops: Vec<Op>, start: Start) -> BatchResult {
        let Some(first) = ops.first() else { return BatchResult::default() };
        if let (true, Some(cause)) = (first.needs_trust(), self.poison()) {
            return BatchResult::refused(ops.len(), &cause);
        }
        if self.access.sequential && first.is_placed() {
            // It is refused even if the object happens to be at this offset: the cursor would be wrong
            // afterwards.
            let refuse = |_| Err(Failed::Storage(Failure::from(errno::error(errno::NO_POSITION))));
            return BatchResult { outcomes: ops.iter().map(refuse).collect(), ..BatchResult::default() };
        }
        Op::run(ops, self, start)
    }

    /// Whether writes go to the end of the file, whatever their offset.
    pub(crate) fn appends(&self) -> bool {
        self.access.append || self.file.appends()
    }

    /// Makes a call that vouches for all earlier writes, unless one of them failed. Its own failure poisons the
    /// file.
    pub(crate) fn vouch(&self, call: impl FnOnce(&dyn StorageFile) -> io::Result<()>) -> Result<(), Cause> {
        match self.inode.with_health(|health| health.check_sync()) {
            Trust::Poisoned(error) => Err(Cause::Poisoned(error)),
            Trust::Owed(error) => Err(Cause::EarlierWrite(error)),
            Trust::Sound => call(&*self.file).map_err(|error| match is_wrong_request(&error) {
                // It has flushed nothing and lost nothing, and will fail again.
                true => Cause::Io(Arc::new(error)),
                false => self.latch(error),
            }),
        }
    }

    /// Poisons the file: no later sync can vouch for it.
    pub(crate) fn latch(&self, error: io::Error) -> Cause {
        let error = Arc::new(error);
        self.context.registry.poison(&self.inode, error.clone());
        tracing::error!(path = %self.path.display(), %error, "the file is poisoned: a sync or close failed");
        Cause::Io(error)
    }
}
