//! How far a read goes, and the loop of calls that reads it.

use std::io;
use std::sync::Arc;

use memchr::memchr;

use crate::buffer::{Buffer, Buffers};
use crate::limits::{
    FETCH_BYTES_MAX, LINE_BYTES_ADMITTED, LINE_BYTES_USUAL, READ_GROWTH, READ_ONCE_BYTES_MAX,
    WHOLE_BYTES_USUAL,
};

/// How far a read goes, and whether it moves the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadUntil {
    /// One call of the storage, which may be short and is beyond [`READ_ONCE_BYTES_MAX`].
    Available,
    /// The whole length; short only at the end of the file.
    Exact,
    /// Up to and including the first delimiter, if there is one within the length.
    Delimiter(u8),
    /// Like `Delimiter`, but nothing is taken if more than so many bytes come before the delimiter.
    Line(u8, usize),
    /// One call of the storage, without moving the cursor.
    Peek,
}

impl ReadUntil {
    /// Size of the buffer that a read of `len` bytes is admitted with.
    pub(crate) fn room(self, len: usize) -> usize {
        match self {
            ReadUntil::Available | ReadUntil::Peek => len.min(READ_ONCE_BYTES_MAX),
            ReadUntil::Exact => len,
            ReadUntil::Delimiter(_) | ReadUntil::Line(..) => len.min(LINE_BYTES_ADMITTED),
        }
    }

    /// How much to ask of a storage whose calls answer later, if `left` bytes are wanted at most.
    pub(crate) fn wanted(self, left: usize) -> usize {
        match self {
            ReadUntil::Available | ReadUntil::Peek => left.min(READ_ONCE_BYTES_MAX),
            ReadUntil::Exact => left.min(FETCH_BYTES_MAX),
            ReadUntil::Delimiter(_) | ReadUntil::Line(..) => left.min(LINE_BYTES_USUAL),
        }
    }

    /// Whether a read ends within or after this piece of the file.
    pub(crate) fn ends_with(self, piece: &[u8]) -> bool {
        match self {
            ReadUntil::Available | ReadUntil::Peek => true,
            ReadUntil::Exact => false,
            ReadUntil::Delimiter(delimiter) | ReadUntil::Line(delimiter, _) => {
                memchr(delimiter, piece).is_some()
            }
        }
    }

    /// Whether `bytes` are all that was asked for, whatever follows them.
    pub(crate) fn is_complete(self, bytes: &[u8]) -> bool {
        match self {
            ReadUntil::Available | ReadUntil::Peek => true,
            ReadUntil::Exact => false,
            ReadUntil::Delimiter(delimiter) | ReadUntil::Line(delimiter, _) => {
                bytes.last() == Some(&delimiter)
            }
        }
    }

    /// Whether the bytes stay in the file because there are too many before the delimiter.
    pub(crate) fn refuses(self, bytes: &[u8]) -> bool {
        match self {
            ReadUntil::Line(_, limit) => bytes.len() > limit && !self.is_complete(bytes),
            ReadUntil::Available | ReadUntil::Exact | ReadUntil::Delimiter(_) | ReadUntil::Peek => false,
        }
    }

    /// Reads at most `len` bytes by calls of `call`, whose second argument is the number of bytes so far.
    /// Returns `None` as soon as `call` would block; the bytes so far have not been taken from anywhere.
    /// `untaken` gets the bytes that were read beyond the answer, and their distance from its start.
    pub(crate) fn read(
        self,
        len: usize,
        buffers: &Arc<Buffers>,
        mut call: impl FnMut(&mut [u8], u64) -> Option<io::Result<usize>>,
        untaken: impl Fn(&[u8], u64),
    ) -> Option<io::Result<Buffer>> {
        // `len` may come from an untrusted source (a header of a request), so the buffer grows only with bytes
        // read.
        let mut window = match self {
            ReadUntil::Available | ReadUntil::Peek => len.min(READ_ONCE_BYTES_MAX),
            ReadUntil::Exact => len.min(WHOLE_BYTES_USUAL),
            ReadUntil::Delimiter(_) | ReadUntil::Line(..) => len.min(LINE_BYTES_USUAL),
        };
        let mut buffer = buffers.take(window);
        let mut done = 0;
        while done < len {
            if done == window {
                window = window.saturating_mul(READ_GROWTH).min(len);
                match buffers.larger(&mut buffer, done, window) {
                    Ok(larger) => buffer = larger,
                    Err(error) => {
                        untaken(buffer.room(done), 0);
                        return Some(Err(error));
                    }
                }
            }
            let room = &mut buffer.room(window)[done..];
            let count = match call(room, done as u64)? {
                Ok(count) => count,
                Err(error) => {
                    untaken(buffer.room(done), 0);
                    return Some(Err(error));
                }
            };
            let end = match self {
                ReadUntil::Delimiter(delimiter) | ReadUntil::Line(delimiter, _) => {
                    memchr(delimiter, &room[..count]).map(|at| at + 1)
                }
                ReadUntil::Available | ReadUntil::Peek => Some(count),
                ReadUntil::Exact => None,
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
        if self == ReadUntil::Peek || self.refuses(buffer.as_ref()) {
            untaken(buffer.as_ref(), 0);
        }
        Some(Ok(buffer))
    }
}
