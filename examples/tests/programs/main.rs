//! The examples as their users run them: as programs, from their arguments to what they leave behind.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod csv_to_jsonl;
mod far;
mod manifest;
mod tail;
mod tidy_tree;
mod write_ahead_log;

use std::path::PathBuf;

/// The binary of an example. `cargo test` builds a package's examples before it runs its tests.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.ancestors().nth(2).expect("a test lies in target/PROFILE/deps");
    let program = profile.join("examples").join(name);
    assert!(program.exists(), "run `cargo build -p folio-examples --examples` first");
    program
}
