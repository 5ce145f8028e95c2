//! Binary files without positions: FIFOs and pipes.

use std::io::SeekFrom;
use std::path::PathBuf;

use folio::{BinaryFile, OpenOptions, os};

use crate::{Room, open, soon};

async fn fifo(room: &Room) -> PathBuf {
    let path = room.dir.path().join("fifo");
    os::mkfifo(&path, 0o600).await.unwrap();
    path
}

async fn both_ends(room: &Room, buffering: i64) -> (BinaryFile, BinaryFile) {
    let path = fifo(room).await;
    let reader = open(&path, "rb", buffering).await;
    let writer = soon("it comes to an end", open(&path, "wb", buffering)).await;
    (reader, writer)
}

#[tokio::test]
async fn lines_lengths_and_looks_come_out_of_a_fifo() {
    let room = Room::new();
    let (reader, writer) = both_ends(&room, -1).await;
    writer.writelines(["one\n", "two\n", "12345678"]).await.unwrap();
    writer.flush().await.unwrap();
    assert_eq!(soon("it comes to an end", reader.peek()).await.unwrap(), "one\ntwo\n12345678");
    assert_eq!(soon("it comes to an end", reader.readline(None)).await.unwrap(), "one\n");
    assert_eq!(soon("it comes to an end", reader.readline(Some(2))).await.unwrap(), "tw");
    assert_eq!(soon("it comes to an end", reader.read1(Some(2))).await.unwrap(), "o\n");
    assert_eq!(soon("it comes to an end", reader.read(Some(3))).await.unwrap(), "123");
    let mut buf = [0; 4];
    assert_eq!(soon("it comes to an end", reader.readinto(&mut buf)).await.unwrap(), 4);
    assert_eq!(&buf, b"4567");
    let (whole, rest) = tokio::join!(reader.read(Some(6)), async {
        writer.write(b"more").await.unwrap();
        writer.write(b" and the end").await.unwrap();
        writer.close().await.unwrap();
    });
    assert_eq!((whole.unwrap(), rest), ("8more ".into(), ()), "a buffered read goes on until it has all");
    drop(writer);
    assert_eq!(soon("it comes to an end", reader.read(None)).await.unwrap(), "and the end");
    assert_eq!(soon("it comes to an end", reader.read(None)).await.unwrap(), "");
}

#[tokio::test]
async fn an_unbuffered_read_takes_what_is_there() {
    let room = Room::new();
    let (reader, writer) = both_ends(&room, 0).await;
    writer.write(b"four").await.unwrap();
    assert_eq!(soon("it comes to an end", reader.read(Some(100))).await.unwrap(), "four");
    writer.write(b"five").await.unwrap();
    let mut buf = [0; 100];
    assert_eq!(soon("it comes to an end", reader.readinto(&mut buf)).await.unwrap(), 4);
}

#[tokio::test]
async fn there_are_no_positions() {
    for buffering in [-1, 0] {
        let room = Room::new();
        let (reader, writer) = both_ends(&room, buffering).await;
        assert!(!reader.seekable().unwrap() && !reader.isatty().unwrap());
        let seek = reader.seek(SeekFrom::Start(0)).await.unwrap_err();
        if buffering == 0 {
            assert_eq!(seek.raw_os_error(), Some(29));
        } else {
            assert!(seek.is_unsupported() && seek.to_string().ends_with("File or stream is not seekable."));
        }
        assert_eq!(reader.tell().await.unwrap_err().raw_os_error(), Some(29));
        assert_eq!(writer.truncate(None).await.unwrap_err().raw_os_error(), Some(22));
    }
}

#[tokio::test]
async fn reading_and_writing_at_once_is_refused_where_there_are_no_positions() {
    let room = Room::new();
    let path = fifo(&room).await;
    for mode in ["r+b", "r+", "w+b", "a+"] {
        let error = folio::open(&path, mode).await.unwrap_err();
        assert!(error.is_unsupported(), "{mode}: {error}");
        assert!(error.to_string().ends_with("File or stream is not seekable."), "{mode}: {error}");
    }
    let raw = open(&path, "r+b", 0).await;
    raw.write(b"to myself").await.unwrap();
    assert_eq!(soon("it comes to an end", raw.read(Some(100))).await.unwrap(), "to myself");
}

#[tokio::test]
async fn a_stream_is_not_handed_out_with_bytes_that_nobody_got() {
    use std::io::Read;

    let room = Room::new();
    let (reader, writer) = both_ends(&room, -1).await;
    writer.write(b"one\ntwo\n").await.unwrap();
    writer.flush().await.unwrap();
    assert_eq!(soon("it comes to an end", reader.readline(None)).await.unwrap(), "one\n");
    assert!(reader.detach().await.unwrap_err().is_unsupported());
    assert_eq!(soon("it comes to an end", reader.readline(None)).await.unwrap(), "two\n");
    let mut std = reader.detach().await.unwrap();
    writer.write(b"three").await.unwrap();
    writer.close().await.unwrap();
    drop(writer);
    let mut rest = String::new();
    std.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "three");
}

#[tokio::test]
async fn a_pipe_is_a_file_for_whoever_has_its_descriptors() {
    let (reader, writer) = std::io::pipe().unwrap();
    let reader = OpenOptions::new().python_mode("rb").open_fd(reader.into()).await.unwrap();
    let writer = OpenOptions::new().python_mode("wb").open_fd(writer.into()).await.unwrap();
    writer.write(b"through\n").await.unwrap();
    writer.flush().await.unwrap();
    assert_eq!(soon("it comes to an end", reader.readline(None)).await.unwrap(), "through\n");
    // The wrong ends: the system refuses at once, and nobody waits for ever.
    let (reader, writer) = std::io::pipe().unwrap();
    let wrong = OpenOptions::new().python_mode("rb").open_fd(writer.into()).await.unwrap();
    assert_eq!(soon("it comes to an end", wrong.read(Some(1))).await.unwrap_err().raw_os_error(), Some(9));
    let wrong = OpenOptions::new().python_mode("wb").open_fd(reader.into()).await.unwrap();
    assert_eq!(soon("it comes to an end", wrong.write(b"x")).await.unwrap_err().raw_os_error(), Some(9));
}
