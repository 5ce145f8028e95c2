//! What folio did against what CPython did: the same, or other by a deliberate difference that says so.

use std::collections::BTreeSet;

use crate::differences::{Case, DIFFERENCES, Kind};
use crate::format::{Table, string};
use crate::program::{Program, shown};

/// How a program came out.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// As with CPython, but for these differences.
    Agrees(BTreeSet<&'static str>),
    /// Otherwise from this result on, and nothing says so.
    Differs(usize),
}

/// One way a program may go: as it is, or rewritten.
struct Track {
    rewritten: bool,
    claimed: BTreeSet<&'static str>,
}

/// Compares `got`, a result for each of the program's, in the notation of the table.
///
/// A program goes one of two ways and has to keep to it: CPython's, or that of CPython with the program
/// rewritten as the differences say. On either way a step may come out otherwise where a difference says what
/// folio returns instead.
pub(crate) fn judge(program: &Program, got: &[String]) -> Verdict {
    let results = program.results();
    assert_eq!(results.len(), got.len(), "program {} has other results", program.number);
    let mut tracks: Vec<Track> =
        [false, true].map(|rewritten| Track { rewritten, claimed: BTreeSet::new() }).into();
    for (at, (expected, got)) in results.iter().zip(got).enumerate() {
        let mut left = Vec::new();
        for mut track in tracks {
            let other = expected.other.as_ref().filter(|_| track.rewritten);
            let wanted = other.map_or(&expected.result, |other| &other.result);
            track.claimed.extend(other.and_then(|other| named(&other.difference)));
            if agrees(wanted, got) {
                left.push(track);
            } else if let Some(id) = stated(&Case { program, at, wanted, got }) {
                track.claimed.insert(id);
                left.push(track);
            }
        }
        if left.is_empty() {
            return Verdict::Differs(at);
        }
        tracks = left;
    }
    // As it is comes first.
    Verdict::Agrees(tracks.swap_remove(0).claimed)
}

fn named(id: &str) -> Option<&'static str> {
    let known = DIFFERENCES.iter().find(|difference| difference.id == id);
    Some(known.unwrap_or_else(|| panic!("the table of programs has a difference {id} that is none")).id)
}

/// The difference that says that `got` comes instead of what was wanted.
fn stated(case: &Case) -> Option<&'static str> {
    let claims = |kind: &Kind| match kind {
        Kind::Rewritten => false,
        Kind::Stated(claims) => claims(case),
    };
    DIFFERENCES.iter().find(|difference| claims(&difference.kind)).map(|difference| difference.id)
}

/// Whether a result is the one that was wanted; of an error, its class and what CPython says at its end.
fn agrees(wanted: &str, got: &str) -> bool {
    if wanted == "?" || wanted == got {
        return true;
    }
    let class = |result: &str| result.get(..2).filter(|class| class.starts_with('!')).map(str::to_owned);
    match class(wanted) {
        // What the kernel says is its number, which was compared; a position likewise.
        Some(wanted_class) if !["!O", "!D", "!E"].contains(&&*wanted_class) => {
            class(got) == Some(wanted_class) && string(got).ends_with(&string(&wanted[2..]))
        }
        _ => false,
    }
}

/// A program that came out otherwise, as a report that can be acted on.
pub(crate) fn report(table: &Table, number: usize, got: &[String], at: usize) -> String {
    let Table { seed, cpython, programs } = table;
    let program = &programs[number];
    let mut lines = vec![
        format!("program {number} (seed {seed}) differs from CPython {cpython} in its result {at}:"),
        format!("    {}", program.start),
    ];
    for (i, (line, expected)) in program.python().iter().zip(program.results()).enumerate().take(at + 1) {
        let other = expected.other.as_ref();
        let other = other.map(|other| format!("  or, by {}, {}", other.difference, shown(&other.result)));
        let result = format!("{}{}", shown(&expected.result), other.unwrap_or_default());
        let label = if i == 0 { String::new() } else { format!("  [{}]", i - 1) };
        lines.push(format!("    {line}  # {result}{label}"));
    }
    lines.push(format!("folio:   {}", shown(&got[at])));
    lines.push(format!("rerun:   FOLIO_ORACLE={number} cargo test -p folio --test oracle"));
    lines.join("\n")
}

#[test]
fn an_error_agrees_by_its_class_and_the_end_of_its_words() {
    check("!Vinvalid mode: 'rr'", "!Vcould not open a: invalid mode: 'rr'", true);
    check("!Vinvalid mode: 'rr'", "!Vcould not open a: invalid mode: 'r'", false);
    check("!Unot readable", "!Vcould not read a: not readable", false);
    check("!O22", "!O22", true);
    check("!O22", "!O2", false);
    check("!D3,invalid start byte", "!D2,invalid start byte", false);
    check("i3", "i4", false);
    check("?", "i4", true);
}

#[cfg(test)]
#[track_caller]
fn check(wanted: &str, got: &str, agree: bool) {
    assert_eq!(agrees(wanted, got), agree, "{wanted} {got}");
}
