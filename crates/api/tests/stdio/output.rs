//! What tasks write arrives whole, in order, and disturbs nobody who shares the stream.

use std::io::{BufRead, BufReader, Read, Write, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};

use folio_testkit::process::{again, is_again};

use crate::again::{MARK, is_nonblocking, quietly, run, written, written_by};

/// Lines of each task.
const LINES: usize = 100;

/// The line with this number: some are empty, some longer than a pipe takes at once.
fn line(task: usize, number: usize) -> String {
    let len = match (task + number) % 50 {
        0 => 0,
        49 => 70_000,
        other => other * 7,
    };
    format!("{task} {number} {}", "x".repeat(len))
}

/// 64 tasks write their lines by every kind of handle.
async fn write_lines() {
    let tasks = (0..64).map(|task| {
        tokio::spawn(async move {
            for number in 0..LINES {
                let line = line(task, number);
                match number % 3 {
                    0 => folio::stdout().write_line(&line).await.unwrap(),
                    1 => folio::stdout().write(&format!("{line}\n")).await.unwrap(),
                    _ => folio::stdout_bytes().write_bytes(format!("{line}\n")).await.unwrap(),
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

fn check_lines(text: &str) {
    let mut next = [0; 64];
    for found in text.lines().take(64 * LINES) {
        let task: usize = found.split(' ').next().unwrap().parse().unwrap();
        assert!(found == line(task, next[task]), "task {task}, line {}", next[task]);
        next[task] += 1;
    }
    assert_eq!(next, [LINES; 64]);
}

#[test]
fn lines_of_64_tasks_are_whole_on_a_pipe() {
    let name = "output::lines_of_64_tasks_are_whole_on_a_pipe";
    if is_again(name) {
        return run(write_lines());
    }
    check_lines(written_by(&again(name).output().unwrap()));
}

#[test]
fn lines_of_64_tasks_are_whole_on_a_socket() {
    let name = "output::lines_of_64_tasks_are_whole_on_a_socket";
    if is_again(name) {
        return run(write_lines());
    }
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let mut child = again(name).stdout(OwnedFd::from(theirs.try_clone().unwrap())).spawn().unwrap();
    let flags = is_nonblocking(&theirs);
    drop(theirs);
    let mut output = Vec::new();
    ours.read_to_end(&mut output).unwrap();
    assert!(child.wait().unwrap().success() && !flags);
    check_lines(written(&output));
}

#[test]
fn lines_of_64_tasks_are_whole_in_a_file() {
    let name = "output::lines_of_64_tasks_are_whole_in_a_file";
    if is_again(name) {
        return run(write_lines());
    }
    let room = tempfile::TempDir::new().unwrap();
    let path = room.path().join("out");
    let status = again(name).stdout(std::fs::File::create(&path).unwrap()).status().unwrap();
    assert!(status.success());
    check_lines(written(&std::fs::read(&path).unwrap()));
}

/// Writes a line, and another one for each line that it reads.
async fn answer() {
    folio::stdout().write_line("begun").await.unwrap();
    folio::stderr().write_line("aside").await.unwrap();
    while let Some(line) = folio::stdin().next_line().await.unwrap() {
        folio::stdout().write_line(&line).await.unwrap();
    }
}

fn lines_until(reader: &mut impl BufRead, wanted: &str) {
    let mut line = String::new();
    while line != wanted {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the end came before {wanted:?}");
    }
}

/// Talks with the child, and looks meanwhile whether the descriptions it shares are as they were.
fn talk(mut child: Child, ours: (impl Write, impl Read), shared: [OwnedFd; 2]) {
    let (mut to, from) = ours;
    let mut from = BufReader::new(from);
    lines_until(&mut from, "begun\n");
    to.write_all(b"one\n").unwrap();
    lines_until(&mut from, "one\n");
    assert!(shared.iter().all(|shared| !is_nonblocking(shared)), "while the child lives");
    drop(to);
    let [input, output] = shared;
    drop(input);
    assert!(child.wait().unwrap().success());
    assert!(!is_nonblocking(&output), "after it has ended");
}

#[test]
fn pipes_that_others_share_stay_as_they_were() {
    let name = "output::pipes_that_others_share_stay_as_they_were";
    if is_again(name) {
        return run(answer());
    }
    let ((their_in, our_out), (our_in, their_out)) = (pipe().unwrap(), pipe().unwrap());
    let shared = [their_in.try_clone().unwrap().into(), their_out.try_clone().unwrap().into()];
    let child = again(name).stdin(their_in).stdout(their_out).stderr(Stdio::null()).spawn().unwrap();
    talk(child, (our_out, our_in), shared);
}

#[test]
fn sockets_that_others_share_stay_as_they_were() {
    let name = "output::sockets_that_others_share_stay_as_they_were";
    if is_again(name) {
        return run(answer());
    }
    let ((our_out, their_in), (our_in, their_out)) =
        (UnixStream::pair().unwrap(), UnixStream::pair().unwrap());
    let shared = [their_in.try_clone().unwrap().into(), their_out.try_clone().unwrap().into()];
    let mut command = again(name);
    command.stdin(OwnedFd::from(their_in)).stdout(OwnedFd::from(their_out)).stderr(Stdio::null());
    talk(command.spawn().unwrap(), (our_out, our_in), shared);
}

#[test]
fn errors_go_to_the_error_stream() {
    let name = "output::errors_go_to_the_error_stream";
    if is_again(name) {
        return run(answer());
    }
    let output = again(name).stdin(Stdio::null()).output().unwrap();
    assert_eq!(written_by(&output), "begun\n");
    assert_eq!(output.stderr, b"aside\n");
}

#[test]
fn a_reader_that_has_gone_is_an_error_and_no_signal() {
    let name = "output::a_reader_that_has_gone_is_an_error_and_no_signal";
    if is_again(name) {
        return run(async {
            // The parent has gone from the other end before it closed this one.
            assert_eq!(folio::stdin_bytes().read_to_end().await.unwrap(), "");
            for error in [
                folio::stdout().write_line("to nobody").await.unwrap_err(),
                folio::stdout_bytes().write_all(&[0; 1 << 20]).await.unwrap_err(),
            ] {
                assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
                assert_eq!(error.path().unwrap().to_str(), Some("<stdout>"));
            }
            folio::stderr().write_line("told").await.unwrap();
            std::process::exit(0);
        });
    }
    for socket in [false, true] {
        let mut command = again(name);
        command.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut reader: Box<dyn Read> = if socket {
            let (ours, theirs) = UnixStream::pair().unwrap();
            command.stdout(OwnedFd::from(theirs));
            Box::new(ours)
        } else {
            let (ours, theirs) = pipe().unwrap();
            command.stdout(theirs);
            Box::new(ours)
        };
        let mut child = command.spawn().unwrap();
        drop(command);
        // What the harness says of itself comes first, and has to be read.
        lines_until(&mut BufReader::new(&mut reader), MARK.trim_start());
        drop(reader);
        drop(child.stdin.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "told\n");
        assert!(output.status.success(), "by a signal: {}", output.status);
    }
}

#[test]
fn devices_take_what_is_written_or_say_why_not() {
    let name = "output::devices_take_what_is_written_or_say_why_not";
    if is_again(name) {
        return quietly(async {
            folio::stdout().write_line("nowhere").await.unwrap();
            let error = folio::stderr().write_line("too much").await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(28), "{error}");
            assert!(!folio::stdout().is_terminal());
            assert!(folio::stdin().next_line().await.unwrap().is_none());
            std::process::exit(7);
        });
    }
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let null = Stdio::null;
    let status = again(name).stdin(null()).stdout(null()).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(7));
}

#[test]
fn other_encodings_are_written_by_other_handles() {
    let name = "output::other_encodings_are_written_by_other_handles";
    if is_again(name) {
        return run(async {
            use folio::text::{Encoding, Errors};
            let ascii = Encoding::for_name("ascii").unwrap();
            let error = folio::stdout().with_encoding(ascii, Errors::Strict).write_line("5 €").await;
            let error = error.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
            let escaped = folio::stdout().with_encoding(ascii, Errors::BackslashReplace);
            escaped.write_line("5 €").await.unwrap();
            folio::stdout().write_line("5 €").await.unwrap();
        });
    }
    assert_eq!(written_by(&again(name).output().unwrap()), "5 \\u20ac\n5 €\n");
}
