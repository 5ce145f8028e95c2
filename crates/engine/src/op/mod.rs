//! Operations: what is asked, what it touches, how it is carried out, what is answered.
//!
//! One family, one file, one shape. An operation on an open file is a type that knows its footprint and its `execute`;
//! all of them are gathered in one enum, so that they can queue together. An operation on paths is a function that
//! makes a [`PathOp`].

use std::any::Any;
use std::fs::Metadata;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use crate::buffer::{Buffer, Buffers};
use crate::error::Operation;
use crate::file::{CursorMove, Footprint, Merge, Ordered, Seen, Span, Taken};
use crate::limits::ANSWER_SPIN_BYTES_MAX;
use crate::storage::StorageFile;

pub mod access;
mod ahead;
pub mod attributes;
pub mod closure;
pub mod copy_tree;
pub(crate) mod describe;
pub mod dir;
pub mod filesystem;
mod footing;
pub(crate) mod lent;
#[cfg(all(test, folio_loom))]
mod lent_loom;
mod listed;
pub(crate) mod lock;
pub mod names;
pub(crate) mod open;
mod path;
pub mod prune;
pub(crate) mod read;
pub mod relocate;
pub mod resolve;
pub(crate) mod run;
pub(crate) mod seek;
pub(crate) mod sync;
pub mod tree;
pub mod usage;
pub mod walk;
pub mod whole;
pub(crate) mod write;
pub mod xattr;

pub(crate) use path::identify;
pub use path::{PathOp, PathRequest, Subject};

/// Where a read or write works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// At the file's cursor, which it moves.
    Cursor,
    /// At this offset, leaving the cursor alone.
    At(u64),
}

/// One operation on one open file.
#[derive(Debug)]
pub(crate) enum Op {
    /// Reads bytes.
    Read(read::Read),
    /// Writes bytes.
    Write(write::Write),
    /// Writes bytes that its caller lends piece by piece.
    WriteLent(lent::WriteLent),
    /// Adds bytes at the end.
    Append(write::Append),
    /// Moves the cursor.
    Seek(seek::Seek),
    /// Flushes to the device.
    Sync(sync::Sync),
    /// Asks for or changes attributes.
    Describe(describe::Describe),
    /// Takes or releases the advisory lock.
    Lock(lock::Lock),
    /// Works on the whole file: a user's closure, or bytes from another file.
    Run(run::Run),
    /// Reports what nobody has heard of what came before.
    Settle,
    /// Refuses everything after it, gives the descriptor up and reports what that reports.
    Close,
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

/// How an operation failed: the storage's error and the bytes that had reached the file.
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

/// How one operation ended, and where it leaves the cursor.
pub(crate) type Executed = (Result<Answer, Failure>, CursorMove);

impl Op {
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Op::Read(_) => Operation::Read,
            Op::Write(_) | Op::WriteLent(_) => Operation::Write,
            Op::Append(_) => Operation::Append,
            Op::Seek(_) => Operation::Seek,
            Op::Sync(sync) => sync.operation(),
            Op::Describe(describe) => describe.operation(),
            Op::Lock(lock) => lock.operation(),
            Op::Run(run) => run.operation(),
            Op::Settle | Op::Close => Operation::Close,
        }
    }

    /// The offset to name in an error, if it is known before the operation starts.
    pub(crate) fn offset(&self) -> Option<u64> {
        match self {
            Op::Read(read::Read { place: Place::At(offset), .. })
            | Op::Write(write::Write { place: Place::At(offset), .. })
            | Op::WriteLent(lent::WriteLent { place: Place::At(offset), .. }) => Some(*offset),
            _ => None,
        }
    }

    /// Whether it works at an offset that it was told.
    pub(crate) fn is_placed(&self) -> bool {
        match self {
            Op::Read(read) => read.place != Place::Cursor,
            Op::Write(write) => write.is_placed(),
            Op::WriteLent(write) => write.place != Place::Cursor,
            Op::Append(_)
            | Op::Seek(_)
            | Op::Sync(_)
            | Op::Describe(_)
            | Op::Lock(_)
            | Op::Run(_)
            | Op::Settle
            | Op::Close => false,
        }
    }

    /// The same bytes for the end of the file, if it is a write.
    pub(crate) fn appending(self) -> Op {
        match self {
            Op::Write(write) => Op::Append(write.appending()),
            other => other,
        }
    }

    /// Bytes it holds while it is queued: its payload, or the room for what it reads.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Op::Read(read) => read.weight(),
            Op::Write(write) => write.payload.as_ref().len(),
            Op::WriteLent(write) => write.lent.len(),
            Op::Append(append) => append.payload.as_ref().len(),
            Op::Seek(_)
            | Op::Sync(_)
            | Op::Describe(_)
            | Op::Lock(_)
            | Op::Run(_)
            | Op::Settle
            | Op::Close => 0,
        }
    }

    /// Whether a worker is done with it in microseconds, if the page cache takes it or has it.
    pub(crate) fn is_quick(&self) -> bool {
        match self {
            Op::Read(_) | Op::Write(_) | Op::Append(_) => self.weight() <= ANSWER_SPIN_BYTES_MAX,
            Op::Seek(_) | Op::Describe(_) | Op::Lock(_) => true,
            Op::WriteLent(_) | Op::Sync(_) | Op::Run(_) | Op::Settle | Op::Close => false,
        }
    }

    /// Whether it takes bytes from the cursor, which a cancelled caller gives back.
    pub(crate) fn reads_at_cursor(&self) -> bool {
        matches!(self, Op::Read(read) if read.moves_cursor())
    }

    /// Whether it writes where the cursor stands.
    pub(crate) fn writes_at_cursor(&self) -> bool {
        matches!(self, Op::Write(write::Write { place: Place::Cursor, .. }))
    }

    /// Whether a failed sync of the inode forbids it.
    pub(crate) fn needs_trust(&self) -> bool {
        match self {
            Op::Write(_) | Op::WriteLent(_) | Op::Append(_) | Op::Sync(_) => true,
            Op::Describe(describe) => describe.changes_contents(),
            Op::Run(run) => run.changes_contents(),
            // A file that nobody trusts can still be closed; both of these report the failure themselves.
            Op::Settle | Op::Close => false,
            Op::Read(_) | Op::Seek(_) | Op::Lock(_) => false,
        }
    }

    /// Whether its failure is owed to the next sync. Space that could not be reserved or given back is no byte
    /// lost, and asking for it is how one finds out whether a file system can.
    pub(crate) fn owes_its_failure(&self) -> bool {
        self.needs_trust() && self.operation() != Operation::Allocate
    }

    /// Carries out an operation that runs alone. Writes, appends and syncs have batch forms of their own.
    pub(crate) fn execute(
        self,
        file: &dyn StorageFile,
        buffers: &Arc<Buffers>,
        cursor: u64,
        room: u64,
    ) -> Executed {
        match self {
            Op::Read(read) => read.execute(file, buffers, cursor, room),
            Op::Seek(seek) => seek.execute(file, cursor),
            Op::Describe(describe) => (describe.execute(file).map_err(Failure::from), CursorMove::Stay),
            Op::Run(run) => run.execute(file, cursor),
            Op::Write(_)
            | Op::WriteLent(_)
            | Op::Append(_)
            | Op::Sync(_)
            | Op::Lock(_)
            | Op::Settle
            | Op::Close => {
                unreachable!("these concern more than the storage's file, or run piece by piece")
            }
        }
    }
}

impl Ordered for Op {
    fn footprint(&self, cursor: u64, room: u64) -> Footprint {
        match self {
            Op::Read(read) => read.footprint(cursor, room),
            Op::Write(write) => write.footprint(cursor),
            Op::WriteLent(write) => write.footprint(cursor),
            Op::Append(append) => append.footprint(),
            Op::Seek(seek) => seek.footprint(),
            Op::Sync(_) | Op::Settle => Footprint { span: Span::Sync, cursor: false },
            Op::Describe(describe) => describe.footprint(),
            Op::Lock(_) | Op::Run(_) | Op::Close => Footprint { span: Span::Exclusive, cursor: true },
        }
    }

    fn merge(&self) -> Merge {
        match self {
            Op::Write(_) => Merge::Write,
            Op::Append(_) => Merge::Append,
            Op::Sync(_) => Merge::Sync,
            Op::Read(_)
            | Op::WriteLent(_)
            | Op::Seek(_)
            | Op::Describe(_)
            | Op::Lock(_)
            | Op::Run(_)
            | Op::Settle
            | Op::Close => Merge::Alone,
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Op::Write(_) | Op::WriteLent(_) | Op::Append(_) => self.weight() as u64,
            Op::Read(_)
            | Op::Seek(_)
            | Op::Sync(_)
            | Op::Describe(_)
            | Op::Lock(_)
            | Op::Run(_)
            | Op::Settle
            | Op::Close => 0,
        }
    }
}
