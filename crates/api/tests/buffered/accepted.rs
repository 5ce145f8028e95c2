//! What sees the bytes that a file keeps back, and what writes them out.

use std::io::SeekFrom;
use std::sync::Arc;

use folio::{Buffering, Engine, File};
use folio_testkit::{Call, Disk, Gate, Mount};
use tokio::io::AsyncWriteExt;

use crate::{PATH, at_once, bench, crowd, open, open_to_append};

#[tokio::test]
async fn small_writes_are_accepted_in_place_and_written_together() {
    let (disk, engine) = bench("");
    let file = open(&engine, 64 * 1024).await;
    let before = engine.snapshot().counters;
    for index in 0..64 {
        file.write_all(&[index; 512]).await.unwrap();
    }
    let after = engine.snapshot().counters;
    assert_eq!((after.jobs - before.jobs, after.hops - before.hops), (0, 0));
    assert_eq!(after.writes_buffered - before.writes_buffered, 64);
    assert_eq!(disk.contents(PATH), b"");

    file.flush().await.unwrap();
    let expected: Vec<u8> = (0..64).flat_map(|index| [index; 512]).collect();
    assert_eq!(disk.contents(PATH), expected);
    assert_eq!(engine.snapshot().counters.write_calls - before.write_calls, 1);
}

#[tokio::test]
async fn every_clone_reads_what_was_accepted_by_another() {
    let (_disk, engine) = bench("0123456789");
    let file = open(&engine, 1024).await;
    let clone = file.clone();
    file.write_all(b"abc").await.unwrap();
    assert_eq!(clone.read_bytes_at(0, 10).await.unwrap(), "abc3456789");
    assert_eq!(clone.stream_position().await.unwrap(), 3);
    file.write_all(b"def").await.unwrap();
    assert_eq!(clone.read_bytes(10).await.unwrap(), "6789");
}

#[tokio::test]
async fn a_read_elsewhere_leaves_the_buffer_alone() {
    let (disk, engine) = bench("0123456789");
    let file = open(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    assert_eq!(file.read_bytes_at(3, 7).await.unwrap(), "3456789");
    assert_eq!(disk.contents(PATH), b"0123456789");
}

/// Accepts three bytes, does something, and says whether the disk has them.
macro_rules! writes_out {
    ($($name:ident: |$file:ident| $does:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let (disk, engine) = bench("0123456789");
            let $file = open(&engine, 1024).await;
            $file.write_all(b"abc").await.unwrap();
            assert_eq!(disk.contents(PATH), b"0123456789", "it is kept back");
            $does;
            assert!(disk.contents(PATH).starts_with(b"abc"), "{:?}", disk.contents(PATH));
        }
    )*};
}

writes_out! {
    a_flush_writes_it_out: |file| file.flush().await.unwrap();
    the_flush_of_a_clone_writes_it_out: |file| file.clone().flush().await.unwrap();
    the_flush_of_tokios_trait_writes_it_out: |file| {
        let mut file = file.clone();
        AsyncWriteExt::flush(&mut file).await.unwrap();
    };
    the_shutdown_of_tokios_trait_writes_it_out: |file| {
        let mut file = file.clone();
        AsyncWriteExt::shutdown(&mut file).await.unwrap();
    };
    a_sync_writes_it_out: |file| file.sync_data().await.unwrap();
    a_close_writes_it_out: |file| file.clone().close().await.unwrap();
    a_close_for_all_writes_it_out: |file| file.clone().close_all().await.unwrap();
    a_seek_writes_it_out: |file| { file.seek(SeekFrom::Start(7)).await.unwrap(); };
    an_overlapping_read_writes_it_out: |file| { file.read_at(&mut [0; 4], 2).await.unwrap(); };
    an_overlapping_write_writes_it_out: |file| file.write_all_at(b"z", 5).await.and(file.write_all_at(b"c", 2).await).unwrap();
    a_question_for_the_length_writes_it_out: |file| { file.metadata().await.unwrap(); };
    a_new_length_writes_it_out: |file| file.set_len(5).await.unwrap();
    a_record_at_the_end_writes_it_out: |file| { file.append(b"x").await.unwrap(); };
    a_write_too_large_for_it_writes_it_out: |file| file.write_all(&[b'L'; 4096]).await.unwrap();
    a_lock_writes_it_out: |file| file.lock().await.unwrap();
}

#[tokio::test]
async fn asking_where_the_cursor_is_writes_nothing() {
    let (disk, engine) = bench("");
    let file = open(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    assert_eq!(file.stream_position().await.unwrap(), 3);
    assert_eq!(disk.contents(PATH), b"");
}

#[tokio::test]
async fn a_write_too_large_for_the_buffer_comes_after_what_it_holds() {
    let (disk, engine) = bench("");
    let file = open(&engine, 16).await;
    for part in ["first ", "and much longer than the buffer ", "last"] {
        file.write_all(part.as_bytes()).await.unwrap();
    }
    file.flush().await.unwrap();
    assert_eq!(disk.contents(PATH), b"first and much longer than the buffer last");
}

#[tokio::test]
async fn a_later_write_at_the_same_place_wins() {
    let (disk, engine) = bench("0123456789");
    let file = open(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    file.write_all_at(b"XY", 1).await.unwrap();
    file.flush().await.unwrap();
    assert_eq!(disk.contents(PATH), b"aXY3456789");
}

#[tokio::test]
async fn behind_a_hole_a_write_goes_to_the_file_at_once() {
    let (disk, engine) = bench("01");
    let file = open(&engine, 1024).await;
    file.seek(SeekFrom::Start(4)).await.unwrap();
    file.write_all(b"ab").await.unwrap();
    assert_eq!(file.read_bytes_at(0, 10).await.unwrap(), &b"01\0\0ab"[..]);
    file.set_len(1).await.unwrap();
    file.write_all(b"cd").await.unwrap();
    assert_eq!(file.read_bytes_at(0, 3).await.unwrap(), &b"0\0\0"[..]);
    file.flush().await.unwrap();
    assert_eq!(disk.contents(PATH), b"0\0\0\0\0\0cd");
}

#[tokio::test]
async fn appends_are_kept_back_and_end_up_at_the_end() {
    let (disk, engine) = bench("old ");
    let file = open_to_append(&engine, 8).await;
    for part in ["one ", "two ", "three "] {
        file.write_all(part.as_bytes()).await.unwrap();
    }
    assert_eq!(file.stream_position().await.unwrap(), 18);
    assert_eq!(file.append(b"record ").await.unwrap(), 18);
    file.write_all(b"four").await.unwrap();
    assert_eq!(file.read_bytes_at(0, 100).await.unwrap(), "old one two three record four");
    assert_eq!(disk.contents(PATH), b"old one two three record four");
}

#[tokio::test]
async fn a_sync_covers_what_was_accepted_before_it() {
    let (disk, engine) = bench("");
    let file = open(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    file.clone().sync_data().await.unwrap();
    assert_eq!(disk.durable(PATH), b"abc");
}

#[tokio::test]
async fn a_file_open_for_reading_keeps_nothing_back() {
    let (_disk, engine) = bench("");
    let mut options = folio::File::options();
    let file = options.read(true).buffering(1024).open_on(&engine, PATH).await.unwrap();
    assert!(file.write_all(b"abc").await.is_err());
    file.flush().await.unwrap();
}

#[tokio::test]
async fn a_closed_file_accepts_nothing() {
    let (disk, engine) = bench("");
    let file = open(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    file.clone().close_all().await.unwrap();
    assert!(file.write_all(b"def").await.unwrap_err().is_closed());
    assert_eq!(disk.contents(PATH), b"abc");
}

#[tokio::test]
async fn a_std_file_taken_out_finds_everything_and_stands_at_the_cursor() {
    use std::io::{Read, Seek};

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, "0123456789").unwrap();
    let mut options = folio::File::options();
    let file = options.read(true).write(true).buffering(1024).open(&path).await.unwrap();
    file.write_all(b"abc").await.unwrap();
    let file = file.try_into_std().expect_err("something is kept back");
    assert_eq!(file.run(|std| std.metadata().unwrap().len()).await.unwrap(), 10);
    file.write_all(b"def").await.unwrap();
    let mut std = file.into_std().await.unwrap();
    assert_eq!(std.stream_position().unwrap(), 6);
    let mut rest = String::new();
    std.read_to_string(&mut rest).unwrap();
    assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), rest.as_str()), ("abcdef6789", "6789"));
}

#[tokio::test]
async fn an_append_goes_to_the_end_wherever_the_cursor_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, "012345").unwrap();
    let mut options = folio::File::options();
    let file = options.read(true).append(true).buffering(1024).open(&path).await.unwrap();
    file.seek(SeekFrom::Start(0)).await.unwrap();
    file.write_all(b"ab").await.unwrap();
    assert_eq!(file.stream_position().await.unwrap(), 8);
    file.seek(SeekFrom::Start(0)).await.unwrap();
    file.write_all(b"cd").await.unwrap();
    assert_eq!(file.stream_position().await.unwrap(), 10);
    file.flush().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"012345abcd");
}

/// Bytes were accepted while an older read of them was under way. That read could then see a later write and not
/// these. It ends first now.
#[tokio::test]
async fn nothing_is_accepted_beneath_an_older_read() {
    let (disk, engine) = bench("0123456789");
    disk.plan().on(Call::ReadNow).would_block();
    let gate = Gate::closed();
    disk.plan().on(Call::ReadAt).nth(1).wait_for(&gate);
    let file = open(&engine, 1024).await;
    let mut read = Box::pin(file.read_bytes_at(6, 8));
    assert!(at_once(read.as_mut()).is_none());
    gate.arrived(1);
    file.seek(SeekFrom::End(0)).await.unwrap();
    let mut write = Box::pin(file.write_all(b"abc"));
    assert!(at_once(write.as_mut()).is_none(), "it waits for the read");
    crowd(&disk, &engine).await;
    assert_eq!(disk.contents(PATH), b"0123456789");
    gate.open();
    assert_eq!(read.await.unwrap(), "6789");
    write.await.unwrap();
    file.flush().await.unwrap();
    assert_eq!(disk.contents(PATH), b"0123456789abc");
}

/// Cause: where a call may wait for a server, the length of the file is not asked for in the caller's poll, and without it
/// nothing was kept back. Loss: every small write was a call to the server. Fix: what the opening and the file's own
/// operations said of its length is enough.
#[tokio::test]
async fn d1_small_writes_to_a_remote_file_are_written_together() {
    const RECORD: [u8; 100] = *b"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";
    const RECORDS: usize = 5_000;
    for append in [false, true] {
        let disk = Disk::new();
        disk.put(PATH, "earlier ");
        disk.mount("/", Mount { device: 9, remote: true });
        let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
        let mut options = File::options();
        options.read(true).write(true).append(append).buffering(Buffering::Bytes(8 * 1024));
        let file = options.open_on(&engine, PATH).await.unwrap();
        if !append {
            file.seek(SeekFrom::Start(8)).await.unwrap();
        }
        for _ in 0..RECORDS {
            file.write_all(&RECORD).await.unwrap();
        }
        // Every operation of the file sees what was kept back.
        let end = 8 + (RECORDS * RECORD.len()) as u64;
        assert_eq!(file.read_bytes_at(end - 5, 9).await.unwrap(), "56789");
        assert_eq!(file.stream_position().await.unwrap(), end);
        let calls = disk.calls(Call::WriteAt) + disk.calls(Call::Append);
        assert!(calls <= 70, "{calls} calls, append: {append}");
        file.close().await.unwrap();
        assert_eq!(disk.contents(PATH), [&b"earlier "[..], &RECORD.repeat(RECORDS)].concat());
    }
}
