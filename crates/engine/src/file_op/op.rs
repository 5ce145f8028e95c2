//! What every operation on an open file knows of itself, what it may use to run, and how it answers.

use std::any::Any;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use crate::buffer::{Buffer, Buffers};
use crate::error::{Cause, Operation};
use crate::file::{CursorMove, Footprint, Merge, Seen, Taken};
use crate::stats::Stats;
use crate::storage::{LockKind, Metadata, StorageFile};

/// What the engine has to know of an operation before and after it runs.
pub(crate) trait FileOp: fmt::Debug {
    /// What it is called in errors and counters.
    fn operation(&self) -> Operation;

    /// What it touches if it starts while the cursor stands at `cursor`, reading at most `room` bytes from there.
    fn footprint(&self, cursor: u64, room: u64) -> Footprint;

    /// The offset that an error names, if it is known before the operation starts.
    fn offset(&self) -> Option<u64>;

    /// Whether a failed sync of the inode forbids it.
    fn needs_trust(&self) -> bool;

    /// Whether its failure is owed to the next sync.
    fn owes_its_failure(&self) -> bool {
        self.needs_trust()
    }

    /// Whether it works at an offset that its caller chose.
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

    /// How it joins its neighbours.
    fn merge(&self) -> Merge {
        Merge::Alone
    }

    /// Whether a worker completes it in microseconds if the page cache takes it or has it.
    fn is_quick(&self) -> bool {
        false
    }

    /// Whether its caller got `Ok` before it was carried out.
    fn is_acknowledged(&self) -> bool {
        false
    }

    /// What its end takes besides an answer.
    fn ending(&self) -> Ending {
        Ending::Plain
    }
}

/// What the end of an operation takes besides an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nothing.
    Plain,
    /// It took bytes from the cursor, which a cancelled caller gives back.
    CursorRead,
    /// It wrote where the cursor stood, which an error names.
    CursorWrite,
    /// It may have taken the lock, which a cancelled caller gives back.
    Lock,
    /// It closed the file, which the file's actor has to know.
    Close,
}

/// How an operation is carried out.
pub(crate) trait Execute: FileOp + Sized {
    /// Carries out a batch of operations that were merged; only one if [`merge`](FileOp::merge) says `Alone`.
    fn run(batch: Vec<Self>, host: &dyn Host, start: Start) -> Ran;
}

/// Where a batch starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// Where the cursor stands.
    pub(crate) cursor: u64,
    /// Bytes that a cursor read may take from there.
    pub(crate) room: u64,
}

/// The open file as an operation may use it while it is carried out.
pub(crate) trait Host {
    /// The file on its storage.
    fn file(&self) -> &dyn StorageFile;

    /// Where buffers come from.
    fn buffers(&self) -> &Arc<Buffers>;

    /// The engine's counters.
    fn stats(&self) -> &Stats;

    /// Whether writes go to the end of the file, whatever offset they name.
    fn appends(&self) -> bool;

    /// Notes that the file may be changed now.
    fn note_write(&self);

    /// Leaves a failure to the next sync: if its operation was acknowledged, or if the file may lack bytes.
    fn owe(&self, failure: &Failure, acknowledged: bool);

    /// Makes the call that vouches for everything before it, unless something failed; its own failure is final.
    fn vouch(&self, call: &mut dyn FnMut(&dyn StorageFile) -> io::Result<()>) -> Result<(), Cause>;

    /// Attempts to take the advisory lock; returns what this success is called.
    fn try_lock(&self, kind: LockKind) -> io::Result<Option<u64>>;

    /// Gives the advisory lock up.
    fn unlock(&self) -> io::Result<()>;

    /// Takes back a lock whose caller is gone, as far as no clone relies on it.
    fn take_back_lock(&self, claim: u64);

    /// Notes that the program had the descriptor, and may have taken the lock or released it.
    fn forget_lock(&self);

    /// Closes the file for all that comes later, and gives its descriptor up.
    fn close(&self) -> Result<(), Cause>;
}

/// Where a read or write works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offset {
    /// At the file's cursor, which it moves.
    Cursor,
    /// Here, leaving the cursor alone.
    At(u64),
}

impl Offset {
    /// The offset, if it is not the cursor's.
    pub(crate) fn explicit(self) -> Option<u64> {
        match self {
            Offset::Cursor => None,
            Offset::At(offset) => Some(offset),
        }
    }
}

/// What an operation answers.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Nothing but success.
    Done,
    /// Bytes read, and where from if by a cursor read: a caller that is gone gives them back.
    Read(Buffer, Option<Taken>),
    /// What comes next, left where it is.
    Looked(Looked),
    /// Bytes written.
    Written(usize),
    /// A position in the file: of an appended record, or of the cursor.
    Position(u64),
    /// The attributes.
    Metadata(Box<Metadata>),
    /// Whether the lock was taken, and what this success is called.
    Locked(Option<u64>),
    /// What the user's closure returned.
    Value(Box<dyn Any + Send>),
}

/// What a look at the cursor found, and what it holds good for.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) buffer: Buffer,
    pub(crate) seen: Seen,
    /// When: others may change the file without this process knowing of it.
    pub(crate) at: Instant,
}

/// The storage's error, and the bytes that had reached the file.
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

/// Why an operation of a batch failed.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The storage said so.
    Storage(Failure),
    /// Something before it forbids it.
    Cause(Cause),
}

/// How the operations of one batch ended, in their order, and where they leave the cursor.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) outcomes: Vec<Result<Answer, Failed>>,
    pub(crate) moved: CursorMove,
}

impl Default for Ran {
    fn default() -> Self {
        Ran { outcomes: Vec::new(), moved: CursorMove::Stay }
    }
}

impl Ran {
    /// Nothing was done, for this reason.
    pub(crate) fn refused(count: usize, cause: &Cause) -> Self {
        let outcomes = (0..count).map(|_| Err(Failed::Cause(cause.clone()))).collect();
        Ran { outcomes, moved: CursorMove::Stay }
    }

    /// All of the batch ended alike.
    pub(crate) fn alike(count: usize, result: &Result<(), Cause>) -> Self {
        let outcome = |_| result.clone().map(|()| Answer::Done).map_err(Failed::Cause);
        Ran { outcomes: (0..count).map(outcome).collect(), moved: CursorMove::Stay }
    }
}

/// Carries out operations that are never merged.
pub(crate) fn one_by_one<T: FileOp>(
    batch: Vec<T>,
    host: &dyn Host,
    mut run: impl FnMut(T) -> io::Result<(Answer, CursorMove)>,
) -> Ran {
    let mut ran = Ran::default();
    for op in batch {
        let owes = op.owes_its_failure();
        let outcome = run(op).map(|(answer, moved)| {
            ran.moved = moved;
            answer
        });
        let outcome = outcome.map_err(Failure::from);
        if let (true, Err(failure)) = (owes, &outcome) {
            host.owe(failure, false);
        }
        ran.outcomes.push(outcome.map_err(Failed::Storage));
    }
    ran
}

/// The answer of an operation that only succeeds, and leaves the cursor alone.
pub(crate) fn done((): ()) -> (Answer, CursorMove) {
    (Answer::Done, CursorMove::Stay)
}
