//! Each method of a binary file by itself.

use std::future::poll_fn;
use std::io::SeekFrom;
use std::pin::Pin;

use bytes::Bytes;
use folio::{BinaryFile, OpenOptions};
use futures_core::Stream;

use crate::{DIGITS, Room, eventually, open};

const BUFFERINGS: [i64; 3] = [-1, 0, 16];

#[tokio::test]
async fn tell_is_exact_after_everything() {
    for buffering in BUFFERINGS {
        let room = Room::new();
        let file = room.open("rb+", buffering).await;
        let mut at = Vec::new();
        at.push(file.tell().await.unwrap());
        file.read(Some(3)).await.unwrap();
        at.push(file.tell().await.unwrap());
        file.peek().await.unwrap();
        at.push(file.tell().await.unwrap());
        file.write(b"XY").await.unwrap();
        at.push(file.tell().await.unwrap());
        file.seek(SeekFrom::Current(-1)).await.unwrap();
        at.push(file.tell().await.unwrap());
        file.readline(None).await.unwrap();
        at.push(file.tell().await.unwrap());
        assert_eq!(at, [0, 3, 3, 5, 4, 10], "buffering {buffering}");
        assert_eq!(room.on_disk(), b"012XY56789");
    }
}

#[tokio::test]
async fn reads_and_writes_may_be_mixed_without_a_seek() {
    for buffering in BUFFERINGS {
        let room = Room::new();
        let file = room.open("rb+", buffering).await;
        assert_eq!(file.read(Some(2)).await.unwrap(), "01");
        assert_eq!(file.write(b"XX").await.unwrap(), 2);
        assert_eq!(file.read(Some(2)).await.unwrap(), "45", "buffering {buffering}");
        file.close().await.unwrap();
        assert_eq!(room.on_disk(), b"01XX456789");
    }
}

#[tokio::test]
async fn appending_begins_at_the_end_and_writes_there_wherever_the_cursor_is() {
    for buffering in BUFFERINGS {
        let room = Room::new();
        let file = room.open("ab+", buffering).await;
        assert_eq!(file.tell().await.unwrap(), 10, "buffering {buffering}");
        file.seek(SeekFrom::Start(2)).await.unwrap();
        assert_eq!(file.read(Some(2)).await.unwrap(), "23");
        file.write(b"ab").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(file.tell().await.unwrap(), 12, "buffering {buffering}");
        assert_eq!(file.truncate(None).await.unwrap(), 12);
        assert_eq!(file.truncate(Some(4)).await.unwrap(), 4);
        assert_eq!(file.tell().await.unwrap(), 12);
        assert_eq!(room.on_disk(), b"0123");
    }
}

#[tokio::test]
async fn writelines_adds_nothing_between_the_lines() {
    for buffering in BUFFERINGS {
        let room = Room::new();
        let file = room.open("wb", buffering).await;
        file.writelines(["one\n", "two", "", "\nthree"]).await.unwrap();
        file.writelines(Vec::<&[u8]>::new()).await.unwrap();
        file.writelines((0..3).map(|digit| vec![b'0' + digit; 700_000])).await.unwrap();
        file.close().await.unwrap();
        let long = (0..3).flat_map(|digit| vec![b'0' + digit; 700_000]);
        let expected: Vec<u8> = b"one\ntwo\nthree".iter().copied().chain(long).collect();
        assert!(room.on_disk() == expected, "buffering {buffering}");
    }
}

#[tokio::test]
async fn a_terminal_is_told_from_a_file() {
    let room = Room::new();
    assert!(!room.open("rb", -1).await.isatty().unwrap());
    assert!(!open("/dev/null".as_ref(), "rb", -1).await.isatty().unwrap());
    let terminal = open("/dev/ptmx".as_ref(), "rb+", 0).await;
    assert!(terminal.isatty().unwrap());
    assert!(!terminal.seekable().unwrap());
}

#[tokio::test]
async fn a_file_says_what_can_be_done_with_it() {
    for (mode, name, reads, writes) in [
        ("rb", "rb", true, false),
        ("wb", "wb", false, true),
        ("ab", "ab", false, true),
        ("br+", "rb+", true, true),
        ("w+b", "rb+", true, true),
        ("ab+", "ab+", true, true),
    ] {
        let room = Room::new();
        let file = room.open(mode, -1).await;
        assert_eq!((file.mode(), file.readable().unwrap(), file.writable().unwrap()), (name, reads, writes));
        assert!(file.seekable().unwrap() && file.fileno().unwrap() > 2, "{mode}");
        let target = std::fs::read_link(format!("/proc/self/fd/{}", file.fileno().unwrap())).unwrap();
        assert_eq!(target, room.path().canonicalize().unwrap(), "{mode}");
    }
    let room = Room::new();
    for (mode, name) in [("x+b", "xb+"), ("bx", "xb")] {
        std::fs::remove_file(room.path()).unwrap();
        assert_eq!(room.open(mode, -1).await.mode(), name);
    }
    let by_flags = OpenOptions::new().read(true).append(true).open_binary(room.path()).await.unwrap();
    assert_eq!(by_flags.mode(), "ab+");
}

#[tokio::test]
async fn read1_gives_what_is_there() {
    for buffering in BUFFERINGS {
        let room = Room::new();
        let file = room.open("rb", buffering).await;
        assert_eq!(file.read1(Some(4)).await.unwrap(), "0123");
        assert_eq!(file.read1(Some(0)).await.unwrap(), "");
        assert_eq!(file.read1(None).await.unwrap(), "456789");
        assert_eq!(file.read1(None).await.unwrap(), "", "buffering {buffering}");
    }
}

#[tokio::test]
async fn seek_counts_from_the_start_the_cursor_and_the_end() {
    for buffering in BUFFERINGS {
        let room = Room::new();
        let file = room.open("rb", buffering).await;
        for (to, position, next) in [
            (SeekFrom::Start(3), 3, "3"),
            (SeekFrom::Current(2), 6, "6"),
            (SeekFrom::Current(-7), 0, "0"),
            (SeekFrom::End(-1), 9, "9"),
            (SeekFrom::End(0), 10, ""),
            (SeekFrom::End(90), 100, ""),
        ] {
            assert_eq!(file.seek(to).await.unwrap(), position, "{to:?}, buffering {buffering}");
            assert_eq!(file.read(Some(1)).await.unwrap(), next, "{to:?}, buffering {buffering}");
        }
        for to in [SeekFrom::End(-11), SeekFrom::Current(-101), SeekFrom::Start(u64::MAX)] {
            assert_eq!(file.seek(to).await.unwrap_err().raw_os_error(), Some(22), "{to:?}");
        }
    }
}

#[tokio::test]
async fn truncate_cuts_and_extends_and_leaves_the_cursor() {
    for buffering in BUFFERINGS {
        let room = Room::new();
        let file = room.open("rb+", buffering).await;
        assert_eq!(file.read(Some(3)).await.unwrap(), "012");
        assert_eq!(file.truncate(None).await.unwrap(), 3);
        assert_eq!(file.read(None).await.unwrap(), "");
        assert_eq!(file.truncate(Some(6)).await.unwrap(), 6);
        assert_eq!(file.tell().await.unwrap(), 3);
        assert_eq!(file.read(None).await.unwrap(), "\0\0\0");
        file.write(b"kept back").await.unwrap();
        assert_eq!(file.truncate(None).await.unwrap(), 15, "what is buffered counts");
        assert_eq!(room.on_disk(), b"012\0\0\0kept back", "buffering {buffering}");
        let error = file.truncate(Some(u64::MAX)).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
    }
}

#[tokio::test]
async fn readline_stops_at_its_limit_and_goes_on_behind_it() {
    for buffering in BUFFERINGS {
        let room = Room::new();
        room.put(b"line 1\n\nlast");
        let file = room.open("rb", buffering).await;
        for (limit, line) in [
            (Some(0), ""),
            (Some(4), "line"),
            (Some(3), " 1\n"),
            (None, "\n"),
            (Some(2), "la"),
            (Some(usize::MAX), "st"),
            (None, ""),
        ] {
            assert_eq!(file.readline(limit).await.unwrap(), line, "{limit:?}, buffering {buffering}");
        }
    }
}

#[tokio::test]
async fn readlines_stops_behind_the_line_that_exceeds_its_hint() {
    for (hint, count) in [(None, 3), (Some(0), 3), (Some(1), 1), (Some(3), 1), (Some(4), 2), (Some(7), 3)] {
        let room = Room::new();
        room.put(b"one\nzz\nfour");
        let file = room.open("rb", -1).await;
        let lines = file.readlines(hint).await.unwrap();
        assert_eq!(lines, ["one\n", "zz\n", "four"][..count], "{hint:?}");
        let rest = file.read(None).await.unwrap();
        assert_eq!(lines.concat().len() + rest.len(), 11, "{hint:?}: the cursor is behind the last line");
    }
}

#[tokio::test]
async fn readinto_fills_its_buffer_as_far_as_the_file_goes() {
    for buffering in BUFFERINGS {
        let room = Room::new();
        let file = room.open("rb", buffering).await;
        let mut buf = [b'-'; 7];
        assert_eq!((file.readinto(&mut buf).await.unwrap(), &buf), (7, b"0123456"));
        assert_eq!((file.readinto(&mut buf).await.unwrap(), &buf), (3, b"7893456"));
        assert_eq!(file.readinto(&mut buf).await.unwrap(), 0, "buffering {buffering}");
        assert_eq!(file.readinto(&mut []).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_look_moves_nothing_and_is_empty_at_the_end() {
    for buffering in BUFFERINGS {
        let room = Room::new();
        let file = room.open("rb+", buffering).await;
        assert_eq!(file.peek().await.unwrap(), DIGITS);
        assert_eq!(file.read(Some(8)).await.unwrap(), "01234567");
        assert_eq!(file.peek().await.unwrap(), "89");
        assert_eq!(file.peek().await.unwrap(), "89");
        file.write(b"!").await.unwrap();
        assert_eq!(file.peek().await.unwrap(), "9", "buffering {buffering}");
        file.seek(SeekFrom::End(0)).await.unwrap();
        assert_eq!(file.peek().await.unwrap(), "");
    }
}

#[tokio::test]
async fn everything_is_read_whatever_length_the_file_claims() {
    let room = Room::new();
    room.put(&DIGITS.repeat(300_000));
    let file = room.open("rb", -1).await;
    file.read(Some(7)).await.unwrap();
    assert!(file.read(None).await.unwrap() == DIGITS.repeat(300_000)[7..]);
    // The last of them is some MiB long.
    for path in ["/proc/self/status", "/proc/self/mountinfo", "/proc/kallsyms"] {
        let file = open(path.as_ref(), "rb", -1).await;
        assert!(file.readall().await.unwrap().len() * 10 > std::fs::read(path).unwrap().len() * 9, "{path}");
    }
    assert_eq!(open("/dev/null".as_ref(), "rb", -1).await.read(None).await.unwrap(), "");
}

async fn next(lines: &mut folio::BinaryLines) -> Option<folio::Result<Bytes>> {
    poll_fn(|cx| Pin::new(&mut *lines).poll_next(cx)).await
}

#[tokio::test]
async fn tell_is_exact_between_the_lines_of_a_stream() {
    let room = Room::new();
    room.put(b"one\ntwo\nthree");
    let file = room.open("rb", -1).await;
    let mut lines = file.lines();
    for (line, position) in [("one\n", 4), ("two\n", 8), ("three", 13)] {
        assert_eq!(next(&mut lines).await.unwrap().unwrap(), line);
        assert_eq!(file.tell().await.unwrap(), position);
    }
    assert!(next(&mut lines).await.is_none());
    assert!(next(&mut lines).await.is_none());
}

#[tokio::test]
async fn a_line_above_the_limit_ends_the_stream() {
    let room = Room::new();
    room.put(b"1234\n1234567\nlast");
    let file = room.open("rb", -1).await;
    let mut lines = file.lines().line_limit(4);
    assert_eq!(next(&mut lines).await.unwrap().unwrap(), "1234\n");
    let error = next(&mut lines).await.unwrap().unwrap_err();
    assert!(error.is_too_long() && error.path() == Some(&*room.path()), "{error}");
    assert!(next(&mut lines).await.is_none());
    let mut lines = file.lines().line_limit(usize::MAX);
    assert_eq!(next(&mut lines).await.unwrap().unwrap(), "1234567\n", "nothing of it was taken");
    file.close().await.unwrap();
    assert!(next(&mut lines).await.unwrap().unwrap_err().is_closed());
    assert!(next(&mut lines).await.is_none());
}

#[tokio::test]
async fn a_buffer_of_n_bytes_keeps_back_so_many_and_no_more() {
    for mode in ["wb", "ab"] {
        let room = Room::new();
        room.put(b"");
        let file: BinaryFile = room.open(mode, 16).await;
        for _ in 0..16 {
            file.write(b"x").await.unwrap();
        }
        assert_eq!(room.on_disk(), b"", "{mode}");
        file.write(b"y").await.unwrap();
        eventually("the full buffer is written", || room.on_disk().starts_with(&b"x".repeat(16))).await;
        file.write([b'z'; 100]).await.unwrap();
        let all = [&b"x".repeat(16)[..], b"y", &b"z".repeat(100)].concat();
        assert_eq!(room.on_disk(), all, "{mode}: what is larger than the buffer goes straight through");
    }
}

#[tokio::test]
async fn files_are_buffered_unless_it_is_said_otherwise() {
    let room = Room::new();
    let by_options = OpenOptions::new().python_mode("wb").open_binary(room.path()).await.unwrap();
    by_options.write(b"kept back").await.unwrap();
    assert_eq!(room.on_disk(), b"");
    by_options.close().await.unwrap();
    let by_mode = folio::open(room.path(), "ab").await.unwrap().binary().unwrap();
    by_mode.write(b", too").await.unwrap();
    assert_eq!(room.on_disk(), b"kept back");
    drop(by_mode);
    eventually("nothing is lost by a drop", || room.on_disk() == b"kept back, too").await;
}

#[tokio::test]
async fn line_buffering_is_none_for_bytes() {
    let room = Room::new();
    let file = room.open("wb", 1).await;
    file.write(b"line\n").await.unwrap();
    assert_eq!(room.on_disk(), b"");
    file.flush().await.unwrap();
    assert_eq!(room.on_disk(), b"line\n");
}
