//! Where a reader of text stands, in bytes of the file.

use super::{DecodeError, Decoder, Encoding, Reading};

/// Bits of a cookie that hold an offset in bytes: half an exbibyte, which no file system reaches.
const OFFSET_BITS: u32 = 59;

/// A place in the text of a file: so many characters behind the one that the bytes at `offset` begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    /// Nearly always 0. Some bytes make several characters (`\xff` has four), and a reader may stand amid them:
    /// at most behind 15, those of four bytes less one.
    pub(super) skip: u8,
}

impl Place {
    pub(super) fn at(offset: u64) -> Place {
        Place { offset, skip: 0 }
    }

    /// The number that stands for it: the offset, with what is to be skipped above it.
    pub(super) fn cookie(self) -> u64 {
        self.offset | u64::from(self.skip) << OFFSET_BITS
    }

    /// The place that a number stands for; none that the highest bit is set in.
    pub(super) fn of_cookie(cookie: u64) -> Option<Place> {
        let skip = u8::try_from(cookie >> OFFSET_BITS).ok()?;
        (skip < 16).then_some(Place { offset: cookie & ((1 << OFFSET_BITS) - 1), skip })
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

    /// Goes on at another place, with `decoder`.
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

    /// The place behind all the text that was made. A `\r` that is still held has not been given out.
    pub(super) fn place(&self) -> Place {
        match self.reading.holds_cr() {
            true => Place::at(self.decoder.offset_of_text() - self.encoding.width_of_cr()),
            false => Place::at(self.decoder.offset()),
        }
    }

    /// The place behind the first `target` bytes of the text that this makes of `bytes`.
    pub(super) fn place_within(&self, bytes: &[u8], last: bool, target: usize) -> Place {
        if target == 0 {
            return self.place();
        }
        let (mut state, mut made, mut at) = (self.clone(), 0, 0);
        let mut out = String::new();
        // Bisects for the longest beginning of `bytes` that makes less than that.
        let mut size = bytes.len().next_power_of_two();
        while size > 0 {
            if let Some(piece) = bytes.get(at..at + size) {
                let mut next = state.clone();
                out.clear();
                next.convert(piece, false, &mut out);
                if made + out.len() < target {
                    (state, made, at) = (next, made + out.len(), at + size);
                }
            }
            size /= 2;
        }
        let mut next = state.clone();
        out.clear();
        next.convert(&bytes[at..bytes.len().min(at + 1)], last && at + 1 >= bytes.len(), &mut out);
        if made + out.len() == target {
            return next.place();
        }
        // One byte decided on several characters, and the reader stands amid them. Of these, a `\r` that had
        // been held is the first and is behind it: what follows told that no `\n` belongs to it.
        let skip = out[..target - made].chars().count() - usize::from(state.reading.holds_cr());
        let skip = u8::try_from(skip).expect("four bytes make at most sixteen characters");
        Place { offset: state.decoder.offset(), skip }
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_cookie_is_the_offset_wherever_nothing_is_to_be_skipped() {
        assert_eq!(Place::at(1 << 50).cookie(), 1 << 50);
        for place in [Place::at(0), Place { offset: 7, skip: 3 }, Place { offset: (1 << 59) - 1, skip: 15 }] {
            assert_eq!(Place::of_cookie(place.cookie()), Some(place));
        }
        assert_eq!(Place::of_cookie(1 << 63), None);
    }
}
