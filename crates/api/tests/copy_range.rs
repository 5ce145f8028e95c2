//! Copies between ranges of open files: where the bytes go, in which order, and what is refused.

use std::future::Future;
use std::io::ErrorKind;

use folio::{Engine, File, OpenOptions};
use folio_testkit::polling::poll_once;

/// A file with these contents, open for reading and writing.
async fn file(room: &tempfile::TempDir, name: &str, contents: &[u8]) -> File {
    let path = room.path().join(name);
    std::fs::write(&path, contents).expect("a file can be made");
    OpenOptions::new().read(true).write(true).open(path).await.expect("it can be opened")
}

async fn contents(file: &File) -> Vec<u8> {
    let len = usize::try_from(file.metadata().await.expect("metadata").len()).expect("a short file");
    file.read_bytes_at(0, len).await.expect("a read").to_vec()
}

#[tokio::test]
async fn bytes_go_from_range_to_offset_and_no_cursor_moves() {
    let room = tempfile::tempdir().expect("a folder");
    let (from, to) = (file(&room, "from", b"0123456789").await, file(&room, "to", b"abcdefgh").await);
    for (range, at, copied, expected) in [
        (2..5, 1, 3, &b"a234efgh"[..]),
        (8..20, 6, 2, b"a234ef89"),
        (3..3, 0, 0, b"a234ef89"),
        (9..10, 10, 1, b"a234ef89\0\x009"),
    ] {
        let count = to.copy_range(&from, range.clone(), at).await.expect("a copy");
        assert_eq!((count, contents(&to).await), (copied, expected.to_vec()), "{range:?} to {at}");
    }
    assert_eq!([from.stream_position().await, to.stream_position().await].map(Result::unwrap), [0, 0]);
}

#[tokio::test]
async fn a_copy_finds_what_was_asked_of_either_file_before_it() {
    let room = tempfile::tempdir().expect("a folder");
    let (from, to) = (file(&room, "from", b"----").await, file(&room, "to", b"----").await);
    for round in 0..200_u8 {
        let byte = [b'a' + round % 26; 4];
        let write = from.write_all_at(&byte, 0);
        let over = to.write_all_at(b"####", 0);
        let copy = to.copy_range(&from, 0..4, 0);
        let (write, over, copy) = tokio::join!(write, over, copy);
        write.expect("a write");
        over.expect("a write");
        assert_eq!((copy.expect("a copy"), contents(&to).await), (4, byte.to_vec()), "round {round}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anything_is_copied() {
    let room = tempfile::tempdir().expect("a folder");
    let (from, to) = (file(&room, "from", b"0123").await, file(&room, "to", b"abcd").await);
    let error = to.copy_range(&from, 0..2, u64::MAX - 1).await.expect_err("the range ends nowhere");
    assert_eq!((error.kind(), error.path()), (ErrorKind::InvalidInput, Some(to.path())));
    let log = OpenOptions::new().append(true).open(to.path()).await.expect("a log");
    let error = log.copy_range(&from, 0..2, 0).await.expect_err("a log has no offsets");
    assert_eq!(
        (error.kind(), error.offset()),
        (ErrorKind::InvalidInput, Some(0)),
        "the error names the offset"
    );
    let only_read = File::open(to.path()).await.expect("a file");
    assert!(only_read.copy_range(&from, 0..2, 0).await.is_err());
    assert_eq!(contents(&to).await, b"abcd");
}

#[tokio::test]
async fn a_copy_that_is_dropped_before_it_began_copies_nothing() {
    let room = tempfile::tempdir().expect("a folder");
    let engine = Engine::builder().ops_max(1).start().expect("an engine");
    let options = OpenOptions::new().read(true).write(true).clone();
    std::fs::write(room.path().join("both"), b"0123----").expect("a file can be made");
    let both = options.open_on(&engine, room.path().join("both")).await.expect("it can be opened");
    // The one permit is taken by a closure that waits for the test.
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let other = both.clone();
    let mut busy = Box::pin(other.run(move |_| wait.recv()));
    assert!(poll_once(busy.as_mut()).is_pending());
    let mut copy = Box::pin(both.copy_range(&both, 0..4, 4));
    assert!(poll_once(copy.as_mut()).is_pending());
    drop(copy);
    go_on.send(()).expect("the closure waits");
    busy.await.expect("it ran").expect("the test sent");
    assert_eq!(contents(&both).await, b"0123----");
}

/// Keeps the compiler's word that the future may go from thread to thread.
fn _sendable(file: &File) -> impl Future + Send + use<'_> {
    file.copy_range(file, 0..1, 1)
}
