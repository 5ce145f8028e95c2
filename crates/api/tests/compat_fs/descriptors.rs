//! Descriptors lent and given away, std's own options, and what a handle prints.

use std::future::poll_fn;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::pin::{Pin, pin};
use std::task::Poll;

use folio::compat::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

#[tokio::test]
async fn a_lent_descriptor_is_the_files_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lent");
    std::fs::write(&path, "text").unwrap();
    let file = File::open(&path).await.unwrap();
    let seen = rustix::fs::fstat(file.as_fd()).unwrap();
    assert_eq!(seen.st_ino, std::fs::metadata(&path).unwrap().ino());
    assert_eq!(file.as_fd().as_raw_fd(), file.as_raw_fd());
    let shown = format!("{file:?}");
    let expected = format!("folio::compat::fs::File {{ std: File {{ fd: {},", file.as_raw_fd());
    assert!(shown.starts_with(&expected), "{shown}");
}

#[tokio::test]
async fn what_was_asked_for_is_done_when_a_file_becomes_stds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("given");
    for clones in [0, 1, 3] {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(true).open(&path).await.unwrap();
        let mut others = Vec::new();
        for _ in 0..clones {
            others.push(file.try_clone().await.unwrap());
        }
        file.set_max_buf_size(3);
        for _ in 0..100 {
            file.write_all(b"0123456789").await.unwrap();
        }
        let mut std = file.into_std().await;
        assert_eq!(std.stream_position().unwrap(), 1_000, "{clones} clones");
        std.write_all(b"end").unwrap();
        assert_eq!(std::fs::read(&path).unwrap().len(), 1_003, "{clones} clones");
        for mut other in others {
            other.seek(SeekFrom::Start(1_000)).await.unwrap();
            let mut end = String::new();
            other.read_to_string(&mut end).await.unwrap();
            assert_eq!(end, "end");
        }
    }
}

/// Large enough for a worker to be busy with it when the next call comes.
const LONG_BYTES: usize = 16 << 20;

/// Polls once what a write begins, and leaves it under way.
async fn begin(writing: Pin<&mut impl Future<Output = std::io::Result<()>>>) {
    let mut writing = writing;
    poll_fn(|cx| {
        drop(writing.as_mut().poll(cx));
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn a_write_that_was_given_up_is_done_when_the_file_becomes_stds() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = vec![7; LONG_BYTES];
    for round in 0..3 {
        let mut file = File::create(dir.path().join(format!("{round}"))).await.unwrap();
        begin(pin!(file.write_all(&bytes))).await;
        let mut std = file.into_std().await;
        let len = std.metadata().unwrap().len();
        assert_eq!(std.stream_position().unwrap(), len, "nothing is written any more");
    }
}

#[tokio::test]
async fn a_file_becomes_stds_while_a_clone_is_at_work() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = vec![7; LONG_BYTES];
    for round in 0..3 {
        let path = dir.path().join(format!("{round}"));
        let file = File::create(&path).await.unwrap();
        let mut clone = file.try_clone().await.unwrap();
        let mut writing = pin!(async {
            clone.write_all(&bytes).await?;
            clone.flush().await
        });
        begin(writing.as_mut()).await;
        let std = file.into_std().await;
        assert_eq!(std.metadata().unwrap().ino(), std::fs::metadata(&path).unwrap().ino());
        writing.await.unwrap();
        assert_eq!(std.metadata().unwrap().len(), LONG_BYTES as u64);
    }
}

#[tokio::test]
async fn stds_options_wait_for_a_fifos_peer_and_hold_up_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    folio::os::mkfifo(&path, 0o600).await.unwrap();
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    let options = OpenOptions::from(options);
    let reading = tokio::spawn({
        let path = path.clone();
        async move {
            let mut file = options.open(&path).await?;
            let mut text = String::new();
            file.read_to_string(&mut text).await?;
            std::io::Result::Ok(text)
        }
    });
    for number in 0..100 {
        let name = dir.path().join(format!("{number}"));
        fs::write(&name, "x").await.unwrap();
        fs::rename(&name, dir.path().join("last")).await.unwrap();
    }
    let mut writer = OpenOptions::new().write(true).open(&path).await.unwrap();
    writer.write_all(b"through the fifo").await.unwrap();
    writer.flush().await.unwrap();
    drop(writer);
    assert_eq!(reading.await.unwrap().unwrap(), "through the fifo");
}

#[tokio::test]
async fn what_only_folio_refuses_stays_its_own_error_inside() {
    let engine = folio::Engine::builder().start().unwrap();
    engine.shutdown(std::time::Duration::ZERO).await.unwrap();
    let refused = engine.scope(fs::metadata("/")).await.unwrap_err();
    let inside = refused.get_ref().and_then(|inside| inside.downcast_ref::<folio::Error>());
    assert!(inside.is_some_and(folio::Error::is_closed), "{refused:?}");
}

#[tokio::test]
#[should_panic(expected = "must be greater than 0")]
async fn a_limit_of_0_bytes_is_refused_as_tokio_refuses_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("limit");
    File::create(&path).await.unwrap().set_max_buf_size(0);
}

#[tokio::test]
async fn an_owned_descriptor_becomes_a_file_at_its_position() {
    let mut std = tempfile::tempfile().unwrap();
    std.write_all(b"0123456789").unwrap();
    std.seek(SeekFrom::Start(4)).unwrap();
    let mut file = File::from(std::os::fd::OwnedFd::from(std));
    let mut text = String::new();
    file.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "456789");
    let mut std = file.into_std().await;
    std.rewind().unwrap();
    std.read_to_string(&mut text).unwrap();
    assert_eq!(text, "4567890123456789");
}
