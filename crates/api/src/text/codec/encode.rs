//! Text to bytes.

use encoding_rs::EncoderResult;

use super::failure::backslashed;
use super::names::{Kind, Order};
use super::{EncodeError, Encoding, Errors};

/// The byte order mark.
const MARK: char = '\u{FEFF}';

/// Turns text into bytes.
///
/// The first text that is not empty is preceded by a byte order mark if the encoding
/// [writes one](Encoding::writes_mark). Apart from that mark, what one call adds does not depend on others.
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
            Kind::Table(table) => self.by_table(table, text, out),
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
            Kind::Table(table) if table.is_single_byte() => {
                let lacks = |c: &char| table.encode(c.encode_utf8(&mut [0; 4])).2;
                rest.chars().take_while(lacks).count()
            }
            Kind::Utf8 { .. } | Kind::Utf16(_) | Kind::Utf32(_) | Kind::Table(_) => 1,
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
            Kind::Utf8 { .. } | Kind::Ascii | Kind::Latin1 | Kind::Table(_) => {
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
        for (offset, c) in text.char_indices() {
            match u8::try_from(u32::from(c)) {
                Ok(byte) if byte <= highest => out.push(byte),
                _ => out.extend_from_slice(self.instead_of(c, offset, reason)?.as_bytes()),
            }
        }
        Ok(())
    }

    fn by_table(
        &self,
        table: &'static encoding_rs::Encoding,
        text: &str,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let mut encoder = table.new_encoder();
        let mut at = 0;
        loop {
            let rest = &text[at..];
            let room = encoder.max_buffer_length_from_utf8_without_replacement(rest.len());
            out.reserve(room.unwrap_or(rest.len()));
            let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, out, true);
            at += read;
            match result {
                EncoderResult::InputEmpty => return Ok(()),
                EncoderResult::OutputFull => {}
                EncoderResult::Unmappable(c) => {
                    let offset = at - c.len_utf8();
                    let reason = match table.is_single_byte() {
                        true => "character maps to <undefined>",
                        false => "illegal multibyte sequence",
                    };
                    let instead = self.instead_of(c, offset, reason)?;
                    // No table is stateful, and in each of them ASCII is ASCII.
                    out.extend_from_slice(instead.as_bytes());
                }
            }
        }
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
