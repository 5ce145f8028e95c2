//! Borrowed bytes of a caller: copied and written piece by piece, as one operation.
//!
//! ```text
//!   lender ── copies the next piece ──▶ queue ── next ──▶ writer, on a worker
//!     ▲                                  │ if it is empty, the writer is parked and its worker is free
//!     └───────── is woken ───────────────┘
//! ```
//!
//! At most one piece is queued while another is being written. A lender that is dropped in the middle queues a
//! copy of the rest: a write that has begun is completed.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::Bytes;

use crate::buffer::Buffers;
use crate::error::Operation;
use crate::file::{Footprint, Span};
use crate::file_op::op::{BatchResult, Execute, FileOp, Host, Offset, Start};
use crate::file_op::payload::Payload;
use crate::limits;
use crate::sync::{Mutex, MutexGuard, lock, mutant};

/// Bytes copied at a time; few in a model, so that its threads interleave.
const PIECE_BYTES: usize = if cfg!(folio_loom) { 2 } else { limits::PIECE_BYTES };

/// Writes lent bytes at an offset or at the cursor.
#[derive(Debug)]
pub(crate) struct WriteLent {
    pub(crate) offset: Offset,
    pub(crate) lent: Arc<Lent>,
}

impl FileOp for WriteLent {
    fn operation(&self) -> Operation {
        Operation::Write
    }

    /// The whole range, from the first piece to the last: no operation comes between two pieces.
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
    fn run(_batch: Vec<Self>, _host: &dyn Host, _start: Start) -> BatchResult {
        unreachable!("a long write is carried out piece by piece, each a write of its own")
    }
}

/// The writer of the pieces. It is parked without a worker while there is no piece.
pub(crate) trait Writer: Send {
    /// Submits the writer to a worker.
    fn resume(self: Box<Self>);
}

/// State shared by lender and writer.
pub(crate) struct Lent {
    len: usize,
    state: Mutex<State>,
}

struct State {
    stage: Stage,
    /// Pieces that are copied and not fetched: the next one, and the rest that a dropped lender left.
    pieces: [Option<Payload>; 2],
    /// Wakes the lender, which waits for room in the queue.
    waker: Option<Waker>,
}

/// Progress of the writing.
enum Stage {
    /// The writer has not begun.
    Waiting,
    /// The writer has its last piece and will come back for more.
    Writing,
    /// The writer found no piece and is parked.
    Idle(Box<dyn Writer>),
    /// The lender was dropped before the writer began.
    Withdrawn,
    /// Everything is written, or the write has failed.
    Ended,
}

impl Lent {
    /// Number of bytes in all.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Begins the writing; `false` if the lender is gone, and then nothing may be written.
    pub(crate) fn begin(&self) -> bool {
        let mut state = self.state();
        match state.stage {
            Stage::Waiting => {
                state.stage = Stage::Writing;
                true
            }
            Stage::Writing | Stage::Idle(_) => true,
            Stage::Withdrawn | Stage::Ended => false,
        }
    }

    /// Fetches the next piece. If there is none, `writer` is parked and resumed when one comes.
    pub(crate) fn next<W: Writer + 'static>(&self, writer: Box<W>) -> Option<(Box<W>, Payload)> {
        let mut state = self.state();
        let [first, second] = &mut state.pieces;
        let Some(piece) = first.take() else {
            state.stage = Stage::Idle(writer);
            return None;
        };
        *first = second.take();
        let waker = state.waker.take();
        drop(state);
        if !mutant("lent-fetches-without-waking") {
            waker.into_iter().for_each(Waker::wake);
        }
        Some((writer, piece))
    }

    /// Ends the writing and drops what is queued. Must come before the answer, so that a lender that has its
    /// answer queues no copy.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.stage = Stage::Ended;
        let pieces = std::mem::take(&mut state.pieces);
        drop(state);
        drop(pieces);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").field("len", &self.len).finish_non_exhaustive()
    }
}

/// The bytes that a caller writes.
#[derive(Clone, Debug)]
pub enum Contents<'a> {
    /// Borrowed from the caller, and copied.
    Borrowed(&'a [u8]),
    /// Handed over, and not copied.
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

/// The caller's side: the bytes that are not copied yet.
pub(crate) struct Lender<'a> {
    rest: &'a [u8],
    buffers: Arc<Buffers>,
    lent: Arc<Lent>,
}

impl<'a> Lender<'a> {
    /// Lends `contents`. Nothing is copied until the first [poll](Lender::poll); owned bytes are one piece.
    pub(crate) fn new(contents: Contents<'a>, buffers: Arc<Buffers>) -> Self {
        let len = contents.len();
        let (rest, owned) = match contents {
            Contents::Borrowed(bytes) => (bytes, None),
            Contents::Owned(bytes) => (&[][..], Some(Payload::Shared(bytes))),
        };
        let state = State { stage: Stage::Waiting, pieces: [owned, None], waker: None };
        Lender { rest, buffers, lent: Arc::new(Lent { len, state: Mutex::new(state) }) }
    }

    /// The side of the writer.
    pub(crate) fn lent(&self) -> Arc<Lent> {
        self.lent.clone()
    }

    /// Queues the next piece if there is room; otherwise registers the task to be woken.
    pub(crate) fn poll(&mut self, cx: &Context<'_>) {
        if self.rest.is_empty() || !self.has_room(cx) {
            return;
        }
        let piece = self.copy_piece();
        let mut state = self.lent.state();
        let stage = match state.stage {
            Stage::Ended => return,
            Stage::Waiting | Stage::Writing | Stage::Idle(_) | Stage::Withdrawn => {
                state.pieces[0] = Some(piece);
                if !self.rest.is_empty() {
                    state.waker = Some(cx.waker().clone());
                }
                take_idle_writer(&mut state)
            }
        };
        drop(state);
        stage.into_iter().for_each(Writer::resume);
    }

    /// Whether everything is copied.
    #[cfg(folio_loom)]
    pub(crate) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    fn has_room(&self, cx: &Context<'_>) -> bool {
        let mut state = self.lent.state();
        if state.pieces[0].is_none() {
            return !matches!(state.stage, Stage::Ended);
        }
        if !state.waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            state.waker = Some(cx.waker().clone());
        }
        false
    }

    fn copy_piece(&mut self) -> Payload {
        let (piece, rest) = self.rest.split_at(self.rest.len().min(PIECE_BYTES));
        self.rest = rest;
        Payload::Copied(self.buffers.copy(piece))
    }

    /// Whether the writing continues without this lender. A writing that has not begun never will.
    fn withdraw(&self) -> bool {
        let mut state = self.lent.state();
        match state.stage {
            Stage::Writing | Stage::Idle(_) => true,
            Stage::Waiting => {
                state.stage = Stage::Withdrawn;
                let pieces = std::mem::take(&mut state.pieces);
                drop(state);
                drop(pieces);
                false
            }
            Stage::Withdrawn | Stage::Ended => false,
        }
    }
}

/// Takes the parked writer.
fn take_idle_writer(state: &mut State) -> Option<Box<dyn Writer>> {
    match std::mem::replace(&mut state.stage, Stage::Writing) {
        Stage::Idle(_) if mutant("lent-resumes-nobody") => None,
        Stage::Idle(writer) => Some(writer),
        other => {
            state.stage = other;
            None
        }
    }
}

impl Drop for Lender<'_> {
    /// Copies the rest, which the caller may free after this.
    fn drop(&mut self) {
        if !self.withdraw() || self.rest.is_empty() {
            return;
        }
        let rest = Payload::Shared(Bytes::copy_from_slice(self.rest));
        let mut state = self.lent.state();
        if let Stage::Ended = state.stage {
            return;
        }
        let [first, second] = &mut state.pieces;
        let place = if first.is_none() { first } else { second };
        *place = Some(rest);
        let writer = take_idle_writer(&mut state);
        drop(state);
        writer.into_iter().for_each(Writer::resume);
    }
}
