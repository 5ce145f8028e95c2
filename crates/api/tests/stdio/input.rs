//! What tasks read: each line once and whole, nothing lost to those who give up, and no delay at the end.

use std::future::poll_fn;
use std::io::{ErrorKind, PipeWriter, Write, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::process::{Child, Stdio};
use std::task::Poll;

use folio::text::{Encoding, Errors};
use folio_testkit::process::{again, is_again};
use folio_testkit::wait::holds_in_time;

use crate::again::{run, written_by};

/// Runs the child of `test` with `input` on its input, and returns what it wrote.
fn output_of(test: &str, input: &[u8]) -> String {
    let mut child = again(test).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        written_by(&child.wait_with_output().unwrap()).to_owned()
    })
}

/// Waits for a child that nothing else would end.
fn ends_by_itself(child: &mut Child, what: &str) {
    if !holds_in_time(|| child.try_wait().unwrap().is_some()) {
        child.kill().unwrap();
    }
    assert!(child.wait().unwrap().success(), "{what}");
}

#[test]
fn a_pending_read_does_not_delay_the_end_of_the_program() {
    let name = "input::a_pending_read_does_not_delay_the_end_of_the_program";
    if is_again(name) {
        return run(async {
            let mut line = Box::pin(async { folio::stdin().next_line().await });
            assert!(is_pending(line.as_mut()).await);
            tokio::spawn(line);
            tokio::spawn(async { folio::stdin_bytes().read_to_end().await });
            tokio::task::yield_now().await;
        });
    }
    let (input, held) = pipe().unwrap();
    let mut child = again(name).stdin(input).stdout(Stdio::null()).spawn().unwrap();
    ends_by_itself(&mut child, "a child with a pipe that nobody closes");
    drop(held);
    let (input, held) = UnixStream::pair().unwrap();
    let mut child = again(name).stdin(OwnedFd::from(input)).stdout(Stdio::null()).spawn().unwrap();
    ends_by_itself(&mut child, "a child with a socket that nobody closes");
    drop(held);
}

/// Polls once, by this task.
async fn is_pending(mut future: Pin<&mut impl Future>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

/// Reads with a patience of a few turns only, until everything has come.
async fn read_impatiently() {
    let mut seen = Vec::new();
    for round in 0_usize.. {
        let patience = async {
            for _ in 0..round % 4 {
                tokio::task::yield_now().await;
            }
        };
        let read = async {
            match round % 3 {
                0 => folio::stdin_bytes().read_line().await.unwrap(),
                1 => folio::stdin_bytes().read_bytes(1000).await.unwrap(),
                _ => {
                    // With its end, which a line of text has lost. The parent ends every line.
                    let line = folio::stdin().next_line().await.unwrap();
                    line.map_or(String::new(), |line| line + "\n").into()
                }
            }
        };
        tokio::select! {
            biased;
            bytes = read => {
                if bytes.is_empty() {
                    break;
                }
                seen.extend_from_slice(&bytes);
            }
            () = patience => {}
        }
    }
    folio::stdout_bytes().write_all(&seen).await.unwrap();
    std::process::exit(0);
}

/// Numbered lines of many lengths.
fn lines(count: usize) -> String {
    (0..count).map(|number| format!("{number} {}\n", "y".repeat(number * 31 % 400))).collect()
}

/// Writes in pieces that have nothing to do with lines, and lets the child run in between.
fn dribble(mut to: impl Write, text: &str) {
    let mut rest = text.as_bytes();
    let mut len = 1;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(len.min(rest.len()));
        to.write_all(piece).unwrap();
        std::thread::yield_now();
        len = len * 7 % 613 + 1;
        rest = more;
    }
}

#[test]
fn reads_that_are_given_up_lose_nothing() {
    let name = "input::reads_that_are_given_up_lose_nothing";
    if is_again(name) {
        return run(read_impatiently());
    }
    let text = lines(2_000);
    let check = |mut child: Child, input: Box<dyn Write + Send>| {
        let output = std::thread::scope(|scope| {
            scope.spawn(|| dribble(input, &text));
            let mut output = Vec::new();
            std::io::Read::read_to_end(&mut child.stdout.take().unwrap(), &mut output).unwrap();
            output
        });
        assert!(child.wait().unwrap().success());
        assert!(crate::again::written(&output) == text, "{} bytes of {}", output.len(), text.len());
    };
    let (theirs, ours) = pipe().unwrap();
    let child = again(name).stdin(theirs).stdout(Stdio::piped()).spawn().unwrap();
    let ours: PipeWriter = ours;
    check(child, Box::new(ours));
    let (theirs, ours) = UnixStream::pair().unwrap();
    let child = again(name).stdin(OwnedFd::from(theirs)).stdout(Stdio::piped()).spawn().unwrap();
    check(child, Box::new(ours));
}

#[test]
fn reads_of_a_file_that_are_given_up_lose_nothing() {
    let name = "input::reads_of_a_file_that_are_given_up_lose_nothing";
    if is_again(name) {
        return run(read_impatiently());
    }
    let text = lines(2_000);
    let room = tempfile::TempDir::new().unwrap();
    let path = room.path().join("in");
    std::fs::write(&path, &text).unwrap();
    let output = again(name).stdin(std::fs::File::open(&path).unwrap()).output().unwrap();
    assert!(written_by(&output) == text);
}

#[test]
fn each_line_goes_to_one_task_and_whole() {
    let name = "input::each_line_goes_to_one_task_and_whole";
    if is_again(name) {
        return run(async {
            let tasks = (0..16).map(|task| {
                tokio::spawn(async move {
                    while let Some(line) = folio::stdin().next_line().await.unwrap() {
                        folio::stdout().write_line(&format!("{task}:{line}")).await.unwrap();
                    }
                })
            });
            for task in tasks.collect::<Vec<_>>() {
                task.await.unwrap();
            }
            std::process::exit(0);
        });
    }
    let text = lines(3_000);
    let output = output_of(name, text.as_bytes());
    let mut seen: Vec<(usize, &str)> = output
        .lines()
        .map(|line| {
            let line = line.split_once(':').unwrap().1;
            (line.split(' ').next().unwrap().parse().unwrap(), line)
        })
        .collect();
    seen.sort_unstable();
    assert!(seen.iter().map(|(_, line)| *line).eq(text.lines()));
    let tasks: std::collections::BTreeSet<_> =
        output.lines().map(|line| line.split_once(':').unwrap().0).collect();
    assert!(tasks.len() > 1, "several tasks had a share");
}

#[test]
fn text_and_bytes_come_from_one_stream() {
    let name = "input::text_and_bytes_come_from_one_stream";
    if is_again(name) {
        return run(async {
            let (text, bytes) = (folio::stdin(), folio::stdin_bytes());
            let mut three = [0; 3];
            assert_eq!(text.next_line().await.unwrap().as_deref(), Some("first"));
            assert_eq!((bytes.read(&mut three).await.unwrap(), &three), (3, b"sec"));
            assert_eq!(text.next_line().await.unwrap().as_deref(), Some("ond"));
            assert_eq!(bytes.read_line().await.unwrap(), "third\r\n");
            assert_eq!(bytes.read_bytes(0).await.unwrap(), "");
            assert_eq!(text.next_line().await.unwrap().as_deref(), Some(""));
            assert_eq!(text.read_to_string().await.unwrap(), "rest\r\nwithout end");
            assert_eq!(text.next_line().await.unwrap(), None);
            assert_eq!(bytes.read_line().await.unwrap(), "");
        });
    }
    output_of(name, b"first\r\nsecond\nthird\r\n\nrest\r\nwithout end");
}

#[test]
fn a_line_that_is_no_text_costs_itself() {
    let name = "input::a_line_that_is_no_text_costs_itself";
    if is_again(name) {
        return run(async {
            let strict = folio::stdin();
            let error = strict.next_line().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(error.to_string().starts_with("could not read <stdin>: "), "{error}");
            let lossy = strict.with_encoding(Encoding::UTF_8, Errors::Replace);
            assert_eq!(lossy.next_line().await.unwrap().as_deref(), Some("b\u{fffd}d"));
            let latin = strict.with_encoding(Encoding::for_name("latin-1").unwrap(), Errors::Strict);
            assert_eq!(latin.next_line().await.unwrap().as_deref(), Some("bÿd"));
            let utf_16 = strict.with_encoding(Encoding::for_name("utf-16-le").unwrap(), Errors::Strict);
            assert_eq!(utf_16.next_line().await.unwrap_err().kind(), ErrorKind::InvalidInput);
            assert_eq!(utf_16.read_to_string().await.unwrap(), "a\nb");
        });
    }
    output_of(name, b"b\xffd\nb\xffd\nb\xffd\na\0\n\0b\0");
}

#[test]
fn a_line_above_the_limit_stays_and_can_be_got_past() {
    let name = "input::a_line_above_the_limit_stays_and_can_be_got_past";
    if is_again(name) {
        return run(async {
            for _ in 0..2 {
                let limited = folio::stdin().with_line_limit(1_000_000);
                assert!(limited.next_line().await.is_err_and(|error| error.is_too_long()));
            }
            let mut seen = 0;
            while seen < 2_000_000 {
                seen += folio::stdin_bytes().read_bytes(2_000_000 - seen).await.unwrap().len();
            }
            assert_eq!(folio::stdin().next_line().await.unwrap().as_deref(), Some(""));
            assert_eq!(folio::stdin().next_line().await.unwrap().as_deref(), Some("next"));
        });
    }
    output_of(name, &[&vec![b'z'; 2_000_000][..], b"\nnext\n"].concat());
}

#[test]
fn a_stream_that_cannot_be_read_is_an_error() {
    let name = "input::a_stream_that_cannot_be_read_is_an_error";
    if is_again(name) {
        return run(async {
            for _ in 0..2 {
                let error = folio::stdin().next_line().await.unwrap_err();
                assert_eq!(error.raw_os_error(), Some(9), "{error}");
                assert_eq!(error.path().unwrap().to_str(), Some("<stdin>"));
            }
        });
    }
    let room = tempfile::TempDir::new().unwrap();
    let unreadable = std::fs::File::create(room.path().join("f")).unwrap();
    assert!(again(name).stdin(unreadable).output().unwrap().status.success());
    // The wrong end of a pipe, which must not be opened again as the right one.
    let (_ours, theirs) = pipe().unwrap();
    assert!(again(name).stdin(theirs).output().unwrap().status.success());
}
