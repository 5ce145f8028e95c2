//! Reading at an offset or at the cursor: one call, or up to a delimiter or a length.

use std::io;
use std::time::Instant;

use bytes::Bytes;

use crate::buffer::Buffer;
use crate::error::Operation;
use crate::file::{CursorMove, Footprint, Seen, Span, Taken};
use crate::file_op::op::{
    Answer, BatchResult, Ending, Execute, Far, FileOp, Host, Offset, Peeked, Profile, RunLater, Start,
    alone_later, one_by_one,
};
use crate::file_op::read_until::ReadUntil;
use crate::limits::ANSWER_SPIN_BYTES_MAX;
use crate::stats::add;
use crate::storage::AsyncFile;

/// Reads at most `len` bytes.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) offset: Offset,
    pub(crate) len: usize,
    pub(crate) until: ReadUntil,
}

impl Read {
    /// A read by one call of the storage.
    pub(crate) fn once(offset: Offset, len: usize) -> Self {
        Read { offset, len, until: ReadUntil::Available }
    }

    /// Whether it returns the next bytes without moving the cursor.
    fn is_peek(&self) -> bool {
        self.offset == Offset::Cursor && self.until == ReadUntil::Peek
    }

    /// Whether it takes bytes from the cursor. (A peek depends on the cursor without moving it.)
    fn moves_cursor(&self) -> bool {
        self.offset == Offset::Cursor && self.until != ReadUntil::Peek
    }
}

impl FileOp for Read {
    fn profile(&self, cursor: u64, room: u64) -> Profile {
        let (start, cursor) = self.offset.resolve(cursor);
        let len = if cursor { room.min(self.len as u64) } else { self.len as u64 };
        let range = start..start.saturating_add(len);
        let span = if self.is_peek() { Span::Peek(range) } else { Span::Read(range) };
        Profile {
            operation: Operation::Read,
            footprint: Footprint { span, cursor },
            offset: self.offset.explicit(),
            needs_trust: false,
        }
    }

    /// Size of the buffer it reads into.
    fn weight(&self) -> usize {
        self.until.room(self.len)
    }

    fn is_quick(&self) -> bool {
        self.weight() <= ANSWER_SPIN_BYTES_MAX
    }

    fn ending(&self) -> Ending {
        if self.moves_cursor() { Ending::CursorRead } else { Ending::Plain }
    }
}

impl Execute for Read {
    fn run(batch: Vec<Self>, host: &dyn Host, start: Start) -> BatchResult {
        let ran = one_by_one(batch, host, |read| read.execute(host, start));
        if let Some(Ok(Answer::Read(buffer, _) | Answer::Peeked(Peeked { buffer, .. }))) =
            ran.outcomes.first()
        {
            add(&host.stats().bytes_read, buffer.as_ref().len() as u64);
        }
        ran
    }

    fn run_later<'a>(batch: Vec<Self>, far: Far<'a>) -> RunLater<'a> {
        let Far { host, file, start } = far;
        alone_later(batch, host, move |read| async move {
            let (offset, len) = read.range(start);
            let fetched = fetch(read.until, len, file, offset).await?;
            let call = |buf: &mut [u8], done| Some(Ok(fetched.copy(buf, done)));
            let buffer = read.until.read(len, host.buffers(), call, |_, _| {});
            let buffer = buffer.expect("what is in memory never blocks")?;
            add(&host.stats().bytes_read, buffer.as_ref().len() as u64);
            Ok(read.answer(buffer, offset))
        })
    }
}

/// Pieces of a file that follow each other.
struct Fetched(Vec<Bytes>);

impl Fetched {
    /// Copies bytes from `done` on; none at the end.
    fn copy(&self, mut buf: &mut [u8], done: u64) -> usize {
        let (mut skip, room) = (usize::try_from(done).unwrap_or(usize::MAX), buf.len());
        for piece in &self.0 {
            let from = skip.min(piece.len());
            let count = (piece.len() - from).min(buf.len());
            let (filled, rest) = buf.split_at_mut(count);
            filled.copy_from_slice(&piece[from..from + count]);
            (buf, skip) = (rest, skip - from);
        }
        room - buf.len()
    }
}

/// Fetches all that a read of `len` bytes takes.
async fn fetch(until: ReadUntil, len: usize, file: &dyn AsyncFile, offset: u64) -> io::Result<Fetched> {
    let (mut pieces, mut done) = (Vec::new(), 0);
    while done < len {
        let piece = file.read_at(until.wanted(len - done), offset + done as u64).await?;
        let (piece, room) = (piece.slice(..piece.len().min(len - done)), piece.len());
        if piece.is_empty() {
            debug_assert_eq!(room, 0, "there is room for a byte");
            break;
        }
        done += piece.len();
        let is_over = until.ends_with(&piece);
        pieces.push(piece);
        if is_over {
            break;
        }
    }
    Ok(Fetched(pieces))
}

impl Read {
    /// Where it begins, and the most that it takes.
    fn range(&self, start: Start) -> (u64, usize) {
        match self.offset {
            Offset::At(offset) => (offset, self.len),
            Offset::Cursor => {
                (start.cursor, usize::try_from(start.room).map_or(self.len, |room| room.min(self.len)))
            }
        }
    }

    fn execute(self, host: &dyn Host, start: Start) -> io::Result<(Answer, CursorMove)> {
        let file = host.file();
        let (offset, len) = self.range(start);
        let read = |buf: &mut [u8], done: u64| match self.offset {
            Offset::At(_) => Some(file.read_at(buf, offset + done)),
            Offset::Cursor => Some(file.read_on(buf, offset + done)),
        };
        // Storages that cannot read bytes twice keep them for the next read.
        let untaken = |bytes: &[u8], done: u64| file.take_back(bytes, offset + done);
        let read = self.until.read(len, host.buffers(), read, untaken);
        let buffer = read.expect("a read that may block never declines")?;
        Ok(self.answer(buffer, offset))
    }

    fn answer(&self, buffer: Buffer, offset: u64) -> (Answer, CursorMove) {
        if self.moves_cursor() && !self.until.refuses(buffer.as_ref()) {
            let len = buffer.as_ref().len() as u64;
            return (Answer::Read(buffer, Some(Taken::from(offset))), CursorMove::Read { offset, len });
        }
        if self.is_peek() {
            let peeked = Peeked { buffer, seen: Seen::from(offset), at: Instant::now() };
            return (Answer::Peeked(peeked), CursorMove::Stay);
        }
        (Answer::Read(buffer, None), CursorMove::Stay)
    }
}
