//! Every encoding there is: its name, how it is carried out, what else it is called.
//!
//! Written by `tables/generate.py`.

use super::kind::{Entry, Kind, Order};
use super::{charmap, iso2022, wide};

const _: () = assert!(charmap::CHARMAPS == 69);

macro_rules! encodings {
    ($($name:literal, $kind:expr, [$($alias:literal),* $(,)?];)*) => {
        pub(super) static ENCODINGS: &[Entry] = &[$(Entry {
            name: $name,
            kind: $kind,
            aliases: &[$($alias),*],
        }),*];
    };
}

encodings! {
    "ascii", Kind::Ascii, ["646", "ansi_x3.4_1968", "ansi_x3.4_1986", "ansi_x3_4_1968", "cp367", "csascii", "ibm367", "iso646_us", "iso_646.irv_1991", "iso_ir_6", "us", "us_ascii"];
    "big5", Kind::Wide(&wide::BIG5), ["big5_tw", "csbig5", "x_mac_trad_chinese"];
    "big5hkscs", Kind::Wide(&wide::BIG5HKSCS), ["big5_hkscs", "hkscs"];
    "cp037", Kind::Charmap(0), ["037", "csibm037", "ebcdic_cp_ca", "ebcdic_cp_nl", "ebcdic_cp_us", "ebcdic_cp_wt", "ibm037", "ibm039"];
    "cp1006", Kind::Charmap(1), [];
    "cp1026", Kind::Charmap(2), ["1026", "csibm1026", "ibm1026"];
    "cp1125", Kind::Charmap(3), ["1125", "cp866u", "ibm1125", "ruscii"];
    "cp1140", Kind::Charmap(4), ["1140", "ibm1140"];
    "cp1250", Kind::Charmap(5), ["1250", "windows_1250"];
    "cp1251", Kind::Charmap(6), ["1251", "windows_1251"];
    "cp1252", Kind::Charmap(7), ["1252", "windows_1252"];
    "cp1253", Kind::Charmap(8), ["1253", "windows_1253"];
    "cp1254", Kind::Charmap(9), ["1254", "windows_1254"];
    "cp1255", Kind::Charmap(10), ["1255", "windows_1255"];
    "cp1256", Kind::Charmap(11), ["1256", "windows_1256"];
    "cp1257", Kind::Charmap(12), ["1257", "windows_1257"];
    "cp1258", Kind::Charmap(13), ["1258", "windows_1258"];
    "cp273", Kind::Charmap(14), ["273", "csibm273", "ibm273"];
    "cp424", Kind::Charmap(15), ["424", "csibm424", "ebcdic_cp_he", "ibm424"];
    "cp437", Kind::Charmap(16), ["437", "cspc8codepage437", "ibm437"];
    "cp500", Kind::Charmap(17), ["500", "csibm500", "ebcdic_cp_be", "ebcdic_cp_ch", "ibm500"];
    "cp720", Kind::Charmap(18), [];
    "cp737", Kind::Charmap(19), [];
    "cp775", Kind::Charmap(20), ["775", "cspc775baltic", "ibm775"];
    "cp850", Kind::Charmap(21), ["850", "cspc850multilingual", "ibm850"];
    "cp852", Kind::Charmap(22), ["852", "cspcp852", "ibm852"];
    "cp855", Kind::Charmap(23), ["855", "csibm855", "ibm855"];
    "cp856", Kind::Charmap(24), [];
    "cp857", Kind::Charmap(25), ["857", "csibm857", "ibm857"];
    "cp858", Kind::Charmap(26), ["858", "csibm858", "ibm858"];
    "cp860", Kind::Charmap(27), ["860", "csibm860", "ibm860"];
    "cp861", Kind::Charmap(28), ["861", "cp_is", "csibm861", "ibm861"];
    "cp862", Kind::Charmap(29), ["862", "cspc862latinhebrew", "ibm862"];
    "cp863", Kind::Charmap(30), ["863", "csibm863", "ibm863"];
    "cp864", Kind::Charmap(31), ["864", "csibm864", "ibm864"];
    "cp865", Kind::Charmap(32), ["865", "csibm865", "ibm865"];
    "cp866", Kind::Charmap(33), ["866", "csibm866", "ibm866"];
    "cp869", Kind::Charmap(34), ["869", "cp_gr", "csibm869", "ibm869"];
    "cp874", Kind::Charmap(35), [];
    "cp875", Kind::Charmap(36), [];
    "cp932", Kind::Wide(&wide::CP932), ["932", "ms932", "ms_kanji", "mskanji", "windows_31j"];
    "cp949", Kind::Wide(&wide::CP949), ["949", "ms949", "uhc"];
    "cp950", Kind::Wide(&wide::CP950), ["950", "ms950"];
    "euc_jis_2004", Kind::Wide(&wide::EUC_JIS_2004), ["euc_jis2004", "eucjis2004", "jisx0213"];
    "euc_jisx0213", Kind::Wide(&wide::EUC_JISX0213), ["eucjisx0213"];
    "euc_jp", Kind::Wide(&wide::EUC_JP), ["eucjp", "u_jis", "ujis"];
    "euc_kr", Kind::Wide(&wide::EUC_KR), ["euckr", "korean", "ks_c_5601", "ks_c_5601_1987", "ks_x_1001", "ksc5601", "ksx1001", "x_mac_korean"];
    "gb18030", Kind::Wide(&wide::GB18030), ["gb18030_2000"];
    "gb2312", Kind::Wide(&wide::GB2312), ["chinese", "csiso58gb231280", "euc_cn", "euccn", "eucgb2312_cn", "gb2312_1980", "gb2312_80", "iso_ir_58", "x_mac_simp_chinese"];
    "gbk", Kind::Wide(&wide::GBK), ["936", "cp936", "ms936"];
    "hp_roman8", Kind::Charmap(37), ["cp1051", "ibm1051", "r8", "roman8"];
    "hz", Kind::Hz, ["hz_gb", "hz_gb_2312", "hzgb"];
    "iso2022_jp", Kind::Iso2022(&iso2022::ISO2022_JP), ["csiso2022jp", "iso2022jp", "iso_2022_jp"];
    "iso2022_jp_1", Kind::Iso2022(&iso2022::ISO2022_JP_1), ["iso2022jp_1", "iso_2022_jp_1"];
    "iso2022_jp_2", Kind::Iso2022(&iso2022::ISO2022_JP_2), ["iso2022jp_2", "iso_2022_jp_2"];
    "iso2022_jp_2004", Kind::Iso2022(&iso2022::ISO2022_JP_2004), ["iso2022jp_2004", "iso_2022_jp_2004"];
    "iso2022_jp_3", Kind::Iso2022(&iso2022::ISO2022_JP_3), ["iso2022jp_3", "iso_2022_jp_3"];
    "iso2022_jp_ext", Kind::Iso2022(&iso2022::ISO2022_JP_EXT), ["iso2022jp_ext", "iso_2022_jp_ext"];
    "iso2022_kr", Kind::Iso2022(&iso2022::ISO2022_KR), ["csiso2022kr", "iso2022kr", "iso_2022_kr"];
    "iso8859_10", Kind::Charmap(38), ["csisolatin6", "iso_8859_10", "iso_8859_10_1992", "iso_ir_157", "l6", "latin6"];
    "iso8859_11", Kind::Charmap(39), ["iso_8859_11", "iso_8859_11_2001", "thai"];
    "iso8859_13", Kind::Charmap(40), ["iso_8859_13", "l7", "latin7"];
    "iso8859_14", Kind::Charmap(41), ["iso_8859_14", "iso_8859_14_1998", "iso_celtic", "iso_ir_199", "l8", "latin8"];
    "iso8859_15", Kind::Charmap(42), ["iso_8859_15", "l9", "latin9"];
    "iso8859_16", Kind::Charmap(43), ["iso_8859_16", "iso_8859_16_2001", "iso_ir_226", "l10", "latin10"];
    "iso8859_2", Kind::Charmap(44), ["csisolatin2", "iso_8859_2", "iso_8859_2_1987", "iso_ir_101", "l2", "latin2"];
    "iso8859_3", Kind::Charmap(45), ["csisolatin3", "iso_8859_3", "iso_8859_3_1988", "iso_ir_109", "l3", "latin3"];
    "iso8859_4", Kind::Charmap(46), ["csisolatin4", "iso_8859_4", "iso_8859_4_1988", "iso_ir_110", "l4", "latin4"];
    "iso8859_5", Kind::Charmap(47), ["csisolatincyrillic", "cyrillic", "iso_8859_5", "iso_8859_5_1988", "iso_ir_144"];
    "iso8859_6", Kind::Charmap(48), ["arabic", "asmo_708", "csisolatinarabic", "ecma_114", "iso_8859_6", "iso_8859_6_1987", "iso_ir_127"];
    "iso8859_7", Kind::Charmap(49), ["csisolatingreek", "ecma_118", "elot_928", "greek", "greek8", "iso_8859_7", "iso_8859_7_1987", "iso_ir_126"];
    "iso8859_8", Kind::Charmap(50), ["csisolatinhebrew", "hebrew", "iso_8859_8", "iso_8859_8_1988", "iso_ir_138"];
    "iso8859_9", Kind::Charmap(51), ["csisolatin5", "iso_8859_9", "iso_8859_9_1989", "iso_ir_148", "l5", "latin5"];
    "johab", Kind::Wide(&wide::JOHAB), ["cp1361", "ms1361"];
    "koi8_r", Kind::Charmap(52), ["cskoi8r"];
    "koi8_t", Kind::Charmap(53), [];
    "koi8_u", Kind::Charmap(54), [];
    "kz1048", Kind::Charmap(55), ["kz_1048", "rk1048", "strk1048_2002"];
    "latin_1", Kind::Latin1, ["8859", "cp819", "csisolatin1", "ibm819", "iso8859", "iso8859_1", "iso_8859_1", "iso_8859_1_1987", "iso_ir_100", "l1", "latin", "latin1"];
    "mac_arabic", Kind::Charmap(56), [];
    "mac_croatian", Kind::Charmap(57), [];
    "mac_cyrillic", Kind::Charmap(58), ["maccyrillic"];
    "mac_farsi", Kind::Charmap(59), [];
    "mac_greek", Kind::Charmap(60), ["macgreek"];
    "mac_iceland", Kind::Charmap(61), ["maciceland"];
    "mac_latin2", Kind::Charmap(62), ["mac_centeuro", "maccentraleurope", "maclatin2"];
    "mac_roman", Kind::Charmap(63), ["macintosh", "macroman"];
    "mac_romanian", Kind::Charmap(64), [];
    "mac_turkish", Kind::Charmap(65), ["macturkish"];
    "palmos", Kind::Charmap(66), [];
    "ptcp154", Kind::Charmap(67), ["cp154", "csptcp154", "cyrillic_asian", "pt154"];
    "shift_jis", Kind::Wide(&wide::SHIFT_JIS), ["csshiftjis", "s_jis", "shiftjis", "sjis", "x_mac_japanese"];
    "shift_jis_2004", Kind::Wide(&wide::SHIFT_JIS_2004), ["s_jis_2004", "shiftjis2004", "sjis_2004"];
    "shift_jisx0213", Kind::Wide(&wide::SHIFT_JISX0213), ["s_jisx0213", "shiftjisx0213", "sjisx0213"];
    "tis_620", Kind::Charmap(68), ["iso_ir_166", "tis620", "tis_620_0", "tis_620_2529_0", "tis_620_2529_1"];
    "utf_16", Kind::Utf16(Order::Marked), ["u16", "utf16"];
    "utf_16_be", Kind::Utf16(Order::Big), ["unicodebigunmarked", "utf_16be"];
    "utf_16_le", Kind::Utf16(Order::Little), ["unicodelittleunmarked", "utf_16le"];
    "utf_32", Kind::Utf32(Order::Marked), ["u32", "utf32"];
    "utf_32_be", Kind::Utf32(Order::Big), ["utf_32be"];
    "utf_32_le", Kind::Utf32(Order::Little), ["utf_32le"];
    "utf_7", Kind::Utf7, ["u7", "unicode_1_1_utf_7", "utf7"];
    "utf_8", Kind::Utf8 { mark: false }, ["cp65001", "u8", "utf", "utf8", "utf8_ucs2", "utf8_ucs4"];
    "utf_8_sig", Kind::Utf8 { mark: true }, [];
}
