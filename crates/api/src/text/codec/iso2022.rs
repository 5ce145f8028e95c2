//! Encodings of seven bits that change between character sets by escape sequences.

use std::fmt;
use std::sync::OnceLock;

use super::charmap::Charmap;
use super::table::{BACK, Codes, ILLEGAL, entries, meaning, too_few};
use super::unicode::Step;
use super::wide::{
    GB2312_80, JISX0208, JISX0212, JISX0213_1, JISX0213_1_2000, JISX0213_2, KSX1001, overlaid,
};

const ESCAPE: u8 = 0x1B;

/// Changes to the second set.
const SHIFT_OUT: u8 = 0x0E;

/// Changes back to the first.
const SHIFT_IN: u8 = 0x0F;

/// Bytes after which an escape sequence is none.
const ESCAPE_BYTES: usize = 16;

/// What is not the lowest code in the first set that has a character.
static OTHERWISE: &[u8] = include_bytes!("tables/iso2022.bin");

/// The number of the Greek encoding that is designated as a third set.
const GREEK: usize = 49;

/// Where the codes of a set begin that is one of several.
const SET_BITS: u32 = 16;

/// A character set that a sequence may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    Ascii,
    Roman,
    Katakana,
    Latin1,
    Greek,
    Jisx0208,
    /// Another name of the same characters.
    Jisx0208Of1978,
    Jisx0212,
    Jisx0213First,
    Jisx0213FirstOf2000,
    Jisx0213Second,
    Ksx1001,
    Gb2312,
}

/// One of the encodings.
pub(super) struct Iso2022 {
    /// Its number in the table.
    number: u32,
    /// The sets that it writes, in the order in which it looks for a character.
    sets: &'static [Set],
    /// The sets that it only reads.
    read: &'static [Set],
    /// Whether it shifts between two sets. Then what it writes is in the second.
    shifts: bool,
    /// Whether it has a third set, for single characters.
    has_third: bool,
    codes: OnceLock<Codes>,
}

macro_rules! encodings {
    ($($name:ident: $number:literal, [$($set:ident),*], [$($read:ident),*], $shifts:literal, $third:literal;)*) => {
        $(pub(super) static $name: Iso2022 = Iso2022 {
            number: $number,
            sets: &[$(Set::$set),*],
            read: &[$(Set::$read),*],
            shifts: $shifts,
            has_third: $third,
            codes: OnceLock::new(),
        };)*
    };
}

encodings! {
    ISO2022_JP: 0, [Jisx0208, Roman], [Jisx0208Of1978], false, false;
    ISO2022_JP_1: 1, [Jisx0208, Jisx0212, Roman], [Jisx0208Of1978], false, false;
    ISO2022_JP_2: 2, [Jisx0208, Jisx0212, Ksx1001, Gb2312, Roman], [Jisx0208Of1978, Latin1, Greek], false, true;
    ISO2022_JP_2004: 3, [Jisx0208, Jisx0213First, Jisx0213Second], [], false, false;
    ISO2022_JP_3: 4, [Jisx0208, Jisx0213FirstOf2000, Jisx0213Second], [], false, false;
    ISO2022_JP_EXT: 5, [Jisx0208, Jisx0212, Roman, Katakana], [Jisx0208Of1978], false, false;
    ISO2022_KR: 6, [Ksx1001], [], true, false;
}

/// Which sets are in force.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    sets: [Set; 3],
    shifted: bool,
    /// Inside an escape sequence of another encoding, which is passed through.
    through: bool,
}

impl State {
    pub(super) const START: State = State { sets: [Set::Ascii; 3], shifted: false, through: false };
}

impl Set {
    /// What an escape sequence calls it, and whether its characters have two bytes.
    fn mark(self) -> (u8, bool) {
        match self {
            Set::Ascii => (b'B', false),
            Set::Roman => (b'J', false),
            Set::Katakana => (b'I', false),
            Set::Latin1 => (b'A', false),
            Set::Greek => (b'F', false),
            Set::Jisx0208 => (b'B', true),
            Set::Jisx0208Of1978 => (b'@', true),
            Set::Jisx0212 => (b'D', true),
            Set::Jisx0213First => (b'Q', true),
            Set::Jisx0213FirstOf2000 => (b'O', true),
            Set::Jisx0213Second => (b'P', true),
            Set::Ksx1001 => (b'C', true),
            Set::Gb2312 => (b'A', true),
        }
    }

    fn width(self) -> usize {
        1 + usize::from(self.mark().1)
    }

    /// The values of a set whose characters have two bytes; nothing for others.
    fn table(self) -> &'static [u32] {
        static TABLES: [OnceLock<Vec<u32>>; 7] = [const { OnceLock::new() }; 7];
        let (at, layers): (usize, &[&'static [u8]]) = match self {
            Set::Ascii | Set::Roman | Set::Katakana | Set::Latin1 | Set::Greek => return &[],
            Set::Jisx0208 | Set::Jisx0208Of1978 => (0, &[JISX0208]),
            Set::Jisx0212 => (1, &[JISX0212]),
            Set::Jisx0213First => (2, &[JISX0208, JISX0213_1]),
            Set::Jisx0213FirstOf2000 => (3, &[JISX0208, JISX0213_1, JISX0213_1_2000]),
            Set::Jisx0213Second => (4, &[JISX0213_2]),
            Set::Ksx1001 => (5, &[KSX1001]),
            Set::Gb2312 => (6, &[GB2312_80]),
        };
        TABLES[at].get_or_init(|| overlaid(layers.iter().flat_map(|layer| entries(layer))))
    }

    /// The value of the bytes that a character of this set has.
    fn value(self, bytes: &[u8]) -> u32 {
        match (self, bytes) {
            (Set::Roman, [0x5C]) => u32::from('¥'),
            (Set::Roman, [0x7E]) => u32::from('‾'),
            (Set::Ascii | Set::Roman, [byte]) => u32::from(*byte),
            (Set::Katakana, [byte @ 0x21..=0x5F]) => u32::from('｡') - 0x21 + u32::from(*byte),
            (_, [first, second]) => self.table()[usize::from(u16::from_be_bytes([*first, *second]))],
            // The others are for the third set only.
            _ => 0,
        }
    }

    /// The values and codes of a set, as far as it is written for them.
    fn written(self) -> Vec<(u32, u32)> {
        match self {
            Set::Roman => [0x5C, 0x7E].map(|byte: u8| (self.value(&[byte]), u32::from(byte))).to_vec(),
            Set::Katakana => (0x21..=0x5F).map(|byte: u8| (self.value(&[byte]), u32::from(byte))).collect(),
            _ => self.table().iter().copied().zip(0..).filter(|(value, _)| *value != 0).collect(),
        }
    }
}

impl Iso2022 {
    /// Reads a character or an escape sequence.
    pub(super) fn step(&self, state: &mut State, bytes: &[u8], last: bool) -> Step {
        let byte = bytes[0];
        if state.through {
            state.through = !ends_escape(byte);
            return Step::Char(char::from(byte), 1);
        }
        match byte {
            ESCAPE => self.escape(state, bytes, last),
            SHIFT_IN | SHIFT_OUT if self.shifts => {
                state.shifted = byte == SHIFT_OUT;
                Step::Nothing(1)
            }
            b'\n' => {
                state.shifted = false;
                Step::Char('\n', 1)
            }
            0..0x20 => Step::Char(char::from(byte), 1),
            0x80.. => Step::Bad(1, ILLEGAL),
            _ => {
                let set = state.sets[usize::from(state.shifted)];
                let Some(bytes) = bytes.get(..set.width()) else { return too_few(bytes, last) };
                match meaning(set.value(bytes)).step(bytes.len()) {
                    Some(Step::Bad(..)) | None => Step::Bad(bytes.len(), ILLEGAL),
                    Some(step) => step,
                }
            }
        }
    }

    fn escape(&self, state: &mut State, bytes: &[u8], last: bool) -> Step {
        match bytes.get(1) {
            None => too_few(bytes, last),
            Some(b'(' | b')' | b'$' | b'.' | b'&') => self.designation(state, bytes, last),
            Some(b'N') if self.has_third => match bytes.get(2) {
                None => too_few(bytes, last),
                Some(byte) => third(state.sets[2], *byte).map_or(Step::Bad(3, ILLEGAL), |c| Step::Char(c, 3)),
            },
            Some(_) => {
                state.through = true;
                Step::Char(char::from(ESCAPE), 1)
            }
        }
    }

    fn designation(&self, state: &mut State, bytes: &[u8], last: bool) -> Step {
        let mut at = 1;
        let len = loop {
            match bytes.get(at) {
                _ if at >= ESCAPE_BYTES => return Step::Bad(1, ILLEGAL),
                None => return too_few(bytes, last),
                Some(byte) if ends_escape(*byte) => break at + 1,
                // A prefix that says which revision of a set is meant.
                Some(b'&') if !self.shifts && bytes.get(at + 1) == Some(&b'@') => at += 3,
                Some(_) => at += 1,
            }
        };
        let (place, mark, wide) = match &bytes[1..len] {
            [b'$', mark] => (0, *mark, true),
            [b'(', mark] => (0, *mark, false),
            [b')', mark] => (1, *mark, false),
            [b'.', mark] if self.has_third => (2, *mark, false),
            [b'$', b'(', mark] => (0, *mark, true),
            [b'$', b')', mark] => (1, *mark, true),
            [_, _, ESCAPE, b'$', b'B'] if !self.shifts => (0, b'B', true),
            _ => return Step::Bad(len, ILLEGAL),
        };
        let sets = [Set::Ascii].iter().chain(self.sets).chain(self.read);
        match sets.into_iter().find(|set| set.mark() == (mark, wide)) {
            Some(set) => {
                state.sets[place] = *set;
                Step::Nothing(len)
            }
            None => Step::Bad(len, ILLEGAL),
        }
    }

    /// Adds the bytes of what a text begins with, and says how many bytes of the text that is; `None` if there
    /// are none for its first character.
    pub(super) fn put(&self, state: &mut State, text: &str, out: &mut Vec<u8>) -> Option<usize> {
        let c = text.chars().next()?;
        if c.is_ascii() {
            self.reset(state, out);
            out.push(c as u8);
            return Some(1);
        }
        let (code, len) = self.codes().first_of(text)?;
        let set = self.sets[(code >> SET_BITS) as usize - 1];
        let (mark, wide) = set.mark();
        let place = usize::from(self.shifts);
        if state.sets[place] != set {
            state.sets[place] = set;
            out.push(ESCAPE);
            out.extend_from_slice(if wide { b"$" } else { b"" });
            // The oldest of the wide sets goes without.
            let between: &[u8] = if set == Set::Jisx0208 { b"" } else { [b"(", b")"][place] };
            out.extend_from_slice(between);
            out.push(mark);
        }
        if self.shifts && !state.shifted {
            out.push(SHIFT_OUT);
            state.shifted = true;
        }
        let bytes = (code as u16).to_be_bytes();
        out.extend_from_slice(if wide { &bytes } else { &bytes[1..] });
        Some(len)
    }

    /// Goes back to where a text begins.
    pub(super) fn reset(&self, state: &mut State, out: &mut Vec<u8>) {
        if state.shifted {
            out.push(SHIFT_IN);
            state.shifted = false;
        }
        if state.sets[0] != Set::Ascii {
            out.extend_from_slice(&[ESCAPE, b'(', b'B']);
            state.sets[0] = Set::Ascii;
        }
    }

    fn codes(&self) -> &Codes {
        self.codes.get_or_init(|| {
            let mut codes = Codes::new();
            for (set, number) in self.sets.iter().zip(1..) {
                set.written().iter().for_each(|(value, code)| codes.add(*value, number << SET_BITS | code));
            }
            for (key, code) in entries(OTHERWISE).filter(|(key, _)| (key - BACK) >> 20 == self.number) {
                codes.set((key - BACK) & 0xF_FFFF, code);
            }
            codes
        })
    }
}

fn ends_escape(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte == b'@'
}

/// A single character of the third set.
fn third(set: Set, byte: u8) -> Option<char> {
    let high = byte ^ 0x80;
    match set {
        Set::Ascii => byte.is_ascii().then(|| char::from(byte)),
        Set::Latin1 => byte.is_ascii().then(|| char::from(high)),
        // The edition of 1987, which lacks what the later one added.
        Set::Greek => match (high, Charmap::numbered(GREEK).step(&[high])) {
            (..0xA0, _) => Some(char::from(high)),
            (0xA4 | 0xA5 | 0xAA, _) => None,
            (_, Step::Char(c, _)) => Some(c),
            (_, _) => None,
        },
        // CPython has no way to read these here.
        _ => None,
    }
}

impl fmt::Debug for Iso2022 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iso2022").field("sets", &self.sets).finish_non_exhaustive()
    }
}
