//! A text whose every line is known by its number, so that a reader can be checked line by line.

use std::fmt::Write;

use folio::text::{Encoder, Encoding, Errors, Newline};

/// What lines are filled with; how much of it depends on the number.
const FILLER: &str = "The quick brown fox jumps over the lazy dog, then it naps, and so does this file.";

/// Every so many lines one ends with a letter that takes two bytes.
const ACCENT_EVERY: u64 = 16;

/// What a text is as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wording {
    /// Mostly ASCII, `\n` behind each line.
    Utf8,
    /// The same with `\r\n`.
    Utf8CrLf,
    /// A byte a character.
    Latin1,
    /// Two, behind a mark.
    Utf16,
    /// By a table, of one to four.
    Gb18030,
}

impl Wording {
    /// Returns the name that its encoding has in Python.
    pub(crate) fn encoding(self) -> &'static str {
        match self {
            Wording::Utf8 | Wording::Utf8CrLf => "utf-8",
            Wording::Latin1 => "latin-1",
            Wording::Utf16 => "utf-16",
            Wording::Gb18030 => "gb18030",
        }
    }

    /// Returns the bytes of so many lines.
    pub(crate) fn bytes(self, count: u64) -> Vec<u8> {
        let newline = if self == Wording::Utf8CrLf { Newline::CrLf } else { Newline::Lf };
        let (mut text, mut bytes) = (String::new(), Vec::new());
        newline.write(&lines(count), &mut text);
        let encoding = Encoding::for_name(self.encoding()).expect("the library has it");
        Encoder::new(encoding, Errors::Strict).encode(&text, &mut bytes).expect("it has é");
        bytes
    }
}

/// Appends line `index`, without its end: about 50 bytes on average.
pub(crate) fn push_line(text: &mut String, index: u64) {
    write!(text, "{index:08} ").expect("a String takes everything");
    text.push_str(&FILLER[..filler_len(index)]);
    if index.is_multiple_of(ACCENT_EVERY) {
        text.push('é');
    }
}

/// Returns the bytes of line `index`, without its end.
pub(crate) fn line_len(index: u64) -> usize {
    let accent = if index.is_multiple_of(ACCENT_EVERY) { 'é'.len_utf8() } else { 0 };
    // The number takes eight digits up to a hundred million, and a space.
    9 + filler_len(index) + accent
}

/// Returns a text of so many lines, each with its end.
pub(crate) fn lines(count: u64) -> String {
    let mut text = String::new();
    for index in 0..count {
        push_line(&mut text, index);
        text.push('\n');
    }
    text
}

/// Neighbours differ in length by nearly anything, as in a log.
fn filler_len(index: u64) -> usize {
    (index * 7919 % 80) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_long_as_its_number_says() {
        for (index, line) in lines(1000).lines().enumerate() {
            assert_eq!(line.len(), line_len(index as u64), "{line:?}");
        }
    }
}
