//! A text whose every line is known by its number, so that a reader can be checked line by line.

use std::fmt::Write;

/// What lines are filled with; how much of it depends on the number.
const FILLER: &str = "The quick brown fox jumps over the lazy dog, then it naps, and so does this file.";

/// Every so many lines one ends with a letter that takes two bytes.
const ACCENT_EVERY: u64 = 16;

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
