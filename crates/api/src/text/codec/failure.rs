//! What happens to bytes and characters that cannot be converted, and the errors that say so.

use std::fmt;

use super::Encoding;
use crate::{Error, Operation};

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
    /// Characters become `&#8364;`. For writing only.
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

/// A name that stands for no encoding or handler that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// No encoding has this name.
    UnknownEncoding(String),
    /// No error handler has this name.
    UnknownHandler(String),
    /// The handler makes lone surrogates, which a Rust string cannot hold.
    Surrogates(String),
    /// `xmlcharrefreplace` was asked to handle bytes: it can only handle characters.
    WriteOnly,
}

impl NameError {
    /// The same in words that need no memory, for [`crate::Error`].
    fn why(&self) -> &'static str {
        match self {
            NameError::UnknownEncoding(_) => "the name of the encoding is unknown",
            NameError::UnknownHandler(_) => "the name of the error handler is unknown",
            NameError::Surrogates(_) => "the error handler makes lone surrogates, which a string cannot hold",
            NameError::WriteOnly => "xmlcharrefreplace handles characters that cannot be written, not bytes",
        }
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why())?;
        match self {
            NameError::UnknownEncoding(name)
            | NameError::UnknownHandler(name)
            | NameError::Surrogates(name) => write!(f, ": {name}"),
            NameError::WriteOnly => Ok(()),
        }
    }
}

impl std::error::Error for NameError {}

impl From<NameError> for Error {
    fn from(error: NameError) -> Error {
        Error::invalid(Operation::Open, error.why())
    }
}

/// Bytes that mean nothing in their encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    pub(super) encoding: Encoding,
    pub(super) offset: u64,
    pub(super) len: usize,
    pub(super) reason: &'static str,
}

impl DecodeError {
    /// Returns the encoding.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Returns where the first of the bytes stands, counted from the first byte that the decoder was given.
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
        let DecodeError { encoding, offset, len, reason } = self;
        write!(f, "{encoding} cannot decode {len} bytes at offset {offset}: {reason}")
    }
}

impl std::error::Error for DecodeError {}

/// A character that an encoding does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError {
    pub(super) encoding: Encoding,
    pub(super) offset: usize,
    pub(super) character: char,
    pub(super) reason: &'static str,
}

impl EncodeError {
    /// Returns the encoding.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Returns where the character begins, in bytes of the text given.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Returns the character.
    pub fn character(&self) -> char {
        self.character
    }

    /// Returns what is wrong with it.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EncodeError { encoding, offset, character, reason } = self;
        write!(f, "{encoding} cannot encode {character:?} at offset {offset}: {reason}")
    }
}

impl std::error::Error for EncodeError {}
