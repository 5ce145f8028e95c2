//! Decoders and encoders against themselves in pieces, and the names they are found by.

use folio::text::{Decoder, Encoder, Encoding, Errors, NameError};
use folio_testkit::{Random, seeds};

#[test]
fn bytes_cut_anywhere_decode_like_the_whole() {
    seeds(200, |seed| {
        let mut random = Random::new(seed);
        let text: String =
            (0..12).map(|_| ["a", "é", "語", "😀", "\u{FEFF}", "\n"][random.index(6)]).collect();
        for encoding in Encoding::all() {
            let mut bytes = Vec::new();
            Encoder::new(encoding, Errors::Ignore).encode(&text, &mut bytes).unwrap();
            for _ in 0..random.index(4) {
                let at = random.index(bytes.len() + 1);
                bytes.insert(at, random.bits() as u8);
            }
            check(encoding, &bytes, &mut random);
        }
    });
}

/// Decodes `bytes` whole, in two pieces at every cut, in single bytes and in random pieces.
#[track_caller]
fn check(encoding: Encoding, bytes: &[u8], random: &mut Random) {
    for errors in [Errors::Strict, Errors::Ignore, Errors::Replace, Errors::BackslashReplace] {
        let whole = decode(encoding, errors, &[bytes]);
        for cut in 0..=bytes.len() {
            let parts = decode(encoding, errors, &[&bytes[..cut], &bytes[cut..]]);
            assert_eq!(parts, whole, "{encoding} {errors:?} {bytes:x?} cut at {cut}");
        }
        let singles: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(decode(encoding, errors, &singles), whole, "{encoding} {errors:?} {bytes:x?}");
        let size = 1 + random.index(7);
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        assert_eq!(decode(encoding, errors, &pieces), whole, "{encoding} {errors:?} {bytes:x?} by {size}");
    }
}

fn decode(encoding: Encoding, errors: Errors, pieces: &[&[u8]]) -> (String, Option<String>) {
    let mut decoder = Decoder::new(encoding, errors).unwrap();
    let mut text = String::new();
    for piece in pieces {
        if let Err(error) = decoder.decode(piece, false, &mut text) {
            return (text, Some(error.to_string()));
        }
    }
    let end = decoder.decode(&[], true, &mut text);
    (text, end.err().map(|error| error.to_string()))
}

#[test]
fn what_is_written_is_read_again() {
    seeds(100, |seed| {
        let mut random = Random::new(seed);
        for encoding in Encoding::all() {
            let mut encoder = Encoder::new(encoding, Errors::Strict);
            let (mut bytes, mut text) = (Vec::new(), String::new());
            for _ in 0..20 {
                let c = ["a", "\r", "é", "Ж", "語", "ア", "한", "😀", "\u{10FFFF}"][random.index(9)];
                // What the encoding does not have leaves no trace.
                if encoder.encode(c, &mut bytes).is_ok() {
                    text.push_str(c);
                }
            }
            assert_eq!(decode(encoding, Errors::Strict, &[&bytes]), (text, None), "{encoding}");
        }
    });
}

#[test]
fn bytes_that_a_table_gives_back_are_no_part_of_what_is_wrong() {
    // The last byte shows that the first of four begins nothing; the ones between are read again.
    let (encoding, bytes) = (Encoding::for_name("gb18030").unwrap(), b"ab\x81\x30\x81\x20");
    for cut in 0..=bytes.len() {
        let (first, second) = bytes.split_at(cut);
        let (text, error) = decode(encoding, Errors::Strict, &[first, second]);
        assert_eq!(text, "ab", "cut at {cut}");
        assert!(
            error.unwrap().starts_with("'gb18030' codec can't decode byte 0x81 in position 2:"),
            "cut at {cut}"
        );
        let (text, _) = decode(encoding, Errors::BackslashReplace, &[first, second]);
        assert_eq!(text, "ab\\x810\\x81 ", "cut at {cut}");
    }
}

#[test]
fn utf_8_decodes_like_std() {
    seeds(500, |seed| {
        let mut random = Random::new(seed);
        let lead = [0x41, 0x80, 0xBF, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5];
        let bytes: Vec<u8> = (0..12).map(|_| lead[random.index(10)]).collect();
        let expected = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(decode(Encoding::UTF_8, Errors::Replace, &[&bytes]), (expected, None), "{bytes:x?}");
    });
}

#[test]
fn encodings_have_the_names_python_gives_them() {
    let cases = [
        ("UTF-8", "utf_8"),
        ("utf8", "utf_8"),
        ("U8", "utf_8"),
        ("utf-8-sig", "utf_8_sig"),
        ("Latin-1", "latin_1"),
        ("iso 8859-1", "latin_1"),
        ("ISO_8859-1:1987", "latin_1"),
        ("us-ascii", "ascii"),
        ("UTF-16LE", "utf_16_le"),
        ("utf_32", "utf_32"),
        ("windows-1252", "cp1252"),
        ("iso-8859-15", "iso8859_15"),
        ("sjis", "shift_jis"),
        ("Windows-31J", "cp932"),
        ("euc-kr", "euc_kr"),
        ("ISO-2022-JP", "iso2022_jp"),
        ("latin5", "iso8859_9"),
        ("IBM437", "cp437"),
        ("utf-7", "utf_7"),
        ("iso.8859.1", "latin_1"),
    ];
    for (name, expected) in cases {
        assert_eq!(Encoding::for_name(name).map(Encoding::name), Ok(expected), "{name}");
    }
    for name in ["", "nope", "hex", "idna", "mbcs", "utf.8", "cshproman8x"] {
        assert_eq!(Encoding::for_name(name), Err(NameError::UnknownEncoding(name.to_owned())));
    }
    assert_eq!(Encoding::default().name(), "utf_8");
}

#[test]
fn handlers_that_a_string_cannot_serve_are_refused() {
    for name in ["surrogateescape", "surrogatepass"] {
        let error = Errors::for_name(name).unwrap_err();
        assert!(error.to_string().contains("lone surrogates") && error.to_string().contains(name), "{error}");
    }
    assert_eq!(Errors::for_name("nope"), Err(NameError::UnknownHandler("nope".to_owned())));
    let refused = Decoder::new(Encoding::UTF_8, Errors::XmlCharRefReplace).unwrap_err();
    assert_eq!(refused, NameError::WriteOnly);
}

#[test]
fn errors_of_reading_are_told_in_the_words_of_cpython() {
    // What `bytes.decode` of CPython 3.11 says.
    for (encoding, bytes, expected) in [
        ("utf-8", &b"a\xFF"[..], "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte"),
        ("utf-8", b"a\xE2\x82", "'utf-8' codec can't decode bytes in position 1-2: unexpected end of data"),
        ("ascii", b"a\xFF", "'ascii' codec can't decode byte 0xff in position 1: ordinal not in range(128)"),
        (
            "utf-16",
            b"\xFF\xFEa\0\0\xDC",
            "'utf-16-le' codec can't decode bytes in position 4-5: illegal encoding",
        ),
        (
            "utf-16",
            b"\xFE\xFF\0a\xDC\0",
            "'utf-16-be' codec can't decode bytes in position 4-5: illegal encoding",
        ),
        ("utf-16-be", b"\0a\xDC\0", "'utf-16-be' codec can't decode bytes in position 2-3: illegal encoding"),
        ("utf-16", b"a\0\0", "'utf-16-le' codec can't decode byte 0x00 in position 2: truncated data"),
        ("utf-32", b"a\0\0", "'utf-32-le' codec can't decode bytes in position 0-2: truncated data"),
        ("gbk", b"a\x81", "'gbk' codec can't decode byte 0x81 in position 1: incomplete multibyte sequence"),
        ("gbk", b"\x81 ", "'gbk' codec can't decode byte 0x81 in position 0: illegal multibyte sequence"),
        (
            "sjis",
            b"a\x81",
            "'shift_jis' codec can't decode byte 0x81 in position 1: incomplete multibyte sequence",
        ),
        (
            "euc-kr",
            b"\xC9\xA1",
            "'euc_kr' codec can't decode byte 0xc9 in position 0: illegal multibyte sequence",
        ),
        (
            "iso-2022-jp",
            b"a\x1b$B!!\x1b(I",
            "'iso2022_jp' codec can't decode bytes in position 6-8: illegal multibyte sequence",
        ),
        (
            "utf-7",
            b"a+AO-",
            "'utf7' codec can't decode bytes in position 1-4: partial character in shift sequence",
        ),
        (
            "iso8859_3",
            b"\xA5",
            "'charmap' codec can't decode byte 0xa5 in position 0: character maps to <undefined>",
        ),
    ] {
        let (_, error) = decode(Encoding::for_name(encoding).unwrap(), Errors::Strict, &[bytes]);
        assert_eq!(error.as_deref(), Some(expected));
    }
}

#[test]
fn errors_of_writing_are_told_in_the_words_of_cpython() {
    // What `str.encode` of CPython 3.11 says.
    for (encoding, text, expected) in [
        (
            "ascii",
            "aé€😀😀z",
            "'ascii' codec can't encode characters in position 1-4: ordinal not in range(128)",
        ),
        (
            "ascii",
            "é",
            "'ascii' codec can't encode character '\\xe9' in position 0: ordinal not in range(128)",
        ),
        (
            "latin-1",
            "é€",
            "'latin-1' codec can't encode character '\\u20ac' in position 1: ordinal not in range(256)",
        ),
        (
            "cp1252",
            "aé€😀😀z",
            "'charmap' codec can't encode characters in position 3-4: character maps to <undefined>",
        ),
        (
            "koi8-r",
            "é",
            "'charmap' codec can't encode character '\\xe9' in position 0: character maps to <undefined>",
        ),
        (
            "sjis",
            "a😀",
            "'shift_jis' codec can't encode character '\\U0001f600' in position 1: illegal multibyte sequence",
        ),
        (
            "gbk",
            "a😀😀",
            "'gbk' codec can't encode character '\\U0001f600' in position 1: illegal multibyte sequence",
        ),
    ] {
        let mut encoder = Encoder::new(Encoding::for_name(encoding).unwrap(), Errors::Strict);
        let error = encoder.encode(text, &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn everyday_characters_of_east_asia_are_the_ones_that_cpython_has() {
    for (encoding, text, expected) in [
        ("euc_jp", "〜−・—", None),
        ("euc_jp", "〜−・―", Some(&b"\xA1\xC1\xA1\xDD\xA1\xA6\xA1\xBD"[..])),
        ("shift_jis", "〜−¥", Some(b"\x81\x60\x81\x7C\x5C")),
        ("cp932", "～－①", Some(b"\x81\x60\x81\x7C\x87\x40")),
        ("gb2312", "・―", Some(b"\xA1\xA4\xA1\xAA")),
        ("gbk", "·—", Some(b"\xA1\xA4\xA1\xAA")),
        ("euc_kr", "갂", Some(b"\xA4\xD4\xA4\xA1\xA4\xBF\xA4\xA2")),
        ("euc_jis_2004", "か\u{309A}か", Some(b"\xA4\xF7\xA4\xAB")),
        ("big5hkscs", "Ê\u{304}Ê", Some(b"\x88\x62\x88\x66")),
        ("iso2022_jp", "a〜b", Some(b"a\x1b$B!A\x1b(Bb")),
        ("iso2022_kr", "가", Some(b"\x1b$)C\x0e0!\x0f")),
        ("hz", "~啊", Some(b"~~~{0!~}")),
    ] {
        let encoding = Encoding::for_name(encoding).unwrap();
        let mut bytes = Vec::new();
        let written = Encoder::new(encoding, Errors::Strict).encode(text, &mut bytes);
        assert_eq!(written.ok().map(|()| &*bytes), expected, "{encoding} {text}");
        if let Some(bytes) = expected {
            // Two characters are written alike by some, and one of them is read.
            let read = text.replace('¥', "\\");
            assert_eq!(decode(encoding, Errors::Strict, &[bytes]), (read, None), "{encoding}");
        }
    }
}

#[test]
fn what_a_call_writes_can_be_read_by_itself() {
    for name in ["iso2022_jp", "iso2022_jp_2004", "iso2022_kr", "hz", "utf_7"] {
        let encoding = Encoding::for_name(name).unwrap();
        assert!(encoding.is_stateful());
        let mut encoder = Encoder::new(encoding, Errors::Strict);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        encoder.encode("日本", &mut first).unwrap();
        encoder.encode("日本", &mut second).unwrap();
        assert_eq!(first, second, "{name}");
        let both = [&*first, b"abc\n", &second].concat();
        assert_eq!(decode(encoding, Errors::Strict, &[&both]), ("日本abc\n日本".to_owned(), None), "{name}");
        let failed = encoder.encode("日\u{E000}", &mut Vec::new());
        assert_eq!(failed.is_err(), name != "utf_7");
        let mut after = Vec::new();
        encoder.encode("日本", &mut after).unwrap();
        assert_eq!(after, first, "{name}");
    }
}

#[test]
fn an_error_stays_and_has_the_text_before_it() {
    let mut decoder = Decoder::new(Encoding::UTF_8, Errors::Strict).unwrap();
    let mut text = String::new();
    decoder.decode(b"ab\xE2", false, &mut text).unwrap();
    let error = decoder.decode(b"\x82!", true, &mut text).unwrap_err();
    assert_eq!((error.offset(), error.len(), error.reason()), (2, 2, "invalid continuation byte"));
    assert_eq!(text, "ab");
    assert_eq!(decoder.decode(b"c", true, &mut text), Err(error));
}
