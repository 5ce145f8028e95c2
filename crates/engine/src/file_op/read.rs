//! Reading at an offset or at the cursor: one call, or up to a delimiter or a length.

use std::io;
use std::time::Instant;

use crate::error::Operation;
use crate::file::{CursorMove, Footprint, Seen, Span, Taken};
use crate::file_op::op::{
    Answer, BatchResult, Ending, Execute, FileOp, Host, Offset, Peeked, Start, one_by_one,
};
use crate::file_op::read_until::ReadUntil;
use crate::limits::ANSWER_SPIN_BYTES_MAX;
use crate::stats::add;

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
    fn operation(&self) -> Operation {
        Operation::Read
    }

    fn footprint(&self, cursor: u64, room: u64) -> Footprint {
        let (start, len, cursor) = match self.offset {
            Offset::At(offset) => (offset, self.len as u64, false),
            Offset::Cursor => (cursor, room.min(self.len as u64), true),
        };
        let range = start..start.saturating_add(len);
        let span = if self.is_peek() { Span::Peek(range) } else { Span::Read(range) };
        Footprint { span, cursor }
    }

    fn offset(&self) -> Option<u64> {
        self.offset.explicit()
    }

    fn needs_trust(&self) -> bool {
        false
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
}

impl Read {
    fn execute(self, host: &dyn Host, start: Start) -> io::Result<(Answer, CursorMove)> {
        let file = host.file();
        let (offset, len) = match self.offset {
            Offset::At(offset) => (offset, self.len),
            Offset::Cursor => {
                (start.cursor, usize::try_from(start.room).map_or(self.len, |room| room.min(self.len)))
            }
        };
        let read = |buf: &mut [u8], done: u64| match self.offset {
            Offset::At(_) => Some(file.read_at(buf, offset + done)),
            Offset::Cursor => Some(file.read_on(buf, offset + done)),
        };
        // Storages that cannot read bytes twice keep them for the next read.
        let untaken = |bytes: &[u8], done: u64| file.take_back(bytes, offset + done);
        let read = self.until.read(len, host.buffers(), read, untaken);
        let buffer = read.expect("a read that may block never declines")?;
        if self.moves_cursor() && !self.until.refuses(buffer.as_ref()) {
            let len = buffer.as_ref().len() as u64;
            return Ok((Answer::Read(buffer, Some(Taken::from(offset))), CursorMove::Read { offset, len }));
        }
        if self.is_peek() {
            let peeked = Peeked { buffer, seen: Seen::from(offset), at: Instant::now() };
            return Ok((Answer::Peeked(peeked), CursorMove::Stay));
        }
        Ok((Answer::Read(buffer, None), CursorMove::Stay))
    }
}
