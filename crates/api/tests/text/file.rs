//! Reading text files: lines, characters and the whole, against the model of the newline tests.

use std::future::Future;
use std::io::ErrorKind;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use folio::text::{self, DecodeError, Encoder, Encoding, Errors, Newline, Options, TextFile};
use folio_testkit::{Random, seeds};
use futures_core::Stream;

use crate::newline::{lines_of, seen_of};

pub(crate) const NEWLINES: [Newline; 5] =
    [Newline::Universal, Newline::Any, Newline::Lf, Newline::Cr, Newline::CrLf];

/// More than the file reads at a time, so that its reads cut lines and characters.
const LONG: usize = 300_000;

#[test]
fn random_text_gives_the_lines_of_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    let runtime = runtime();
    seeds(4, |seed| {
        let mut random = Random::new(seed);
        let parts = ["\r", "\n", "\r\n", "é", "語", "😀", "abcdefghij"];
        let mut text = String::new();
        while text.len() < LONG {
            text.push_str(parts[random.index(parts.len())]);
        }
        for name in ["utf-8", "utf-8-sig", "utf-16", "utf-32-be", "gb18030"] {
            let encoding = Encoding::for_name(name).unwrap();
            write(&path, encoding, &text);
            let newline = NEWLINES[random.index(NEWLINES.len())];
            runtime.block_on(check(&path, encoding, newline, &text));
        }
    });
}

async fn check(path: &Path, encoding: Encoding, newline: Newline, text: &str) {
    let (read, _) = seen_of(newline, &[text]);
    let expected: Vec<String> = lines_of(newline, &read).iter().map(|line| bare(newline, line)).collect();
    let open = || async {
        let mut options = Options::new();
        options.read(true).encoding(encoding).newline(newline).line_limit(LONG * 2);
        options.open(path).await.unwrap()
    };
    let mut lines = Vec::new();
    let mut file = open().await;
    while let Some(line) = file.next_line().await.unwrap() {
        lines.push(line);
    }
    assert!(lines == expected, "{encoding} {newline:?}: next_line");
    assert!(collect(open().await).await.unwrap() == expected, "{encoding} {newline:?}: lines");
    let mut file = open().await;
    let head = file.read(1001).await.unwrap();
    assert_eq!(head.chars().count(), 1001);
    assert!(head + &file.read_to_string().await.unwrap() == read, "{encoding} {newline:?}: read");
    assert_eq!(file.read(1).await.unwrap(), "");
}

/// A line without its end.
fn bare(newline: Newline, line: &str) -> String {
    let ends: &[&str] = match newline {
        Newline::Universal | Newline::Lf => &["\n"],
        Newline::Any => &["\r\n", "\r", "\n"],
        Newline::Cr => &["\r"],
        Newline::CrLf => &["\r\n"],
    };
    ends.iter().find_map(|end| line.strip_suffix(end)).unwrap_or(line).to_owned()
}

async fn collect(file: TextFile) -> folio::Result<Vec<String>> {
    let mut lines = file.lines();
    let mut all = Vec::new();
    while let Some(line) = std::future::poll_fn(|cx| Pin::new(&mut lines).poll_next(cx)).await {
        all.push(line?);
    }
    Ok(all)
}

#[test]
fn the_end_of_a_file_is_the_end_of_a_line_or_not() {
    for (bytes, expected) in [
        ("", &[][..]),
        ("\n", &[""]),
        ("a", &["a"]),
        ("a\n", &["a"]),
        ("a\r", &["a"]),
        ("a\r\r", &["a", ""]),
        ("a\n\nb", &["a", "", "b"]),
        ("\u{FEFF}a", &["\u{FEFF}a"]),
    ] {
        on(bytes.as_bytes(), async |path| {
            assert_eq!(collect(text::open(&path).await.unwrap()).await.unwrap(), expected, "{bytes:?}");
            let mut file = text::open(&path).await.unwrap();
            for line in expected {
                assert_eq!(file.next_line().await.unwrap().as_deref(), Some(*line), "{bytes:?}");
            }
            assert_eq!(file.next_line().await.unwrap(), None, "{bytes:?}");
        });
    }
}

#[test]
fn an_end_of_line_cut_by_the_end_of_a_read_is_one() {
    // A read brings 128 KiB.
    let long = "x".repeat(128 * 1024 - 1);
    for newline in [Newline::Universal, Newline::Any, Newline::CrLf] {
        on(format!("{long}\r\nb").as_bytes(), async |path| {
            let file = Options::new().read(true).newline(newline).open(&path).await.unwrap();
            assert!(collect(file).await.unwrap() == [&long, "b"], "{newline:?}");
        });
    }
}

#[test]
fn a_line_above_the_limit_is_an_error_and_stays_readable() {
    for (len, limit, fits) in [(10, 10, true), (11, 10, false), (LONG, LONG, true), (LONG, 1000, false)] {
        for end in ["", "\n", "\nb\n"] {
            let bytes = "x".repeat(len) + end;
            on(bytes.as_bytes(), async |path| {
                let mut file = Options::new().read(true).line_limit(limit).open(&path).await.unwrap();
                let found = file.next_line().await;
                assert_eq!(found.is_ok(), fits, "{len} {limit} {end:?}");
                if let Err(error) = found {
                    assert!(error.is_too_long() && file.next_line().await.unwrap_err().is_too_long());
                    assert_eq!(file.read(len).await.unwrap().len(), len);
                }
            });
        }
    }
}

#[test]
fn a_line_without_end_takes_no_more_memory_than_the_limit() {
    runtime().block_on(async {
        let error = collect(text::open("/dev/zero").await.unwrap()).await.unwrap_err();
        assert!(error.is_too_long(), "{error}");
    });
}

#[test]
fn bytes_that_mean_nothing_fail_after_the_lines_before_them() {
    for (encoding, bytes, offset) in [
        ("utf-8", &b"one\ntwo\xFF\nthree"[..], 7),
        ("utf-8", b"one\ntwo\xE2\x82", 7),
        ("ascii", b"one\ntwo\xE9", 7),
    ] {
        on(bytes, async |path| {
            let encoding = Encoding::for_name(encoding).unwrap();
            let mut file = Options::new().read(true).encoding(encoding).open(&path).await.unwrap();
            assert_eq!(file.next_line().await.unwrap().unwrap(), "one");
            let error = file.next_line().await.unwrap_err();
            assert_eq!((error.offset(), error.kind()), (Some(offset), ErrorKind::InvalidData), "{error}");
            let source = error.get_ref().and_then(|source| source.downcast_ref::<DecodeError>());
            assert_eq!(source, file.decode_error(), "{error}");
            assert_eq!(file.decode_error().unwrap().offset(), offset);
            assert_eq!(file.read(9).await.unwrap(), "two");
            assert!(file.read(9).await.is_err() && file.read_to_string().await.is_err());
            let file = Options::new().read(true).encoding(encoding).open(&path).await.unwrap();
            assert!(collect(file).await.is_err(), "the stream must not end in silence");
            let mut lax = Options::new();
            lax.read(true).encoding(encoding).errors(Errors::Ignore);
            let text = lax.open(&path).await.unwrap().read_to_string().await.unwrap();
            assert!(text.starts_with("one\ntwo"), "{text}");
        });
    }
}

#[test]
fn a_dropped_read_loses_nothing() {
    let text: String = (0..100_000).map(|n| format!("{n}\n")).collect();
    on(text.as_bytes(), async |path| {
        let mut file = text::open(&path).await.unwrap();
        let mut n = 0;
        loop {
            // Polled once and dropped, whatever it was doing.
            let polled = {
                let mut next = std::pin::pin!(file.next_line());
                next.as_mut().poll(&mut Context::from_waker(Waker::noop()))
            };
            let line = match polled {
                Poll::Ready(line) => line.unwrap(),
                Poll::Pending => file.next_line().await.unwrap(),
            };
            match line {
                Some(line) => assert_eq!(line, n.to_string()),
                None => break,
            }
            n += 1;
        }
        assert_eq!(n, 100_000);
    });
}

#[test]
fn a_dropped_read_of_a_pipe_loses_nothing() {
    runtime().block_on(async {
        let (reader, writer) = std::io::pipe().unwrap();
        let read_end = std::fs::File::from(std::os::fd::OwnedFd::from(reader));
        let path = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&read_end));
        let mut file = text::open(path).await.unwrap();
        for n in 0..100 {
            let mut next = Box::pin(file.next_line());
            let polled = next.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending(), "nothing was written yet");
            drop(next);
            std::io::Write::write_all(&mut &writer, format!("line {n}\n").as_bytes()).unwrap();
            assert_eq!(file.next_line().await.unwrap(), Some(format!("line {n}")));
        }
    });
}

fn write(path: &Path, encoding: Encoding, text: &str) {
    let mut bytes = Vec::new();
    Encoder::new(encoding, Errors::Strict).encode(text, &mut bytes).unwrap();
    std::fs::write(path, bytes).unwrap();
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs `test` on a file of these bytes.
#[track_caller]
pub(crate) fn on(bytes: &[u8], test: impl AsyncFnOnce(std::path::PathBuf)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    std::fs::write(&path, bytes).unwrap();
    runtime().block_on(test(path));
}
