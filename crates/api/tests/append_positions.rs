//! A write to a file open for appending goes to its end or is refused; it is never `Ok` and elsewhere.
//!
//! Linux ignores the offset of a positioned write to such a file, however it came to be one.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::fs;
use std::io::{ErrorKind, IoSlice, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use folio::actor::WriteAt;
use folio::{Buffering, Dir, File, OpenOptions};
use rustix::fs::OFlags;
use tokio::io::AsyncWriteExt;

const CONTENTS: &[u8] = b"0123456789";

/// How a file came to be open for appending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Option,
    Flag,
    Mode,
    BelowDir,
    Opener,
    Std,
    /// By a closure, after it was opened.
    InRun,
    /// By somebody who holds the same opening, after it was opened.
    ByOthers,
}

const WAYS: [Way; 8] =
    [Way::Option, Way::Flag, Way::Mode, Way::BelowDir, Way::Opener, Way::Std, Way::InRun, Way::ByOthers];

const APPEND: i32 = OFlags::APPEND.bits() as i32;

fn set_append(file: &std::fs::File) {
    let flags = rustix::fs::fcntl_getfl(file).unwrap();
    rustix::fs::fcntl_setfl(file, flags | OFlags::APPEND).unwrap();
}

async fn open(way: Way, path: &Path, options: &mut OpenOptions) -> File {
    let std = || fs::File::options().read(true).write(true).custom_flags(APPEND).open(path).unwrap();
    match way {
        Way::Option => options.read(true).append(true).open(path).await.unwrap(),
        Way::Flag => options.read(true).write(true).custom_flags(APPEND).open(path).await.unwrap(),
        Way::Mode => options.python_mode("a+b").open(path).await.unwrap(),
        Way::BelowDir => {
            let dir = Dir::open(path.parent().unwrap()).await.unwrap();
            let options = options.read(true).write(true).custom_flags(APPEND);
            dir.open_with("file", options).await.unwrap()
        }
        Way::Opener => {
            let opened = std();
            let opener = move |_: &Path, _| opened.try_clone();
            options.read(true).write(true).opener(opener).open(path).await.unwrap()
        }
        Way::Std => File::from_std(std()),
        Way::InRun => {
            let file = options.read(true).write(true).open(path).await.unwrap();
            file.run(set_append).await.unwrap();
            file
        }
        Way::ByOthers => {
            let file = options.read(true).write(true).open(path).await.unwrap();
            set_append(&file.clone().into_std().await.unwrap());
            file
        }
    }
}

/// Runs `case` on a fresh file for each way, and then asks whether it is as sound as before.
async fn check(buffering: Buffering, case: impl AsyncFn(Way, &File, &Path)) {
    for way in WAYS {
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("file");
        fs::write(&path, CONTENTS).unwrap();
        let file = open(way, &path, OpenOptions::new().buffering(buffering)).await;
        case(way, &file, &path).await;
        file.sync_all().await.unwrap_or_else(|error| panic!("{way:?}: {error}"));
        file.close().await.unwrap_or_else(|error| panic!("{way:?}: {error}"));
    }
}

#[tokio::test]
async fn positioned_writes_are_refused_and_write_nothing() {
    check(Buffering::Unbuffered, async |way, file, path| {
        let bufs = [IoSlice::new(b"X"), IoSlice::new(b"Y")];
        let refusals = [
            ("write_at", file.write_at(b"X", 1).await.unwrap_err()),
            ("write_all_at", file.write_all_at(b"X", 1).await.unwrap_err()),
            ("write_vectored_at", file.write_vectored_at(&bufs, 1).await.unwrap_err()),
            ("write_bytes_at", file.write_bytes_at("X", 1).await.unwrap_err()),
            ("at the end", file.write_all_at(b"X", CONTENTS.len() as u64).await.unwrap_err()),
        ];
        for (what, error) in refusals {
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{way:?} {what}: {error}");
            assert!(!error.may_have_happened(), "{way:?} {what}");
        }
        let rejected = file.try_write_bytes_at("X", 1).await.unwrap_err();
        assert_eq!(rejected.error.kind(), ErrorKind::InvalidInput, "{way:?}");
        assert_eq!(rejected.payload.as_deref(), Some(&b"X"[..]), "{way:?}");
        let told = file.actor().unwrap().ask(WriteAt { bytes: "X".into(), offset: 1 }).await;
        assert!(told.is_err(), "{way:?}: WriteAt");
        assert_eq!(fs::read(path).unwrap(), CONTENTS, "{way:?}");
    })
    .await;
}

#[tokio::test]
async fn writes_at_the_cursor_are_appended_and_leave_it_at_the_end() {
    for buffering in [Buffering::Unbuffered, Buffering::Bytes(64)] {
        check(buffering, async |way, file, path| {
            let mut expected = CONTENTS.to_vec();
            for which in 0..6 {
                file.seek(SeekFrom::Start(1)).await.unwrap();
                let bufs = [IoSlice::new(b"v"), IoSlice::new(b"w")];
                match which {
                    0 => drop(file.write(b"vw").await.unwrap()),
                    1 => file.write_all(b"vw").await.unwrap(),
                    2 => file.write_bytes("vw").await.unwrap(),
                    3 => drop(file.write_vectored(&bufs).await.unwrap()),
                    4 => drop(file.append(b"vw").await.unwrap()),
                    _ => {
                        let mut clone = file.clone();
                        AsyncWriteExt::write_all(&mut clone, b"vw").await.unwrap();
                        AsyncWriteExt::flush(&mut clone).await.unwrap();
                    }
                }
                file.flush().await.unwrap();
                expected.extend_from_slice(b"vw");
                assert_eq!(fs::read(path).unwrap(), expected, "{way:?} {buffering:?} {which}");
                // The file cannot know of a flag that was set behind its back while it kept bytes.
                let told_late =
                    matches!(way, Way::InRun | Way::ByOthers) && buffering != Buffering::Unbuffered;
                // A record by `append` leaves the cursor alone.
                if which != 4 && !told_late {
                    let end = file.stream_position().await.unwrap();
                    assert_eq!(end, expected.len() as u64, "{way:?} {buffering:?} {which}");
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_file_whose_flag_was_taken_off_is_written_where_it_is_told() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("file");
    fs::write(&path, CONTENTS).unwrap();
    let file = File::options().write(true).open(&path).await.unwrap();
    file.run(set_append).await.unwrap();
    file.write_all_at(b"X", 1).await.unwrap_err();
    file.run(|std| {
        let flags = rustix::fs::fcntl_getfl(std).unwrap();
        rustix::fs::fcntl_setfl(std, flags - OFlags::APPEND).unwrap();
    })
    .await
    .unwrap();
    file.write_all_at(b"X", 1).await.unwrap();
    file.write_all(b"Y").await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"YX23456789");
}

#[tokio::test]
async fn nothing_is_sent_to_the_cursor() {
    for way in WAYS {
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("file");
        fs::write(&path, CONTENTS).unwrap();
        let file = open(way, &path, &mut OpenOptions::new()).await;
        let sent = folio::os::sendfile(&file, &File::open(&path).await.unwrap(), 0, 4).await;
        assert_eq!(sent.unwrap_err().raw_os_error(), Some(22), "{way:?}");
        assert_eq!(fs::read(&path).unwrap(), CONTENTS, "{way:?}");
    }
}
