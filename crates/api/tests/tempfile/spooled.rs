//! Files in memory: when they roll over, and that nobody can tell by their contents.

use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;

use folio::tempfile::SpooledTemporaryFile;
use folio::{Engine, Operation};
use folio_testkit::{Random, seeds};

use crate::{names, room};

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
