//! Bytes to text, in pieces cut anywhere.

use std::fmt::Write as _;

use super::charmap::Charmap;
use super::iso2022::{self, Iso2022};
use super::kind::{Kind, Order};
use super::unicode::{self, Step};
use super::wide::Wide;
use super::{DecodeError, Encoding, Errors, NameError, hz, utf7};

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
    /// The beginning of a character, mark or escape sequence whose end has not come: at most 16 bytes. With the
    /// state of the machine it is all that one call leaves to the next, so that a copy of a decoder is cheap and
    /// complete.
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
    /// As UTF-7.
    Utf7(utf7::State),
    /// By a table of bytes.
    Charmap(&'static Charmap),
    /// By a table of one byte and several.
    Wide(&'static Wide),
    /// By the character sets in force.
    Iso2022(&'static Iso2022, iso2022::State),
    /// As HZ.
    Hz(hz::Mode),
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

    /// Takes bytes whose text has been given out before, up to the place `until`, to be in the state that they leave
    /// behind. There must be some behind that place, unless the file ends: they may have decided on what is before it.
    pub(in crate::text) fn pass_over(&mut self, bytes: &[u8], until: u64) {
        let mut joined = std::mem::take(&mut self.carry);
        joined.extend_from_slice(bytes);
        let Some(mut at) = self.settle(&joined, false) else {
            self.carry = joined;
            return;
        };
        let start = self.offset;
        while at < joined.len() && start + (at as u64) < until {
            // What is wrong leaves the same state under every handler.
            match self.machine.step(&joined[at..], false).0 {
                Step::Char(_, len) | Step::Pair(_, _, len) | Step::Nothing(len) | Step::Bad(len, _) => {
                    at += len
                }
                Step::More => break,
            }
        }
        self.offset = start + at as u64;
        if self.offset < until {
            self.carry = joined.split_off(at);
        }
    }

    /// Stands at the end of the file: what looks like the beginning of something has been decided on before.
    pub(in crate::text) fn stand(&mut self) {
        self.offset += self.carry.len() as u64;
        self.carry.clear();
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
            | Machine::Utf7(_)
            | Machine::Charmap(_)
            | Machine::Wide(_)
            | Machine::Iso2022(..)
            | Machine::Hz(_) => false,
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
        self.by_steps(bytes, last, out)?;
        self.ignore(0, out);
        Ok(())
    }

    fn by_steps(&mut self, bytes: &[u8], last: bool, out: &mut String) -> Result<(), DecodeError> {
        let Some(mut at) = self.settle(bytes, last) else {
            self.carry = bytes.to_vec();
            return Ok(());
        };
        let start = self.offset;
        out.reserve(bytes.len());
        while at < bytes.len() {
            at += self.machine.bulk(&bytes[at..], out);
            if at == bytes.len() {
                break;
            }
            let (step, back) = self.machine.step(&bytes[at..], last);
            match step {
                Step::Char(c, len) => {
                    out.push(c);
                    at += len;
                }
                Step::Pair(first, second, len) => {
                    out.extend([first, second]);
                    at += len;
                }
                Step::Nothing(len) => {
                    self.ignore(len as u64, out);
                    at += len;
                }
                Step::Bad(len, reason) => {
                    self.offset = start + at as u64;
                    self.refuse(&bytes[at..at + len], back, reason, out)?;
                    at += len;
                }
                Step::More => {
                    self.carry = bytes[at..].to_vec();
                    break;
                }
            }
        }
        self.offset = start + at as u64;
        match if last { self.machine.end() } else { None } {
            Some(broken) => self.refuse(b"", broken.before, broken.reason, out),
            None => Ok(()),
        }
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

    /// Does with the bytes that come next, and `back` bytes before them, what is to be done with what means nothing.
    fn refuse(
        &mut self,
        bad: &[u8],
        back: usize,
        reason: &'static str,
        out: &mut String,
    ) -> Result<(), DecodeError> {
        match self.errors {
            Errors::Strict | Errors::XmlCharRefReplace => {
                let (encoding, codec) = (self.encoding, self.machine.codec(self.encoding));
                // Only a run of UTF-7 is found wrong when it has been decided on, and that begins so.
                let byte = if back > 0 { b'+' } else { bad[0] };
                let (offset, len) = (self.offset - back as u64, bad.len() + back);
                let error = DecodeError { encoding, codec, offset, len, byte, reason };
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
            Kind::Utf7 => Machine::Utf7(utf7::State::default()),
            Kind::Charmap(number) => Machine::Charmap(Charmap::numbered(number)),
            Kind::Wide(wide) => Machine::Wide(wide),
            Kind::Iso2022(iso2022) => Machine::Iso2022(iso2022, iso2022::State::START),
            Kind::Hz => Machine::Hz(hz::START),
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
            | Machine::Utf7(_)
            | Machine::Charmap(_)
            | Machine::Wide(_)
            | Machine::Iso2022(..)
            | Machine::Hz(_) => encoding.codec(),
        }
    }

    /// Takes the good bytes that can be recognised many at a time.
    fn bulk(self, bytes: &[u8], out: &mut String) -> usize {
        let candidates = match self {
            Machine::Utf8 => bytes,
            Machine::Ascii | Machine::Latin1 => unicode::ascii_of(bytes),
            Machine::Charmap(table) => return table.read(bytes, out),
            Machine::Wide(table) => return table.read(bytes, out),
            Machine::Utf16 { big } => return unicode::utf16_of_one_unit(bytes, big, out),
            Machine::Start(_)
            | Machine::Utf32 { .. }
            | Machine::Utf7(_)
            | Machine::Iso2022(..)
            | Machine::Hz(_) => &[],
        };
        let good = match std::str::from_utf8(candidates) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&candidates[..error.valid_up_to()])
                .expect("the bytes up to the first wrong one are UTF-8"),
        };
        out.push_str(good);
        good.len()
    }

    /// Reads what comes next; if that is wrong, says how many of the bytes before belong to it.
    fn step(&mut self, bytes: &[u8], last: bool) -> (Step, usize) {
        let step = match self {
            Machine::Ascii => unicode::ascii(bytes),
            Machine::Latin1 => unicode::latin1(bytes),
            Machine::Utf8 => unicode::utf8(bytes, last),
            Machine::Utf16 { big } => unicode::utf16(bytes, *big, last),
            Machine::Utf32 { big } => unicode::utf32(bytes, *big, last),
            Machine::Utf7(state) => return state.step(bytes, last),
            Machine::Charmap(table) => table.step(bytes),
            Machine::Wide(table) => table.step(bytes, last),
            Machine::Iso2022(table, state) => table.step(state, bytes, last),
            Machine::Hz(mode) => hz::step(mode, bytes, last),
            // The start has been settled.
            Machine::Start(_) => Step::More,
        };
        (step, 0)
    }

    /// What is wrong if nothing follows the bytes decided on.
    fn end(&mut self) -> Option<utf7::Broken> {
        match self {
            Machine::Utf7(state) => state.end(),
            Machine::Start(_)
            | Machine::Ascii
            | Machine::Latin1
            | Machine::Utf8
            | Machine::Utf16 { .. }
            | Machine::Utf32 { .. }
            | Machine::Charmap(_)
            | Machine::Wide(_)
            | Machine::Iso2022(..)
            | Machine::Hz(_) => None,
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
        Kind::Utf8 { .. }
        | Kind::Ascii
        | Kind::Latin1
        | Kind::Utf7
        | Kind::Charmap(_)
        | Kind::Wide(_)
        | Kind::Iso2022(_)
        | Kind::Hz => (&[(b"\xEF\xBB\xBF", Machine::Utf8)], Machine::Utf8),
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
