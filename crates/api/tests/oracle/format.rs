//! The table of programs as `notation.py` describes it, unpacked and taken apart.

use std::fmt::Write as _;
use std::io::Read as _;

use flate2::read::GzDecoder;

use crate::program::{Arguments, Call, Data, Expected, Other, Program, Start, Step, Target};

const PACKED: &[u8] = include_bytes!("programs.tsv.gz");

/// What this reader reads; `notation.py` has the same.
const VERSION: &str = "1";

/// Values of more bytes are written as digests.
const WHOLE_BYTES: usize = 64;

/// What a digest shows of its value.
const SHOWN_BYTES: usize = 16;

/// The programs, and what the first line says of them.
pub(crate) struct Table {
    pub(crate) seed: String,
    pub(crate) cpython: String,
    pub(crate) programs: Vec<Program>,
}

/// Reads the committed table.
pub(crate) fn committed() -> Table {
    let mut text = String::new();
    GzDecoder::new(PACKED).read_to_string(&mut text).expect("the committed table is gzipped ASCII");
    table(&text)
}

fn table(text: &str) -> Table {
    let mut lines = text.lines();
    let header = lines.next().expect("the table has a header");
    let said = |name: &str| {
        let value = header.split('\t').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_else(|| panic!("the header does not say {name}")).to_owned()
    };
    assert_eq!(said("format"), VERSION, "the reader and the table are of different versions");
    let (long, rows): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("C\t"));
    let long: Vec<Vec<u8>> = long.iter().map(|line| unescaped(&line[2..])).collect();
    let programs: Vec<Program> =
        rows.iter().enumerate().map(|(number, row)| program(number, row, &long)).collect();
    assert_eq!(programs.len().to_string(), said("count"), "the table is not whole");
    Table { seed: said("seed"), cpython: said("cpython"), programs }
}

fn program(number: usize, row: &str, long: &[Vec<u8>]) -> Program {
    let fields: Vec<&str> = row.split('\t').collect();
    let [start, mode, buffering, encoding, errors, newline, opened, steps @ .., closing, last] = &fields[..]
    else {
        panic!("program {number} has {} fields", fields.len())
    };
    let start = match start.split_at(1) {
        ("-", _) => Start::Missing,
        ("d", _) => Start::Directory,
        (".", bytes) => Start::File(unescaped(bytes)),
        ("#", line) => Start::File(long[line.parse::<usize>().expect("a number")].clone()),
        _ => panic!("program {number} begins with {start}"),
    };
    let arguments = Arguments {
        mode: text(mode).unwrap_or_default(),
        buffering: text(buffering).map(|number| number.parse().expect("a number")),
        encoding: text(encoding),
        errors: text(errors),
        newline: text(newline),
    };
    let steps = steps.iter().map(|field| step(field)).collect();
    let expected = |field: &str| field.split_once('=').map(|(_, result)| expected(result)).expect("a result");
    Program {
        number,
        start,
        arguments,
        opened: expected(opened),
        steps,
        closing: expected(closing),
        last: expected(last),
    }
}

/// An argument: `-` for none, `.` for an empty one.
fn text(field: &str) -> Option<String> {
    match field {
        "-" => None,
        "." => Some(String::new()),
        _ => Some(string(field)),
    }
}

fn expected(field: &str) -> Expected {
    let mut parts = field.split('~');
    let result = parts.next().unwrap_or_default().to_owned();
    let other = match (parts.next(), parts.next()) {
        (Some(difference), Some(result)) => {
            Some(Other { difference: difference.to_owned(), result: result.to_owned() })
        }
        _ => None,
    };
    Expected { result, other }
}

fn step(field: &str) -> Step {
    let (call, result) = field.split_once('=').expect("a step has a result");
    let (name, arguments) = call.split_once(' ').unwrap_or((call, ""));
    Step { call: call_of(name, arguments), expected: expected(result) }
}

fn call_of(name: &str, arguments: &str) -> Call {
    let numbers = || -> Vec<Option<i64>> {
        let parts = arguments.split(' ').filter(|part| !part.is_empty());
        parts.map(|part| if part == "N" { None } else { Some(part.parse().expect("a number")) }).collect()
    };
    let first = || numbers().first().copied().flatten();
    let lines = || arguments.split('|').filter(|part| !part.is_empty()).map(data).collect();
    match name {
        "r" => Call::Read(first()),
        "r1" => Call::Read1(first()),
        "ra" => Call::Readall,
        "ri" => Call::Readinto(first().expect("a size").unsigned_abs() as usize),
        "p" => Call::Peek(first()),
        "l" => Call::Readline(first()),
        "ls" => Call::Readlines(first()),
        "n" => Call::Next,
        "w" => Call::Write(data(arguments)),
        "wl" => Call::Writelines(lines()),
        "s" => seek(arguments),
        "t" => Call::Tell,
        "tr" => Call::Truncate(first()),
        "fl" => Call::Flush,
        "tty" => Call::Isatty,
        "sk" => Call::Seekable,
        "rd" => Call::Readable,
        "wr" => Call::Writable,
        "mo" => Call::Mode,
        "na" => Call::Name,
        "fn" => Call::Fileno,
        "cl" => Call::Closed,
        "nl" => Call::Newlines,
        "en" => Call::Encoding,
        "er" => Call::Errors,
        "lb" => Call::LineBuffering,
        "c" => Call::Close,
        "d" => Call::Detach,
        "k" => Call::Disk,
        _ => panic!("no call has the name {name}"),
    }
}

fn seek(arguments: &str) -> Call {
    let (offset, whence) = match arguments.split_once(' ') {
        Some((offset, whence)) => (offset, Some(whence.parse().expect("a number"))),
        None => (arguments, None),
    };
    let target = match offset.strip_prefix('@') {
        Some(step) => Target::Told(step.parse().expect("the number of a step")),
        None => Target::Offset(offset.parse().expect("a number")),
    };
    Call::Seek(target, whence)
}

/// What is to be written: `.BYTES`, or `*count*unit`.
fn data(field: &str) -> Data {
    if let Some(bytes) = field.strip_prefix('.') {
        return Data { unit: unescaped(bytes), count: 1 };
    }
    let parts: Vec<&str> = field.splitn(3, '*').collect();
    Data { unit: unescaped(parts[2]), count: parts[1].parse().expect("a count") }
}

/// The bytes that `escaped` wrote down.
pub(crate) fn unescaped(field: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = field.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, width) = match (first, after) {
            (b'\\', [b'n', ..]) => (b'\n', 2),
            (b'\\', [b'r', ..]) => (b'\r', 2),
            (b'\\', _) => {
                (u8::from_str_radix(&field[field.len() - after.len()..][..2], 16).expect("two digits"), 3)
            }
            _ => (*first, 1),
        };
        out.push(byte);
        rest = &rest[width..];
    }
    out
}

pub(crate) fn string(field: &str) -> String {
    String::from_utf8(unescaped(field)).expect("texts are UTF-8")
}

/// Bytes in printable ASCII, as `notation.py` writes them.
pub(crate) fn escaped(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\\' | b'=' | b'~' | b'|' => {
                write!(out, "\\{byte:02x}").expect("a String takes whatever is written")
            }
            b' '..=b'~' => out.push(char::from(*byte)),
            _ => write!(out, "\\{byte:02x}").expect("a String takes whatever is written"),
        }
    }
    out
}

/// A value in the notation of results: `kind` is `s` for text, `b` for bytes.
pub(crate) fn noted(kind: char, bytes: &[u8]) -> String {
    if bytes.len() <= WHOLE_BYTES {
        return format!("{kind}{}", escaped(bytes));
    }
    let shown = escaped(&bytes[..SHOWN_BYTES]);
    format!("{}{},{:08x},{shown}", kind.to_ascii_uppercase(), bytes.len(), crc(&[bytes]))
}

/// A list in the notation of results.
pub(crate) fn noted_list(kind: char, items: &[Vec<u8>]) -> String {
    // An empty list does not tell what it is a list of.
    let kind = if items.is_empty() { 's' } else { kind };
    if items.iter().map(Vec::len).sum::<usize>() <= WHOLE_BYTES {
        let items: String = items.iter().map(|item| format!("|{}", escaped(item))).collect();
        return format!("[{kind}{items}");
    }
    let parts: Vec<&[u8]> = items.iter().flat_map(|item| [&item[..], &[0]]).collect();
    format!("{{{kind}{},{:08x}", items.len(), crc(&parts))
}

fn crc(parts: &[&[u8]]) -> u32 {
    let mut crc = flate2::Crc::new();
    parts.iter().for_each(|part| crc.update(part));
    crc.sum()
}

#[test]
fn what_is_escaped_comes_back() {
    let every: Vec<u8> = (0..=255).collect();
    assert_eq!(unescaped(&escaped(&every)), every);
    assert_eq!(escaped(b"a\n\r\t=~|\\\xFF"), "a\\n\\r\\09\\3d\\7e\\7c\\5c\\ff");
}
