//! Tables of bytes and characters: how they are written down, and what they are unpacked to.
//!
//! A table is a list of pieces. Each begins with a number: its two lowest bits say what kind of piece it is, the
//! others for how many keys in a row. The first value of a rising piece and every one of a listed piece is written as
//! the difference to the value before. Numbers are in groups of seven bits, the lowest first; a difference is doubled,
//! and one less than doubled if it is negative.

use super::unicode::Step;

/// The first value that is not a character: it says that the bytes begin a longer sequence.
const MORE: u32 = 0x11_0000;

/// From here on a value says how many bytes together mean nothing.
const WRONG: u32 = MORE + 1;

/// From here on a value is two characters, one in each half.
const TWO: u32 = 0x12_0000;

/// Keys from here on are characters, and their values bytes.
pub(super) const BACK: u32 = 0x200_0000;

/// What CPython says of bytes of several that mean nothing.
pub(super) const ILLEGAL: &str = "illegal multibyte sequence";

/// What CPython says of bytes of several that the end cuts off.
pub(super) const INCOMPLETE: &str = "incomplete multibyte sequence";

/// What a value of a table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A character.
    One(char),
    /// Two characters.
    Two(char, char),
    /// So many bytes mean nothing.
    Wrong(usize),
    /// More bytes decide.
    More,
}

/// Reads a value.
#[inline]
pub(super) fn meaning(value: u32) -> Meaning {
    match value {
        0 => Meaning::Wrong(1),
        MORE => Meaning::More,
        1..MORE => char::from_u32(value).map_or(Meaning::Wrong(1), Meaning::One),
        WRONG..TWO => Meaning::Wrong((value - MORE) as usize),
        _ => match (char::from_u32(value >> 16), char::from_u32(value & 0xFFFF)) {
            (Some(first), Some(second)) => Meaning::Two(first, second),
            (None, _) | (_, None) => Meaning::Wrong(1),
        },
    }
}

impl Meaning {
    /// The step that it is, for bytes of which `width` were looked at; `None` if more are to be.
    #[inline]
    pub(super) fn step(self, width: usize) -> Option<Step> {
        match self {
            Meaning::One(c) => Some(Step::Char(c, width)),
            Meaning::Two(first, second) => Some(Step::Pair(first, second, width)),
            Meaning::Wrong(len) => Some(Step::Bad(len, ILLEGAL)),
            Meaning::More => None,
        }
    }
}

/// What to make of bytes that are too few.
pub(super) fn too_few(bytes: &[u8], last: bool) -> Step {
    if last { Step::Bad(bytes.len(), INCOMPLETE) } else { Step::More }
}

/// Goes through the keys and values of a table, in order of the keys. A value of 0 takes a key away from the table
/// below.
pub(super) fn entries(table: &'static [u8]) -> Entries {
    Entries { bytes: table, key: 0, value: 0, kind: Piece::Skipped, left: 0 }
}

/// See [`entries`].
#[derive(Clone, Debug)]
pub(super) struct Entries {
    bytes: &'static [u8],
    /// The key that comes next.
    key: u32,
    /// The value before.
    value: u32,
    kind: Piece,
    /// Keys that are left of the piece.
    left: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Skipped,
    Rising,
    Listed,
    Gone,
}

impl Entries {
    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7F) << shift;
            if *byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn differ(&mut self) -> Option<()> {
        let written = self.number()?;
        let half = (written.div_ceil(2)) as u32;
        self.value = match written % 2 {
            0 => self.value.wrapping_add(half),
            _ => self.value.wrapping_sub(half),
        };
        Some(())
    }

    fn begin(&mut self) -> Option<()> {
        let head = self.number()?;
        self.left = (head >> 2) as u32;
        self.kind = [Piece::Skipped, Piece::Rising, Piece::Listed, Piece::Gone][(head & 3) as usize];
        match self.kind {
            Piece::Skipped => {
                self.key += self.left;
                self.left = 0;
            }
            Piece::Rising => {
                self.differ()?;
                self.value = self.value.wrapping_sub(1);
            }
            Piece::Listed | Piece::Gone => {}
        }
        Some(())
    }
}

impl Iterator for Entries {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<(u32, u32)> {
        while self.left == 0 {
            self.begin()?;
        }
        self.left -= 1;
        let key = self.key;
        self.key += 1;
        match self.kind {
            Piece::Gone | Piece::Skipped => return Some((key, 0)),
            Piece::Rising => self.value = self.value.wrapping_add(1),
            Piece::Listed => self.differ()?,
        }
        Some((key, self.value))
    }
}

/// Characters in a page.
const PAGE: usize = 256;

/// Planes of Unicode in which there are characters with a code: all that no rule covers are in the first three.
const PAGES: usize = 3 * 0x1_0000 / PAGE;

/// The codes of characters, in pages of which most are the empty one.
pub(super) struct Codes {
    /// Which page each is.
    pages: Vec<u16>,
    cells: Vec<u32>,
    /// Two characters that have one code together, in order.
    pairs: Vec<([char; 2], u32)>,
}

impl Codes {
    pub(super) fn new() -> Codes {
        Codes { pages: vec![0; PAGES], cells: vec![0; PAGE], pairs: Vec::new() }
    }

    /// Gives the characters of a value a code, unless they have one.
    pub(super) fn add(&mut self, value: u32, code: u32) {
        match meaning(value) {
            Meaning::One(c) => {
                let cell = self.cell(u32::from(c));
                if *cell == 0 {
                    *cell = code;
                }
            }
            Meaning::Two(first, second) => {
                let pair = [first, second];
                if let Err(at) = self.pairs.binary_search_by_key(&pair, |(pair, _)| *pair) {
                    self.pairs.insert(at, (pair, code));
                }
            }
            Meaning::Wrong(_) | Meaning::More => {}
        }
    }

    /// Gives a character a code whether it has one or not; 0 for none.
    pub(super) fn set(&mut self, character: u32, code: u32) {
        *self.cell(character) = code;
    }

    fn cell(&mut self, character: u32) -> &mut u32 {
        let (page, at) = (character as usize / PAGE, character as usize % PAGE);
        if self.pages[page] == 0 {
            self.pages[page] = u16::try_from(self.cells.len() / PAGE).expect("there are few pages");
            self.cells.resize(self.cells.len() + PAGE, 0);
        }
        &mut self.cells[usize::from(self.pages[page]) * PAGE + at]
    }

    /// The code of a character; 0 if it has none.
    #[inline]
    pub(super) fn get(&self, character: char) -> u32 {
        let character = character as usize;
        let page = self.pages.get(character / PAGE).copied().unwrap_or(0);
        self.cells[usize::from(page) * PAGE + character % PAGE]
    }

    /// The code of the characters that a text begins with, and how many bytes these take.
    #[inline]
    pub(super) fn first_of(&self, text: &str) -> Option<(u32, usize)> {
        let mut chars = text.chars();
        let first = chars.next()?;
        if !self.pairs.is_empty() {
            let second = chars.next().unwrap_or('\0');
            if let Ok(at) = self.pairs.binary_search_by_key(&[first, second], |(pair, _)| *pair) {
                return Some((self.pairs[at].1, first.len_utf8() + second.len_utf8()));
            }
        }
        let code = self.get(first);
        (code != 0).then(|| (code, first.len_utf8()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Meaning, entries, meaning};

    #[test]
    fn a_table_is_read_piece_by_piece() {
        // Skips 3; two listed: 5, 2; three rising from 100; one gone; skips 200; one listed: 102 - 1.
        let table = &[0x0C, 0x0A, 0x0A, 0x05, 0x0D, 0xC4, 0x01, 0x07, 0xA0, 0x06, 0x06, 0x01];
        let read: Vec<(u32, u32)> = entries(table).collect();
        assert_eq!(read, [(3, 5), (4, 2), (5, 100), (6, 101), (7, 102), (8, 0), (209, 101)]);
        assert_eq!(entries(&[]).count(), 0);
    }

    #[test]
    fn a_value_is_a_character_or_two_or_says_what_is_wrong() {
        assert_eq!(meaning(0x20AC), Meaning::One('€'));
        assert_eq!(meaning(0x304B_309A), Meaning::Two('か', '\u{309A}'));
        assert_eq!(meaning(0), Meaning::Wrong(1));
        assert_eq!(meaning(0x11_0002), Meaning::Wrong(2));
        assert_eq!(meaning(0x11_0000), Meaning::More);
    }
}
