//! Bytes that a caller lends: copied and written piece by piece, as one operation.
//!
//! ```text
//!   lender ── copies the next piece ──▶ table ── next ──▶ writer, on a worker
//!     ▲                                  │ nothing there: the writer stands by, its worker is free
//!     └───────── is woken ───────────────┘
//! ```
//!
//! No more than one piece lies on the table while one is being written. A lender who goes away amid it leaves a
//! copy of the rest there: what has begun is finished.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::Bytes;

use crate::buffer::Buffers;
use crate::error::Operation;
use crate::file::{Footprint, Span};
use crate::file_op::op::{Execute, FileOp, Host, Offset, Ran, Start};
use crate::file_op::payload::Payload;
use crate::limits;
use crate::sync::{Mutex, MutexGuard, lock, mutant};

/// Bytes that are copied at a time; a model has few, for its threads to meet over.
const PIECE_BYTES: usize = if cfg!(folio_loom) { 2 } else { limits::PIECE_BYTES };

/// Writes bytes that are lent at an offset or at the cursor.
#[derive(Debug)]
pub(crate) struct WriteLent {
    pub(crate) offset: Offset,
    pub(crate) lent: Arc<Lent>,
}

impl FileOp for WriteLent {
    fn operation(&self) -> Operation {
        Operation::Write
    }

    /// All of it, from the first piece to the last: nothing comes between them.
    fn footprint(&self, cursor: u64, _room: u64) -> Footprint {
        let (start, moves) = match self.offset {
            Offset::At(offset) => (offset, false),
            Offset::Cursor => (cursor, true),
        };
        Footprint { span: Span::Write(start..start.saturating_add(self.lent.len as u64)), cursor: moves }
    }

    fn offset(&self) -> Option<u64> {
        self.offset.explicit()
    }

    fn needs_trust(&self) -> bool {
        true
    }

    fn weight(&self) -> usize {
        self.lent.len()
    }

    fn bytes(&self) -> u64 {
        self.weight() as u64
    }
}

impl Execute for WriteLent {
    fn run(_batch: Vec<Self>, _host: &dyn Host, _start: Start) -> Ran {
        unreachable!("a long write is carried out piece by piece, each a write of its own")
    }
}

/// Whoever writes the pieces. It stands by without a worker while there is none.
pub(crate) trait Writer: Send {
    /// Sends for a worker to go on.
    fn go_on(self: Box<Self>);
}

/// What lender and writer share.
pub(crate) struct Lent {
    len: usize,
    table: Mutex<Table>,
}

struct Table {
    stage: Stage,
    /// What is copied and not fetched: a piece, and behind it what a lender left who is gone.
    pieces: [Option<Payload>; 2],
    /// The lender, who waits for room on the table.
    waker: Option<Waker>,
}

/// How far the writing has come.
enum Stage {
    /// Nobody has come for the first piece.
    Waiting,
    /// The writer has what it fetched last, and comes back for more.
    Writing,
    /// The writer has found nothing.
    Idle(Box<dyn Writer>),
    /// The lender went away before it began.
    Withdrawn,
    /// Nothing more is wanted: it is all written, or it has failed.
    Over,
}

impl Lent {
    /// Bytes in all.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Begins to write; `false` if the lender is gone, and then nothing may be done for it.
    pub(crate) fn begin(&self) -> bool {
        let mut table = self.table();
        match table.stage {
            Stage::Waiting => {
                table.stage = Stage::Writing;
                true
            }
            Stage::Writing | Stage::Idle(_) => true,
            Stage::Withdrawn | Stage::Over => false,
        }
    }

    /// Fetches the next piece. Where there is none, `writer` stands by and is told to go on when one comes.
    pub(crate) fn next<W: Writer + 'static>(&self, writer: Box<W>) -> Option<(Box<W>, Payload)> {
        let mut table = self.table();
        let [first, second] = &mut table.pieces;
        let Some(piece) = first.take() else {
            table.stage = Stage::Idle(writer);
            return None;
        };
        *first = second.take();
        let waker = table.waker.take();
        drop(table);
        if !mutant("lent-fetches-without-waking") {
            waker.into_iter().for_each(Waker::wake);
        }
        Some((writer, piece))
    }

    /// Ends the writing; what is on the table goes. Told before the outcome is, so that a lender who hears that
    /// leaves no copy.
    pub(crate) fn end(&self) {
        let mut table = self.table();
        table.stage = Stage::Over;
        let pieces = std::mem::take(&mut table.pieces);
        drop(table);
        drop(pieces);
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.table)
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").field("len", &self.len).finish_non_exhaustive()
    }
}

/// What a caller wants written.
#[derive(Clone, Debug)]
pub enum Contents<'a> {
    /// The caller's own, to be copied.
    Borrowed(&'a [u8]),
    /// Handed over, not to be copied.
    Owned(Bytes),
}

impl Contents<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Contents::Borrowed(bytes) => bytes.len(),
            Contents::Owned(bytes) => bytes.len(),
        }
    }
}

/// The caller's end: the bytes that are not copied yet.
pub(crate) struct Lender<'a> {
    rest: &'a [u8],
    buffers: Arc<Buffers>,
    lent: Arc<Lent>,
}

impl<'a> Lender<'a> {
    /// Offers `contents`. Nothing is copied before it is [polled](Lender::poll); what is owned lies on the table whole.
    pub(crate) fn new(contents: Contents<'a>, buffers: Arc<Buffers>) -> Self {
        let len = contents.len();
        let (rest, owned) = match contents {
            Contents::Borrowed(bytes) => (bytes, None),
            Contents::Owned(bytes) => (&[][..], Some(Payload::Shared(bytes))),
        };
        let table = Table { stage: Stage::Waiting, pieces: [owned, None], waker: None };
        Lender { rest, buffers, lent: Arc::new(Lent { len, table: Mutex::new(table) }) }
    }

    /// What the writer has to know.
    pub(crate) fn lent(&self) -> Arc<Lent> {
        self.lent.clone()
    }

    /// Puts the next piece on the table if there is room, and else has the task woken when there is.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) {
        if self.rest.is_empty() || !self.has_room(cx) {
            return;
        }
        let piece = self.copy_piece();
        let mut table = self.lent.table();
        let stage = match table.stage {
            Stage::Over => return,
            Stage::Waiting | Stage::Writing | Stage::Idle(_) | Stage::Withdrawn => {
                table.pieces[0] = Some(piece);
                if !self.rest.is_empty() {
                    table.waker = Some(cx.waker().clone());
                }
                resume(&mut table)
            }
        };
        drop(table);
        stage.into_iter().for_each(Writer::go_on);
    }

    /// Whether everything is copied.
    #[cfg(folio_loom)]
    pub(crate) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    fn has_room(&self, cx: &Context<'_>) -> bool {
        let mut table = self.lent.table();
        if table.pieces[0].is_none() {
            return !matches!(table.stage, Stage::Over);
        }
        if !table.waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            table.waker = Some(cx.waker().clone());
        }
        false
    }

    fn copy_piece(&mut self) -> Payload {
        let (piece, rest) = self.rest.split_at(self.rest.len().min(PIECE_BYTES));
        self.rest = rest;
        Payload::Copied(self.buffers.copy(piece))
    }

    /// Whether the writing goes on without us. If it has not begun, it never will.
    fn withdraw(&self) -> bool {
        let mut table = self.lent.table();
        match table.stage {
            Stage::Writing | Stage::Idle(_) => true,
            Stage::Waiting => {
                table.stage = Stage::Withdrawn;
                let pieces = std::mem::take(&mut table.pieces);
                drop(table);
                drop(pieces);
                false
            }
            Stage::Withdrawn | Stage::Over => false,
        }
    }
}

/// Takes the writer who stands by from the table.
fn resume(table: &mut Table) -> Option<Box<dyn Writer>> {
    match std::mem::replace(&mut table.stage, Stage::Writing) {
        Stage::Idle(_) if mutant("lent-resumes-nobody") => None,
        Stage::Idle(writer) => Some(writer),
        other => {
            table.stage = other;
            None
        }
    }
}

impl Drop for Lender<'_> {
    /// The bytes are still there, for the last time.
    fn drop(&mut self) {
        if !self.withdraw() || self.rest.is_empty() {
            return;
        }
        let rest = Payload::Shared(Bytes::copy_from_slice(self.rest));
        let mut table = self.lent.table();
        if let Stage::Over = table.stage {
            return;
        }
        let [first, second] = &mut table.pieces;
        let place = if first.is_none() { first } else { second };
        *place = Some(rest);
        let writer = resume(&mut table);
        drop(table);
        writer.into_iter().for_each(Writer::go_on);
    }
}
