//! Encodings by Python's names: the table, and how a name is looked up in it.

use std::fmt;

use super::NameError;

/// A character encoding. Found by [`for_name`](Encoding::for_name), or one of the constants.
///
/// ASCII, Latin-1 and the UTF family behave like CPython's, error for error. The other tables are those of the
/// WHATWG Encoding Standard: text that CPython can write is read alike, but bytes that CPython leaves
/// undefined may have a meaning (`0x81` in `cp1252` is U+0081), `koi8_u` has `ў` in place of two box-drawing
/// characters, `gb2312`, `shift_jis` and `euc_kr` stand for their supersets `gbk`, `cp932` and `cp949`;
/// `euc_jp` reads the characters of JIS X 0212 without writing them, `big5hkscs` those that Hong Kong added.
/// Plain `big5` is missing, because its kana would be read as others. Stateful encodings (`utf_7`,
/// `iso2022_jp`) are missing: what one call writes must be readable by itself.
#[derive(Clone, Copy)]
pub struct Encoding {
    entry: &'static Entry,
}

/// What the table knows of an encoding.
pub(super) struct Entry {
    name: &'static str,
    kind: Kind,
    aliases: &'static [&'static str],
}

/// How an encoding is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// One of the tables of encoding_rs.
    Table(&'static encoding_rs::Encoding),
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

macro_rules! encodings {
    ($($name:literal, $kind:expr, [$($alias:literal),* $(,)?];)*) => {
        static ENCODINGS: &[Entry] = &[$(Entry {
            name: $name,
            kind: $kind,
            aliases: &[$($alias),*],
        }),*];
    };
}

encodings! {
    "ascii", Kind::Ascii, ["646", "ansi_x3.4_1968", "ansi_x3.4_1986", "ansi_x3_4_1968", "cp367", "csascii", "ibm367", "iso646_us", "iso_646.irv_1991", "iso_ir_6", "us_ascii"];
    "latin_1", Kind::Latin1, ["8859", "cp819", "csisolatin1", "ibm819", "iso8859", "iso8859_1", "iso_8859_1", "iso_8859_1_1987", "iso_ir_100", "l1", "latin", "latin1"];
    "utf_8", Kind::Utf8 { mark: false }, ["cp65001", "u8", "utf", "utf8", "utf8_ucs2", "utf8_ucs4"];
    "utf_8_sig", Kind::Utf8 { mark: true }, [];
    "utf_16", Kind::Utf16(Order::Marked), ["u16", "utf16"];
    "utf_16_le", Kind::Utf16(Order::Little), ["unicodelittleunmarked", "utf_16le"];
    "utf_16_be", Kind::Utf16(Order::Big), ["unicodebigunmarked", "utf_16be"];
    "utf_32", Kind::Utf32(Order::Marked), ["u32", "utf32"];
    "utf_32_le", Kind::Utf32(Order::Little), ["utf_32le"];
    "utf_32_be", Kind::Utf32(Order::Big), ["utf_32be"];
    "cp1250", Kind::Table(encoding_rs::WINDOWS_1250), ["1250", "windows_1250"];
    "cp1251", Kind::Table(encoding_rs::WINDOWS_1251), ["1251", "windows_1251"];
    "cp1252", Kind::Table(encoding_rs::WINDOWS_1252), ["1252", "windows_1252"];
    "cp1253", Kind::Table(encoding_rs::WINDOWS_1253), ["1253", "windows_1253"];
    "cp1254", Kind::Table(encoding_rs::WINDOWS_1254), ["1254", "windows_1254"];
    "cp1255", Kind::Table(encoding_rs::WINDOWS_1255), ["1255", "windows_1255"];
    "cp1256", Kind::Table(encoding_rs::WINDOWS_1256), ["1256", "windows_1256"];
    "cp1257", Kind::Table(encoding_rs::WINDOWS_1257), ["1257", "windows_1257"];
    "cp1258", Kind::Table(encoding_rs::WINDOWS_1258), ["1258", "windows_1258"];
    "cp866", Kind::Table(encoding_rs::IBM866), ["866", "csibm866", "ibm866"];
    "cp874", Kind::Table(encoding_rs::WINDOWS_874), [];
    "iso8859_2", Kind::Table(encoding_rs::ISO_8859_2), ["csisolatin2", "iso_8859_2", "iso_8859_2_1987", "iso_ir_101", "l2", "latin2"];
    "iso8859_3", Kind::Table(encoding_rs::ISO_8859_3), ["csisolatin3", "iso_8859_3", "iso_8859_3_1988", "iso_ir_109", "l3", "latin3"];
    "iso8859_4", Kind::Table(encoding_rs::ISO_8859_4), ["csisolatin4", "iso_8859_4", "iso_8859_4_1988", "iso_ir_110", "l4", "latin4"];
    "iso8859_5", Kind::Table(encoding_rs::ISO_8859_5), ["csisolatincyrillic", "cyrillic", "iso_8859_5", "iso_8859_5_1988", "iso_ir_144"];
    "iso8859_6", Kind::Table(encoding_rs::ISO_8859_6), ["arabic", "asmo_708", "csisolatinarabic", "ecma_114", "iso_8859_6", "iso_8859_6_1987", "iso_ir_127"];
    "iso8859_7", Kind::Table(encoding_rs::ISO_8859_7), ["csisolatingreek", "ecma_118", "elot_928", "greek", "greek8", "iso_8859_7", "iso_8859_7_1987", "iso_ir_126"];
    "iso8859_8", Kind::Table(encoding_rs::ISO_8859_8), ["csisolatinhebrew", "hebrew", "iso_8859_8", "iso_8859_8_1988", "iso_ir_138"];
    "iso8859_10", Kind::Table(encoding_rs::ISO_8859_10), ["csisolatin6", "iso_8859_10", "iso_8859_10_1992", "iso_ir_157", "l6", "latin6"];
    "iso8859_13", Kind::Table(encoding_rs::ISO_8859_13), ["iso_8859_13", "l7", "latin7"];
    "iso8859_14", Kind::Table(encoding_rs::ISO_8859_14), ["iso_8859_14", "iso_8859_14_1998", "iso_celtic", "iso_ir_199", "l8", "latin8"];
    "iso8859_15", Kind::Table(encoding_rs::ISO_8859_15), ["iso_8859_15", "l9", "latin9"];
    "iso8859_16", Kind::Table(encoding_rs::ISO_8859_16), ["iso_8859_16", "iso_8859_16_2001", "iso_ir_226", "l10", "latin10"];
    "koi8_r", Kind::Table(encoding_rs::KOI8_R), ["cskoi8r"];
    "koi8_u", Kind::Table(encoding_rs::KOI8_U), [];
    "mac_roman", Kind::Table(encoding_rs::MACINTOSH), ["macintosh", "macroman"];
    "mac_cyrillic", Kind::Table(encoding_rs::X_MAC_CYRILLIC), ["maccyrillic"];
    "gbk", Kind::Table(encoding_rs::GBK), ["936", "chinese", "cp936", "csiso58gb231280", "euc_cn", "euccn", "eucgb2312_cn", "gb2312", "gb2312_1980", "gb2312_80", "iso_ir_58", "ms936"];
    "gb18030", Kind::Table(encoding_rs::GB18030), ["gb18030_2000"];
    "big5hkscs", Kind::Table(encoding_rs::BIG5), ["big5_hkscs", "hkscs"];
    "euc_jp", Kind::Table(encoding_rs::EUC_JP), ["eucjp", "u_jis", "ujis"];
    "cp932", Kind::Table(encoding_rs::SHIFT_JIS), ["932", "csshiftjis", "ms932", "ms_kanji", "mskanji", "s_jis", "shift_jis", "shiftjis", "sjis"];
    "cp949", Kind::Table(encoding_rs::EUC_KR), ["949", "euc_kr", "euckr", "korean", "ks_c_5601", "ks_c_5601_1987", "ks_x_1001", "ksc5601", "ksx1001", "ms949", "uhc"];
}

/// Where the constants stand in the table.
const UTF_8_AT: usize = 2;

impl Encoding {
    /// UTF-8, the encoding of everything that does not say otherwise.
    pub const UTF_8: Encoding = Encoding { entry: &ENCODINGS[UTF_8_AT] };

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
        let knows = |entry: &&Entry| entry.name == wanted || entry.aliases.contains(&wanted.as_str());
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
            Kind::Ascii | Kind::Latin1 | Kind::Table(_) => false,
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
            Kind::Table(table) if table.is_single_byte() => "charmap",
            Kind::Table(_) => self.entry.name,
        }
    }

    /// Bytes that `\r` takes.
    pub(in crate::text) fn width_of_cr(self) -> u64 {
        match self.entry.kind {
            Kind::Ascii | Kind::Latin1 | Kind::Utf8 { .. } | Kind::Table(_) => 1,
            Kind::Utf16(_) => 2,
            Kind::Utf32(_) => 4,
        }
    }
}

/// Lowers the case and makes one `_` of everything that is no letter, digit or point, as Python does.
fn normalized(name: &str) -> String {
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
