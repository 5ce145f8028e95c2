//! What the table of programs covers, and that the generator still writes it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use folio::OpenMode;
use folio::text::Encoding;
use folio_testkit::skip;

use crate::format::{Table, committed};
use crate::program::{Call, Program};

/// The least number of programs, and the most steps of one.
const PROGRAMS_MIN: usize = 5000;
const STEPS_MAX: usize = 12;

/// The most bytes that the table may take in the repository.
const PACKED_BYTES_MAX: u64 = 1024 * 1024;

/// The exit code by which the generator says that it cannot tell: automake's.
const CANNOT_CHECK: i32 = 77;

/// The arguments of `open`, each by one name for all its spellings.
type Row = [String; 5];

#[test]
fn there_are_as_many_programs_as_promised_in_as_little_room() {
    let Table { programs, .. } = committed();
    assert!(programs.len() >= PROGRAMS_MIN, "{} programs", programs.len());
    let longest = programs.iter().map(|program| program.steps.len()).max();
    assert_eq!(longest, Some(STEPS_MAX));
    let packed = std::fs::metadata(folder().join("programs.tsv.gz")).unwrap().len();
    assert!(packed <= PACKED_BYTES_MAX, "{packed} bytes");
}

#[test]
fn every_two_values_of_two_arguments_meet_in_a_program() {
    let Table { programs, .. } = committed();
    let refused = |result: &str| result.starts_with("!V") || result.starts_with("!L");
    let opened = |program: &&Program| program.opened.other.is_none() && !refused(&program.opened.result);
    let rows = |binary: bool| -> Vec<Row> {
        let fitting = programs.iter().filter(opened).filter(|program| program.is_binary() == binary);
        fitting.filter_map(row).collect()
    };
    // Binary files take two arguments, text files five.
    assert_eq!(meeting(&rows(true), 0, 1), 8 * 10);
    let text = rows(false);
    for first in 0..5 {
        for second in first + 1..5 {
            let missing =
                values(&text, first).len() * values(&text, second).len() - meeting(&text, first, second);
            assert_eq!(missing, 0, "pairs of the arguments {first} and {second} that no program has");
        }
    }
    assert_eq!(text[0].len(), 5);
    let sizes: Vec<usize> = (0..5).map(|argument| values(&text, argument).len()).collect();
    assert_eq!(sizes, [8, 7, 12, 6, 5]);
}

#[test]
fn every_call_is_made_on_binary_and_on_text_files() {
    let Table { programs, .. } = committed();
    let calls = |binary: bool| -> BTreeSet<String> {
        let fitting = programs.iter().filter(|program| program.is_binary() == binary);
        let steps = fitting.flat_map(|program| &program.steps);
        steps.map(|step| name(&step.call)).collect()
    };
    // Read1, Readall, Readinto and Peek are binary; Newlines, Encoding, Errors and LineBuffering are text.
    assert_eq!((calls(true).len(), calls(false).len()), (25, 25), "{:?} {:?}", calls(true), calls(false));
}

#[test]
fn the_generator_still_writes_the_committed_table() {
    let script = folder().join("generate.py");
    let Ok(output) =
        Command::new("python3").arg(script).arg("--check").env("PYTHONDONTWRITEBYTECODE", "1").output()
    else {
        return skip("comparing the table with its generator", "there is no python3");
    };
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => {}
        Some(CANNOT_CHECK) => skip("comparing the table with its generator", said.trim()),
        _ => panic!("generate.py --check: {said}"),
    }
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle")
}

fn name(call: &Call) -> String {
    let shown = format!("{call:?}");
    shown.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

/// The arguments of a program; none of one whose handler is refused, which never has more than an opening.
fn row(program: &Program) -> Option<Row> {
    let arguments = &program.arguments;
    let refused = ["surrogateescape", "surrogatepass", "namereplace", "nope"];
    if arguments.errors.as_deref().is_some_and(|errors| refused.contains(&errors)) {
        return None;
    }
    let mode = OpenMode::parse(&arguments.mode).expect("CPython took the mode");
    let letters: BTreeSet<char> = arguments.mode.chars().filter(|letter| *letter != 't').collect();
    assert_eq!(mode.is_text(), !program.is_binary());
    let encoding = arguments
        .encoding
        .as_deref()
        .map(|name| Encoding::for_name(name).expect("CPython knows the encoding").name());
    Some([
        letters.into_iter().collect(),
        format!("{:?}", arguments.buffering),
        format!("{encoding:?}"),
        format!("{:?}", arguments.errors),
        format!("{:?}", arguments.newline),
    ])
}

fn values(rows: &[Row], argument: usize) -> BTreeSet<&String> {
    rows.iter().map(|row| &row[argument]).collect()
}

fn meeting(rows: &[Row], first: usize, second: usize) -> usize {
    rows.iter().map(|row| (&row[first], &row[second])).collect::<BTreeSet<_>>().len()
}
