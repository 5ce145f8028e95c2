//! Files in memory: when they roll over, and that nobody can tell by their contents.

use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;

use folio::tempfile::SpooledTemporaryFile;
use folio::{Buffering, Engine, Operation};
use folio_testkit::{Random, seeds};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::{names, poll_once, room};

/// Operations of one random run: enough to roll over early, late and never.
const STEPS: usize = 40;

#[tokio::test]
async fn it_rolls_over_before_it_would_exceed_its_limit() {
    for (max_size, writes, expected) in [
        (10, &[10][..], false),
        (10, &[11], true),
        (10, &[5, 5], false),
        (10, &[5, 5, 1], true),
        (10, &[5, 5, 0], false),
        (0, &[0], false),
        (0, &[1], true),
    ] {
        let case = format!("{max_size}: {writes:?}");
        let mut spool = SpooledTemporaryFile::new(max_size);
        let mut contents = Vec::new();
        for (index, len) in writes.iter().enumerate() {
            let record = vec![b'a' + index as u8; *len];
            spool.write_all(&record).await.unwrap();
            contents.extend(record);
        }
        assert_eq!(spool.is_rolled_over(), expected, "{case}");
        assert_eq!(spool.seek(SeekFrom::Start(0)).await.unwrap(), 0, "{case}");
        assert_eq!(spool.read_to_end().await.unwrap(), contents, "{case}");
    }
}

#[tokio::test]
async fn in_memory_it_touches_nothing_and_on_disk_it_has_no_name() {
    let room = room();
    let engine = Engine::builder().start().unwrap();
    let mut spool = SpooledTemporaryFile::builder().max_size(100).in_dir(room.path()).build_on(&engine);
    spool.write_all(b"0123456789").await.unwrap();
    spool.seek(SeekFrom::Start(4)).await.unwrap();
    spool.set_len(8).await.unwrap();
    let before = engine.snapshot().counters;
    assert_eq!((before.opened, before.jobs), (0, 0));
    spool.rollover().await.unwrap();
    spool.rollover().await.unwrap();
    let file = spool.file().unwrap().clone();
    assert_eq!((engine.snapshot().counters.opened, names(room.path()).len()), (1, 0));
    let metadata = file.metadata().await.unwrap();
    assert_eq!((metadata.nlink(), metadata.mode() & 0o7777, metadata.len()), (0, 0o600, 8));
    // The cursor has moved along.
    assert_eq!(spool.read_to_end().await.unwrap(), b"4567");
}

#[tokio::test]
async fn a_far_cursor_or_length_goes_to_disk_instead_of_memory() {
    const FAR: u64 = 1 << 33;
    let mut spool = SpooledTemporaryFile::new(1000);
    assert_eq!(spool.seek(SeekFrom::Start(FAR)).await.unwrap(), FAR);
    assert_eq!(spool.read(&mut [0; 10]).await.unwrap(), 0);
    assert!(!spool.is_rolled_over());
    assert_eq!(spool.write(b"x").await.unwrap(), 1);
    assert_eq!(spool.file().unwrap().metadata().await.unwrap().len(), FAR + 1);
    let mut spool = SpooledTemporaryFile::new(1000);
    spool.set_len(FAR).await.unwrap();
    assert_eq!(spool.file().unwrap().metadata().await.unwrap().len(), FAR);
}

#[tokio::test]
async fn a_position_before_the_start_is_refused_and_changes_nothing() {
    let mut spool = SpooledTemporaryFile::new(1000);
    spool.write_all(b"abc").await.unwrap();
    for to in [SeekFrom::End(-4), SeekFrom::Current(-4), SeekFrom::Start(u64::MAX)] {
        let error = spool.seek(to).await.unwrap_err();
        assert_eq!((error.operation(), error.kind()), (Operation::Seek, ErrorKind::InvalidInput), "{to:?}");
    }
    assert_eq!(spool.seek(SeekFrom::Current(0)).await.unwrap(), 3);
}

#[tokio::test]
async fn what_cannot_roll_over_stays_in_memory() {
    let room = room();
    let missing = room.path().join("missing");
    let mut spool = SpooledTemporaryFile::builder().max_size(4).in_dir(&missing).build();
    spool.write_all(b"abcd").await.unwrap();
    let error = spool.write_all(b"e").await.unwrap_err();
    assert_eq!((error.operation(), error.path()), (Operation::Open, Some(&*missing)));
    std::fs::create_dir(&missing).unwrap();
    spool.write_all(b"e").await.unwrap();
    spool.seek(SeekFrom::Start(0)).await.unwrap();
    assert_eq!(spool.read_to_end().await.unwrap(), b"abcde");
}

#[tokio::test]
async fn lines_are_read_and_written_alike_in_memory_and_on_disk() {
    let long = [vec![b'x'; 20_000], b"\n".to_vec()].concat();
    let lines = [&b"one\n"[..], b"\n", &long, b"two\n", b"no end"];
    for max_size in [0, 1 << 20] {
        let mut spool = SpooledTemporaryFile::new(max_size);
        spool.writelines(lines).await.unwrap();
        assert_eq!(spool.is_rolled_over(), max_size == 0);
        spool.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(spool.readline(Some(2)).await.unwrap(), b"on");
        assert_eq!(spool.readline(Some(0)).await.unwrap(), b"");
        assert_eq!(spool.readline(Some(2)).await.unwrap(), b"e\n");
        assert_eq!(spool.stream_position().await.unwrap(), 4);
        // A hint is reached, not kept to.
        assert_eq!(spool.readlines(Some(2)).await.unwrap(), lines[1..3]);
        assert_eq!(spool.readlines(Some(0)).await.unwrap(), lines[3..]);
        assert_eq!(spool.readline(None).await.unwrap(), b"");
    }
}

#[tokio::test]
async fn it_has_a_descriptor_and_a_name_once_it_is_on_disk() {
    let mut spool = SpooledTemporaryFile::new(100);
    spool.write_all(b"contents").await.unwrap();
    assert_eq!(spool.name(), None);
    let descriptor = spool.fileno().await.unwrap();
    assert!(spool.name().is_some() && spool.is_rolled_over());
    let through_proc = std::fs::read(format!("/proc/self/fd/{descriptor}")).unwrap();
    assert_eq!(through_proc, b"contents");
    assert_eq!(spool.fileno().await.unwrap(), descriptor);
}

#[tokio::test]
async fn closing_frees_it_and_nothing_works_any_more() {
    for max_size in [0, 100] {
        let mut spool = SpooledTemporaryFile::new(max_size);
        spool.write_all(b"contents").await.unwrap();
        spool.flush().await.unwrap();
        let file = spool.file().cloned();
        spool.close().await.unwrap();
        spool.close().await.unwrap();
        assert!(spool.closed() && !spool.is_rolled_over());
        if let Some(file) = file {
            assert!(file.read_bytes(1).await.unwrap_err().is_closed());
        }
        let errors = [
            spool.read(&mut [0; 1]).await.map(drop),
            spool.read_to_end().await.map(drop),
            spool.readline(None).await.map(drop),
            spool.write(b"x").await.map(drop),
            spool.write_all(b"x").await,
            spool.writelines([b"x"; 0]).await,
            spool.seek(SeekFrom::Start(0)).await.map(drop),
            spool.stream_position().await.map(drop),
            spool.set_len(0).await,
            spool.set_len(1000).await,
            spool.flush().await,
            spool.rollover().await,
            spool.fileno().await.map(drop),
        ];
        for (index, error) in errors.into_iter().enumerate() {
            assert!(error.unwrap_err().is_closed(), "{index}, {max_size} in memory");
        }
    }
}

#[tokio::test]
async fn the_file_on_disk_keeps_back_what_the_builder_lets_it() {
    let mut spool = SpooledTemporaryFile::builder().max_size(0).buffering(Buffering::Default).build();
    spool.write_all(b"contents").await.unwrap();
    let path = format!("/proc/self/fd/{}", spool.fileno().await.unwrap());
    assert_eq!(std::fs::read(&path).unwrap(), b"");
    spool.flush().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"contents");
}

#[tokio::test]
async fn by_tokios_traits_it_is_the_same_file() {
    let mut spool = SpooledTemporaryFile::new(10);
    AsyncWriteExt::write_all(&mut spool, b"in memory;").await.unwrap();
    assert!(!spool.is_rolled_over());
    AsyncWriteExt::write_all(&mut spool, b" on disk").await.unwrap();
    AsyncWriteExt::flush(&mut spool).await.unwrap();
    assert!(spool.is_rolled_over());
    assert_eq!(AsyncSeekExt::seek(&mut spool, SeekFrom::End(-4)).await.unwrap(), 14);
    let mut end = String::new();
    AsyncReadExt::read_to_string(&mut spool, &mut end).await.unwrap();
    assert_eq!(end, "disk");

    let mut spool = SpooledTemporaryFile::new(100);
    tokio::io::copy(&mut &b"copied"[..], &mut spool).await.unwrap();
    assert_eq!(AsyncSeekExt::rewind(&mut spool).await.ok(), Some(0));
    assert!(AsyncSeekExt::seek(&mut spool, SeekFrom::Current(-1)).await.is_err());
    let mut all = Vec::new();
    AsyncReadExt::read_to_end(&mut spool, &mut all).await.unwrap();
    assert_eq!((all.as_slice(), spool.is_rolled_over()), (&b"copied"[..], false));
    spool.close().await.unwrap();
    assert!(AsyncReadExt::read(&mut spool, &mut [0; 1]).await.is_err());
    assert!(AsyncWriteExt::write(&mut spool, b"x").await.is_err());
}

/// Cause: a rollover begun by one poll is kept for the next. Loss: what is written in between would not be on disk.
/// Fix: whoever touches the contents forgets it.
#[tokio::test]
async fn what_is_written_while_a_rollover_is_pending_is_not_lost() {
    let room = room();
    let engine = Engine::builder().workers_max(1).start().unwrap();
    let mut spool = SpooledTemporaryFile::builder().max_size(4).in_dir(room.path()).build_on(&engine);
    SpooledTemporaryFile::write_all(&mut spool, b"abc").await.unwrap();
    let (go_on, told) = std::sync::mpsc::channel::<()>();
    let mut busy = Box::pin(engine.run(move || told.recv()));
    assert!(poll_once(busy.as_mut()).is_pending());
    let mut write = Box::pin(AsyncWriteExt::write_all(&mut spool, b"long"));
    assert!(poll_once(write.as_mut()).is_pending());
    drop(write);
    drop(go_on);
    busy.await.unwrap().unwrap_err();
    SpooledTemporaryFile::seek(&mut spool, SeekFrom::Start(0)).await.unwrap();
    SpooledTemporaryFile::write_all(&mut spool, b"X").await.unwrap();
    assert!(!spool.is_rolled_over());
    AsyncWriteExt::write_all(&mut spool, b"long").await.unwrap();
    SpooledTemporaryFile::seek(&mut spool, SeekFrom::Start(0)).await.unwrap();
    assert_eq!(SpooledTemporaryFile::read_to_end(&mut spool).await.unwrap(), b"Xlong");
}

#[test]
fn it_is_like_a_file_wherever_it_is() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    seeds(60, |seed| runtime.block_on(compare(seed)));
}

/// Does the same to a spooled file and to one of std's, and compares every answer.
async fn compare(seed: u64) {
    let mut random = Random::new(seed);
    let mut spool = SpooledTemporaryFile::new(random.within(0..2_000));
    let mut model = ::tempfile::tempfile().unwrap();
    for _ in 0..STEPS {
        let len = random.within(0..300);
        match random.index(5) {
            0 => {
                let bytes = random.bytes(len as usize);
                model.write_all(&bytes).unwrap();
                spool.write_all(&bytes).await.unwrap();
            }
            1 => {
                let (mut expected, mut found) = (vec![0; len as usize], vec![0; len as usize]);
                let count = model.read(&mut expected).unwrap();
                assert_eq!(spool.read(&mut found).await.unwrap(), count);
                assert_eq!(found, expected);
            }
            2 => {
                let by = random.within(0..600) as i64 - 300;
                let to = [SeekFrom::Start(len), SeekFrom::End(by), SeekFrom::Current(by)][random.index(3)];
                assert_eq!(spool.seek(to).await.ok(), model.seek(to).ok(), "{to:?}");
            }
            3 => {
                model.set_len(len * 4).unwrap();
                spool.set_len(len * 4).await.unwrap();
            }
            _ => {
                let mut expected = Vec::new();
                model.read_to_end(&mut expected).unwrap();
                assert_eq!(spool.read_to_end().await.unwrap(), expected);
            }
        }
    }
    assert_eq!(spool.seek(SeekFrom::Current(0)).await.ok(), model.stream_position().ok());
}
