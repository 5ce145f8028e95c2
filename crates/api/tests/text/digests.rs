//! Every encoding, on everything there is, against numbers that `digests.py` has got from CPython.

use flate2::Crc;
use folio::text::{Decoder, Encoder, Encoding, Errors};
use folio_testkit::Random;

/// Rows are tab-separated; `digests.py` says what their columns are.
const TABLE: &str = include_str!("digests.tsv");

const DECODING: [Errors; 4] = [Errors::Strict, Errors::Ignore, Errors::Replace, Errors::BackslashReplace];

/// Where each kind of columns begins.
const BYTE: usize = 2;
const TWO: usize = 6;
const LONG: usize = 10;
const CHARACTERS: usize = 11;
const STRICT: usize = 12;
const SEEDED: usize = 13;
const TEXTS: usize = 17;

/// Seeded inputs and texts of an encoding.
const INPUTS: usize = 400;

/// As in `digests.py`.
const SPECIAL: [&[u8]; 48] = [
    b"\x1b$B",
    b"\x1b(B",
    b"\x1b(J",
    b"\x1b(I",
    b"\x1b$@",
    b"\x1b$(D",
    b"\x1b$A",
    b"\x1b$(C",
    b"\x1b$)C",
    b"\x1b.A",
    b"\x1b.F",
    b"\x1bN",
    b"\x1b$(Q",
    b"\x1b$(P",
    b"\x1b$(O",
    b"\x1b&@\x1b$B",
    b"\x1b",
    b"\x1b[1m",
    b"\x1b$",
    b"\x0e",
    b"\x0f",
    b"\n",
    b"\r\n",
    b"~{",
    b"~}",
    b"~~",
    b"~\n",
    b"~",
    b"+MEI-",
    b"+AOk",
    b"+ZeVnLGee-",
    b"+2D3eAA-",
    b"+-",
    b"+",
    b"-",
    b"\x8f",
    b"\x8e",
    b"\xa4\xd4\xa4\xa1\xa4\xbf\xa4\xd4",
    b"\xa4\xd4",
    b"\x81\x30",
    b"\x84\x31\xa4\x39",
    b"\x90\x30\x81\x30",
    b"\xe3\x32\x9a\x35",
    b"\x88\x62",
    b"\x82\xf5",
    b"\xa4\xf7",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
];

/// The last of them.
const SPECIAL_OF_UTF_8: [&[u8]; 2] = [b"\xe3\x81\x82", b"\xf0\x9f\x98\x80"];

/// As in `digests.py`.
const RANGES: [(u32, u32); 16] = [
    (0x20, 0x7E),
    (0x20, 0x7E),
    (0xA0, 0x17F),
    (0x2C6, 0x30C),
    (0x370, 0x5F4),
    (0x2010, 0x2260),
    (0x3000, 0x30FF),
    (0x304B, 0x304B),
    (0x309A, 0x309A),
    (0x4E00, 0x9FFF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),
    (0xE000, 0xE757),
    (0xFF00, 0xFFE6),
    (0x20000, 0x2A6D6),
    (0x1F600, 0x1F64F),
];

/// What the committed numbers were made of, so that it must never change.
struct Numbers(Random);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0.within(0..bound.into()) as u32
    }

    fn byte(&mut self, low: u8, count: u32) -> u8 {
        low + self.below(count) as u8
    }

    fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..self.below(12) {
            match self.below(8) {
                0..2 => bytes.extend([self.byte(0x20, 0x60), self.byte(0x20, 0x60)]),
                2..4 => bytes.extend([self.byte(0xA1, 94), self.byte(0xA1, 94)]),
                4 => bytes.extend([self.byte(0x81, 126), self.byte(0x40, 191)]),
                5 => bytes.push(self.byte(0, 256)),
                _ => {
                    let at = self.below(50) as usize;
                    let special = SPECIAL.iter().chain(&SPECIAL_OF_UTF_8).nth(at);
                    bytes.extend_from_slice(special.unwrap());
                }
            }
        }
        bytes
    }

    fn text(&mut self, encoding: Encoding) -> String {
        let mut text = String::new();
        for _ in 0..=self.below(12) {
            let (low, high) = RANGES[self.below(16) as usize];
            text.extend(char::from_u32(low + self.below(high - low + 1)));
        }
        without_tilde(encoding, text)
    }
}

/// CPython forgets to double a `~` in HZ where it follows a character of two bytes.
fn without_tilde(encoding: Encoding, text: String) -> String {
    if encoding.name() == "hz" { text.replace('~', "-") } else { text }
}

/// One number for many answers.
struct Digest(Crc);

impl Digest {
    fn of<T>(inputs: impl Iterator<Item = T>, ask: impl Fn(&mut Digest, T)) -> String {
        let mut digest = Digest(Crc::new());
        inputs.for_each(|input| ask(&mut digest, input));
        format!("{:08x}", digest.0.sum())
    }

    /// Decodes `bytes` at once, and sees to it that pieces of `size` make no difference.
    fn decode(&mut self, encoding: Encoding, errors: Errors, bytes: &[u8], size: Option<usize>) {
        let whole = decoded(encoding, errors, &[bytes]);
        if let Some(size) = size {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            assert_eq!(
                decoded(encoding, errors, &pieces),
                whole,
                "{encoding} {errors:?} {bytes:x?} by {size}"
            );
        }
        self.0.update(&whole);
        self.0.update(b"\xff");
    }

    fn encode(&mut self, encoding: Encoding, errors: Errors, text: &str) {
        let mut out = Vec::new();
        match Encoder::new(encoding, errors).encode(text, &mut out) {
            Ok(()) => self.0.update(&out),
            Err(error) => {
                // How many characters are meant is told in the message only.
                let (start, message) = (text[..error.offset()].chars().count(), error.to_string());
                let end = match message.split_once(&format!("position {start}-")) {
                    Some((_, rest)) => rest.split(':').next().unwrap().parse::<usize>().unwrap() + 1,
                    None => start + 1,
                };
                self.0.update(format!("!{start} {} {}", end - start, error.reason()).as_bytes());
            }
        }
        self.0.update(b"\n");
    }
}

fn decoded(encoding: Encoding, errors: Errors, pieces: &[&[u8]]) -> Vec<u8> {
    let mut decoder = Decoder::new(encoding, errors).unwrap();
    let mut text = String::new();
    let all = pieces.iter().try_for_each(|piece| decoder.decode(piece, false, &mut text));
    match all.and_then(|()| decoder.decode(&[], true, &mut text)) {
        Ok(()) => text.into_bytes(),
        Err(error) => format!("!{} {} {}", error.offset(), error.len(), error.reason()).into_bytes(),
    }
}

/// Compares a column with what `digest` says of each encoding.
fn check(column: usize, what: &str, digest: impl Fn(Encoding, u64) -> String) {
    let (mut wrong, mut rows) = (Vec::new(), 0);
    for row in TABLE.lines().map(|line| line.split('\t').collect::<Vec<_>>()) {
        let encoding = Encoding::for_name(row[0]).unwrap();
        if row[column] != "-" {
            rows += 1;
            if digest(encoding, row[1].parse().unwrap()) != row[column] {
                wrong.push(row[0]);
            }
        }
    }
    assert!(wrong.is_empty(), "{what}: not as CPython has it in {wrong:?}");
    assert!(rows >= 10, "{what}: {rows} encodings");
}

#[test]
fn every_encoding_of_cpython_is_here() {
    let there: Vec<&str> = TABLE.lines().filter_map(|line| line.split('\t').next()).collect();
    let here: Vec<&str> = Encoding::all().map(Encoding::name).collect();
    assert_eq!(here, there);
}

#[test]
fn every_byte_is_what_it_is_to_cpython() {
    for (errors, column) in DECODING.into_iter().zip(BYTE..) {
        check(column, "a byte", |encoding, _| {
            Digest::of(0..=255u8, |digest, byte| digest.decode(encoding, errors, &[byte], None))
        });
    }
}

#[test]
fn every_two_bytes_are_what_they_are_to_cpython() {
    check(TWO, "two bytes", |encoding, _| {
        let all = (0..=0xFFFFu16).map(u16::to_be_bytes);
        Digest::of(all, |digest, two| digest.decode(encoding, Errors::Strict, &two, None))
    });
}

#[test]
fn what_is_wrong_in_two_bytes_is_as_long_as_to_cpython() {
    for (errors, column) in DECODING.into_iter().zip(TWO..).skip(1) {
        check(column, "rows of two bytes", |encoding, _| {
            Digest::of(0..=255u8, |digest, first| {
                let row: Vec<u8> = (0..=255u8).flat_map(|second| [first, second, b'\n']).collect();
                digest.decode(encoding, errors, &row, None);
            })
        });
    }
}

#[test]
fn longer_sequences_are_what_they_are_to_cpython() {
    check(LONG, "longer sequences", |encoding, _| {
        let mut random = Numbers(Random::new(1));
        let (errors, inputs): (Errors, Vec<Vec<u8>>) = match encoding.name() {
            "gb18030" => (Errors::Strict, sequences_of_four(&mut random)),
            "euc_kr" => (Errors::Strict, (0..20_000).map(|_| syllable(&mut random)).collect()),
            name if name.starts_with("euc") => {
                let all = (0x80..=0xFF).flat_map(|high| (0x80..=0xFF).map(move |low| vec![0x8F, high, low]));
                (Errors::Strict, all.collect())
            }
            _ => (Errors::Replace, rows_behind_escapes()),
        };
        Digest::of(inputs.iter(), |digest, input| digest.decode(encoding, errors, input, None))
    });
}

fn sequences_of_four(random: &mut Numbers) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = (0..20_000)
        .map(|_| {
            let (first, second) = (random.byte(0x81, 127), random.byte(0x30, 10));
            vec![first, second, random.byte(0x81, 127), random.byte(0x30, 10)]
        })
        .collect();
    for first in [0x80, 0x81, 0x84, 0x85, 0x8F, 0x90, 0xE3, 0xE4, 0xFE, 0xFF] {
        for second in [0x30, 0x31, 0x39] {
            for third in [0x80, 0x81, 0xA4, 0xFE, 0xFF] {
                all.extend([0x2F, 0x30, 0x35, 0x39, 0x3A].map(|fourth| vec![first, second, third, fourth]));
            }
        }
    }
    all
}

fn syllable(random: &mut Numbers) -> Vec<u8> {
    let letters = [random.byte(0xA1, 60), random.byte(0xA1, 60), random.byte(0xA1, 60)];
    let mut bytes = vec![0xA4, 0xD4];
    bytes.extend(letters.into_iter().flat_map(|letter| [0xA4, letter]));
    bytes
}

fn rows_behind_escapes() -> Vec<Vec<u8>> {
    let escapes = SPECIAL.into_iter().filter(|special| special[0] == 0x1B && special.len() > 1);
    let rows = escapes.flat_map(|escape| {
        (0x21..=0x7Eu8).map(move |first| {
            let row = (0x21..=0x7Eu8).flat_map(|second| [first, second]);
            [escape, b"\x0e"].concat().into_iter().chain(row).collect()
        })
    });
    rows.collect()
}

#[test]
fn every_character_is_written_as_by_cpython() {
    check(CHARACTERS, "characters", |encoding, _| {
        let planes = if row_of(encoding)[TWO] == "-" { 1 } else { 3 };
        let blocks = (0..planes * 0x100).map(|block| characters(block * 0x100..(block + 1) * 0x100));
        let sparse = characters((planes * 0x1_0000..0x11_0000).step_by(0x1003));
        let texts = blocks.chain([sparse]).filter(|text| !text.is_empty());
        Digest::of(texts, |digest, text| {
            digest.encode(encoding, Errors::Replace, &without_tilde(encoding, text));
        })
    });
}

fn row_of(encoding: Encoding) -> Vec<&'static str> {
    let rows = TABLE.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    rows.into_iter().find(|row| row[0] == encoding.name()).unwrap()
}

fn characters(points: impl Iterator<Item = u32>) -> String {
    points.filter_map(char::from_u32).collect()
}

#[test]
fn a_character_that_is_missing_is_the_error_that_it_is_to_cpython() {
    check(STRICT, "single characters", |encoding, _| {
        let points = (0..0x3_0000).step_by(29).chain((0x3_0000..0x11_0000).step_by(0x1003));
        Digest::of(points.filter_map(char::from_u32), |digest, c| {
            digest.encode(encoding, Errors::Strict, c.encode_utf8(&mut [0; 4]));
        })
    });
}

#[test]
fn damaged_bytes_are_handled_as_by_cpython_whatever_pieces_they_come_in() {
    for (errors, column) in DECODING.into_iter().zip(SEEDED..) {
        check(column, "seeded bytes", |encoding, seed| {
            let mut random = Numbers(Random::new(seed));
            let inputs = (0..INPUTS).map(|_| random.bytes()).enumerate();
            Digest::of(inputs, |digest, (at, bytes)| {
                digest.decode(encoding, errors, &bytes, Some(1 + at % 7));
            })
        });
    }
}

#[test]
fn texts_are_written_as_by_cpython_under_every_handler() {
    for (errors, column) in DECODING.into_iter().chain([Errors::XmlCharRefReplace]).zip(TEXTS..) {
        check(column, "seeded texts", |encoding, seed| {
            let mut random = Numbers(Random::new(seed));
            (0..INPUTS).for_each(|_| drop(random.bytes()));
            let texts = (0..INPUTS).map(|_| random.text(encoding));
            Digest::of(texts, |digest, text| digest.encode(encoding, errors, &text))
        });
    }
}
