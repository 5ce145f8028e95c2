//! Text from bytes and bytes from text, piece by piece, without any I/O.
//!
//! [`Encoding`] names a character encoding as Python does, [`Errors`] says what happens to what cannot be
//! converted, [`Decoder`] and [`Encoder`] convert.

mod charmap;
mod decode;
mod encode;
mod failure;
mod hangul;
mod hz;
mod iso2022;
mod kind;
mod known;
mod name_error;
mod names;
mod table;
mod unicode;
mod utf7;
mod wide;

pub use decode::Decoder;
pub use encode::Encoder;
pub use failure::{DecodeError, EncodeError, Errors};
pub use name_error::NameError;
pub use names::Encoding;
