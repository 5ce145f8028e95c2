//! Encodings in which every byte is a character or nothing.

use std::fmt;
use std::sync::OnceLock;

use super::table::{BACK, Codes, entries};
use super::unicode::{Step, push_ascii};

/// What CPython says of a byte or character that is not in the table.
pub(super) const UNDEFINED: &str = "character maps to <undefined>";

/// What byte is which character, for all the encodings.
static TABLE: &[u8] = include_bytes!("tables/charmaps.bin");

/// How many there are, each with its number in the table.
pub(super) const CHARMAPS: usize = 69;

static UNPACKED: [OnceLock<Charmap>; CHARMAPS] = [const { OnceLock::new() }; CHARMAPS];

/// One of the encodings.
pub(super) struct Charmap {
    /// The character of each byte; U+0000 for nothing, but for the byte that it is.
    characters: [char; 256],
    nothing: [bool; 256],
    /// The byte of each character, with a bit above that makes it no 0.
    codes: Codes,
    /// Whether ASCII is ASCII when it is read.
    pub(super) plain: bool,
    /// And when it is written, where some encodings prefer another byte.
    pub(super) writes_plain: bool,
}

/// Set in the code of a character beside its byte.
const THERE: u32 = 0x100;

impl Charmap {
    /// The encoding of this number, unpacked when it is asked for.
    pub(super) fn numbered(number: usize) -> &'static Charmap {
        UNPACKED[number].get_or_init(|| Charmap::unpack(number))
    }

    fn unpack(number: usize) -> Charmap {
        let (mut characters, mut nothing, mut codes) = (['\0'; 256], [true; 256], Codes::new());
        for (key, value) in entries(TABLE) {
            if key < BACK && key as usize >> 8 == number {
                let byte = key as usize & 0xFF;
                nothing[byte] = false;
                characters[byte] = char::from_u32(value).expect("the table holds characters");
                codes.add(value, key & 0xFF | THERE);
            } else if key >= BACK && (key - BACK) as usize >> 16 == number {
                codes.set((key - BACK) & 0xFFFF, value);
            }
        }
        // `add` takes a value of 0 for a missing character; here it is NUL.
        if let Some(byte) = (0..256).find(|byte| !nothing[*byte] && characters[*byte] == '\0') {
            codes.set(0, byte as u32 | THERE);
        }
        let plain = (0..0x80).all(|byte| !nothing[byte] && characters[byte] as usize == byte);
        let writes_plain = (0..0x80u8).all(|byte| codes.get(char::from(byte)) == u32::from(byte) | THERE);
        Charmap { characters, nothing, codes, plain, writes_plain }
    }

    /// Adds the characters that some bytes begin with; returns how many bytes they take.
    pub(super) fn read(&self, bytes: &[u8], out: &mut String) -> usize {
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            if self.plain && byte.is_ascii() {
                at += push_ascii(&bytes[at..], out);
            } else if self.nothing[usize::from(byte)] {
                break;
            } else {
                out.push(self.characters[usize::from(byte)]);
                at += 1;
            }
        }
        at
    }

    /// Reads a character.
    #[inline]
    pub(super) fn step(&self, bytes: &[u8]) -> Step {
        let byte = usize::from(bytes[0]);
        match self.nothing[byte] {
            false => Step::Char(self.characters[byte], 1),
            true => Step::Bad(1, UNDEFINED),
        }
    }

    /// The byte of a character.
    #[inline]
    pub(super) fn byte(&self, character: char) -> Option<u8> {
        let code = self.codes.get(character);
        (code != 0).then_some(code as u8)
    }
}

impl fmt::Debug for Charmap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Charmap").field("plain", &self.plain).finish_non_exhaustive()
    }
}
