//! What happens to bytes and characters that cannot be converted, and the errors that say so.

use std::fmt;
use std::ops::Range;

use super::{Encoding, NameError};

/// What happens to bytes that mean nothing, and to characters that an encoding does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Errors {
    /// They are an error.
    #[default]
    Strict,
    /// They are left out.
    Ignore,
    /// Bytes become U+FFFD, characters `?`.
    Replace,
    /// Bytes become `\xff`, characters `\xe9`, `\u20ac` or `\U0001f600`.
    BackslashReplace,
    /// Characters become `&#8364;`. For writing only: the first bytes that mean nothing are an error.
    XmlCharRefReplace,
}

impl Errors {
    /// Returns the handler that Python knows by `name`.
    ///
    /// # Errors
    ///
    /// [`NameError::Surrogates`] for `surrogateescape` and `surrogatepass`, because a `String` cannot hold
    /// what they make; [`NameError::UnknownHandler`] for names that are none.
    ///
    /// ```
    /// use folio::text::Errors;
    ///
    /// assert_eq!(Errors::for_name("replace")?, Errors::Replace);
    /// assert!(Errors::for_name("surrogateescape").is_err());
    /// # Ok::<(), folio::text::NameError>(())
    /// ```
    pub fn for_name(name: &str) -> Result<Errors, NameError> {
        match name {
            "strict" => Ok(Errors::Strict),
            "ignore" => Ok(Errors::Ignore),
            "replace" => Ok(Errors::Replace),
            "backslashreplace" => Ok(Errors::BackslashReplace),
            "xmlcharrefreplace" => Ok(Errors::XmlCharRefReplace),
            "surrogateescape" | "surrogatepass" => Err(NameError::Surrogates(name.to_owned())),
            _ => Err(NameError::UnknownHandler(name.to_owned())),
        }
    }
}

/// Bytes that mean nothing in their encoding. Displays in the words of Python's `UnicodeDecodeError`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    pub(super) encoding: Encoding,
    /// What CPython calls the decoder, which a byte order mark may have chosen.
    pub(super) codec: &'static str,
    pub(super) offset: u64,
    pub(super) len: usize,
    /// The first of the bytes.
    pub(super) byte: u8,
    pub(super) reason: &'static str,
}

impl DecodeError {
    /// Returns the encoding.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Returns where the first of the bytes stands, counted from the first byte that the decoder was given; in
    /// a file, from its start.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns how many bytes are meant.
    #[expect(clippy::len_without_is_empty, reason = "there is always at least one")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns what is wrong with them, in Python's words where Python has the same decoder.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DecodeError { codec, offset, len, byte, reason, .. } = self;
        write!(f, "'{codec}' codec can't decode ")?;
        match len {
            1 => write!(f, "byte 0x{byte:02x} in position {offset}: {reason}"),
            _ => write!(f, "bytes in position {offset}-{}: {reason}", offset + *len as u64 - 1),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Characters that an encoding does not have. Displays in the words of Python's `UnicodeEncodeError`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError {
    pub(super) encoding: Encoding,
    pub(super) offset: usize,
    /// Which characters of the text are meant, counted from 0.
    pub(super) chars: Range<usize>,
    pub(super) character: char,
    pub(super) reason: &'static str,
}

impl EncodeError {
    /// Returns the encoding.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Returns where the first of the characters begins, in bytes of the text given.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Returns the first of the characters.
    pub fn character(&self) -> char {
        self.character
    }

    /// Returns what is wrong with it.
    pub fn reason(&self) -> &'static str {
        self.reason
    }

    /// Leaves out of account `grown` characters of one byte that were put before this one.
    pub(in crate::text) fn without_grown(mut self, grown: usize) -> EncodeError {
        self.offset -= grown;
        self.chars = self.chars.start - grown..self.chars.end - grown;
        self
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EncodeError { encoding, chars, character, reason, .. } = self;
        write!(f, "'{}' codec can't encode ", encoding.codec())?;
        match chars.len() {
            1 => {
                let escaped = backslashed(*character);
                write!(f, "character '{escaped}' in position {}: {reason}", chars.start)
            }
            _ => write!(f, "characters in position {}-{}: {reason}", chars.start, chars.end - 1),
        }
    }
}

impl std::error::Error for EncodeError {}

/// A character as Python's `backslashreplace` writes it.
pub(super) fn backslashed(c: char) -> String {
    match u32::from(c) {
        point @ ..=0xFF => format!("\\x{point:02x}"),
        point @ ..=0xFFFF => format!("\\u{point:04x}"),
        point => format!("\\U{point:08x}"),
    }
}
