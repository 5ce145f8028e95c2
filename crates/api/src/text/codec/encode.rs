//! Text to bytes.

use super::charmap::{Charmap, UNDEFINED};
use super::failure::backslashed;
use super::iso2022::{self, Iso2022};
use super::kind::{Kind, Order};
use super::table::ILLEGAL;
use super::unicode::ascii_of;
use super::wide::Wide;
use super::{EncodeError, Encoding, Errors, hz, utf7};

/// The byte order mark.
const MARK: char = '\u{FEFF}';

/// Turns text into bytes.
///
/// The first text that is not empty is preceded by a byte order mark if the encoding
/// [writes one](Encoding::writes_mark). Apart from that mark, what one call adds does not depend on others: an encoding
/// that changes between character sets is back in the first of them at the end of every call.
///
/// ```
/// use folio::text::{Encoder, Encoding, Errors};
///
/// let mut encoder = Encoder::new(Encoding::for_name("latin-1")?, Errors::XmlCharRefReplace);
/// let mut bytes = Vec::new();
/// encoder.encode("5 €, é", &mut bytes)?;
/// assert_eq!(bytes, b"5 &#8364;, \xE9");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    encoding: Encoding,
    errors: Errors,
    mark_due: bool,
}

impl Encoder {
    /// Returns an encoder that stands at the start of its output.
    pub fn new(encoding: Encoding, errors: Errors) -> Encoder {
        Encoder { encoding, errors, mark_due: encoding.writes_mark() }
    }

    /// Returns an encoder whose output follows other text, so that no byte order mark is written.
    pub fn continuing(encoding: Encoding, errors: Errors) -> Encoder {
        Encoder { encoding, errors, mark_due: false }
    }

    /// Adds the bytes of `text` to `out`.
    ///
    /// # Errors
    ///
    /// Under [`Errors::Strict`], for a character that the encoding does not have; `out` is as it was.
    pub fn encode(&mut self, text: &str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if text.is_empty() {
            return Ok(());
        }
        let before = out.len();
        if self.mark_due {
            self.put(MARK, out);
        }
        let done = match self.encoding.kind() {
            Kind::Ascii => self.single_bytes(text, 0x7F, "ordinal not in range(128)", out),
            Kind::Latin1 => self.single_bytes(text, 0xFF, "ordinal not in range(256)", out),
            Kind::Utf8 { .. } => {
                out.extend_from_slice(text.as_bytes());
                Ok(())
            }
            Kind::Utf16(_) | Kind::Utf32(_) => {
                text.chars().for_each(|c| self.put(c, out));
                Ok(())
            }
            Kind::Utf7 => {
                utf7::encode(text, out);
                Ok(())
            }
            Kind::Charmap(number) => self.by_table(Writer::Charmap(Charmap::numbered(number)), text, out),
            Kind::Wide(table) => self.by_table(Writer::Wide(table), text, out),
            Kind::Iso2022(table) => self.by_table(Writer::Iso2022(table, iso2022::State::START), text, out),
            Kind::Hz => self.by_table(Writer::Hz(hz::START), text, out),
        };
        match done {
            Ok(()) => self.mark_due = false,
            Err(_) => out.truncate(before),
        }
        done.map_err(|error| self.located(error, text))
    }

    /// Counts the characters before the error, and those that share it where CPython lets them.
    fn located(&self, mut error: EncodeError, text: &str) -> EncodeError {
        let (before, rest) = text.split_at(error.offset);
        let start = before.chars().count();
        let alike = match self.encoding.kind() {
            Kind::Ascii => rest.chars().take_while(|c| !c.is_ascii()).count(),
            Kind::Latin1 => rest.chars().take_while(|c| u32::from(*c) > 0xFF).count(),
            Kind::Charmap(number) => {
                let table = Charmap::numbered(number);
                rest.chars().take_while(|c| table.byte(*c).is_none()).count()
            }
            Kind::Utf8 { .. }
            | Kind::Utf16(_)
            | Kind::Utf32(_)
            | Kind::Utf7
            | Kind::Wide(_)
            | Kind::Iso2022(_)
            | Kind::Hz => 1,
        };
        error.chars = start..start + alike;
        error
    }

    /// Adds a character in one of the encodings that have all of them.
    fn put(&self, c: char, out: &mut Vec<u8>) {
        match self.encoding.kind() {
            Kind::Utf16(order) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let bytes = if order == Order::Big { unit.to_be_bytes() } else { unit.to_le_bytes() };
                    out.extend_from_slice(&bytes);
                }
            }
            Kind::Utf32(order) => {
                let point = u32::from(c);
                let bytes = if order == Order::Big { point.to_be_bytes() } else { point.to_le_bytes() };
                out.extend_from_slice(&bytes);
            }
            Kind::Utf8 { .. }
            | Kind::Ascii
            | Kind::Latin1
            | Kind::Utf7
            | Kind::Charmap(_)
            | Kind::Wide(_)
            | Kind::Iso2022(_)
            | Kind::Hz => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }

    fn single_bytes(
        &self,
        text: &str,
        highest: u8,
        reason: &'static str,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let ascii = ascii_of(text.as_bytes());
        out.extend_from_slice(ascii);
        for (offset, c) in text[ascii.len()..].char_indices() {
            let offset = ascii.len() + offset;
            match u8::try_from(u32::from(c)) {
                Ok(byte) if byte <= highest => out.push(byte),
                _ => out.extend_from_slice(self.instead_of(c, offset, reason)?.as_bytes()),
            }
        }
        Ok(())
    }

    fn by_table(&self, mut writer: Writer, text: &str, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.reserve(text.len());
        let mut at = 0;
        let is_plain = writer.is_plain();
        loop {
            if is_plain {
                let ascii = ascii_of(&text.as_bytes()[at..]);
                out.extend_from_slice(ascii);
                at += ascii.len();
            }
            let Some(c) = text[at..].chars().next() else { break };
            if let Some(len) = writer.put(&text[at..], out) {
                at += len;
                continue;
            }
            let mut instead = &*self.instead_of(c, at, writer.reason())?;
            while !instead.is_empty() {
                // The replacement is ASCII, which every table has.
                let len = writer.put(instead, out).unwrap_or(1);
                instead = &instead[len..];
            }
            at += c.len_utf8();
        }
        writer.finish(out);
        Ok(())
    }

    fn instead_of(&self, c: char, offset: usize, reason: &'static str) -> Result<String, EncodeError> {
        match self.errors {
            Errors::Strict => {
                Err(EncodeError { encoding: self.encoding, offset, chars: 0..1, character: c, reason })
            }
            Errors::Ignore => Ok(String::new()),
            Errors::Replace => Ok("?".to_owned()),
            Errors::BackslashReplace => Ok(backslashed(c)),
            Errors::XmlCharRefReplace => Ok(format!("&#{};", u32::from(c))),
        }
    }
}

/// How characters are looked up one by one.
enum Writer {
    Charmap(&'static Charmap),
    Wide(&'static Wide),
    Iso2022(&'static Iso2022, iso2022::State),
    Hz(hz::Mode),
}

impl Writer {
    /// Adds the bytes of what a text begins with, and says how many bytes of the text that is; `None` if there
    /// are none for its first character.
    #[inline]
    fn put(&mut self, text: &str, out: &mut Vec<u8>) -> Option<usize> {
        match self {
            Writer::Charmap(table) => {
                let c = text.chars().next()?;
                out.push(table.byte(c)?);
                Some(c.len_utf8())
            }
            Writer::Wide(table) => table.put(text, out),
            Writer::Iso2022(table, state) => table.put(state, text, out),
            Writer::Hz(mode) => hz::put(mode, text, out),
        }
    }

    /// Whether ASCII is ASCII, whatever precedes it.
    fn is_plain(&self) -> bool {
        match self {
            Writer::Charmap(table) => table.writes_plain,
            Writer::Wide(table) => table.is_plain(),
            Writer::Iso2022(..) | Writer::Hz(_) => false,
        }
    }

    /// Goes back to where a text begins.
    fn finish(&mut self, out: &mut Vec<u8>) {
        match self {
            Writer::Charmap(_) | Writer::Wide(_) => {}
            Writer::Iso2022(table, state) => table.reset(state, out),
            Writer::Hz(mode) => hz::reset(mode, out),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Writer::Charmap(_) => UNDEFINED,
            Writer::Wide(_) | Writer::Iso2022(..) | Writer::Hz(_) => ILLEGAL,
        }
    }
}
