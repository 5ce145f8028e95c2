//! The standard output as a file: the documented way to copy something to it.

use std::io::Write;
use std::process::Stdio;

use folio::stdout_bytes;
use folio_testkit::process::again;
use tokio::io::{AsyncWriteExt, copy};

use crate::runtime::Carrier;
use crate::source::{Paced, socket};
use crate::{LINES, assert_same, pattern};

/// Says that this process is the child of the test below, and what it copies from.
const CHILD: &str = "FOLIO_ADAPTERS_CHILD";

/// Stands before what the child copies.
const MARK: &[u8] = b"\n== the child begins ==\n";

#[test]
fn what_is_copied_to_the_standard_output_is_what_its_reader_gets() {
    if let Ok(source) = std::env::var(CHILD) {
        return child(source == "a socket");
    }
    for source in ["pieces", "a socket"] {
        let mut command = again("standard::what_is_copied_to_the_standard_output_is_what_its_reader_gets");
        let output = command.env(CHILD, source).stdout(Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let begin = output.stdout.windows(MARK.len()).position(|window| window == MARK).unwrap() + MARK.len();
        let written = &output.stdout[begin..];
        let (written, rest) = written.split_at(written.len().min(pattern(LINES).len()));
        assert_same(source, written, &pattern(LINES));
        // The harness goes on behind it.
        assert!(!rest.starts_with(b"0"), "{source}: more than was copied");
    }
}

fn child(from_socket: bool) {
    std::io::stdout().write_all(MARK).unwrap();
    std::io::stdout().flush().unwrap();
    Carrier::MultiThread.carry(move || {
        Box::pin(async move {
            let mut output = stdout_bytes().file().unwrap();
            if from_socket {
                copy(&mut socket(pattern(LINES), 1_400).await, &mut output).await.unwrap();
            } else {
                copy(&mut Paced::new(pattern(LINES), 1_400), &mut output).await.unwrap();
            }
            AsyncWriteExt::flush(&mut output).await.unwrap();
        })
    });
}
