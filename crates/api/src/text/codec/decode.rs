//! Bytes to text, in pieces cut anywhere.

use std::fmt::Write as _;

use encoding_rs::DecoderResult;

use super::names::{Kind, Order};
use super::unicode::{self, Step};
use super::{DecodeError, Encoding, Errors, NameError};

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
#[derive(Clone)]
pub struct Decoder {
    encoding: Encoding,
    errors: Errors,
    machine: Machine,
    /// Bytes that have been decided on, since the start.
    offset: u64,
    /// How many of them were ignored behind the last character.
    ignored: u64,
    /// The length of the output when `ignored` was counted.
    ignored_behind: usize,
    /// The beginning of a character or mark whose end has not come: at most 3 bytes. It is all that one call
    /// leaves to the next, so that a copy of a decoder is cheap and complete.
    carry: Vec<u8>,
    failed: Option<DecodeError>,
}

/// How the bytes that come next are read.
#[derive(Clone, Copy, Debug)]
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
    /// By a table.
    Table(&'static encoding_rs::Encoding),
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
        Ok(Decoder {
            encoding,
            errors,
            machine,
            offset: 0,
            ignored: 0,
            ignored_behind: 0,
            carry: Vec::new(),
            failed: None,
        })
    }

    /// Returns a decoder that stands `offset` bytes behind the start of a file that begins with `head`. A handler
    /// for writing only is as strict as none.
    pub(in crate::text) fn resuming(encoding: Encoding, errors: Errors, offset: u64, head: &[u8]) -> Decoder {
        let mut machine = Machine::new(encoding.kind());
        if let (Machine::Start(kind), true) = (machine, offset > 0) {
            let (marks, unmarked) = marks(kind);
            let found = marks.iter().find(|(mark, _)| head.starts_with(mark));
            machine = found.map_or(unmarked, |(_, machine)| *machine);
        }
        let errors = if errors == Errors::XmlCharRefReplace { Errors::Strict } else { errors };
        Decoder {
            encoding,
            errors,
            machine,
            offset,
            ignored: 0,
            ignored_behind: 0,
            carry: Vec::new(),
            failed: None,
        }
    }

    /// How many bytes have been decided on; bytes that are an error have not.
    pub(in crate::text) fn offset(&self) -> u64 {
        self.offset
    }

    /// How many bytes had been decided on when the last character was made.
    pub(in crate::text) fn offset_of_text(&self) -> u64 {
        self.offset - self.ignored
    }

    /// Whether it has bytes that it has not decided on.
    pub(in crate::text) fn is_amid(&self) -> bool {
        !self.carry.is_empty()
    }

    /// Whether what it makes of bytes are the same bytes, wherever as many come out as go in.
    pub(in crate::text) fn copies(&self) -> bool {
        match self.machine {
            Machine::Ascii | Machine::Utf8 => true,
            Machine::Start(_)
            | Machine::Latin1
            | Machine::Utf16 { .. }
            | Machine::Utf32 { .. }
            | Machine::Table(_) => false,
        }
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
        let mut joined = std::mem::take(&mut self.carry);
        let bytes = if joined.is_empty() {
            input
        } else {
            joined.extend_from_slice(input);
            joined.as_slice()
        };
        self.ignored_behind = out.len();
        match self.machine {
            Machine::Table(table) => self.by_table(table, bytes, last, out)?,
            _ => self.by_steps(bytes, last, out)?,
        }
        self.ignore(0, out);
        Ok(())
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
        let (marks, unmarked) = marks(kind);
        let found = marks.iter().find(|(mark, _)| bytes.starts_with(mark));
        let open = !last && marks.iter().any(|(mark, _)| mark.starts_with(bytes));
        let (len, machine) = match found {
            Some((mark, machine)) => (mark.len(), *machine),
            None if open => return None,
            None => (0, unmarked),
        };
        // An empty end decides nothing: a file that grows may yet begin with a mark.
        if !bytes.is_empty() {
            self.machine = machine;
        }
        Some(len)
    }

    /// A decoder of encoding_rs's for this call alone: what it would keep of a character is carried here.
    fn by_table(
        &mut self,
        table: &'static encoding_rs::Encoding,
        bytes: &[u8],
        last: bool,
        out: &mut String,
    ) -> Result<(), DecodeError> {
        let mut decoder = table.new_decoder_without_bom_handling();
        let start = self.offset;
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            out.reserve(decoder.max_utf8_buffer_length_without_replacement(rest.len()).unwrap_or(rest.len()));
            let (result, read) = decoder.decode_to_string_without_replacement(rest, out, last);
            at += read;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(len, after) => {
                    let end = at - usize::from(after);
                    let bad = &bytes[end - usize::from(len)..end];
                    let reason = match table.is_single_byte() {
                        true => "character maps to <undefined>",
                        false if last && end == bytes.len() => "incomplete multibyte sequence",
                        false => "illegal multibyte sequence",
                    };
                    self.refuse(bad, start + (end - bad.len()) as u64, reason, out)?;
                }
            }
        }
        let pending = if last || table.is_single_byte() { 0 } else { pending(decoder) };
        let decided = bytes.len() - pending;
        self.carry = bytes[decided..].to_vec();
        self.offset = start + decided as u64;
        Ok(())
    }

    fn refuse(
        &mut self,
        bad: &[u8],
        offset: u64,
        reason: &'static str,
        out: &mut String,
    ) -> Result<(), DecodeError> {
        match self.errors {
            Errors::Strict | Errors::XmlCharRefReplace => {
                let (encoding, codec) = (self.encoding, self.machine.codec(self.encoding));
                let error = DecodeError { encoding, codec, offset, len: bad.len(), byte: bad[0], reason };
                self.offset = offset;
                self.failed = Some(error.clone());
                return Err(error);
            }
            Errors::Ignore => self.ignore(bad.len() as u64, out),
            Errors::Replace => out.push(char::REPLACEMENT_CHARACTER),
            Errors::BackslashReplace => {
                for byte in bad {
                    write!(out, "\\x{byte:02x}").expect("a String takes whatever is written");
                }
            }
        }
        Ok(())
    }

    /// Counts bytes that leave no trace behind what is in `out`.
    fn ignore(&mut self, count: u64, out: &str) {
        if out.len() > self.ignored_behind {
            (self.ignored, self.ignored_behind) = (0, out.len());
        }
        self.ignored += count;
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
            Kind::Table(table) => Machine::Table(table),
        }
    }

    /// What CPython's errors call the codec, once a mark has chosen one.
    fn codec(self, encoding: Encoding) -> &'static str {
        match self {
            Machine::Utf16 { big: true } => "utf-16-be",
            Machine::Utf32 { big: true } => "utf-32-be",
            Machine::Start(_)
            | Machine::Ascii
            | Machine::Latin1
            | Machine::Utf8
            | Machine::Utf16 { big: false }
            | Machine::Utf32 { big: false }
            | Machine::Table(_) => encoding.codec(),
        }
    }

    /// Takes the good bytes that can be recognised many at a time.
    fn bulk(self, bytes: &[u8], out: &mut String) -> usize {
        let candidates = match self {
            Machine::Utf8 => bytes,
            Machine::Ascii | Machine::Latin1 => &bytes[..encoding_rs::Encoding::ascii_valid_up_to(bytes)],
            Machine::Start(_) | Machine::Utf16 { .. } | Machine::Utf32 { .. } | Machine::Table(_) => &[],
        };
        let good = match std::str::from_utf8(candidates) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&candidates[..error.valid_up_to()])
                .expect("the bytes up to the first wrong one are UTF-8"),
        };
        out.push_str(good);
        good.len()
    }

    fn step(self, bytes: &[u8], last: bool) -> Step {
        match self {
            Machine::Ascii => unicode::ascii(bytes),
            Machine::Latin1 => unicode::latin1(bytes),
            Machine::Utf8 => unicode::utf8(bytes, last),
            Machine::Utf16 { big } => unicode::utf16(bytes, big, last),
            Machine::Utf32 { big } => unicode::utf32(bytes, big, last),
            // Neither takes steps: the start has been settled, and a table takes all of its input itself.
            Machine::Start(_) | Machine::Table(_) => Step::More,
        }
    }
}

/// The marks that an encoding may begin with and the machines they lead to, and the machine without one.
fn marks(kind: Kind) -> (&'static [(&'static [u8], Machine)], Machine) {
    match kind {
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
            (&[(b"\xEF\xBB\xBF", Machine::Utf8)], Machine::Utf8)
        }
    }
}

/// How many bytes at the end of its input a decoder has not decided on: told that this is the end, it calls
/// them wrong.
fn pending(mut decoder: encoding_rs::Decoder) -> usize {
    let mut nothing =
        String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(0).unwrap_or(0));
    match decoder.decode_to_string_without_replacement(&[], &mut nothing, true).0 {
        DecoderResult::Malformed(len, _) => usize::from(len),
        DecoderResult::InputEmpty | DecoderResult::OutputFull => 0,
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
