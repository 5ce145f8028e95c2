//! How long a line of the input may be: the same whatever pieces it comes in, and a longer one stays.

use std::io::{Seek, Write, pipe};
use std::process::{Child, Stdio};

use folio_testkit::process::{again, is_again};

use crate::again::{run, written_by};

/// Bytes that a line may have here.
const LIMIT: usize = 1_500;

/// Who reads: `bytes`, or text.
const READER: &str = "FOLIO_STDIO_READER";

/// Says of each line how long it is or that it is too long; reads on behind that by bytes.
async fn say() {
    let bytes = std::env::var(READER).is_ok_and(|reader| reader == "bytes");
    let mut said = String::new();
    loop {
        let line = match bytes {
            true => folio::stdin_bytes().with_line_limit(LIMIT).read_line().await.map(|line| {
                let len = line.strip_suffix(b"\n").unwrap_or(&line).len();
                (!line.is_empty()).then_some(len)
            }),
            false => folio::stdin()
                .with_line_limit(LIMIT)
                .next_line()
                .await
                .map(|line| line.map(|line| line.len())),
        };
        match line {
            Ok(Some(len)) => said += &format!("{len} "),
            Ok(None) => break,
            Err(error) => {
                assert!(error.is_too_long() && folio::stdin().read_to_string().await.unwrap().len() > LIMIT);
                said += "too long ";
            }
        }
    }
    folio::stdout_bytes().write_all(said.as_bytes()).await.unwrap();
}

/// What the child says that gets `input` in `pieces`, or as a file.
fn said(name: &str, reader: &str, input: &str, pieces: Option<usize>) -> String {
    let start = |stdin: Stdio| -> Child {
        again(name).env(READER, reader).stdin(stdin).stdout(Stdio::piped()).spawn().unwrap()
    };
    let child = match pieces {
        Some(pieces) => {
            let (theirs, mut ours) = pipe().unwrap();
            let child = start(theirs.into());
            for piece in input.as_bytes().chunks(pieces) {
                ours.write_all(piece).unwrap();
                std::thread::yield_now();
            }
            child
        }
        None => {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(input.as_bytes()).unwrap();
            file.rewind().unwrap();
            start(file.into())
        }
    };
    written_by(&child.wait_with_output().unwrap()).trim_end().to_owned()
}

#[test]
fn a_line_of_the_input_may_be_as_long_as_the_limit_whatever_pieces_it_comes_in() {
    let name = "limits::a_line_of_the_input_may_be_as_long_as_the_limit_whatever_pieces_it_comes_in";
    if is_again(name) {
        return run(say());
    }
    for reader in ["text", "bytes"] {
        for end in ["", "\n", "\r\n"] {
            for len in [LIMIT - 1, LIMIT, LIMIT + 1] {
                // To bytes, `\r` is a byte like any other.
                let content = len + usize::from(reader == "bytes" && end == "\r\n");
                let expected =
                    if content <= LIMIT { format!("1 {content}") } else { "1 too long".to_owned() };
                let input = format!("a\n{}{end}", "x".repeat(len));
                for pieces in [Some(1), Some(1_000), Some(input.len()), None] {
                    let what = format!("{reader}: {len} bytes and {end:?} in pieces of {pieces:?}");
                    assert_eq!(said(name, reader, &input, pieces), expected, "{what}");
                }
            }
        }
    }
}

#[test]
fn a_line_of_some_mebibytes_is_read_from_a_file_and_from_a_pipe() {
    let name = "limits::a_line_of_some_mebibytes_is_read_from_a_file_and_from_a_pipe";
    if is_again(name) {
        return run(async {
            let line = folio::stdin().next_line().await.unwrap().unwrap();
            folio::stdout().write_line(&line.len().to_string()).await.unwrap();
        });
    }
    let input = "x".repeat(1_060_000) + "\n";
    for pieces in [None, Some(1_000)] {
        assert_eq!(said(name, "text", &input, pieces), "1060000");
    }
}
