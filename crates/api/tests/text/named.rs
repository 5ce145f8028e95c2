//! Python's names: how much is read, what is refused and in which words, and streams.

use std::future::Future;
use std::io::{ErrorKind, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::task::{Context, Poll, Waker};

use folio::Buffering;
use folio::text::{self, Errors, Newline, Options};
use folio_testkit::{Random, seeds};

use crate::file::{NEWLINES, on, runtime};
use crate::newline::{lines_of, seen_of};

#[test]
fn a_line_is_read_up_to_its_end_or_so_many_characters() {
    on("éé\r\nb\n\nlast".as_bytes(), async |path| {
        let mut file = text::open(&path).await.unwrap();
        for (limit, expected) in [
            (Some(0), ""),
            (Some(1), "é"),
            (Some(2), "é\n"),
            (Some(99), "b\n"),
            (None, "\n"),
            (Some(3), "las"),
            (None, "t"),
            (None, ""),
            (Some(5), ""),
        ] {
            assert_eq!(file.readline(limit).await.unwrap(), expected, "{limit:?}");
        }
    });
    seeds(100, |seed| {
        let mut random = Random::new(seed);
        let text: String = (0..random.index(30)).map(|_| ["\r", "\n", "a", "é"][random.index(4)]).collect();
        let newline = NEWLINES[random.index(5)];
        on(text.as_bytes(), async |path| {
            let mut file = Options::new().read(true).newline(newline).open(&path).await.unwrap();
            for line in lines_of(newline, &seen_of(newline, &[&text]).0) {
                assert_eq!(file.readline(None).await.unwrap(), line, "{newline:?} {text:?}");
            }
            assert_eq!(file.readline(None).await.unwrap(), "", "{newline:?} {text:?}");
        });
    });
}

#[test]
fn lines_are_read_until_they_have_more_characters_than_the_hint() {
    for (hint, expected) in [
        (None, 3),
        (Some(0), 3),
        (Some(1), 1),
        (Some(3), 1),
        (Some(4), 2),
        (Some(6), 2),
        (Some(7), 3),
        (Some(99), 3),
    ] {
        on("éüö\nb2\nlast\n".as_bytes(), async |path| {
            let lines = text::open(&path).await.unwrap().readlines(hint).await.unwrap();
            assert_eq!(lines, ["éüö\n", "b2\n", "last\n"][..expected], "{hint:?}");
        });
    }
}

#[test]
fn a_line_read_by_its_name_is_limited_too() {
    on(b"0123456789\n", async |path| {
        let mut options = Options::new();
        let mut file = options.read(true).line_limit(9).open(&path).await.unwrap();
        assert!(file.readline(None).await.unwrap_err().is_too_long());
        assert!(file.readlines(None).await.unwrap_err().is_too_long());
        assert_eq!(file.readline(Some(20)).await.unwrap(), "0123456789\n");
    });
}

#[test]
fn a_setting_that_makes_no_sense_is_refused_before_the_file_is_touched() {
    type Setting = fn(&mut Options) -> &mut Options;
    let settings: [(Setting, &str); 10] = [
        (|options| options.python_mode("wb"), "text::Options opens text; use folio::open for a binary mode"),
        (|options| options.python_mode("rw"), "must have exactly one of create/read/write/append mode"),
        (|options| options.python_mode("w").python_mode("zz"), "invalid mode: 'zz'"),
        (|options| options.python_mode("w").buffering(0), "can't have unbuffered text I/O"),
        (
            |options| options.python_mode("w").buffering(Buffering::Unbuffered),
            "can't have unbuffered text I/O",
        ),
        (|options| options.python_mode("w").encoding_name("nope"), "unknown encoding: nope"),
        (|options| options.python_mode("w").newline_name(Some("x")), "illegal newline value: x"),
        (|options| options.python_mode("w").errors_name("nope"), "unknown error handler name 'nope'"),
        (
            |options| options.python_mode("w").errors_name("surrogateescape"),
            "the error handler 'surrogateescape' makes lone surrogates, which a string cannot hold",
        ),
        (|options| options.python_mode("w").errors_name("surrogatepass"), "which a string cannot hold"),
    ];
    for (set, why) in settings {
        on(b"old", async |path| {
            let error = set(&mut Options::new()).open(&path).await.unwrap_err();
            assert!(error.to_string().ends_with(why), "{error}");
            assert!(error.kind() == ErrorKind::InvalidInput && error.path() == Some(&path), "{error}");
            assert_eq!(std::fs::read(&path).unwrap(), b"old");
            let file = folio::File::open(&path).await.unwrap();
            assert!(set(&mut Options::new()).open_file(file).is_err());
        });
    }
}

#[test]
fn a_mode_string_means_what_it_means_to_python() {
    for (mode, before, after, reads, writes) in [
        ("r", "old", "old", true, false),
        ("tr", "old", "old", true, false),
        ("r+", "old", "new", true, true),
        ("w", "old", "new", false, true),
        ("+wt", "old", "new", true, true),
        ("a", "old", "oldnew", false, true),
        ("a+", "old", "oldnew", true, true),
    ] {
        on(before.as_bytes(), async |path| {
            let mut file = Options::new().python_mode(mode).open(&path).await.unwrap();
            assert_eq!(
                (file.mode(), file.readable().unwrap(), file.writable().unwrap()),
                (mode, reads, writes)
            );
            assert!(file.seekable().unwrap() && !file.isatty().unwrap() && file.fileno().unwrap() > 2);
            let written = file.write("new").await;
            assert_eq!(written.is_ok(), writes, "{mode}");
            if let Err(error) = written {
                assert!(error.is_unsupported() && error.to_string().ends_with("not writable"), "{error}");
                assert!(file.writelines(["x"]).await.unwrap_err().is_unsupported());
            }
            for result in [file.read(0).await.map(|_| ()), file.readline(None).await.map(|_| ())] {
                assert_eq!(result.is_ok(), reads, "{mode}");
            }
            file.close().await.unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), after, "{mode}");
        });
    }
    on(b"old", async |path| {
        let error = Options::new().python_mode("x").open(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    });
}

#[test]
fn a_file_opened_by_flags_has_the_mode_that_comes_closest() {
    type Setting = fn(&mut Options) -> &mut Options;
    let settings: [(Setting, &str); 7] = [
        (|options| options.read(true), "r"),
        (|options| options.read(true).write(true), "r+"),
        (|options| options.write(true).truncate(true), "w"),
        (|options| options.read(true).write(true).truncate(true), "w+"),
        (|options| options.append(true), "a"),
        (|options| options.read(true).append(true), "a+"),
        (|options| options, "r+"),
    ];
    for (set, mode) in settings {
        on(b"", async |path| {
            let file = folio::File::options().read(true).write(true).open(&path).await.unwrap();
            assert_eq!(set(&mut Options::new()).open_file(file).unwrap().mode(), mode);
        });
    }
}

#[test]
fn everything_asked_of_a_closed_file_says_that_it_is_closed() {
    on(b"text", async |path| {
        let mut file = Options::new().python_mode("r+").errors_name("replace").open(&path).await.unwrap();
        file.read(1).await.unwrap();
        file.close().await.unwrap();
        file.close().await.unwrap();
        let errors = [
            file.read(1).await.unwrap_err(),
            file.read(0).await.unwrap_err(),
            file.read_to_string().await.unwrap_err(),
            file.readline(None).await.unwrap_err(),
            file.readlines(None).await.unwrap_err(),
            file.next_line().await.unwrap_err(),
            file.write("").await.unwrap_err(),
            file.writelines([""; 0]).await.unwrap_err(),
            file.tell().await.unwrap_err(),
            file.seek(std::io::SeekFrom::Start(0)).await.unwrap_err(),
            file.truncate(None).await.unwrap_err(),
            file.flush().await.unwrap_err(),
            file.isatty().unwrap_err(),
            file.fileno().unwrap_err(),
        ];
        for error in errors {
            assert!(error.is_closed() && !error.may_have_happened(), "{error}");
        }
        assert_eq!((file.name(), file.mode()), (path.as_path(), "r+"));
        assert_eq!((file.encoding().name(), file.errors()), ("utf_8", Errors::Replace));
        assert!(file.newlines() == text::Seen::default() && !file.line_buffering());
        assert!(file.detach().await.unwrap_err().is_closed());
    });
}

#[test]
fn a_handler_for_writing_reads_what_needs_no_handler() {
    on(b"good\n\xFFbad", async |path| {
        let mut options = Options::new();
        let mut file = options.python_mode("r").errors_name("xmlcharrefreplace").open(&path).await.unwrap();
        assert_eq!(file.readline(None).await.unwrap(), "good\n");
        let error = file.readline(None).await.unwrap_err();
        assert_eq!(error.offset(), Some(5));
        assert!(
            error.to_string().ends_with("don't know how to handle UnicodeDecodeError in error callback"),
            "{error}"
        );
    });
}

/// A pipe that can be opened by a path, and its other end.
fn pipe() -> (std::fs::File, PathBuf, std::io::PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    let reader = std::fs::File::from(OwnedFd::from(reader));
    let path = format!("/dev/fd/{}", reader.as_raw_fd());
    (reader, path.into(), writer)
}

#[test]
fn a_line_of_a_pipe_is_given_out_when_it_is_complete() {
    runtime().block_on(async {
        let (_reader, path, mut writer) = pipe();
        let mut file = text::open(path).await.unwrap();
        writer.write_all(b"one\ntw").unwrap();
        assert_eq!(file.readline(None).await.unwrap(), "one\n");
        writer.write_all(b"o\nthree\n").unwrap();
        assert_eq!(file.next_line().await.unwrap().unwrap(), "two");
        // At hand, although the other end says nothing more.
        for (limit, expected) in [(Some(2), "th"), (Some(99), "ree\n")] {
            let line = std::pin::pin!(file.readline(limit)).poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(line, Poll::Ready(Ok(line)) if line == expected), "{limit:?}");
        }
        writer.write_all("é!".as_bytes()).unwrap();
        assert_eq!(file.read(1).await.unwrap(), "é");
        assert_eq!(file.readline(Some(1)).await.unwrap(), "!");
        drop(writer);
        assert_eq!(file.readline(None).await.unwrap(), "");
    });
}

#[test]
fn a_pipe_has_no_places() {
    runtime().block_on(async {
        let (_reader, path, mut writer) = pipe();
        let mut file = Options::new().read(true).newline(Newline::Any).open(path).await.unwrap();
        assert!(!file.seekable().unwrap() && !file.isatty().unwrap() && file.fileno().unwrap() > 2);
        for error in [
            file.tell().await.unwrap_err(),
            file.seek(std::io::SeekFrom::Start(0)).await.unwrap_err(),
            file.seek(std::io::SeekFrom::Current(1)).await.unwrap_err(),
        ] {
            assert!(
                error.is_unsupported() && error.to_string().ends_with("underlying stream is not seekable")
            );
        }
        writer.write_all(b"one\ntwo").unwrap();
        assert_eq!(file.readline(None).await.unwrap(), "one\n");
        assert!(file.detach().await.unwrap_err().is_unsupported(), "the bytes of `two` would be lost");
        let (_reader, path, mut writer) = pipe();
        let mut file = text::open(path).await.unwrap();
        writer.write_all(b"one\n").unwrap();
        assert_eq!(file.readline(None).await.unwrap(), "one\n");
        let below = file.detach().await.unwrap();
        writer.write_all(b"two").unwrap();
        assert_eq!(below.read_bytes(9).await.unwrap(), "two");
    });
}

#[test]
fn a_terminal_is_buffered_by_the_line() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    runtime().block_on(async {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let path = PathBuf::from(ptsname(&keyboard, Vec::new()).unwrap().into_string().unwrap());
        let mut screen = Options::new().python_mode("w").open(&path).await.unwrap();
        assert!(screen.isatty().unwrap() && screen.line_buffering());
        screen.write("hello\n").await.unwrap();
        let mut keyboard = std::fs::File::from(keyboard);
        let mut seen = [0; 7];
        std::io::Read::read_exact(&mut keyboard, &mut seen).unwrap();
        assert_eq!(&seen, b"hello\r\n");
        let mut file = text::open(&path).await.unwrap();
        keyboard.write_all(b"typed\n").unwrap();
        assert_eq!(file.readline(None).await.unwrap(), "typed\n");
        let file = Options::new().python_mode("w").buffering(100).open(&path).await.unwrap();
        assert!(!file.line_buffering());
    });
}
