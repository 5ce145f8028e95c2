//! Text from bytes and bytes from text, piece by piece, without any I/O.
//!
//! [`Encoding`] names a character encoding as Python does, [`Errors`] says what happens to what cannot be
//! converted, [`Decoder`] and [`Encoder`] convert.

mod decode;
mod encode;
mod failure;
mod names;
mod unicode;

pub use decode::Decoder;
pub use encode::Encoder;
pub use failure::{DecodeError, EncodeError, Errors, NameError};
pub use names::Encoding;
