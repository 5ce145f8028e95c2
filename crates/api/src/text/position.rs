//! The position of a reader of text, in bytes of the file.

use super::{DecodeError, Decoder, Encoding, Reading};
use crate::limits::TEXT_SKIP_CHARS_MAX;

/// Bits of a cookie that hold an offset in bytes: 64 PiB, which no file of text reaches.
const OFFSET_BITS: u32 = 56;

/// A position in the text of a file: so many characters behind the one that the bytes at `offset` begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) offset: u64,
    /// Nearly always 0. Some bytes make several characters (`\xff` has four), and a reader may stand amid them: at most
    /// behind [`TEXT_SKIP_CHARS_MAX`].
    pub(super) skip: u8,
}

impl Position {
    pub(super) fn at(offset: u64) -> Position {
        Position { offset, skip: 0 }
    }

    /// The number that stands for it: the offset, with what is to be skipped above it.
    pub(super) fn cookie(self) -> u64 {
        self.offset | u64::from(self.skip) << OFFSET_BITS
    }

    /// The position that a number stands for; none that the highest bit is set in.
    pub(super) fn from_cookie(cookie: u64) -> Option<Position> {
        let skip = u8::try_from(cookie >> OFFSET_BITS).ok()?;
        (skip <= TEXT_SKIP_CHARS_MAX).then_some(Position { offset: cookie & ((1 << OFFSET_BITS) - 1), skip })
    }
}

/// Bytes to text as a file's reader makes it: decoded, with the ends of lines translated.
#[derive(Clone, Debug)]
pub(super) struct Converter {
    encoding: Encoding,
    decoder: Decoder,
    reading: Reading,
}

/// What the converter made of some bytes.
#[derive(Debug)]
pub(super) struct Converted {
    /// The text is the bytes, one by one.
    pub(super) alike: bool,
    pub(super) result: Result<(), DecodeError>,
}

impl Converter {
    pub(super) fn new(encoding: Encoding, decoder: Decoder, reading: Reading) -> Converter {
        Converter { encoding, decoder, reading }
    }

    pub(super) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Whether bytes were taken that no text was made of yet.
    pub(super) fn is_amid(&self) -> bool {
        self.decoder.is_amid() || self.reading.holds_cr()
    }

    /// Goes on at another position, with `decoder`.
    pub(super) fn resume(&mut self, decoder: Decoder) {
        self.decoder = decoder;
        self.reading.move_elsewhere();
    }

    /// Adds the text of `bytes` to `out`.
    pub(super) fn convert(&mut self, bytes: &[u8], last: bool, out: &mut String) -> Converted {
        let (before, decided) = (out.len(), self.decoder.offset());
        let copies = self.decoder.copies();
        let result = self.decoder.decode(bytes, last, out);
        let untouched = self.reading.leaves_alone(&out[before..]);
        if !untouched {
            let fresh = out.split_off(before);
            // Nothing comes after an error, as after the end.
            self.reading.read(&fresh, last || result.is_err(), out);
        }
        let grown = (out.len() - before) as u64;
        Converted { alike: copies && untouched && grown == self.decoder.offset() - decided, result }
    }

    /// The position behind all the text that was made. A `\r` that is still held has not been given out.
    pub(super) fn position(&self) -> Position {
        match self.reading.holds_cr() {
            true => Position::at(self.decoder.offset_of_text() - self.encoding.width_of_cr()),
            false => Position::at(self.decoder.offset()),
        }
    }
}

/// A converter on its way through bytes that are kept, which finds positions in the text it makes of them. It goes on
/// from the position that was asked for last: a caller that asks behind every line has each byte converted a few
/// times in all, and not all of them each time.
#[derive(Debug)]
pub(super) struct Walker {
    converter: Converter,
    /// Bytes it has taken.
    at: usize,
    /// Bytes of text it has made of them.
    made: usize,
    /// What it makes on the way: not needed afterwards, and reused.
    out: String,
}

impl Walker {
    /// One that stands before the bytes, as `converter` did.
    pub(super) fn new(converter: Converter) -> Walker {
        Walker { converter, at: 0, made: 0, out: String::new() }
    }

    /// The position behind the first `target` bytes of the text that `bytes` make, none of which are `last` unless the
    /// file ends with them. A target is never below the one before.
    pub(super) fn position_behind(&mut self, target: usize, bytes: &[u8], last: bool) -> Position {
        if target == 0 {
            return self.converter.position();
        }
        self.approach(target, bytes);
        let next = bytes.len().min(self.at + 1);
        let converter = self.convert(&bytes[self.at..next], last && next == bytes.len());
        if self.made + self.out.len() == target {
            return converter.position();
        }
        // One byte decided on several characters, and the reader stands amid them. Of these, a `\r` that had
        // been held is the first and is behind it: what follows showed that no `\n` belongs to it.
        let held = usize::from(self.converter.reading.holds_cr());
        let skip = self.out[..target - self.made].chars().count() - held;
        let skip = u8::try_from(skip).expect("four bytes make at most sixteen characters");
        Position { offset: self.converter.decoder.offset(), skip }
    }

    /// Goes on to the longest beginning of `bytes` that makes less than `target`: by steps that double while they
    /// stay below it, then by halves, so that little more is converted than lies between.
    fn approach(&mut self, target: usize, bytes: &[u8]) {
        let mut step = (target - self.made).next_power_of_two();
        let mut doubling = true;
        while step > 0 {
            let stays = self.step(step, target, bytes);
            doubling = doubling && stays;
            step = if doubling { step * 2 } else { step / 2 };
        }
    }

    /// Takes `len` bytes, unless there are fewer or they make as much as `target`.
    fn step(&mut self, len: usize, target: usize, bytes: &[u8]) -> bool {
        let Some(piece) = bytes.get(self.at..self.at + len) else { return false };
        let converter = self.convert(piece, false);
        let made = self.made + self.out.len();
        if made < target {
            (self.converter, self.made, self.at) = (converter, made, self.at + len);
        }
        made < target
    }

    /// What the converter would be behind `piece`, the text of which is in `out`.
    fn convert(&mut self, piece: &[u8], last: bool) -> Converter {
        let mut converter = self.converter.clone();
        self.out.clear();
        converter.convert(piece, last, &mut self.out);
        converter
    }
}

#[cfg(test)]
mod tests {
    use super::{OFFSET_BITS, Position, TEXT_SKIP_CHARS_MAX};

    #[test]
    fn a_cookie_is_the_offset_wherever_nothing_is_to_be_skipped() {
        assert_eq!(Position::at(1 << 50).cookie(), 1 << 50);
        for position in [
            Position::at(0),
            Position { offset: 7, skip: 3 },
            Position { offset: (1 << OFFSET_BITS) - 1, skip: TEXT_SKIP_CHARS_MAX },
        ] {
            assert_eq!(Position::from_cookie(position.cookie()), Some(position));
        }
        assert_eq!(Position::from_cookie(1 << 63), None);
    }
}
