//! Reading bytes at an offset or at the cursor: what one call finds, or on to a delimiter or a length.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use memchr::memchr;

use crate::buffer::{Buffer, Buffers};
use crate::file::{CursorMove, Footprint, Seen, Span, Taken};
use crate::limits::{
    GATHER_GROWTH, LINE_BYTES_ADMITTED, LINE_BYTES_USUAL, READ_ONCE_BYTES_MAX, WHOLE_BYTES_USUAL,
};
use crate::op::{Answer, Executed, Failure, Looked, Place};
use crate::storage::StorageFile;

/// Reads at most `len` bytes.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) place: Place,
    pub(crate) len: usize,
    pub(crate) how: How,
}

/// How far a read goes, and whether it takes what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// What one call of the storage gives, which may be short and always is beyond [`READ_ONCE_BYTES_MAX`].
    Once,
    /// Everything; short only at the end of the file.
    Whole,
    /// Up to and including the first of this delimiter, if there is one within reach.
    Until(u8),
    /// The same, and all of it is left where it is if there are more than so many bytes before the delimiter.
    Line(u8, usize),
    /// What one call of the storage gives, left where it is.
    Look,
}

impl Read {
    /// What one call of the storage gives.
    pub(crate) fn once(place: Place, len: usize) -> Self {
        Read { place, len, how: How::Once }
    }

    pub(crate) fn footprint(&self, cursor: u64, room: u64) -> Footprint {
        let (start, len, cursor) = match self.place {
            Place::At(offset) => (offset, self.len as u64, false),
            Place::Cursor => (cursor, room.min(self.len as u64), true),
        };
        let range = start..start.saturating_add(len);
        let span = if self.looks_ahead() { Span::Look(range) } else { Span::Read(range) };
        Footprint { span, cursor }
    }

    /// Whether it tells what comes next and leaves the cursor where it is.
    fn looks_ahead(&self) -> bool {
        self.place == Place::Cursor && self.how == How::Look
    }

    /// Whether it takes bytes from the cursor. (One that only looks depends on the cursor and leaves it alone.)
    pub(crate) fn moves_cursor(&self) -> bool {
        self.place == Place::Cursor && self.how != How::Look
    }

    /// The room for what it reads.
    pub(crate) fn weight(&self) -> usize {
        match self.how {
            How::Once | How::Look => self.len.min(READ_ONCE_BYTES_MAX),
            How::Whole => self.len,
            How::Until(_) | How::Line(..) => self.len.min(LINE_BYTES_ADMITTED),
        }
    }

    pub(crate) fn execute(
        self,
        file: &dyn StorageFile,
        buffers: &Arc<Buffers>,
        cursor: u64,
        room: u64,
    ) -> Executed {
        let (offset, len) = match self.place {
            Place::At(offset) => (offset, self.len),
            Place::Cursor => (cursor, usize::try_from(room).map_or(self.len, |room| room.min(self.len))),
        };
        let read = |buf: &mut [u8], done: u64| match self.place {
            Place::At(_) => Some(file.read_at(buf, offset + done)),
            Place::Cursor => Some(file.read_on(buf, offset + done)),
        };
        // For those who cannot read them again.
        let untaken = |bytes: &[u8], done: u64| file.take_back(bytes, offset + done);
        match self.how.gather(len, buffers, read, untaken).expect("a read that may block never declines") {
            Ok(buffer) if self.moves_cursor() && !self.how.refuses(buffer.as_ref()) => {
                let len = buffer.as_ref().len() as u64;
                (Ok(Answer::Read(buffer, Some(Taken::from(offset)))), CursorMove::Read { offset, len })
            }
            Ok(buffer) if self.looks_ahead() => {
                let looked = Looked { buffer, seen: Seen::from(offset), at: Instant::now() };
                (Ok(Answer::Looked(looked)), CursorMove::Stay)
            }
            Ok(buffer) => (Ok(Answer::Read(buffer, None)), CursorMove::Stay),
            Err(error) => (Err(Failure::from(error)), CursorMove::Stay),
        }
    }
}

impl How {
    /// Whether `len` bytes that end like `bytes` are all that was asked for, however many there are behind them.
    pub(crate) fn is_complete(self, bytes: &[u8]) -> bool {
        match self {
            How::Once | How::Look => true,
            How::Whole => false,
            How::Until(delimiter) | How::Line(delimiter, _) => bytes.last() == Some(&delimiter),
        }
    }

    /// Whether what was found stays where it is because it is too long.
    pub(crate) fn refuses(self, bytes: &[u8]) -> bool {
        match self {
            How::Line(_, limit) => bytes.len() > limit && !self.is_complete(bytes),
            How::Once | How::Whole | How::Until(_) | How::Look => false,
        }
    }

    /// Gathers at most `len` bytes by calls of `read`, which is told how many there are already. `None` as soon
    /// as it has nothing at hand; what there was by then has not been taken from anywhere. `untaken` gets what was
    /// read and does not go with the answer, and how far from the beginning that is.
    pub(crate) fn gather(
        self,
        len: usize,
        buffers: &Arc<Buffers>,
        mut read: impl FnMut(&mut [u8], u64) -> Option<io::Result<usize>>,
        untaken: impl Fn(&[u8], u64),
    ) -> Option<io::Result<Buffer>> {
        // The length is a stranger's word (a header of a request); only what has been read vouches for more room.
        let mut window = match self {
            How::Once | How::Look => len.min(READ_ONCE_BYTES_MAX),
            How::Whole => len.min(WHOLE_BYTES_USUAL),
            How::Until(_) | How::Line(..) => len.min(LINE_BYTES_USUAL),
        };
        let mut buffer = buffers.take(window);
        let mut done = 0;
        while done < len {
            if done == window {
                window = window.saturating_mul(GATHER_GROWTH).min(len);
                match buffers.larger(&mut buffer, done, window) {
                    Ok(larger) => buffer = larger,
                    Err(error) => {
                        untaken(buffer.room(done), 0);
                        return Some(Err(error));
                    }
                }
            }
            let room = &mut buffer.room(window)[done..];
            let count = match read(room, done as u64)? {
                Ok(count) => count,
                Err(error) => {
                    untaken(buffer.room(done), 0);
                    return Some(Err(error));
                }
            };
            let end = match self {
                How::Until(delimiter) | How::Line(delimiter, _) => {
                    memchr(delimiter, &room[..count]).map(|at| at + 1)
                }
                How::Once | How::Look => Some(count),
                How::Whole => None,
            };
            if let Some(end) = end {
                untaken(&room[end..count], (done + end) as u64);
            }
            done += end.unwrap_or(count);
            if end.is_some() || count == 0 {
                break;
            }
        }
        buffer.fill(done);
        if self == How::Look || self.refuses(buffer.as_ref()) {
            untaken(buffer.as_ref(), 0);
        }
        Some(Ok(buffer))
    }
}
