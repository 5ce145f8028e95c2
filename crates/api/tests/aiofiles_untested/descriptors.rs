//! Files made of descriptors that were open already: Python's `open(fd)` and `closefd`.

use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;

use folio::{Name, OpenOptions};

use crate::{DIGITS, Room, descriptors_below, eventually, soon};

fn std_file(room: &Room) -> std::fs::File {
    std::fs::OpenOptions::new().read(true).write(true).open(room.path()).unwrap()
}

#[tokio::test]
async fn a_descriptor_goes_on_where_it_stood_and_is_closed_with_the_file() {
    for buffering in [-1, 0] {
        let room = Room::new();
        let mut std = std_file(&room);
        std.seek(SeekFrom::Start(2)).unwrap();
        let number = std.as_raw_fd();
        let file =
            OpenOptions::new().python_mode("r+b").buffering(buffering).open_fd(std.into()).await.unwrap();
        assert_eq!((file.name(), file.fileno().unwrap()), (&Name::Descriptor(number), number));
        assert_eq!(file.name().to_string(), number.to_string());
        assert_eq!(file.read(Some(2)).await.unwrap(), "23");
        file.write(b"XX").await.unwrap();
        let kept_back = room.on_disk() == DIGITS;
        assert_eq!(kept_back, buffering == -1, "buffering {buffering}");
        file.close().await.unwrap();
        drop(file);
        eventually("it is closed", || descriptors_below(room.dir.path()) == 0).await;
        assert_eq!(room.on_disk(), b"0123XX6789");
    }
}

#[tokio::test]
async fn a_mode_neither_cuts_nor_creates_by_a_descriptor() {
    for mode in ["wb", "xb", "ab"] {
        let room = Room::new();
        let file = OpenOptions::new().python_mode(mode).open_fd(std_file(&room).into()).await.unwrap();
        assert_eq!(room.on_disk(), DIGITS, "{mode}");
        assert_eq!(file.tell().await.unwrap(), if mode == "ab" { 10 } else { 0 });
        assert_eq!(file.mode(), mode);
    }
}

#[tokio::test]
async fn a_descriptor_for_reading_only_opens_for_writing_and_fails_when_it_is_tried() {
    let room = Room::new();
    let read_only = || std::fs::File::open(room.path()).unwrap();
    let raw = OpenOptions::new().python_mode("wb").buffering(0).open_fd(read_only().into()).await.unwrap();
    assert_eq!(raw.write(b"x").await.unwrap_err().raw_os_error(), Some(9));
    let buffered = OpenOptions::new().python_mode("wb").open_fd(read_only().into()).await.unwrap();
    let written = buffered.write(b"x").await.map(drop);
    assert_eq!(written.and(buffered.flush().await).unwrap_err().raw_os_error(), Some(9));
    let write_only = std::fs::OpenOptions::new().write(true).open(room.path()).unwrap();
    let unreadable = OpenOptions::new().python_mode("rb").open_fd(write_only.into()).await.unwrap();
    assert_eq!(unreadable.read(Some(1)).await.unwrap_err().raw_os_error(), Some(9));
    assert_eq!(room.on_disk(), DIGITS);
}

#[tokio::test]
async fn a_borrowed_descriptor_stays_open_and_is_where_the_cursor_was() {
    for buffering in [-1, 0] {
        let room = Room::new();
        let mut mine = std_file(&room);
        mine.seek(SeekFrom::Start(1)).unwrap();
        let file =
            OpenOptions::new().python_mode("r+b").buffering(buffering).open_borrowed(&mine).await.unwrap();
        assert_eq!(file.name(), &Name::Descriptor(mine.as_raw_fd()));
        assert_ne!(file.fileno().unwrap(), mine.as_raw_fd());
        assert_eq!(file.read(Some(2)).await.unwrap(), "12");
        file.write(b"X").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(mine.stream_position().unwrap(), 4, "buffering {buffering}");
        assert_eq!(room.on_disk(), b"012X456789");
        assert_eq!(file.read(Some(3)).await.unwrap(), "456");
        file.close().await.unwrap();
        drop(file);
        let mut next = [0];
        mine.read_exact(&mut next).unwrap();
        assert_eq!(&next, b"7", "buffering {buffering}");
        mine.write_all(b"Y").unwrap();
        assert_eq!(room.on_disk(), b"012X4567Y9");
        eventually("the duplicate is closed", || descriptors_below(room.dir.path()) == 1).await;
    }
}

#[tokio::test]
async fn a_borrowed_pipe_waits_again_after_the_close() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let file = OpenOptions::new().python_mode("rb").open_borrowed(&reader).await.unwrap();
    writer.write_all(b"one\n").unwrap();
    assert_eq!(soon("it comes to an end", file.readline(None)).await.unwrap(), "one\n");
    let flags = || rustix::fs::fcntl_getfl(&reader).unwrap();
    assert!(flags().contains(rustix::fs::OFlags::NONBLOCK));
    file.close().await.unwrap();
    assert!(!flags().contains(rustix::fs::OFlags::NONBLOCK));
    assert!(file.closed());
}
