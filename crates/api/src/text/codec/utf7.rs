//! UTF-7: ASCII, and between `+` and `-` the units of UTF-16 in six bits a byte.

use super::unicode::{Step, surrogates};

/// What the six bits are written as.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What is said of half a pair, which a string cannot hold. CPython has no such error.
const LONE: &str = "illegal UTF-16 surrogate";

/// Amid a run of digits, or not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    run: Option<Run>,
}

/// A run of digits so far.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Bytes that it has, from the `+` on.
    len: usize,
    /// Bits of a unit whose end has not come.
    bits: u32,
    width: u32,
    /// The first half of a pair.
    high: Option<u32>,
}

/// What is wrong with a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broken {
    /// Bytes of it that were decided on before.
    pub(super) before: usize,
    pub(super) reason: &'static str,
}

impl State {
    /// Reads a byte or two. With the error of a run comes how far back this begins.
    pub(super) fn step(&mut self, bytes: &[u8], last: bool) -> (Step, usize) {
        match (&mut self.run, bytes) {
            (None, [b'+']) if !last => (Step::More, 0),
            (None, [b'+', b'-', ..]) => (Step::Char('+', 2), 0),
            (None, [b'+', other, ..]) if digit(*other).is_none() => (Step::Bad(2, "ill-formed sequence"), 0),
            (None, [b'+', ..]) => {
                self.run = Some(Run { len: 1, bits: 0, width: 0, high: None });
                (Step::Nothing(1), 0)
            }
            (None, [byte @ 0..0x80, ..]) => (Step::Char(char::from(*byte), 1), 0),
            (None, _) => (Step::Bad(1, "unexpected special character"), 0),
            (Some(run), _) => {
                let before = run.len;
                match digit(bytes[0]) {
                    Some(six) => {
                        let step = run.take(six);
                        (step, if matches!(step, Step::Bad(..)) { before } else { 0 })
                    }
                    None => {
                        let wrong = run.wrong("partial character in shift sequence");
                        self.run = None;
                        match wrong {
                            Some(reason) => (Step::Bad(1, reason), before),
                            None if bytes[0] == b'-' => (Step::Nothing(1), 0),
                            None => self.step(bytes, last),
                        }
                    }
                }
            }
        }
    }

    /// What is wrong if nothing follows.
    pub(super) fn end(&mut self) -> Option<Broken> {
        let run = self.run.take()?;
        let reason = run.wrong("unterminated shift sequence")?;
        Some(Broken {
            before: run.len,
            reason: if reason == LONE { reason } else { "unterminated shift sequence" },
        })
    }
}

impl Run {
    /// Takes six bits more.
    fn take(&mut self, six: u32) -> Step {
        self.len += 1;
        self.bits = self.bits << 6 | six;
        self.width += 6;
        if self.width < 16 {
            return Step::Nothing(1);
        }
        self.width -= 16;
        let unit = self.bits >> self.width;
        self.bits &= (1 << self.width) - 1;
        match (self.high.take(), unit) {
            (Some(high), low @ 0xDC00..0xE000) => {
                surrogates(high, low).map_or(Step::Bad(1, LONE), |c| Step::Char(c, 1))
            }
            (None, high @ 0xD800..0xDC00) => {
                self.high = Some(high);
                Step::Nothing(1)
            }
            (Some(_), high @ 0xD800..0xDC00) => {
                self.high = Some(high);
                Step::Bad(1, LONE)
            }
            (Some(_), _) => Step::Bad(1, LONE),
            (None, unit) => char::from_u32(unit).map_or(Step::Bad(1, LONE), |c| Step::Char(c, 1)),
        }
    }

    /// What is wrong if it ends here.
    fn wrong(&self, partial: &'static str) -> Option<&'static str> {
        match self {
            Run { width: 6.., .. } => Some(partial),
            Run { bits: 1.., .. } => Some("non-zero padding bits in shift sequence"),
            Run { high: Some(_), .. } => Some(LONE),
            Run { high: None, .. } => None,
        }
    }
}

fn digit(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

/// Adds the bytes of `text`, which end outside of a run.
pub(super) fn encode(text: &str, out: &mut Vec<u8>) {
    let mut run: Option<(u32, u32)> = None;
    for c in text.chars() {
        if stands_for_itself(c) {
            if let Some(bits) = run.take() {
                pad(bits, out);
                if c == '-' || digit(c as u8).is_some() {
                    out.push(b'-');
                }
            }
            out.push(c as u8);
        } else if c == '+' && run.is_none() {
            out.extend_from_slice(b"+-");
        } else {
            let (mut bits, mut width) = run.unwrap_or_else(|| {
                out.push(b'+');
                (0, 0)
            });
            for unit in c.encode_utf16(&mut [0; 2]) {
                (bits, width) = (bits << 16 | u32::from(*unit), width + 16);
                while width >= 6 {
                    width -= 6;
                    out.push(DIGITS[(bits >> width) as usize]);
                    bits &= (1 << width) - 1;
                }
            }
            run = Some((bits, width));
        }
    }
    if let Some(bits) = run {
        pad(bits, out);
        out.push(b'-');
    }
}

/// Writes the bits that are left of the last unit.
fn pad((bits, width): (u32, u32), out: &mut Vec<u8>) {
    if width > 0 {
        out.push(DIGITS[(bits << (6 - width)) as usize]);
    }
}

fn stands_for_itself(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='}') && !matches!(c, '+' | '\\')
}
