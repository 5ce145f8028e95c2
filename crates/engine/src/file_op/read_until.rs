//! How far a read goes, and the calls that take it there.

use std::io;
use std::sync::Arc;

use memchr::memchr;

use crate::buffer::{Buffer, Buffers};
use crate::limits::{
    GATHER_GROWTH, LINE_BYTES_ADMITTED, LINE_BYTES_USUAL, READ_ONCE_BYTES_MAX, WHOLE_BYTES_USUAL,
};

/// How far a read goes, and whether it takes what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadUntil {
    /// What one call of the storage gives, which may be short and always is beyond [`READ_ONCE_BYTES_MAX`].
    Available,
    /// Everything; short only at the end of the file.
    Exact,
    /// Up to and including the first of this delimiter, if there is one within reach.
    Delimiter(u8),
    /// The same, and all of it is left where it is if there are more than so many bytes before the delimiter.
    Line(u8, usize),
    /// What one call of the storage gives, left where it is.
    Peek,
}

impl ReadUntil {
    /// The room that a read of `len` bytes is admitted with.
    pub(crate) fn room(self, len: usize) -> usize {
        match self {
            ReadUntil::Available | ReadUntil::Peek => len.min(READ_ONCE_BYTES_MAX),
            ReadUntil::Exact => len,
            ReadUntil::Delimiter(_) | ReadUntil::Line(..) => len.min(LINE_BYTES_ADMITTED),
        }
    }

    /// Whether `len` bytes that end like `bytes` are all that was asked for, however many there are behind them.
    pub(crate) fn is_complete(self, bytes: &[u8]) -> bool {
        match self {
            ReadUntil::Available | ReadUntil::Peek => true,
            ReadUntil::Exact => false,
            ReadUntil::Delimiter(delimiter) | ReadUntil::Line(delimiter, _) => {
                bytes.last() == Some(&delimiter)
            }
        }
    }

    /// Whether what was found stays where it is because it is too long.
    pub(crate) fn refuses(self, bytes: &[u8]) -> bool {
        match self {
            ReadUntil::Line(_, limit) => bytes.len() > limit && !self.is_complete(bytes),
            ReadUntil::Available | ReadUntil::Exact | ReadUntil::Delimiter(_) | ReadUntil::Peek => false,
        }
    }

    /// Gathers at most `len` bytes by calls of `call`, which is told how many there are already. `None` as soon
    /// as it has nothing at hand; what there was by then has not been taken from anywhere. `untaken` gets what was
    /// read and does not go with the answer, and how far from the beginning that is.
    pub(crate) fn read(
        self,
        len: usize,
        buffers: &Arc<Buffers>,
        mut call: impl FnMut(&mut [u8], u64) -> Option<io::Result<usize>>,
        untaken: impl Fn(&[u8], u64),
    ) -> Option<io::Result<Buffer>> {
        // The length is a stranger's word (a header of a request); only what has been read vouches for more room.
        let mut window = match self {
            ReadUntil::Available | ReadUntil::Peek => len.min(READ_ONCE_BYTES_MAX),
            ReadUntil::Exact => len.min(WHOLE_BYTES_USUAL),
            ReadUntil::Delimiter(_) | ReadUntil::Line(..) => len.min(LINE_BYTES_USUAL),
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
