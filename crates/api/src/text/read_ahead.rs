//! Text that was decoded ahead of the reader, and its positions in the file.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use folio_engine::budget::{self, Unpaid};

use super::position::{Converter, Position, Walker};
use super::{DecodeError, Decoder, Encoding, Newline, Reading, Seen};
use crate::limits::{
    ALIKE_BYTES_PER_UNIT, CONVERTED_BYTES_PER_UNIT, LINE_BYTES_PER_UNIT, LINE_OVERHEAD_BYTES,
    TEXT_READ_BYTES, TEXT_READ_BYTES_MOVED,
};

/// Text that was read ahead. It makes no calls of its own: it lends its buffer for a read and receives the length read.
pub(super) struct ReadAhead {
    newline: Newline,
    converter: Converter,
    /// The bytes of one read, reused.
    raw: Vec<u8>,
    /// Bytes to ask the next read for.
    size: usize,
    /// Bytes to ask the first read after the next seek for.
    size_moved: usize,
    /// Decoded text; the reader has received the part before `at`.
    text: String,
    at: usize,
    /// Bytes from `at` on that are known to contain no end of a line.
    searched: usize,
    /// Bytes of text that the reader has received and that were dropped from `text`.
    dropped: u64,
    /// What the text from `at` on was made of, in order.
    pieces: VecDeque<Piece>,
    /// Whether the file has positions; without them no pieces are recorded.
    placed: bool,
    /// A buffer whose piece the reader has received, for reuse.
    spare: Vec<u8>,
    /// Characters to skip before the next one is returned.
    skip: u8,
    failed: Option<DecodeError>,
    /// The last read found the end of the file.
    ended: bool,
    /// Of the lines that were given out, in bytes.
    pub(super) unpaid: Unpaid,
}

/// The text of one read.
struct Piece {
    /// Where its text begins and ends, in bytes of all the text since the start.
    text: std::ops::Range<u64>,
    source: Source,
}

/// What a piece of text was made of.
enum Source {
    /// Of the same bytes, which need not be kept, from this offset of the file on.
    Alike(u64),
    /// Of these, which may be the last there are.
    Bytes {
        bytes: Vec<u8>,
        last: bool,
        /// Finds positions, beginning at the one that was found last. The lock is held only
        /// for one search, which waits for nothing.
        walker: Box<Mutex<Walker>>,
    },
}

impl ReadAhead {
    pub(super) fn new(encoding: Encoding, newline: Newline, placed: bool) -> ReadAhead {
        let decoder = Decoder::resuming(encoding, super::Errors::Strict, 0, b"");
        ReadAhead {
            newline,
            converter: Converter::new(encoding, decoder, Reading::new(newline)),
            raw: Vec::new(),
            size: TEXT_READ_BYTES,
            size_moved: TEXT_READ_BYTES,
            text: String::new(),
            at: 0,
            searched: 0,
            dropped: 0,
            pieces: VecDeque::new(),
            placed,
            spare: Vec::new(),
            skip: 0,
            failed: None,
            ended: false,
            unpaid: Unpaid::new(LINE_BYTES_PER_UNIT),
        }
    }

    /// Drops all text that was read ahead.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.pieces.clear();
        (self.at, self.searched, self.skip) = (0, 0, 0);
        self.failed = None;
        self.ended = false;
    }

    /// Goes on at another position of the file: with `decoder`, behind `skip` characters.
    pub(super) fn resume(&mut self, decoder: Decoder, skip: u8) {
        self.clear();
        self.converter.resume(decoder);
        self.skip = skip;
        // The first start is not a seek: most files are read as a whole.
        self.size = std::mem::replace(&mut self.size_moved, TEXT_READ_BYTES_MOVED);
    }

    pub(super) fn seen(&self) -> Seen {
        self.converter.reading().seen()
    }

    pub(super) fn failed(&self) -> Option<&DecodeError> {
        self.failed.as_ref()
    }

    /// Returns the text that was read ahead.
    pub(super) fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Returns whether bytes were read whose text the reader has not received.
    pub(super) fn is_ahead(&self) -> bool {
        !self.rest().is_empty() || self.converter.is_amid()
    }

    /// Takes the first `len` bytes of the text, and skips `width` more.
    pub(super) fn take(&mut self, len: usize, width: usize) -> String {
        self.pass(len, width).to_owned()
    }

    /// Moves past the next `len` bytes and `width` more; returns the first ones.
    #[inline]
    pub(super) fn pass(&mut self, len: usize, width: usize) -> &str {
        let from = self.at;
        self.at += len + width;
        self.searched = 0;
        self.unpaid.add(len + LINE_OVERHEAD_BYTES);
        &self.text[from..from + len]
    }

    /// Takes all text, without a copy: it may fill most of the memory.
    pub(super) fn take_all(&mut self) -> String {
        self.dropped += self.text.len() as u64;
        let mut all = std::mem::take(&mut self.text);
        all.drain(..std::mem::take(&mut self.at));
        self.searched = 0;
        self.forget_pieces();
        all
    }

    /// Finds the end of the first line: its start and its length. Without one, the error is how many bytes the line
    /// has at least.
    pub(super) fn find_end(&mut self) -> Result<(usize, usize), usize> {
        let ahead = &self.text.as_bytes()[self.at..];
        match self.newline.find(&ahead[self.searched..]) {
            Some((end, width)) => Ok((self.searched + end, width)),
            None => {
                // The last byte may be the first of two that end a line.
                self.searched = ahead.len().saturating_sub(1);
                Err(self.searched)
            }
        }
    }

    /// Finds it if it begins within the first `len` bytes, the first `searched` of which are known to hold none: a
    /// line that is taken bit by bit must not be searched to its end for each.
    pub(super) fn find_end_within(&self, len: usize, searched: usize) -> Option<(usize, usize)> {
        let ahead = &self.text.as_bytes()[self.at..];
        // As above.
        let searched = searched.saturating_sub(1);
        let (end, width) = self.newline.find(&ahead[searched..ahead.len().min(len).max(searched)])?;
        Some((searched + end, width))
    }

    /// The buffer to read into.
    pub(super) fn buffer(&mut self) -> &mut [u8] {
        self.raw.resize(self.size, 0);
        &mut self.raw
    }

    /// Exchanges the buffer, to lend it to a read that outlives this borrow and to take it back.
    pub(super) fn swap_buffer(&mut self, raw: Vec<u8>) -> Vec<u8> {
        std::mem::replace(&mut self.raw, raw)
    }

    /// Converts the first `count` bytes of the buffer; 0 mean the end of the file. No await between a read and
    /// this, so that a byte is either the file's or ours. `false` at the end of the file, unless what stands there
    /// is an error.
    pub(super) fn accept(&mut self, count: usize) -> bool {
        self.ended = count == 0;
        if count == self.size {
            self.size = TEXT_READ_BYTES.min(self.size * 2);
        }
        self.dropped += self.at as u64;
        self.text.drain(..self.at);
        self.at = 0;
        self.forget_pieces();
        let before = if self.placed { Some(self.converter.clone()) } else { None };
        let start = self.text.len();
        let converted = self.converter.convert(&self.raw[..count], self.ended, &mut self.text);
        budget::charge(count / if converted.alike { ALIKE_BYTES_PER_UNIT } else { CONVERTED_BYTES_PER_UNIT });
        self.failed = converted.result.err();
        if let (Some(before), true) = (before, self.text.len() > start) {
            let source = match converted.alike {
                true => Source::Alike(before.position().offset),
                false => self.keep(count, before),
            };
            let text = self.dropped + start as u64..self.dropped + self.text.len() as u64;
            self.pieces.push_back(Piece { text, source });
        }
        self.pass_over();
        !self.ended || self.failed.is_some()
    }

    /// Returns the position of the reader.
    pub(super) fn position(&self) -> Position {
        let here = self.dropped + self.at as u64;
        let Some(piece) = self.pieces.iter().find(|piece| here < piece.text.end) else {
            return Position { skip: self.skip, ..self.converter.position() };
        };
        let target = usize::try_from(here - piece.text.start).expect("a piece is in memory");
        match &piece.source {
            Source::Alike(offset) => Position::at(offset + target as u64),
            Source::Bytes { bytes, last, walker } => {
                let mut walker = walker.lock().unwrap_or_else(PoisonError::into_inner);
                walker.position_behind(target, bytes, *last)
            }
        }
    }

    /// Keeps the bytes that were read, so that the next read does not overwrite them.
    fn keep(&mut self, count: usize, before: Converter) -> Source {
        let mut bytes = std::mem::replace(&mut self.raw, std::mem::take(&mut self.spare));
        bytes.truncate(count);
        Source::Bytes { bytes, last: self.ended, walker: Box::new(Mutex::new(Walker::new(before))) }
    }

    fn forget_pieces(&mut self) {
        let here = self.dropped + self.at as u64;
        while self.pieces.front().is_some_and(|piece| piece.text.end <= here) {
            if let Some(Piece { source: Source::Bytes { bytes, .. }, .. }) = self.pieces.pop_front() {
                self.spare = bytes;
            }
        }
    }

    fn pass_over(&mut self) {
        for c in self.text[self.at..].chars().take(usize::from(self.skip)) {
            self.at += c.len_utf8();
            self.skip -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
