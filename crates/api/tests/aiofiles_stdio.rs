//! `tests/test_stdio.py` of aiofiles, function by function.
//!
//! Its streams are patched objects of the same process; here they are those of a process that is made for it.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

#[path = "stdio/again.rs"]
#[expect(dead_code, reason = "the tests of stdio need more of it")]
mod again;

use std::fs::File;

use folio_testkit::process::{again, is_again};

use again::{run, written_by};

/// Runs the test as a child whose input cannot be read, and returns what it wrote to both streams.
fn streams_of(test: &str) -> (String, String) {
    let room = tempfile::TempDir::new().unwrap();
    let unreadable = File::create(room.path().join("input")).unwrap();
    let output = again(test).stdin(unreadable).output().unwrap();
    (written_by(&output).to_owned(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn test_stdio() {
    if is_again("test_stdio") {
        return run(async {
            folio::stdout().write("hello").await.unwrap();
            folio::stderr().write("world").await.unwrap();
            folio::stdin().read_to_string().await.unwrap_err();
            std::process::exit(0);
        });
    }
    assert_eq!(streams_of("test_stdio"), ("hello".to_owned(), "world".to_owned()));
}

#[test]
fn test_stdio_bytes() {
    if is_again("test_stdio_bytes") {
        return run(async {
            folio::stdout_bytes().write_all(b"hello").await.unwrap();
            folio::stderr_bytes().write_all(b"world").await.unwrap();
            folio::stdin_bytes().read_to_end().await.unwrap_err();
            std::process::exit(0);
        });
    }
    assert_eq!(streams_of("test_stdio_bytes"), ("hello".to_owned(), "world".to_owned()));
}
