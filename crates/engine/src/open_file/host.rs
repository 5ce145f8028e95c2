//! What an operation may use of its open file, and the checks before it runs.

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::buffer::Buffers;
use crate::context::panics::{guarded, panic_text};
use crate::error::{Cause, Operation};
use crate::file::Trust;
use crate::file_op::{BatchResult, Failed, Failure, Far, Host, Op, Start};
use crate::open_file::failures::is_wrong_request;
use crate::open_file::file::OpenFile;
use crate::stats::{Stats, add};
use crate::storage::{AsyncFile, LockKind, StorageFile, errno};

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

    fn distrust(&self) -> Option<Cause> {
        match self.inode.with_health(|health| health.check_sync()) {
            Trust::Poisoned(error) => Some(Cause::Poisoned(error)),
            Trust::Owed(error) => Some(Cause::EarlierWrite(error)),
            Trust::Sound => None,
        }
    }

    fn failed_to_vouch(&self, error: io::Error) -> Cause {
        match is_wrong_request(&error) {
            // It has flushed nothing and lost nothing, and will fail again.
            true => Cause::Io(Arc::new(error)),
            false => self.latch(error),
        }
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
        self.refuse_all();
        self.close_and_report()
    }

    fn close_later<'a>(
        &'a self,
        file: &'a dyn AsyncFile,
    ) -> Pin<Box<dyn Future<Output = Result<(), Cause>> + Send + 'a>> {
        self.refuse_all();
        Box::pin(self.close_and_report_later(file))
    }
}

impl OpenFile {
    /// Refuses every later operation.
    fn refuse_all(&self) {
        self.turn.take().core.close();
        // The gate stays closed: reads in place find the closed file on the slow path.
        self.turn.close_gate(1);
    }

    /// Runs the operations. A panic fails all of them and goes no further.
    pub(crate) fn run_guarded(&self, ops: Vec<Op>, start: Start) -> BatchResult {
        let count = ops.len();
        let operation = ops.first().map(|op| op.operation());
        let ran = catch_unwind(AssertUnwindSafe(|| match self.refusal(&ops) {
            Some(refused) => refused,
            None => Op::run(ops, self, start),
        }));
        ran.unwrap_or_else(|panic| self.after_panic(panic_text(&*panic), operation, count))
    }

    /// Runs the operations on a storage whose calls answer later, in the same way.
    pub(crate) async fn run_later(&self, file: &dyn AsyncFile, ops: Vec<Op>, start: Start) -> BatchResult {
        let count = ops.len();
        let operation = ops.first().map(|op| op.operation());
        if let Some(refused) = self.refusal(&ops) {
            return refused;
        }
        match guarded(async move { Op::run_later(ops, Far { host: self, file, start }).await }).await {
            Ok(ran) => ran,
            Err(Cause::Panicked(text)) => self.after_panic(text, operation, count),
            Err(cause) => BatchResult::refused(count, &cause),
        }
    }

    fn after_panic(&self, text: String, operation: Option<Operation>, count: usize) -> BatchResult {
        add(&self.context.stats.panics, count as u64);
        self.record_panic(operation, &text);
        BatchResult::refused(count, &Cause::Panicked(text))
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

    /// Why the operations may not run.
    fn refusal(&self, ops: &[Op]) -> Option<BatchResult> {
        let first = ops.first()?;
        if let (true, Some(cause)) = (first.needs_trust(), self.poison()) {
            return Some(BatchResult::refused(ops.len(), &cause));
        }
        if self.access.sequential && first.is_placed() {
            // It is refused even if the object happens to be at this offset: the cursor would be wrong
            // afterwards.
            let refuse = |_| Err(Failed::Storage(Failure::from(errno::error(errno::NO_POSITION))));
            return Some(BatchResult {
                outcomes: ops.iter().map(refuse).collect(),
                ..BatchResult::default()
            });
        }
        None
    }

    /// Whether writes go to the end of the file, whatever their offset.
    pub(crate) fn appends(&self) -> bool {
        self.access.append || self.file.appends()
    }

    /// Makes a call that vouches for all earlier writes, unless one of them failed. Its own failure poisons the
    /// file.
    pub(crate) fn vouch(&self, call: impl FnOnce(&dyn StorageFile) -> io::Result<()>) -> Result<(), Cause> {
        match self.distrust() {
            Some(cause) => Err(cause),
            None => call(&*self.file).map_err(|error| self.failed_to_vouch(error)),
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
