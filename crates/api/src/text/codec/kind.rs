//! How each encoding is carried out.

use super::iso2022::Iso2022;
use super::wide::Wide;

/// What the table knows of an encoding.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) aliases: &'static [&'static str],
}

/// How an encoding is carried out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Bytes below 128 mean themselves, others nothing.
    Ascii,
    /// Every byte is the code point of the same number.
    Latin1,
    /// UTF-8, with a byte order mark at the start (`mark`) or without.
    Utf8 { mark: bool },
    /// Two bytes a unit, surrogates in pairs.
    Utf16(Order),
    /// Four bytes a code point.
    Utf32(Order),
    /// UTF-16 in digits of six bits, amid ASCII.
    Utf7,
    /// A character a byte, by the table of this number.
    Charmap(usize),
    /// One byte or several a character.
    Wide(&'static Wide),
    /// Character sets that escape sequences change between.
    Iso2022(&'static Iso2022),
    /// ASCII and GB 2312 in turns.
    Hz,
}

/// The order of the bytes in a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Lowest byte first.
    Little,
    /// Highest byte first.
    Big,
    /// As the byte order mark at the start says, lowest first without one. Written lowest first with a mark.
    Marked,
}
