//! Bytes to text, in pieces cut anywhere.

use std::fmt::Write as _;

use encoding_rs::DecoderResult;

use super::names::{Kind, Order};
use super::unicode::{self, Step};
use super::{DecodeError, Encoding, Errors, NameError};

/// Bytes of the past kept to show in `\xff` what a table found wrong: more than any sequence it knows is long.
const RECENT_BYTES: usize = 16;

const UTF_8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Turns bytes into text, in pieces that may be cut within a character.
///
/// A byte order mark at the start is taken away by `utf_8_sig`, `utf_16` and `utf_32` and is U+FEFF otherwise.
///
/// ```
/// use folio::text::{Decoder, Encoding, Errors};
///
/// let mut decoder = Decoder::new(Encoding::UTF_8, Errors::Strict)?;
/// let mut text = String::new();
/// decoder.decode(b"caf\xC3", false, &mut text)?;
/// decoder.decode(b"\xA9", true, &mut text)?;
/// assert_eq!(text, "café");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Decoder {
    encoding: Encoding,
    errors: Errors,
    machine: Machine,
    /// Bytes that have been decided on, since the start.
    offset: u64,
    /// The beginning of a character or mark whose end has not come: at most 3 bytes.
    carry: Vec<u8>,
    failed: Option<DecodeError>,
}

/// How the bytes that come next are read.
enum Machine {
    /// The first bytes may be a mark.
    Start(Kind),
    /// As ASCII.
    Ascii,
    /// As Latin-1.
    Latin1,
    /// As UTF-8.
    Utf8,
    /// As UTF-16, the highest byte first if `big`.
    Utf16 { big: bool },
    /// As UTF-32, the highest byte first if `big`.
    Utf32 { big: bool },
    /// By a table; `recent` holds the last bytes it has taken.
    Table { decoder: Box<encoding_rs::Decoder>, recent: Vec<u8> },
}

impl Decoder {
    /// Returns a decoder that stands at the start of its input.
    ///
    /// # Errors
    ///
    /// [`NameError::WriteOnly`] for [`Errors::XmlCharRefReplace`].
    pub fn new(encoding: Encoding, errors: Errors) -> Result<Decoder, NameError> {
        if errors == Errors::XmlCharRefReplace {
            return Err(NameError::WriteOnly);
        }
        let machine = Machine::new(encoding.kind());
        Ok(Decoder { encoding, errors, machine, offset: 0, carry: Vec::new(), failed: None })
    }

    /// Adds the text of `input` to `out`. `last` says that nothing follows, so that what is cut off is wrong.
    ///
    /// # Errors
    ///
    /// Under [`Errors::Strict`], for bytes that mean nothing. The text before them is in `out`; every later
    /// call returns the same error.
    pub fn decode(&mut self, input: &[u8], last: bool, out: &mut String) -> Result<(), DecodeError> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        let done = match &mut self.machine {
            Machine::Table { .. } => self.by_table(input, last, out),
            _ if self.carry.is_empty() => self.by_steps(input, last, out),
            _ => {
                let mut joined = std::mem::take(&mut self.carry);
                joined.extend_from_slice(input);
                self.by_steps(&joined, last, out)
            }
        };
        self.failed = done.as_ref().err().cloned();
        done
    }

    fn by_steps(&mut self, bytes: &[u8], last: bool, out: &mut String) -> Result<(), DecodeError> {
        let Some(mut at) = self.settle(bytes, last) else {
            self.carry = bytes.to_vec();
            return Ok(());
        };
        let start = self.offset;
        while at < bytes.len() {
            at += self.machine.bulk(&bytes[at..], out);
            if at == bytes.len() {
                break;
            }
            match self.machine.step(&bytes[at..], last) {
                Step::Char(c, len) => {
                    out.push(c);
                    at += len;
                }
                Step::Bad(len, reason) => {
                    self.refuse(&bytes[at..at + len], start + at as u64, reason, out)?;
                    at += len;
                }
                Step::More => {
                    self.carry = bytes[at..].to_vec();
                    break;
                }
            }
        }
        self.offset = start + at as u64;
        Ok(())
    }

    /// Decides on the mark: how many bytes it takes, `None` while that is open.
    fn settle(&mut self, bytes: &[u8], last: bool) -> Option<usize> {
        let Machine::Start(kind) = self.machine else { return Some(0) };
        let (marks, unmarked): (&[(&[u8], Machine)], Machine) = match kind {
            Kind::Utf16(_) => (
                &[(b"\xFF\xFE", Machine::Utf16 { big: false }), (b"\xFE\xFF", Machine::Utf16 { big: true })],
                Machine::Utf16 { big: false },
            ),
            Kind::Utf32(_) => (
                &[
                    (b"\xFF\xFE\0\0", Machine::Utf32 { big: false }),
                    (b"\0\0\xFE\xFF", Machine::Utf32 { big: true }),
                ],
                Machine::Utf32 { big: false },
            ),
            Kind::Utf8 { .. } | Kind::Ascii | Kind::Latin1 | Kind::Table(_) => {
                (&[(UTF_8_MARK, Machine::Utf8)], Machine::Utf8)
            }
        };
        let found = marks.iter().find(|(mark, _)| bytes.starts_with(mark));
        let open = !last && marks.iter().any(|(mark, _)| mark.starts_with(bytes));
        let (len, machine) = match found {
            Some((mark, machine)) => (mark.len(), machine.stateless()),
            None if open => return None,
            None => (0, unmarked),
        };
        // An empty end decides nothing: a file that grows may yet begin with a mark.
        if !bytes.is_empty() {
            self.machine = machine;
        }
        Some(len)
    }

    fn by_table(&mut self, input: &[u8], last: bool, out: &mut String) -> Result<(), DecodeError> {
        let mut at = 0;
        loop {
            let Machine::Table { decoder, recent } = &mut self.machine else { return Ok(()) };
            let rest = &input[at..];
            out.reserve(decoder.max_utf8_buffer_length_without_replacement(rest.len()).unwrap_or(rest.len()));
            let (result, read) = decoder.decode_to_string_without_replacement(rest, out, last);
            recent.drain(..recent.len().saturating_sub(RECENT_BYTES));
            recent.extend_from_slice(&rest[read.saturating_sub(RECENT_BYTES)..read]);
            at += read;
            self.offset += read as u64;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(len, after) => {
                    let (len, after) = (usize::from(len), usize::from(after));
                    let start = recent.len().saturating_sub(len + after);
                    let bad = recent[start..recent.len() - after].to_vec();
                    let offset = self.offset - (len + after) as u64;
                    self.refuse(&bad, offset, "illegal multibyte sequence or undefined byte", out)?;
                }
            }
        }
        if last {
            // encoding_rs's decoders may not be used after their end; a file that grows goes on.
            self.machine = Machine::new(self.encoding.kind());
        }
        Ok(())
    }

    fn refuse(
        &self,
        bad: &[u8],
        offset: u64,
        reason: &'static str,
        out: &mut String,
    ) -> Result<(), DecodeError> {
        match self.errors {
            Errors::Strict | Errors::XmlCharRefReplace => {
                return Err(DecodeError { encoding: self.encoding, offset, len: bad.len(), reason });
            }
            Errors::Ignore => {}
            Errors::Replace => out.push(char::REPLACEMENT_CHARACTER),
            Errors::BackslashReplace => {
                for byte in bad {
                    write!(out, "\\x{byte:02x}").expect("a String takes whatever is written");
                }
            }
        }
        Ok(())
    }
}

impl Machine {
    fn new(kind: Kind) -> Machine {
        match kind {
            Kind::Ascii => Machine::Ascii,
            Kind::Latin1 => Machine::Latin1,
            Kind::Utf8 { mark: false } => Machine::Utf8,
            Kind::Utf8 { mark: true } | Kind::Utf16(Order::Marked) | Kind::Utf32(Order::Marked) => {
                Machine::Start(kind)
            }
            Kind::Utf16(order) => Machine::Utf16 { big: order == Order::Big },
            Kind::Utf32(order) => Machine::Utf32 { big: order == Order::Big },
            Kind::Table(table) => Machine::Table {
                decoder: Box::new(table.new_decoder_without_bom_handling()),
                recent: Vec::new(),
            },
        }
    }

    /// The machine that a mark leads to, again.
    fn stateless(&self) -> Machine {
        match self {
            Machine::Utf16 { big } => Machine::Utf16 { big: *big },
            Machine::Utf32 { big } => Machine::Utf32 { big: *big },
            Machine::Start(_) | Machine::Ascii | Machine::Latin1 | Machine::Utf8 | Machine::Table { .. } => {
                Machine::Utf8
            }
        }
    }

    /// Takes the good bytes that can be recognised many at a time.
    fn bulk(&self, bytes: &[u8], out: &mut String) -> usize {
        let candidates = match self {
            Machine::Utf8 => bytes,
            Machine::Ascii | Machine::Latin1 => &bytes[..encoding_rs::Encoding::ascii_valid_up_to(bytes)],
            Machine::Start(_) | Machine::Utf16 { .. } | Machine::Utf32 { .. } | Machine::Table { .. } => &[],
        };
        let good = match std::str::from_utf8(candidates) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&candidates[..error.valid_up_to()])
                .expect("the bytes up to the first wrong one are UTF-8"),
        };
        out.push_str(good);
        good.len()
    }

    fn step(&self, bytes: &[u8], last: bool) -> Step {
        match self {
            Machine::Ascii => unicode::ascii(bytes),
            Machine::Latin1 => unicode::latin1(bytes),
            Machine::Utf8 => unicode::utf8(bytes, last),
            Machine::Utf16 { big } => unicode::utf16(bytes, *big, last),
            Machine::Utf32 { big } => unicode::utf32(bytes, *big, last),
            // Neither takes steps: the start has been settled, and a table takes all of its input itself.
            Machine::Start(_) | Machine::Table { .. } => Step::More,
        }
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("encoding", &self.encoding)
            .field("errors", &self.errors)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}
