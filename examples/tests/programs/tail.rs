//! The `tail` example on a file that grows, is cut, and is replaced.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use folio_testkit::wait::soon;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::program;

#[tokio::test]
async fn it_begins_with_the_last_ten_lines_and_goes_on_with_what_is_appended() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("log");
    fs::write(&log, numbered(1..=12)).unwrap();
    let mut tail = Tail::of(&log);
    tail.prints(&numbered(3..=12)).await;
    append(&log, "13\n14\n");
    tail.prints("13\n14\n").await;
    assert_eq!(tail.interrupted().await.code(), Some(0));
}

#[tokio::test]
async fn a_short_file_is_printed_whole_and_so_is_the_end_of_a_line_that_came_in_pieces() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("log");
    fs::write(&log, "1\n2\n3 begun").unwrap();
    let mut tail = Tail::of(&log);
    tail.prints("1\n2\n").await;
    append(&log, " and ended\n");
    tail.prints("3 begun and ended\n").await;
}

#[tokio::test]
async fn ten_lines_that_are_longer_than_a_chunk_are_found() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("log");
    let lines: Vec<_> = (0..12).map(|line| format!("{line}{}\n", "x".repeat(30_000))).collect();
    fs::write(&log, lines.concat()).unwrap();
    let mut tail = Tail::of(&log);
    tail.prints(&lines[2..].concat()).await;
}

#[tokio::test]
async fn it_begins_again_where_the_file_was_cut() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("log");
    fs::write(&log, "before the cut\n").unwrap();
    let mut tail = Tail::of(&log);
    tail.prints("before the cut\n").await;
    fs::write(&log, "after\n").unwrap();
    tail.prints("after\n").await;
}

#[tokio::test]
async fn it_goes_on_with_the_new_file_behind_a_rotation_and_loses_nothing_of_the_old() {
    let place = tempfile::tempdir().unwrap();
    let (log, rotated) = (place.path().join("log"), place.path().join("log.1"));
    fs::write(&log, "old\n").unwrap();
    let mut tail = Tail::of(&log);
    tail.prints("old\n").await;
    fs::rename(&log, &rotated).unwrap();
    append(&rotated, "old, late\n");
    tail.prints("old, late\n").await;
    fs::write(&log, "new, and longer than the old one was\n").unwrap();
    tail.prints("new, and longer than the old one was\n").await;
    append(&log, "newer\n");
    tail.prints("newer\n").await;
}

#[tokio::test]
async fn a_file_that_is_missing_is_an_error() {
    let place = tempfile::tempdir().unwrap();
    let missing = place.path().join("missing");
    let output = Command::new(program("tail")).arg(&missing).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("missing"), "{output:?}");
}

/// The example at work on a file; killed when dropped.
struct Tail {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Tail {
    fn of(file: &Path) -> Tail {
        let mut command = Command::new(program("tail"));
        let mut child = command.arg(file).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Tail { child, lines }
    }

    /// Waits until these lines have been printed, and no others before them.
    async fn prints(&mut self, lines: &str) {
        for expected in lines.lines() {
            let line = soon("a line", self.lines.next_line()).await;
            assert_eq!(line.unwrap().as_deref(), Some(expected));
        }
    }

    async fn interrupted(&mut self) -> ExitStatus {
        let id = self.child.id().expect("it is running").to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
        soon("its end", self.child.wait()).await.unwrap()
    }
}

fn numbered(lines: std::ops::RangeInclusive<u32>) -> String {
    lines.map(|line| format!("{line}\n")).collect()
}

fn append(file: &Path, text: &str) {
    File::options().append(true).open(file).unwrap().write_all(text.as_bytes()).unwrap();
}
