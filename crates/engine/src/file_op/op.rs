//! What the engine knows about each operation on an open file, what an operation may use, and its answer.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use crate::buffer::{Buffer, Buffers};
use crate::error::{Cause, Operation};
use crate::file::{CursorMove, Footprint, Merge, Seen, Taken};
use crate::stats::Stats;
use crate::storage::{AsyncFile, LockKind, Metadata, StorageFile};

/// What the engine needs to know about an operation before and after it runs.
pub(crate) trait FileOp: fmt::Debug {
    /// What every operation must say, if it starts with the cursor at `cursor` and reads at most `room` bytes from there.
    fn profile(&self, cursor: u64, room: u64) -> Profile;

    /// Its name in errors and counters.
    fn operation(&self) -> Operation {
        self.profile(0, u64::MAX).operation
    }

    /// What it touches if it starts with the cursor at `cursor` and reads at most `room` bytes from there.
    fn footprint(&self, cursor: u64, room: u64) -> Footprint {
        self.profile(cursor, room).footprint
    }

    /// The offset that an error names, if it is known before the operation starts.
    fn offset(&self) -> Option<u64> {
        self.profile(0, u64::MAX).offset
    }

    /// Whether a failed sync of the inode forbids it.
    fn needs_trust(&self) -> bool {
        self.profile(0, u64::MAX).needs_trust
    }

    /// Whether the next sync must report its failure too.
    fn owes_its_failure(&self) -> bool {
        self.needs_trust()
    }

    /// Whether it works at an offset that the caller chose.
    fn is_placed(&self) -> bool {
        self.offset().is_some()
    }

    /// Bytes it holds while it is queued: its payload, or the room for what it reads.
    fn weight(&self) -> usize {
        0
    }

    /// Bytes it writes.
    fn bytes(&self) -> u64 {
        0
    }

    /// How it merges with its neighbours.
    fn merge(&self) -> Merge {
        Merge::Alone
    }

    /// Whether a worker needs only microseconds for it when the page cache can serve it.
    fn is_quick(&self) -> bool {
        false
    }

    /// Whether its caller got `Ok` before it ran.
    fn is_acknowledged(&self) -> bool {
        false
    }

    /// What has to be done at its end besides answering.
    fn ending(&self) -> Ending {
        Ending::Plain
    }
}

/// What no operation may leave unsaid; the methods of [`FileOp`] of the same names explain it.
pub(crate) struct Profile {
    pub(crate) operation: Operation,
    pub(crate) footprint: Footprint,
    pub(crate) offset: Option<u64>,
    pub(crate) needs_trust: bool,
}

/// What the end of an operation requires besides an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nothing.
    Plain,
    /// It took bytes from the cursor. A cancelled caller gives them back.
    CursorRead,
    /// It wrote at the cursor. An error names the offset.
    CursorWrite,
    /// It may have taken the lock. A cancelled caller gives it back.
    Lock,
    /// It closed the file. The file's actor must learn of it.
    Close,
}

/// Execution of an operation.
pub(crate) trait Execute: FileOp + Sized {
    /// Executes a batch of merged operations; a single one if [`merge`](FileOp::merge) returns `Alone`.
    fn run(batch: Vec<Self>, host: &dyn Host, start: Start) -> BatchResult;

    /// Executes a batch on a storage whose calls answer later. An operation without a form for that refuses.
    fn run_later<'a>(batch: Vec<Self>, _far: Far<'a>) -> RunLater<'a> {
        let refused =
            BatchResult::refused(batch.len(), &Cause::Unsupported("this storage has no such operation"));
        Box::pin(std::future::ready(refused))
    }
}

/// What an operation may use on a storage whose calls answer later.
#[derive(Clone, Copy)]
pub(crate) struct Far<'a> {
    pub(crate) host: &'a dyn Host,
    pub(crate) file: &'a dyn AsyncFile,
    pub(crate) start: Start,
}

/// The execution of a batch on a storage whose calls answer later.
pub(crate) type RunLater<'a> = Pin<Box<dyn Future<Output = BatchResult> + Send + 'a>>;

/// The cursor at the start of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// Position of the cursor.
    pub(crate) cursor: u64,
    /// Bytes that a cursor read may take from there.
    pub(crate) room: u64,
}

/// What an operation may use of its open file while it runs.
pub(crate) trait Host: Send + Sync {
    /// The file on its storage.
    fn file(&self) -> &dyn StorageFile;

    /// The pool of buffers.
    fn buffers(&self) -> &Arc<Buffers>;

    /// The engine's counters.
    fn stats(&self) -> &Stats;

    /// Whether writes go to the end of the file, whatever offset they name.
    fn appends(&self) -> bool;

    /// Records that the file may change from now on.
    fn note_write(&self);

    /// Makes the next sync report a failure, if its operation was acknowledged or the file may lack bytes.
    fn owe(&self, failure: &Failure, acknowledged: bool);

    /// Makes a call that vouches for all earlier writes, unless one of them failed. Its own failure poisons the
    /// file.
    fn vouch(&self, call: &mut dyn FnMut(&dyn StorageFile) -> io::Result<()>) -> Result<(), Cause>;

    /// Why no call can vouch for all earlier writes.
    fn distrust(&self) -> Option<Cause>;

    /// Records that a call which was to vouch for all earlier writes has failed.
    fn failed_to_vouch(&self, error: io::Error) -> Cause;

    /// Attempts to take the advisory lock; returns the claim of the acquisition.
    fn try_lock(&self, kind: LockKind) -> io::Result<Option<u64>>;

    /// Releases the advisory lock.
    fn unlock(&self) -> io::Result<()>;

    /// Releases a lock whose caller is gone, unless another clone relies on it.
    fn take_back_lock(&self, claim: u64);

    /// Records that the program used the descriptor and may have taken or released the lock.
    fn forget_lock(&self);

    /// Refuses later operations and closes the descriptor.
    fn close(&self) -> Result<(), Cause>;

    /// Does the same on a storage whose calls answer later.
    fn close_later<'a>(
        &'a self,
        file: &'a dyn AsyncFile,
    ) -> Pin<Box<dyn Future<Output = Result<(), Cause>> + Send + 'a>>;
}

/// Where a read or write begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offset {
    /// At the file's cursor, which it moves.
    Cursor,
    /// At this offset, without moving the cursor.
    At(u64),
}

impl Offset {
    /// The offset if the cursor stands at `cursor`, and whether it is the cursor's.
    pub(crate) fn resolve(self, cursor: u64) -> (u64, bool) {
        match self {
            Offset::Cursor => (cursor, true),
            Offset::At(offset) => (offset, false),
        }
    }

    /// The offset, if the caller chose one.
    pub(crate) fn explicit(self) -> Option<u64> {
        match self {
            Offset::Cursor => None,
            Offset::At(offset) => Some(offset),
        }
    }
}

/// The answer of an operation.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Success without a value.
    Done,
    /// Bytes read, and their origin for a cursor read: a cancelled caller gives them back.
    Read(Buffer, Option<Taken>),
    /// The next bytes at the cursor, which has not moved.
    Peeked(Peeked),
    /// Bytes written.
    Written(usize),
    /// A position in the file: of an appended record, or of the cursor.
    Position(u64),
    /// The attributes.
    Metadata(Box<Metadata>),
    /// The claim of the acquisition, if the lock was taken.
    Locked(Option<u64>),
    /// What the user's closure returned.
    Value(Box<dyn Any + Send>),
}

/// Result of a peek at the cursor, and the state of the file that it reflects.
#[derive(Debug)]
pub(crate) struct Peeked {
    pub(crate) buffer: Buffer,
    pub(crate) seen: Seen,
    /// Time of the peek: other processes may change the file unnoticed.
    pub(crate) at: Instant,
}

/// The storage's error, and the number of bytes that had reached the file.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) error: Arc<io::Error>,
    pub(crate) bytes_done: u64,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure { error: Arc::new(error), bytes_done: 0 }
    }
}

/// Reason of a failed operation.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The storage returned an error.
    Storage(Failure),
    /// An earlier event forbids the operation.
    Cause(Cause),
}

/// Outcomes of a batch's operations, in their order, and the move of the cursor.
#[derive(Debug)]
pub(crate) struct BatchResult {
    pub(crate) outcomes: Vec<Result<Answer, Failed>>,
    pub(crate) moved: CursorMove,
}

impl Default for BatchResult {
    fn default() -> Self {
        BatchResult { outcomes: Vec::new(), moved: CursorMove::Stay }
    }
}

impl BatchResult {
    /// Refuses the whole batch for one reason.
    pub(crate) fn refused(count: usize, cause: &Cause) -> Self {
        let outcomes = (0..count).map(|_| Err(Failed::Cause(cause.clone()))).collect();
        BatchResult { outcomes, moved: CursorMove::Stay }
    }

    /// Adds the outcome of an operation that was executed by itself.
    fn push(&mut self, outcome: io::Result<(Answer, CursorMove)>, owes: bool, host: &dyn Host) {
        let outcome = outcome.map(|(answer, moved)| {
            self.moved = moved;
            answer
        });
        let outcome = outcome.map_err(Failure::from);
        if let (true, Err(failure)) = (owes, &outcome) {
            host.owe(failure, false);
        }
        self.outcomes.push(outcome.map_err(Failed::Storage));
    }

    /// Gives every operation of the batch the same outcome.
    pub(crate) fn alike(count: usize, result: &Result<(), Cause>) -> Self {
        let outcome = |_| result.clone().map(|()| Answer::Done).map_err(Failed::Cause);
        BatchResult { outcomes: (0..count).map(outcome).collect(), moved: CursorMove::Stay }
    }
}

/// Executes operations that never merge.
pub(crate) fn one_by_one<T: FileOp>(
    batch: Vec<T>,
    host: &dyn Host,
    mut run: impl FnMut(T) -> io::Result<(Answer, CursorMove)>,
) -> BatchResult {
    let mut ran = BatchResult::default();
    for op in batch {
        let owes = op.owes_its_failure();
        ran.push(run(op), owes, host);
    }
    ran
}

/// Executes an operation that never merges, on a storage whose calls answer later.
pub(crate) fn alone_later<'a, T, R>(
    batch: Vec<T>,
    host: &'a dyn Host,
    run: impl FnOnce(T) -> R,
) -> RunLater<'a>
where
    T: FileOp,
    R: Future<Output = io::Result<(Answer, CursorMove)>> + Send + 'a,
{
    let Some(op) = batch.into_iter().next() else {
        return Box::pin(std::future::ready(BatchResult::default()));
    };
    let owes = op.owes_its_failure();
    let running = run(op);
    Box::pin(async move {
        let mut ran = BatchResult::default();
        ran.push(running.await, owes, host);
        ran
    })
}

/// The answer of an operation without a value that leaves the cursor.
pub(crate) fn done((): ()) -> (Answer, CursorMove) {
    (Answer::Done, CursorMove::Stay)
}
