//! Where a reader is: told, sought, cut at, handed on, in every encoding and with every end of line.

use std::io::SeekFrom;
use std::path::Path;

use folio::text::{self, Encoder, Encoding, Errors, Newline, Options};
use folio_testkit::{Random, seeds};

use crate::file::{NEWLINES, on, runtime};
use crate::newline::seen_of;

/// More than the file reads at a time, so that places are asked for on both sides of a cut.
const LONG: usize = 200_000;

#[test]
fn a_place_that_was_told_is_found_again_in_every_encoding() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    let runtime = runtime();
    seeds(2, |seed| {
        let mut random = Random::new(seed);
        for encoding in Encoding::all() {
            for (newline, len) in NEWLINES.into_iter().zip([300, 20, 3, 150, 40]) {
                let text = write_random(&path, encoding, len, &mut random);
                runtime.block_on(check(&path, encoding, newline, &text, &mut random));
            }
        }
        for name in ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "gb18030", "cp1252", "iso2022_jp"]
        {
            let encoding = Encoding::for_name(name).unwrap();
            let newline = NEWLINES[random.index(NEWLINES.len())];
            let text = write_random(&path, encoding, LONG, &mut random);
            runtime.block_on(check(&path, encoding, newline, &text, &mut random));
        }
    });
}

/// Writes about `len` bytes of text and returns it.
fn write_random(path: &Path, encoding: Encoding, len: usize, random: &mut Random) -> String {
    let parts = ["\r", "\n", "\r\n", "é", "語", "😀", "abc", "\u{FEFF}", "d"];
    let mut encoder = Encoder::new(encoding, Errors::Strict);
    let (mut text, mut bytes) = (String::new(), Vec::new());
    while text.len() < len {
        let part = parts[random.index(parts.len())];
        // What the encoding does not have is no part of the text.
        if encoder.encode(part, &mut bytes).is_ok() {
            text.push_str(part);
        }
    }
    std::fs::write(path, bytes).unwrap();
    text
}

/// Reads by lines and by characters, notes some places, and comes back to them in any order.
async fn check(path: &Path, encoding: Encoding, newline: Newline, text: &str, random: &mut Random) {
    let (whole, _) = seen_of(newline, &[text]);
    let mut options = Options::new();
    options.read(true).encoding(encoding).newline(newline).line_limit(LONG * 2);
    let mut file = options.open(path).await.unwrap();
    let (mut given, mut places) = (0, vec![(0, file.tell().await.unwrap())]);
    while given < whole.len() && places.len() < 30 {
        let most = 1 + whole.len() / 10;
        let piece = match random.index(3) {
            0 => file.read(random.index(most)).await.unwrap(),
            1 => file.readline(Some(1 + random.index(9))).await.unwrap(),
            _ => file.readline(None).await.unwrap(),
        };
        assert!(whole[given..].starts_with(&piece), "{encoding} {newline:?} at {given}");
        given += piece.len();
        places.push((given, file.tell().await.unwrap()));
    }
    for _ in 0..places.len() {
        let (given, cookie) = places[random.index(places.len())];
        // Another reader, who has seen nothing of what is before, or the same.
        if random.chance(20) {
            file = options.open(path).await.unwrap();
        }
        assert_eq!(file.seek(SeekFrom::Start(cookie)).await.unwrap(), cookie);
        assert_eq!(file.tell().await.unwrap(), cookie);
        let piece = file.read(50).await.unwrap();
        assert!(
            whole[given..].starts_with(&piece) && (piece.len() >= 50 || given + piece.len() == whole.len()),
            "{encoding} {newline:?} at {given}, {cookie}: {piece:?}"
        );
    }
}

#[test]
fn a_place_is_the_offset_in_bytes_behind_what_was_read() {
    for (encoding, newline, bytes, reads, expected) in [
        ("utf-8", Newline::Universal, &b"a\r\nb"[..], &[1, 1, 1][..], &[1, 3, 4][..]),
        ("utf-8", Newline::Universal, b"\r", &[1], &[1]),
        ("utf-8", Newline::Any, b"a\r\nb", &[1, 1, 1, 1], &[1, 2, 3, 4]),
        ("utf-8", Newline::Universal, "é語😀".as_bytes(), &[1, 1, 1], &[2, 5, 9]),
        ("utf-8-sig", Newline::Universal, b"\xEF\xBB\xBFab", &[1, 1], &[4, 5]),
        ("utf-16", Newline::Universal, b"\xFE\xFF\0a\0\r\0\n", &[1, 1], &[4, 8]),
        ("cp932", Newline::Universal, b"\x83\x41\x41", &[1, 1], &[2, 3]),
    ] {
        on(bytes, async |path| {
            let mut options = Options::new();
            options.read(true).encoding_name(encoding).newline(newline);
            let mut file = options.open(&path).await.unwrap();
            assert_eq!(file.tell().await.unwrap(), 0);
            for (chars, expected) in reads.iter().zip(expected) {
                file.read(*chars).await.unwrap();
                assert_eq!(file.tell().await.unwrap(), *expected, "{encoding} {newline:?} {bytes:x?}");
            }
        });
    }
}

#[test]
fn a_reader_amid_the_escape_of_a_byte_comes_back_amid_it() {
    on(b"a\xFF\xFEb", async |path| {
        let mut options = Options::new();
        options.read(true).errors(Errors::BackslashReplace);
        let mut file = options.open(&path).await.unwrap();
        assert_eq!(file.read(4).await.unwrap(), "a\\xf");
        let here = file.tell().await.unwrap();
        assert_eq!(file.read(9).await.unwrap(), "f\\xfeb");
        assert_eq!(file.tell().await.unwrap(), 4);
        file.seek(SeekFrom::Start(here)).await.unwrap();
        assert_eq!(file.tell().await.unwrap(), here);
        assert_eq!(file.read(9).await.unwrap(), "f\\xfeb");
    });
}

#[test]
fn only_places_that_characters_do_not_need_to_be_counted_for_are_sought() {
    on(b"one\ntwo\n", async |path| {
        let mut file = text::open(&path).await.unwrap();
        file.readline(None).await.unwrap();
        assert_eq!(file.seek(SeekFrom::Current(0)).await.unwrap(), 4);
        assert_eq!(file.read(3).await.unwrap(), "two");
        for (to, why) in [
            (SeekFrom::Current(1), "can't do nonzero cur-relative seeks"),
            (SeekFrom::End(-1), "can't do nonzero end-relative seeks"),
        ] {
            let error = file.seek(to).await.unwrap_err();
            assert!(error.is_unsupported() && error.to_string().ends_with(why), "{error}");
        }
        assert!(file.seek(SeekFrom::Start(1 << 63)).await.is_err());
        assert_eq!(file.seek(SeekFrom::End(0)).await.unwrap(), 8);
        assert_eq!(file.read(1).await.unwrap(), "");
        assert_eq!(file.seek(SeekFrom::Start(100)).await.unwrap(), 100);
        assert_eq!(file.read(1).await.unwrap(), "");
        assert_eq!(file.tell().await.unwrap(), 100);
    });
}

#[test]
fn bytes_that_mean_nothing_can_be_passed_by_a_seek() {
    on(b"ab\xFFcd", async |path| {
        let mut file = text::open(&path).await.unwrap();
        assert_eq!(file.read(9).await.unwrap(), "ab");
        let offset = file.read(9).await.unwrap_err().offset().unwrap();
        assert_eq!((offset, file.tell().await.unwrap()), (2, 2));
        file.seek(SeekFrom::Start(offset + 1)).await.unwrap();
        assert_eq!(file.read(9).await.unwrap(), "cd");
        // The middle of a character is no beginning of one.
        std::fs::write(&path, "é").unwrap();
        file.seek(SeekFrom::Start(1)).await.unwrap();
        let error = file.read(1).await.unwrap_err();
        assert!(error.to_string().ends_with("byte 0xa9 in position 1: invalid start byte"), "{error}");
    });
}

#[test]
fn a_file_is_cut_where_its_reader_is() {
    on(b"one\ntwo\nthree\n", async |path| {
        let mut file = Options::new().python_mode("r+").open(&path).await.unwrap();
        file.readline(None).await.unwrap();
        file.read(1).await.unwrap();
        assert_eq!(file.truncate(None).await.unwrap(), 5);
        assert_eq!(std::fs::read(&path).unwrap(), b"one\nt");
        // What was read ahead and is cut off is not read.
        assert_eq!((file.tell().await.unwrap(), file.read(9).await.unwrap()), (5, String::new()));
        file.seek(SeekFrom::Start(2)).await.unwrap();
        assert_eq!(file.truncate(Some(7)).await.unwrap(), 7);
        assert_eq!((file.tell().await.unwrap(), file.read(9).await.unwrap()), (2, "e\nt\0\0".to_owned()));
        let mut file = text::open(&path).await.unwrap();
        let error = file.truncate(Some(0)).await.unwrap_err();
        assert!(error.is_unsupported() && error.to_string().ends_with("not writable"), "{error}");
    });
}

#[test]
fn a_file_that_is_detached_goes_on_where_the_reader_was() {
    on(b"From: me\r\n\r\n\x00\x01body", async |path| {
        let mut file = text::open(&path).await.unwrap();
        while file.readline(None).await.unwrap() != "\n" {}
        let below = file.detach().await.unwrap();
        assert_eq!(below.read_bytes(99).await.unwrap(), &b"\x00\x01body"[..]);
        // And back: text from the middle of a file that is open.
        below.seek(SeekFrom::Start(6)).await.unwrap();
        let mut file = Options::new().open_file(below).unwrap();
        assert_eq!(file.tell().await.unwrap(), 6);
        assert_eq!(file.readline(None).await.unwrap(), "me\n");
        assert_eq!(file.tell().await.unwrap(), 10);
    });
    // The mark of a file tells the order of its bytes wherever reading starts.
    on(b"\xFE\xFF\0a\0b\0c", async |path| {
        let below = folio::File::open(&path).await.unwrap();
        below.seek(SeekFrom::Start(4)).await.unwrap();
        let mut file = Options::new().encoding_name("utf-16").open_file(below).unwrap();
        assert_eq!(file.read_to_string().await.unwrap(), "bc");
    });
}

#[test]
fn a_place_can_be_told_behind_every_line() {
    // Each is found from the one before. From the start of what one read brought, they would take minutes.
    for (name, width) in [("utf-8", 1), ("latin-1", 1), ("gb18030", 1), ("utf-16-le", 2), ("utf-32-be", 4)] {
        let encoding = Encoding::for_name(name).unwrap();
        let text: String = (0..20_000).map(|n| format!("{n} of some\r\n")).collect();
        let mut bytes = Vec::new();
        Encoder::new(encoding, Errors::Strict).encode(&text, &mut bytes).unwrap();
        on(&bytes, async |path| {
            let mut file = Options::new().read(true).encoding(encoding).open(&path).await.unwrap();
            let (mut offset, mut n) = (0, 0);
            while let Some(line) = file.next_line().await.unwrap() {
                offset += (line.len() as u64 + 2) * width;
                n += 1;
                assert_eq!(file.tell().await.unwrap(), offset, "{name} behind line {n}");
            }
            assert_eq!(n, 20_000);
        });
    }
}
