//! What CPython makes of the same input, replayed from a table that `oracle.py` has written.

use folio::text::{Decoder, Encoder, Encoding, Errors, Newline};

use crate::newline::{lines_of, seen_of};

/// Rows are tab-separated; `oracle.py` says what their columns are.
const TABLE: &str = include_str!("oracle.tsv");

#[test]
fn bytes_become_the_text_or_the_error_that_cpython_makes_of_them() {
    let mut rows = 0;
    for row in rows_of("D") {
        let [encoding, handler, bytes, expected] = row[..] else { panic!("{row:?}") };
        let input = unhex(bytes);
        let errors = Errors::for_name(handler).unwrap();
        for cut in 0..=input.len() {
            let found = decoded(Encoding::for_name(encoding).unwrap(), errors, &input, cut);
            assert_eq!(found, expected.to_owned(), "{encoding} {handler} {bytes} cut at {cut}");
        }
        rows += 1;
    }
    assert!(rows > 500, "{rows}");
}

/// The row's last column as our decoder fills it, for an input given in two pieces.
fn decoded(encoding: Encoding, errors: Errors, input: &[u8], cut: usize) -> String {
    let mut decoder = Decoder::new(encoding, errors).unwrap();
    let mut text = String::new();
    let first = decoder.decode(&input[..cut], false, &mut text);
    match first.and_then(|()| decoder.decode(&input[cut..], true, &mut text)) {
        Ok(()) => hex(text.as_bytes()),
        Err(error) => format!("!{} {} {}", error.offset(), error.len(), error.reason()),
    }
}

#[test]
fn text_becomes_the_bytes_or_the_error_that_cpython_makes_of_it() {
    let mut wrong = Vec::new();
    for row in rows_of("E") {
        let [encoding, handler, text, expected] = row[..] else { panic!("{row:?}") };
        let input = String::from_utf8(unhex(text)).unwrap();
        let mut encoder =
            Encoder::new(Encoding::for_name(encoding).unwrap(), Errors::for_name(handler).unwrap());
        let mut out = Vec::new();
        let found = match encoder.encode(&input, &mut out) {
            Ok(()) => hex(&out),
            Err(error) => format!("!{}", input[..error.offset()].chars().count()),
        };
        if found != expected {
            wrong.push(format!("{encoding} {handler} {input:?}: {found} instead of {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_byte_that_cpython_defines_means_the_same_here() {
    let mut wrong = Vec::new();
    for row in rows_of("B") {
        let [encoding, texts] = row[..] else { panic!("{row:?}") };
        for (byte, expected) in (0..=255u8).zip(texts.split(' ')).filter(|(_, text)| *text != "-") {
            let found = decoded(Encoding::for_name(encoding).unwrap(), Errors::Strict, &[byte], 0);
            if found != expected {
                wrong.push(format!("{encoding} {byte:#x}: {found} instead of {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} bytes:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn newlines_are_read_as_cpython_reads_them() {
    for row in rows_of("N") {
        let [mode, text, read, seen, lines] = row[..] else { panic!("{row:?}") };
        let text = String::from_utf8(unhex(text)).unwrap();
        let (found, ends) = seen_of(newline(mode), &[&text]);
        assert_eq!(hex(found.as_bytes()), read, "{mode} {text:?}");
        assert_eq!(ends, seen, "{mode} {text:?}");
        let found: Vec<String> =
            lines_of(newline(mode), &found).iter().map(|line| hex(line.as_bytes())).collect();
        assert_eq!(found.join(" "), lines, "{mode} {text:?}");
    }
}

#[test]
fn newlines_are_written_as_cpython_writes_them() {
    for row in rows_of("W") {
        let [mode, text, expected] = row[..] else { panic!("{row:?}") };
        let mut out = String::new();
        newline(mode).write(&String::from_utf8(unhex(text)).unwrap(), &mut out);
        assert_eq!(hex(out.as_bytes()), expected, "{mode} {text}");
    }
}

fn rows_of(kind: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let rows = TABLE.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(move |row| row[0] == kind).map(|row| row[1..].to_vec())
}

fn newline(mode: &str) -> Newline {
    match mode {
        "None" => Newline::Universal,
        "empty" => Newline::Any,
        "lf" => Newline::Lf,
        "cr" => Newline::Cr,
        "crlf" => Newline::CrLf,
        _ => panic!("{mode}"),
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits = if hex == "." { "" } else { hex };
    let bytes = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16));
    bytes.map(|byte| byte.expect("the table holds hexadecimal")).collect()
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() { ".".to_owned() } else { bytes.iter().map(|byte| format!("{byte:02x}")).collect() }
}
