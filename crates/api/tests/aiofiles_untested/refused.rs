//! What a file refuses: the wrong direction, after its close, after it was handed out.

use std::io::SeekFrom;

use folio::{BinaryFile, Error, Result};

use crate::{DIGITS, Room, open};

/// Every method, with what it does for its error; none of them changes anything if it is refused.
async fn try_all(file: &BinaryFile) -> Vec<(&'static str, Option<Error>)> {
    fn failure<T>(result: Result<T>) -> Option<Error> {
        result.err()
    }
    vec![
        ("read", failure(file.read(Some(1)).await)),
        ("read all", failure(file.read(None).await)),
        ("read1", failure(file.read1(None).await)),
        ("readall", failure(file.readall().await)),
        ("readinto", failure(file.readinto(&mut [0; 4]).await)),
        ("peek", failure(file.peek().await)),
        ("readline", failure(file.readline(None).await)),
        ("readlines", failure(file.readlines(None).await)),
        ("write", failure(file.write(b"x").await)),
        ("writelines", failure(file.writelines(["x"]).await)),
        ("truncate", failure(file.truncate(Some(1)).await)),
        ("truncate here", failure(file.truncate(None).await)),
        ("seek", failure(file.seek(SeekFrom::Start(0)).await)),
        ("tell", failure(file.tell().await)),
        ("flush", failure(file.flush().await)),
        ("isatty", failure(file.isatty())),
        ("seekable", failure(file.seekable())),
        ("readable", failure(file.readable())),
        ("writable", failure(file.writable())),
        ("fileno", failure(file.fileno())),
        ("detach", failure(file.detach().await)),
    ]
}

const READERS: [&str; 8] =
    ["read", "read all", "read1", "readall", "readinto", "peek", "readline", "readlines"];
const WRITERS: [&str; 4] = ["write", "writelines", "truncate", "truncate here"];

/// What CPython says of this method in the wrong direction.
fn word(method: &str, raw: bool) -> &'static str {
    match (method, raw) {
        ("read1", false) => "read1",
        ("peek", false) => "peek",
        ("write" | "writelines", false) => "write",
        ("truncate" | "truncate here", false) => "truncate",
        (_, false) => "read",
        (method, true) if WRITERS.contains(&method) => "File not open for writing",
        (_, true) => "File not open for reading",
    }
}

#[tokio::test]
async fn the_wrong_direction_is_refused_in_cpythons_words_and_touches_nothing() {
    for (mode, refused) in [("rb", &WRITERS[..]), ("wb", &READERS), ("ab", &READERS)] {
        for buffering in [-1, 0] {
            let room = Room::new();
            let file = room.open(mode, buffering).await;
            let before = room.on_disk();
            for (method, error) in try_all(&file).await {
                let case = format!("{method}, mode {mode}, buffering {buffering}");
                if !refused.contains(&method) {
                    continue;
                }
                let error = error.unwrap_or_else(|| panic!("{case}: not refused"));
                if method == "readall" && buffering == 0 {
                    assert_eq!(error.raw_os_error(), Some(9), "{case}");
                    continue;
                }
                assert!(error.is_unsupported() && !error.may_have_happened(), "{case}: {error}");
                assert!(
                    error.to_string().ends_with(&format!(": {}", word(method, buffering == 0))),
                    "{error}"
                );
                assert_eq!(error.path(), Some(&*room.path()), "{case}");
            }
            if mode == "rb" {
                assert_eq!(room.on_disk(), before);
            }
        }
    }
}

#[tokio::test]
async fn a_closed_file_says_so_and_keeps_its_name() {
    for (mode, other_direction) in [("rb", &WRITERS[..]), ("wb", &READERS), ("rb+", &[])] {
        for buffering in [-1, 0] {
            let room = Room::new();
            let file = room.open(mode, buffering).await;
            let other = file.clone();
            file.close().await.unwrap();
            file.close().await.unwrap();
            other.close().await.unwrap();
            for (method, error) in try_all(&other).await {
                let error = error.unwrap_or_else(|| panic!("{method} after a close"));
                let in_direction =
                    !other_direction.contains(&method) || (method, buffering) == ("readall", 0);
                // The direction wins over the close.
                assert_eq!(error.is_closed(), in_direction, "{method}, mode {mode}: {error}");
                assert_eq!(error.is_unsupported(), !in_direction, "{method}, mode {mode}: {error}");
            }
            assert!(other.closed() && other.name().as_path() == Some(&*room.path()));
            assert_eq!(other.mode(), mode);
        }
    }
}

#[tokio::test]
async fn after_detach_everything_fails_and_the_std_file_goes_on_from_the_cursor() {
    use std::io::{Read, Write};

    let room = Room::new();
    let file = room.open("rb+", -1).await;
    file.read(Some(2)).await.unwrap();
    file.write(b"XX").await.unwrap();
    let other = file.clone();
    let mut std = file.detach().await.unwrap();
    assert_eq!(room.on_disk(), b"01XX456789", "what was buffered is written");
    let mut next = [0; 2];
    std.read_exact(&mut next).unwrap();
    assert_eq!(&next, b"45");
    std.write_all(b"!").unwrap();
    for (method, error) in try_all(&other).await {
        let error = error.unwrap_or_else(|| panic!("{method} after detach"));
        assert!(error.to_string().ends_with("raw stream has been detached"), "{method}: {error}");
    }
    assert!(file.close().await.unwrap_err().to_string().ends_with("raw stream has been detached"));
    assert!(file.closed());
    assert_eq!(room.on_disk(), b"01XX45!789");
}

#[tokio::test]
async fn a_close_that_cannot_write_what_was_buffered_fails_and_closes() {
    let file = open("/dev/full".as_ref(), "wb", -1).await;
    // The device's length is not known to the buffer, so the write itself may have to fail.
    let written = file.write(b"lost").await;
    let closed = file.close().await;
    let error = written.and(closed).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(28), "{error}");
    assert!(file.closed());
    file.close().await.unwrap();
}

#[tokio::test]
async fn a_mode_that_makes_no_sense_is_refused_before_the_file_is_touched() {
    let room = Room::new();
    for mode in ["", "b", "+", "rw", "wa", "wxb", "ww", "wbb", "wbt", "wU", "W", "w ", "z"] {
        let error = folio::open(room.path(), mode).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{mode:?}: {error}");
        assert!(!error.may_have_happened() && error.path() == Some(&*room.path()), "{mode:?}");
        let missing = folio::open(room.path().join("missing"), mode).await.unwrap_err();
        assert_eq!(missing.to_string().split(": ").last(), error.to_string().split(": ").last());
    }
    let mut contradiction = folio::OpenOptions::new();
    contradiction.python_mode("wb").append(true);
    let mut opener = contradiction.clone();
    opener.opener(|path, _| -> std::io::Result<std::fs::File> { std::fs::File::create(path) });
    for options in [&contradiction, &opener] {
        let error = options.open_binary(room.path()).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
    }
    assert_eq!(room.on_disk(), DIGITS);
    assert_eq!(std::fs::read_dir(room.dir.path()).unwrap().count(), 1, "nothing was created");
}
