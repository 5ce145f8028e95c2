//! Positions reported in every state: wherever the reader stands, another one that starts there reads the rest.

use folio_testkit::{Random, seeds};

use super::super::{Encoder, Errors};
use super::*;

const NEWLINES: [Newline; 5] = [Newline::Universal, Newline::Any, Newline::Lf, Newline::Cr, Newline::CrLf];
const HANDLERS: [Errors; 4] = [Errors::Strict, Errors::Ignore, Errors::Replace, Errors::BackslashReplace];

/// A file in memory and how it is read.
struct Case {
    encoding: Encoding,
    errors: Errors,
    newline: Newline,
    bytes: Vec<u8>,
}

#[test]
fn a_reader_that_starts_where_another_stood_reads_what_that_one_had_before_it() {
    seeds(60, |seed| {
        let mut random = Random::new(seed);
        for encoding in Encoding::all() {
            let parts = ["a", "\r", "\n", "\r\n", "é", "語", "😀", "\u{FEFF}"];
            let text: String = (0..random.index(16)).map(|_| parts[random.index(parts.len())]).collect();
            let mut bytes = Vec::new();
            Encoder::new(encoding, Errors::Ignore)
                .encode(&text, &mut bytes)
                .expect("what it lacks is left out");
            for _ in 0..random.index(4) {
                let at = random.index(bytes.len() + 1);
                bytes.insert(at, [0, 0x0D, 0x30, 0x81, 0xC3, 0xD8, 0xDC, 0xE2, 0xF0, 0xFF][random.index(10)]);
            }
            let newline = NEWLINES[random.index(5)];
            let errors = HANDLERS[random.index(4)];
            check(&Case { encoding, errors, newline, bytes }, &mut random);
        }
    });
}

/// Reads the file in small pieces, takes its text bit by bit, and asks for the position after each bit.
fn check(case: &Case, random: &mut Random) {
    let Case { encoding, errors, newline, bytes } = case;
    let whole = read_from(case, Position::at(0), bytes.len().max(1));
    let mut ahead = ReadAhead::new(*encoding, *newline, true);
    ahead.resume(Decoder::resuming(*encoding, *errors, 0, b""), 0);
    let (mut given, mut fed, mut more) = (0, 0, true);
    while more {
        if random.chance(60) {
            let count = random.index(6).min(bytes.len() - fed).max(usize::from(fed < bytes.len()));
            ahead.swap_buffer(bytes[fed..fed + count].to_vec());
            fed += count;
            more = ahead.accept(count) && ahead.failed().is_none();
        }
        let chars = random.index(ahead.rest().chars().count() + 1);
        let len = ahead.rest().chars().take(chars).map(char::len_utf8).sum();
        given += ahead.take(len, 0).len();
        let position = ahead.position();
        let rest = read_from(case, position, 1 + random.index(8));
        let expected = (whole.0[given..].to_owned(), whole.1);
        assert_eq!(
            rest, expected,
            "{encoding} {errors:?} {newline:?} {bytes:x?} behind {given}: {position:?}"
        );
        assert_eq!(Position::from_cookie(position.cookie()), Some(position));
    }
}

/// What a new reader makes of the file from `position` on, in pieces of `size` bytes, and where it fails.
fn read_from(case: &Case, position: Position, size: usize) -> (String, Option<u64>) {
    let mut ahead = ReadAhead::new(case.encoding, case.newline, true);
    let offset = usize::try_from(position.offset).expect("the file is small");
    let head = &case.bytes[..case.bytes.len().min(4)];
    let decoder = match case.encoding.is_stateful() {
        true => {
            let mut decoder = Decoder::resuming(case.encoding, case.errors, 0, b"");
            decoder.pass_over(&case.bytes, position.offset);
            if decoder.offset() < position.offset {
                decoder.stand();
            }
            decoder
        }
        false => Decoder::resuming(case.encoding, case.errors, position.offset, head),
    };
    ahead.resume(decoder, position.skip);
    let mut text = String::new();
    for piece in case.bytes[offset..].chunks(size).chain([&[][..]]) {
        ahead.swap_buffer(piece.to_vec());
        ahead.accept(piece.len());
        text += &ahead.take_all();
        if let Some(failed) = ahead.failed() {
            return (text, Some(failed.offset()));
        }
    }
    (text, None)
}

#[test]
fn places_are_offsets_but_amid_what_one_sequence_became() {
    let text = "a\r\né\rb\r\r\n";
    let check = |newline: Newline, expected: &[u64]| {
        let mut ahead = ReadAhead::new(Encoding::UTF_8, newline, true);
        ahead.resume(Decoder::resuming(Encoding::UTF_8, Errors::Strict, 0, b""), 0);
        ahead.swap_buffer(text.as_bytes().to_vec());
        ahead.accept(text.len());
        ahead.accept(0);
        let mut found = vec![ahead.position().cookie()];
        while let Some(c) = ahead.rest().chars().next() {
            ahead.take(c.len_utf8(), 0);
            found.push(ahead.position().cookie());
        }
        assert_eq!(found, expected, "{newline:?}");
    };
    check(Newline::Universal, &[0, 1, 3, 5, 6, 7, 8, 10]);
    check(Newline::Any, &[0, 1, 2, 3, 5, 6, 7, 8, 9, 10]);
    check(Newline::Lf, &[0, 1, 2, 3, 5, 6, 7, 8, 9, 10]);
}
