//! A reader that moves, tells and writes in any order, against a model that decodes the file from where it was told.
//!
//! The reader finds its places by going on from the one it told last; the model remembers nothing.

use std::io::SeekFrom;
use std::path::Path;

use folio::text::{Decoder, Encoder, Encoding, Errors, Newline, Options, Reading, TextFile};
use folio_testkit::{Random, seeds};

use crate::file::{NEWLINES, runtime};
use crate::newline::lines_of;

/// One of each kind: marked and not, of one byte and several, of a table and of none.
const ENCODINGS: [&str; 14] = [
    "utf_8",
    "utf_8_sig",
    "utf_16",
    "utf_16_le",
    "utf_16_be",
    "utf_32",
    "latin_1",
    "ascii",
    "cp1252",
    "gb18030",
    "gbk",
    "cp932",
    "euc_jp",
    "big5hkscs",
];

const HANDLERS: [Errors; 3] = [Errors::Ignore, Errors::Replace, Errors::BackslashReplace];

/// Bits of a told number that are an offset.
const OFFSET_BITS: u32 = 56;

/// Bytes of a file that is read in several goes.
const LONG: usize = 150_000;

/// A file and how it is read.
struct Case {
    encoding: Encoding,
    errors: Errors,
    newline: Newline,
    bytes: Vec<u8>,
}

impl Case {
    fn random(name: &str, len: usize, damaged: bool, random: &mut Random) -> Case {
        let encoding = Encoding::for_name(name).unwrap();
        let parts = ["\r", "\n", "\r\n", "é", "語", "😀", "abc", "\u{FEFF}", "a longer piece of a line "];
        let mut encoder = Encoder::new(encoding, Errors::Ignore);
        let mut bytes = Vec::new();
        while bytes.len() < len {
            encoder.encode(parts[random.index(parts.len())], &mut bytes).unwrap();
        }
        for _ in 0..if damaged { random.index(6) } else { 0 } {
            let at = random.index(bytes.len() + 1);
            bytes.insert(at, [0, 0x0D, 0x30, 0x81, 0xC3, 0xD8, 0xDC, 0xE2, 0xF0, 0xFF][random.index(10)]);
        }
        let (newline, errors) = (NEWLINES[random.index(5)], HANDLERS[random.index(3)]);
        Case { encoding, errors, newline, bytes }
    }

    /// The text from a told place to the end, decoded in one go.
    fn text_from(&self, cookie: u64) -> String {
        let (offset, skip) = (cookie & ((1 << OFFSET_BITS) - 1), cookie >> OFFSET_BITS);
        let bytes = self.bytes.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let mut decoder = Decoder::new(self.encoding_at(offset), self.errors).unwrap();
        let mut text = String::new();
        decoder.decode(bytes, true, &mut text).unwrap();
        let mut read = String::new();
        Reading::new(self.newline).read(&text, true, &mut read);
        read.chars().skip(usize::try_from(skip).unwrap()).collect()
    }

    /// What is meant by an encoding with a mark where the mark has been passed.
    fn encoding_at(&self, offset: u64) -> Encoding {
        let big = |mark: &[u8]| self.bytes.starts_with(mark);
        let name = match self.encoding.name() {
            _ if offset == 0 => self.encoding.name(),
            "utf_8_sig" => "utf_8",
            "utf_16" if big(b"\xFE\xFF") => "utf_16_be",
            "utf_16" => "utf_16_le",
            "utf_32" if big(b"\0\0\xFE\xFF") => "utf_32_be",
            "utf_32" => "utf_32_le",
            other => other,
        };
        Encoding::for_name(name).unwrap()
    }
}

#[test]
fn whatever_was_done_before_the_rest_is_the_one_of_the_place_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    let runtime = runtime();
    seeds(12, |seed| {
        let mut random = Random::new(seed);
        for name in ENCODINGS {
            let len = random.index(300);
            let case = Case::random(name, len, true, &mut random);
            runtime.block_on(check(case, &path, 40, &mut random));
        }
        let name = ENCODINGS[random.index(ENCODINGS.len())];
        let case = Case::random(name, LONG, false, &mut random);
        runtime.block_on(check(case, &path, 25, &mut random));
    });
}

/// Does `steps` things, and knows before each what there is to read.
async fn check(mut case: Case, path: &Path, steps: usize, random: &mut Random) {
    std::fs::write(path, &case.bytes).unwrap();
    let mut options = Options::new();
    options.encoding(case.encoding).errors(case.errors).newline(case.newline);
    match random.chance(50) {
        true => options.python_mode("r+"),
        false => options.read(true).write(true),
    };
    let mut file = options.open(path).await.unwrap();
    let (mut rest, mut told) = (case.text_from(0), vec![0]);
    let most = 1 + rest.chars().count() / 20;
    for step in 0..steps {
        let what = format!("{} {:?} {:?} step {step}", case.encoding, case.errors, case.newline);
        match random.index(6) {
            0..=2 => {
                let (piece, expected) = read(&mut file, &rest, case.newline, most, random).await;
                assert_eq!(piece, expected, "{what}");
                rest.drain(..piece.len());
            }
            3 => {
                let cookie = file.tell().await.unwrap();
                assert!(case.text_from(cookie) == rest, "{what}: told {cookie}");
                told.push(cookie);
            }
            4 => {
                let cookie = told[random.index(told.len())];
                assert_eq!(file.seek(SeekFrom::Start(cookie)).await.unwrap(), cookie, "{what}");
                rest = case.text_from(cookie);
            }
            _ => {
                let end = write(&mut file, &mut case, &rest, path, &what, random).await;
                rest = case.text_from(end);
                told = vec![0, end];
            }
        }
    }
}

/// Reads in one of three ways; returns what came and what should have.
async fn read(
    file: &mut TextFile,
    rest: &str,
    newline: Newline,
    most: usize,
    random: &mut Random,
) -> (String, String) {
    let first_chars = |text: &str, count: usize| text.chars().take(count).collect::<String>();
    let line = || lines_of(newline, rest).into_iter().next().unwrap_or_default();
    match random.index(3) {
        0 => {
            let count = random.index(most);
            (file.read(count).await.unwrap(), first_chars(rest, count))
        }
        1 => (file.readline(None).await.unwrap(), line()),
        _ => {
            let count = random.index(9);
            (file.readline(Some(count)).await.unwrap(), first_chars(&line(), count))
        }
    }
}

/// Writes something, finds it where the reader was, and returns the place behind it.
async fn write(
    file: &mut TextFile,
    case: &mut Case,
    rest: &str,
    path: &Path,
    what: &str,
    random: &mut Random,
) -> u64 {
    let text = ["x", "yz", "\n"][random.index(3)];
    let (mut ends, mut plain, mut marked) = (String::new(), Vec::new(), Vec::new());
    case.newline.write(text, &mut ends);
    Encoder::continuing(case.encoding, Errors::Strict).encode(&ends, &mut plain).unwrap();
    Encoder::new(case.encoding, Errors::Strict).encode(&ends, &mut marked).unwrap();
    file.write(text).await.unwrap();
    file.flush().await.unwrap();
    let end = file.tell().await.unwrap();
    let to = usize::try_from(end).unwrap();
    let written = if to == marked.len() { marked } else { plain };
    let from = to - written.len();
    let mut expected = case.bytes.clone();
    expected.resize(expected.len().max(to), 0);
    expected[from..to].copy_from_slice(&written);
    // Where the reader stood amid what one byte was read as, it has been put before that.
    assert!(case.text_from(from as u64).ends_with(rest), "{what}: {text:?} went to {from}");
    case.bytes = std::fs::read(path).unwrap();
    assert!(case.bytes == expected, "{what}: {text:?} to {from}");
    end
}
