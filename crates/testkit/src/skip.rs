//! The one way for a check to say that it could not run here.

use std::io::{Write, stderr};

/// Says on the terminal, even inside of a test that passes, that `what` was not checked, and why. The caller returns.
///
/// `.ci/run` prints all such lines again at its end.
pub fn skip(what: &str, why: &str) {
    // Not by `eprintln!`, which the test harness swallows; in one piece, since other tests write too.
    let line = format!("SKIPPED: {what} because {why}\n");
    stderr().write_all(line.as_bytes()).expect("the standard error is open");
}
