//! HZ: GB 2312 in seven bits, between `~{` and `~}`.

use std::sync::OnceLock;

use super::table::{ILLEGAL, entries, meaning, too_few};
use super::unicode::Step;
use super::wide::{GB2312, GB2312_80, overlaid};

/// Where a text begins: with ASCII.
pub(super) const START: Mode = Mode::Ascii;

/// What the bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Themselves.
    Ascii,
    /// Two for a character.
    Wide,
}

/// Reads a character or a change of mode.
pub(super) fn step(mode: &mut Mode, bytes: &[u8], last: bool) -> Step {
    static TABLE: OnceLock<Vec<u32>> = OnceLock::new();
    match (bytes, *mode) {
        ([b'~'], _) => too_few(bytes, last),
        ([b'~', b'~', ..], Mode::Ascii) => Step::Char('~', 2),
        ([b'~', b'\n', ..], _) => Step::Nothing(2),
        ([b'~', b'{', ..], Mode::Ascii) => {
            *mode = Mode::Wide;
            Step::Nothing(2)
        }
        ([b'~', b'}', ..], Mode::Wide) => {
            *mode = Mode::Ascii;
            Step::Nothing(2)
        }
        ([b'~' | 0x80.., ..], _) => Step::Bad(1, ILLEGAL),
        ([byte, ..], Mode::Ascii) => Step::Char(char::from(*byte), 1),
        ([first, second, ..], Mode::Wide) => {
            let table = TABLE.get_or_init(|| overlaid(entries(GB2312_80)));
            let value = table[usize::from(u16::from_be_bytes([*first, *second]))];
            meaning(value).step(2).unwrap_or(Step::More)
        }
        (_, Mode::Wide) | ([], Mode::Ascii) => too_few(bytes, last),
    }
}

/// Adds the bytes of what a text begins with, and says how many bytes of the text that is; `None` if there are none
/// for its first character.
pub(super) fn put(mode: &mut Mode, text: &str, out: &mut Vec<u8>) -> Option<usize> {
    let c = text.chars().next()?;
    if c.is_ascii() {
        reset(mode, out);
        out.extend_from_slice(if c == '~' { b"~~" } else { &text.as_bytes()[..1] });
        return Some(1);
    }
    let start = out.len();
    if *mode == Mode::Ascii {
        out.extend_from_slice(b"~{");
    }
    let wide = out.len();
    let Some(len) = GB2312.put(text, out) else {
        out.truncate(start);
        return None;
    };
    out[wide..].iter_mut().for_each(|byte| *byte &= 0x7F);
    *mode = Mode::Wide;
    Some(len)
}

/// Goes back to where a text begins.
pub(super) fn reset(mode: &mut Mode, out: &mut Vec<u8>) {
    if *mode == Mode::Wide {
        out.extend_from_slice(b"~}");
        *mode = Mode::Ascii;
    }
}
