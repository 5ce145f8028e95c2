//! Why a name of an encoding, an error handler or a newline is refused.

use std::fmt;

use crate::{Error, Operation};

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
    /// This ends no line.
    IllegalNewline(String),
}

impl fmt::Display for NameError {
    /// In CPython's words, where CPython has the same error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::UnknownEncoding(name) => write!(f, "unknown encoding: {name}"),
            NameError::UnknownHandler(name) => write!(f, "unknown error handler name '{name}'"),
            NameError::Surrogates(name) => {
                write!(f, "the error handler '{name}' makes lone surrogates, which a string cannot hold")
            }
            NameError::WriteOnly => {
                f.write_str("don't know how to handle UnicodeDecodeError in error callback")
            }
            NameError::IllegalNewline(newline) => write!(f, "illegal newline value: {newline}"),
        }
    }
}

impl std::error::Error for NameError {}

impl From<NameError> for Error {
    fn from(error: NameError) -> Error {
        Error::invalid(Operation::Open, error.to_string())
    }
}
