//! One character at a time: ASCII, Latin-1 and the UTF family, with CPython's judgement of what is wrong.

/// The surrogates that begin a pair.
const HIGH: std::ops::RangeInclusive<u32> = 0xD800..=0xDBFF;

/// The surrogates that end a pair.
const LOW: std::ops::RangeInclusive<u32> = 0xDC00..=0xDFFF;

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A character of so many bytes.
    Char(char, usize),
    /// Two characters of so many bytes together.
    Pair(char, char, usize),
    /// The number of bytes that are not text but set how the bytes after them are read.
    Nothing(usize),
    /// So many bytes that mean nothing, and why.
    Bad(usize, &'static str),
    /// The beginning of a character; the bytes that follow decide.
    More,
}

/// The ASCII that some bytes begin with.
pub(super) fn ascii_of(bytes: &[u8]) -> &[u8] {
    /// Bytes looked at together.
    const BLOCK: usize = 32;
    if bytes.first().is_none_or(|byte| !byte.is_ascii()) {
        return &[];
    }
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let whole = blocks.iter().take_while(|block| block.is_ascii()).count() * BLOCK;
    let rest = bytes[whole..].iter().take_while(|byte| byte.is_ascii()).count();
    &bytes[..whole + rest]
}

/// Adds the ASCII that some bytes begin with; returns how many bytes that is.
pub(super) fn push_ascii(bytes: &[u8], out: &mut String) -> usize {
    let ascii = ascii_of(bytes);
    out.push_str(std::str::from_utf8(ascii).expect("ASCII is UTF-8"));
    ascii.len()
}

/// Reads a character of ASCII.
pub(super) fn ascii(bytes: &[u8]) -> Step {
    match bytes[0] {
        byte if byte.is_ascii() => Step::Char(char::from(byte), 1),
        _ => Step::Bad(1, "ordinal not in range(128)"),
    }
}

/// Reads a character of Latin-1.
pub(super) fn latin1(bytes: &[u8]) -> Step {
    Step::Char(char::from(bytes[0]), 1)
}

/// Reads a character of UTF-8. What is wrong is as long as the longest beginning of a character it could be.
pub(super) fn utf8(bytes: &[u8], last: bool) -> Step {
    let width = match bytes[0] {
        0..0x80 => 1,
        0xC2..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0..0xF5 => 4,
        _ => return Step::Bad(1, "invalid start byte"),
    };
    let head = &bytes[..width.min(bytes.len())];
    match std::str::from_utf8(head) {
        Ok(text) => text.chars().next().map_or(Step::More, |c| Step::Char(c, width)),
        Err(error) => match error.error_len() {
            Some(len) => Step::Bad(len, "invalid continuation byte"),
            None if last => Step::Bad(head.len(), "unexpected end of data"),
            None => Step::More,
        },
    }
}

/// Adds the characters of one unit that some UTF-16 begins with; returns how many bytes they take.
pub(super) fn utf16_of_one_unit(bytes: &[u8], big: bool, out: &mut String) -> usize {
    let (units, _) = bytes.as_chunks::<2>();
    let mut len = 0;
    for unit in units {
        let unit = if big { u16::from_be_bytes(*unit) } else { u16::from_le_bytes(*unit) };
        let Some(c) = char::from_u32(u32::from(unit)) else { break };
        out.push(c);
        len += 2;
    }
    len
}

/// Reads a character of UTF-16, a unit's lowest byte first unless `big`.
pub(super) fn utf16(bytes: &[u8], big: bool, last: bool) -> Step {
    let unit = |at: usize| -> Option<u32> {
        let pair: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(u32::from(if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }))
    };
    match (unit(0), unit(2)) {
        (None, _) if last => Step::Bad(1, "truncated data"),
        (None, _) => Step::More,
        (Some(low), _) if LOW.contains(&low) => Step::Bad(2, "illegal encoding"),
        (Some(high), Some(low)) if HIGH.contains(&high) => match surrogates(high, low) {
            Some(c) => Step::Char(c, 4),
            None => Step::Bad(2, "illegal UTF-16 surrogate"),
        },
        (Some(high), None) if HIGH.contains(&high) && last => {
            Step::Bad(bytes.len(), "unexpected end of data")
        }
        (Some(high), None) if HIGH.contains(&high) => Step::More,
        (Some(unit), _) => char::from_u32(unit).map_or(Step::More, |c| Step::Char(c, 2)),
    }
}

/// The character that two surrogates are.
pub(super) fn surrogates(high: u32, low: u32) -> Option<char> {
    let offset = low.checked_sub(*LOW.start()).filter(|offset| *offset <= LOW.end() - LOW.start())?;
    char::from_u32(0x10000 + ((high - HIGH.start()) << 10) + offset)
}

/// Reads a character of UTF-32, its lowest byte first unless `big`.
pub(super) fn utf32(bytes: &[u8], big: bool, last: bool) -> Step {
    let Some(word) = bytes.first_chunk::<4>() else {
        return if last { Step::Bad(bytes.len(), "truncated data") } else { Step::More };
    };
    let point = if big { u32::from_be_bytes(*word) } else { u32::from_le_bytes(*word) };
    match char::from_u32(point) {
        Some(c) => Step::Char(c, 4),
        None if point <= 0xFFFF => Step::Bad(4, "code point in surrogate code point range(0xd800, 0xe000)"),
        None => Step::Bad(4, "code point not in range(0x110000)"),
    }
}
