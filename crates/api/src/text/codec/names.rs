//! Encodings by Python's names: the table, and how a name is looked up in it.

use std::fmt;

use super::NameError;
use super::kind::{Entry, Kind, Order};
use super::known::ENCODINGS;

/// A character encoding. Found by [`for_name`](Encoding::for_name), or one of the constants.
///
/// All text encodings that come with CPython 3.13 are here, and every one reads and writes what CPython's does, error
/// for error; `docs/aiofiles.md` has the few exceptions. What a call writes in an encoding that changes between
/// character sets (`iso2022_jp`, `hz`, `utf_7`) begins and ends in the first of these, so that it can be read by itself.
#[derive(Clone, Copy)]
pub struct Encoding {
    entry: &'static Entry,
}

impl Encoding {
    /// UTF-8, the encoding of everything that does not say otherwise.
    pub const UTF_8: Encoding =
        Encoding { entry: &Entry { name: "utf_8", kind: Kind::Utf8 { mark: false }, aliases: &[] } };

    /// Returns the encoding that Python knows by `name` or alias; case, spaces and hyphens do not matter.
    ///
    /// # Errors
    ///
    /// [`NameError::UnknownEncoding`] if there is none.
    ///
    /// ```
    /// use folio::text::Encoding;
    ///
    /// let western = Encoding::for_name("Latin-1")?;
    /// assert_eq!(western, Encoding::for_name("iso-8859-1")?);
    /// assert_eq!(western.name(), "latin_1");
    /// assert!(Encoding::for_name("klingon").is_err());
    /// # Ok::<(), folio::text::NameError>(())
    /// ```
    pub fn for_name(name: &str) -> Result<Encoding, NameError> {
        let wanted = normalized(name);
        // Python makes an alias of what has points, but no name of a module.
        let pointless = wanted.replace('.', "_");
        let knows = |entry: &&Entry| {
            let is_alias = |alias: &&str| **alias == wanted || **alias == pointless;
            entry.name == wanted || entry.aliases.iter().any(is_alias)
        };
        let entry = ENCODINGS.iter().find(knows);
        entry.map(|entry| Encoding { entry }).ok_or_else(|| NameError::UnknownEncoding(name.to_owned()))
    }

    /// Returns every encoding there is, in no particular order.
    ///
    /// ```
    /// assert!(folio::text::Encoding::all().any(|encoding| encoding.name() == "koi8_r"));
    /// ```
    pub fn all() -> impl Iterator<Item = Encoding> {
        ENCODINGS.iter().map(|entry| Encoding { entry })
    }

    /// Returns the name of Python's module for it, such as `"utf_16_le"`.
    ///
    /// ```
    /// assert_eq!(folio::text::Encoding::UTF_8.name(), "utf_8");
    /// ```
    pub fn name(self) -> &'static str {
        self.entry.name
    }

    /// Returns whether a file in it begins with a byte order mark when this library writes it.
    ///
    /// ```
    /// use folio::text::Encoding;
    ///
    /// assert!(Encoding::for_name("utf-16")?.writes_mark());
    /// assert!(!Encoding::for_name("utf-16-le")?.writes_mark());
    /// # Ok::<(), folio::text::NameError>(())
    /// ```
    pub fn writes_mark(self) -> bool {
        match self.entry.kind {
            Kind::Utf8 { mark } => mark,
            Kind::Utf16(order) | Kind::Utf32(order) => order == Order::Marked,
            Kind::Ascii
            | Kind::Latin1
            | Kind::Utf7
            | Kind::Charmap(_)
            | Kind::Wide(_)
            | Kind::Iso2022(_)
            | Kind::Hz => false,
        }
    }

    /// Returns whether what its bytes mean depends on those before them: reading cannot begin anywhere, and a seek
    /// reads the file up to there again.
    ///
    /// ```
    /// use folio::text::Encoding;
    ///
    /// assert!(Encoding::for_name("iso2022_jp")?.is_stateful());
    /// assert!(!Encoding::for_name("shift_jis")?.is_stateful());
    /// # Ok::<(), folio::text::NameError>(())
    /// ```
    pub fn is_stateful(self) -> bool {
        match self.entry.kind {
            Kind::Utf7 | Kind::Iso2022(_) | Kind::Hz => true,
            Kind::Ascii
            | Kind::Latin1
            | Kind::Utf8 { .. }
            | Kind::Utf16(_)
            | Kind::Utf32(_)
            | Kind::Charmap(_)
            | Kind::Wide(_) => false,
        }
    }

    pub(super) fn kind(self) -> Kind {
        self.entry.kind
    }

    /// What CPython's errors call the codec: all tables of single bytes are one to it.
    pub(super) fn codec(self) -> &'static str {
        match self.entry.kind {
            Kind::Ascii => "ascii",
            Kind::Latin1 => "latin-1",
            Kind::Utf8 { .. } => "utf-8",
            Kind::Utf16(Order::Big) => "utf-16-be",
            Kind::Utf16(Order::Little | Order::Marked) => "utf-16-le",
            Kind::Utf32(Order::Big) => "utf-32-be",
            Kind::Utf32(Order::Little | Order::Marked) => "utf-32-le",
            Kind::Utf7 => "utf7",
            Kind::Charmap(_) => "charmap",
            Kind::Wide(_) | Kind::Iso2022(_) | Kind::Hz => self.entry.name,
        }
    }

    /// Bytes that `\r` takes.
    pub(in crate::text) fn width_of_cr(self) -> u64 {
        match self.entry.kind {
            Kind::Ascii
            | Kind::Latin1
            | Kind::Utf8 { .. }
            | Kind::Utf7
            | Kind::Charmap(_)
            | Kind::Wide(_)
            | Kind::Iso2022(_)
            | Kind::Hz => 1,
            Kind::Utf16(_) => 2,
            Kind::Utf32(_) => 4,
        }
    }
}

/// Lowers the case, makes one `_` of everything that is no letter, digit or point, and drops what is not ASCII, as
/// Python does.
fn normalized(name: &str) -> String {
    let name: String = name.chars().filter(|c| c.is_ascii() || !c.is_alphanumeric()).collect();
    let kept = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let parts = name.split(|c: char| !kept(c)).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_").to_ascii_lowercase()
}

impl PartialEq for Encoding {
    fn eq(&self, other: &Self) -> bool {
        self.entry.name == other.entry.name
    }
}

impl Eq for Encoding {}

impl Default for Encoding {
    /// UTF-8.
    fn default() -> Self {
        Encoding::UTF_8
    }
}

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoding({})", self.entry.name)
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry.name)
    }
}
