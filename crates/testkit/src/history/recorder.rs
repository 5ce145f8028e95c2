//! Recording a history while it happens.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use super::entry::{Entry, History};
use crate::lock::lock;
use crate::model::{FileModel, ModelOp, Outcome};

/// Records who asked for what, when, and what came back. Clones record into the same history.
///
/// ```
/// use folio_testkit::{FileModel, ModelOp, Outcome, Recorder, check};
///
/// let recorder = Recorder::new(FileModel::new(*b"abc"));
/// let call = recorder.call(0, ModelOp::ReadAt { offset: 1, len: 1 });
/// // … run the operation …
/// call.returned(Outcome::Bytes(b"b".to_vec()));
/// assert!(check(&recorder.history()).is_ok());
/// ```
#[derive(Clone, Debug)]
pub struct Recorder {
    tape: Arc<Tape>,
}

#[derive(Debug)]
struct Tape {
    start: FileModel,
    /// Sequentially consistent: the order of its values is what makes one operation come before another, so
    /// it must agree with everything else that the clients do.
    clock: AtomicU64,
    entries: Mutex<Vec<Entry>>,
}

impl Recorder {
    /// Begins a history of a file that starts as `start`.
    pub fn new(start: FileModel) -> Recorder {
        Recorder { tape: Arc::new(Tape { start, clock: AtomicU64::new(0), entries: Mutex::default() }) }
    }

    /// Notes that `client` asks for `op` now. Dropping the result notes that its outcome will stay unknown,
    /// which is what happens to it in a future that is cancelled.
    pub fn call(&self, client: usize, op: ModelOp) -> Invocation {
        self.call_through(0, client, op)
    }

    /// Notes the same of an operation that goes through one of several openings of the file.
    ///
    /// ```
    /// use folio_testkit::{FileModel, ModelOp, Outcome, Recorder, check};
    ///
    /// let recorder = Recorder::new(FileModel::new(*b"abc"));
    /// for opening in 0..2 {
    ///     // Neither moves the other's cursor.
    ///     let call = recorder.call_through(opening, 0, ModelOp::Read { len: 1 });
    ///     call.returned(Outcome::Bytes(b"a".to_vec()));
    /// }
    /// assert!(check(&recorder.history()).is_ok());
    /// ```
    ///
    /// # Panics
    ///
    /// The check does, if `opening` is not below 4.
    pub fn call_through(&self, opening: usize, client: usize, op: ModelOp) -> Invocation {
        let called = self.tape.tick();
        let mut entries = lock(&self.tape.entries);
        entries.push(Entry { client, opening, op, called, returned: None });
        Invocation { tape: Arc::clone(&self.tape), index: entries.len() - 1 }
    }

    /// Returns the history so far; operations that still run count as unknown.
    pub fn history(&self) -> History {
        History { start: self.tape.start.clone(), entries: lock(&self.tape.entries).clone() }
    }
}

impl Tape {
    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, SeqCst)
    }
}

/// An operation that has been asked for.
#[derive(Debug)]
#[must_use = "dropping an invocation records it as cancelled"]
pub struct Invocation {
    tape: Arc<Tape>,
    index: usize,
}

impl Invocation {
    /// Notes that the operation has returned `outcome` now.
    pub fn returned(self, outcome: Outcome) {
        let now = self.tape.tick();
        lock(&self.tape.entries)[self.index].returned = Some((now, outcome));
    }
}
