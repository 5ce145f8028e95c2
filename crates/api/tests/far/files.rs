//! Open files on a storage whose calls answer later.

use std::io::SeekFrom;
use std::time::Duration;

use folio::{File, fs, text};
use folio_testkit::{
    FarCall,
    errno::{EIO, ENOENT, ENOSPC},
    polling::{Pending, poll_then_drop},
    wait::{eventually, settled, soon},
};

use crate::far;

#[tokio::test]
async fn what_is_written_is_there_once_the_file_is_closed() {
    let (store, engine) = far();
    store.put("/old", "old contents");
    engine
        .scope(async {
            let file = File::create("/old").await.expect("create");
            file.write_all(b"new ").await.expect("write");
            file.write_all(b"contents, ").await.expect("write");
            file.write_bytes("and more".to_owned().into_bytes()).await.expect("write");
            assert_eq!(file.stream_position().await.expect("position"), 22);
            assert_eq!(file.metadata().await.expect("metadata").len(), 22);
            assert_eq!(store.contents("/old").expect("there"), "old contents");
            file.close().await.expect("close");
            assert_eq!(store.contents("/old").expect("there"), "new contents, and more");
        })
        .await;
}

#[tokio::test]
async fn a_sync_makes_it_visible_and_ends_the_writing() {
    let (store, engine) = far();
    engine
        .scope(async {
            let file = File::create("/new").await.expect("create");
            file.write_all(b"contents").await.expect("write");
            file.sync_all().await.expect("sync");
            assert_eq!(store.contents("/new").expect("there"), "contents");
            let error = file.write_all(b"more").await.expect_err("an object is written once");
            assert!(error.is_unsupported(), "{error}");
            assert!(error.to_string().contains("/new") && error.to_string().contains("once"), "{error}");
            file.close().await.expect("a refusal loses nothing");
        })
        .await;
}

#[tokio::test]
async fn a_file_that_is_dropped_is_published_and_the_next_request_for_it_waits() {
    let (store, engine) = far();
    engine
        .scope(async {
            for round in 0..50 {
                let file = File::create("/dropped").await.expect("create");
                file.write_all(format!("round {round}").as_bytes()).await.expect("write");
                drop(file);
                let found = fs::read("/dropped").await.expect("read");
                assert_eq!(found, format!("round {round}").as_bytes());
            }
        })
        .await;
    assert_eq!(store.calls(FarCall::Publish), 50);
}

#[tokio::test]
async fn buffered_bytes_are_published_too() {
    let (store, engine) = far();
    engine
        .scope(async {
            let mut options = File::options();
            options.write(true).create(true).truncate(true).buffering(4096);
            let file = options.open("/log").await.expect("create");
            for number in 0..10_000 {
                file.write_all(format!("line {number}\n").as_bytes()).await.expect("write");
            }
            drop(file);
            let log = fs::read_to_string("/log").await.expect("read");
            assert_eq!(log.lines().count(), 10_000);
            assert_eq!(log.lines().last(), Some("line 9999"));
        })
        .await;
    assert!(store.calls(FarCall::Write) < 100, "{} calls", store.calls(FarCall::Write));
}

#[tokio::test]
async fn a_write_that_fails_leaves_the_old_contents() {
    let (store, engine) = far();
    store.put("/old", "old contents");
    engine
        .scope(async {
            let file = File::create("/old").await.expect("create");
            file.write_all(b"first").await.expect("write");
            store.fail(FarCall::Write, 1, ENOSPC);
            let error = file.write_all(b"second").await.expect_err("no room");
            assert_eq!(error.raw_os_error(), Some(ENOSPC));
            let error = file.close().await.expect_err("it lacks bytes");
            assert_eq!(error.raw_os_error(), Some(ENOSPC));
        })
        .await;
    assert_eq!(store.contents("/old").expect("there"), "old contents");
    assert_eq!((store.calls(FarCall::Publish), store.calls(FarCall::Abandon)), (0, 1));
}

#[tokio::test]
async fn a_failed_write_of_a_dropped_file_leaves_the_old_contents() {
    let (store, engine) = far();
    store.put("/old", "old contents");
    engine
        .scope(async {
            let file = File::create("/old").await.expect("create");
            store.fail(FarCall::Write, 1, ENOSPC);
            file.write_all(b"contents").await.expect_err("no room");
            drop(file);
            settled(|| engine.snapshot()).await;
            eventually("it is discarded", || store.calls(FarCall::Abandon) == 1).await;
            assert_eq!(fs::read("/old").await.expect("read"), b"old contents");
        })
        .await;
}

#[tokio::test]
async fn a_close_that_fails_says_so() {
    let (store, engine) = far();
    engine
        .scope(async {
            let file = File::create("/new").await.expect("create");
            file.write_all(b"contents").await.expect("write");
            store.fail(FarCall::Publish, 1, EIO);
            let error = file.close().await.expect_err("not published");
            assert_eq!(error.raw_os_error(), Some(EIO));
            assert!(!fs::try_exists("/new").await.expect("look"));
        })
        .await;
}

#[tokio::test]
async fn appends_have_an_order_and_offsets() {
    let (store, engine) = far();
    engine
        .scope(async {
            let log = File::options().append(true).create(true).open("/log").await.expect("open");
            store.delay(Duration::from_millis(2));
            let appends = (0..50).map(|number| {
                let log = log.clone();
                Pending::new(async move { log.append(format!("{number:02}").as_bytes()).await })
            });
            let mut offsets = Vec::new();
            for append in appends.collect::<Vec<_>>() {
                offsets.push(append.done().await.expect("append"));
            }
            assert_eq!(offsets, (0..50).map(|at| at * 2).collect::<Vec<_>>());
        })
        .await;
    let expected: String = (0..50).map(|number| format!("{number:02}")).collect();
    assert_eq!(store.contents("/log").expect("there"), expected);
}

#[tokio::test]
async fn reads_at_the_cursor_are_one_after_another() {
    let (store, engine) = far();
    let contents: String = (0..1_000).map(|number| format!("{number:04}")).collect();
    store.put("/data", contents.clone());
    store.delay(Duration::from_micros(100));
    engine
        .scope(async {
            let file = File::open("/data").await.expect("open");
            let reads: Vec<_> = (0..1_000)
                .map(|_| {
                    let file = file.clone();
                    Pending::new(async move { file.read_full(4).await })
                })
                .collect();
            let mut found = String::new();
            for read in reads {
                found.push_str(std::str::from_utf8(&read.done().await.expect("read")).expect("digits"));
            }
            assert!(found == contents);
            assert_eq!(file.seek(SeekFrom::End(-4)).await.expect("seek"), 3_996);
            assert_eq!(file.read_to_end_limited(100).await.expect("read"), b"0999");
        })
        .await;
}

#[tokio::test]
async fn text_is_read_line_by_line() {
    let (store, engine) = far();
    let contents: String = (0..5_000).map(|number| format!("line {number}: žluťoučký kůň\n")).collect();
    store.put("/text", contents);
    engine
        .scope(async {
            let mut lines = text::open("/text").await.expect("open").lines();
            let mut number = 0;
            while let Some(line) = lines.next_line().await.expect("read") {
                assert!(line.starts_with(&format!("line {number}:")), "{line}");
                number += 1;
            }
            assert_eq!(number, 5_000);
        })
        .await;
    assert!(store.calls(FarCall::Read) < 100, "{} calls", store.calls(FarCall::Read));
}

#[tokio::test]
async fn lines_of_any_length_and_delimiters_are_found_across_pieces() {
    let (store, engine) = far();
    let lines: Vec<String> = (0..40).map(|number| "x".repeat(number * 997)).collect();
    store.put("/lines", lines.join("\n"));
    engine
        .scope(async {
            let file = File::open("/lines").await.expect("open");
            for line in &lines {
                let found = file.read_until(b'\n', usize::MAX).await.expect("read");
                assert!(found.strip_suffix(b"\n").unwrap_or(&found) == line.as_bytes());
            }
            assert!(file.read_until(b'\n', 10).await.expect("read").is_empty());
        })
        .await;
}

#[tokio::test]
async fn a_long_write_is_lent_piece_by_piece() {
    let (store, engine) = far();
    let contents: Vec<u8> = (0..5_000_001_usize).map(|at| (at % 253) as u8).collect();
    engine
        .scope(async {
            let file = File::create("/long").await.expect("create");
            file.write_all(&contents).await.expect("write");
            file.close().await.expect("close");
            fs::write("/whole", &contents).await.expect("write");
        })
        .await;
    assert!(store.contents("/long").expect("there") == contents);
    assert!(store.contents("/whole").expect("there") == contents);
    assert!(store.calls(FarCall::Write) > 2);
    let opened = store.calls(FarCall::Open);
    let read = engine.scope(fs::read("/long")).await.expect("read");
    assert!(read == contents);
    assert_eq!((store.calls(FarCall::Open) - opened, store.calls(FarCall::Read)), (1, 1));
}

#[tokio::test]
async fn a_write_in_the_middle_is_refused_and_loses_nothing() {
    let (store, engine) = far();
    store.put("/old", "old contents");
    engine
        .scope(async {
            let error = File::options().write(true).open("/old").await.expect_err("not in the middle");
            assert!(error.is_unsupported(), "{error}");
            assert!(error.to_string().contains("/old") && error.to_string().contains("middle"), "{error}");
            let file = File::create("/old").await.expect("create");
            file.write_all(b"new").await.expect("write");
            let error = file.write_all_at(b"x", 0).await.expect_err("in order");
            assert!(error.is_unsupported() && error.to_string().contains("in order"), "{error}");
            for refused in [file.set_len(1).await, file.lock().await] {
                let error = refused.expect_err("no such thing");
                assert!(error.is_unsupported() && error.to_string().contains("/old"), "{error}");
            }
            file.close().await.expect("close");
        })
        .await;
    assert_eq!(store.contents("/old").expect("there"), "new");
}

#[tokio::test]
async fn a_file_that_is_created_is_there_without_a_byte() {
    let (store, engine) = far();
    engine
        .scope(async {
            drop(File::create("/dropped").await.expect("create"));
            File::create("/closed").await.expect("create").close().await.expect("close");
            assert_eq!(fs::read("/dropped").await.expect("read"), b"");
        })
        .await;
    assert_eq!(store.names(), ["closed", "dropped"]);
}

#[tokio::test]
async fn writes_that_are_asked_for_at_once_are_made_one_after_another() {
    let (store, engine) = far();
    store.delay(Duration::from_millis(1));
    engine
        .scope(async {
            let file = File::create("/new").await.expect("create");
            let writes = (0..50).map(|at| file.write_all_at(b"0123", at * 4));
            for written in futures::future::join_all(writes).await {
                written.expect("in order");
            }
            file.close().await.expect("close");
        })
        .await;
    assert_eq!(store.most_under_way(), 1);
    assert_eq!(store.contents("/new").expect("there"), "0123".repeat(50));
}

#[tokio::test]
async fn a_call_that_is_given_up_completes_if_it_has_begun() {
    let (store, engine) = far();
    engine
        .scope(async {
            let file = File::create("/new").await.expect("create");
            store.hold(FarCall::Write);
            for _ in 0..3 {
                let mut write = Box::pin(file.write_all(b"0123"));
                assert!(futures::poll!(write.as_mut()).is_pending());
                if store.calls(FarCall::Write) == 0 {
                    eventually("it has begun", || store.calls(FarCall::Write) == 1).await;
                }
                drop(write);
            }
            store.release(FarCall::Write);
            soon("the close", file.close()).await.expect("close");
        })
        .await;
    // The others waited for the first and were withdrawn.
    assert_eq!(store.contents("/new").expect("there"), "0123");
    assert_eq!(engine.snapshot().counters.cancelled, 2);
}

#[tokio::test]
async fn a_time_limit_is_kept() {
    let (store, engine) = far();
    store.put("/data", "data");
    engine
        .scope(async {
            let file = File::open("/data").await.expect("open");
            store.hold(FarCall::Read);
            let limited = file.with_time_limit(Duration::from_millis(20));
            let error = soon("the limit", limited.read_bytes(4)).await.expect_err("too late");
            assert!(error.is_timed_out(), "{error}");
            let snapshot = engine.snapshot();
            assert_eq!(snapshot.files[0].running, 1, "it goes on without its caller");
            store.release(FarCall::Read);
            // Bytes that nobody received go back to the cursor.
            assert_eq!(file.read_bytes(4).await.expect("read"), "data");
        })
        .await;
}

#[tokio::test]
async fn a_panic_fails_its_operation_and_no_other() {
    let (store, engine) = far();
    store.put("/data", "data");
    engine
        .scope(async {
            let file = File::open("/data").await.expect("open");
            store.panic(FarCall::Read);
            let error = file.read_bytes_at(0, 4).await.expect_err("a panic");
            assert!(error.is_panicked(), "{error}");
            assert_eq!(file.read_bytes_at(0, 4).await.expect("read"), "data");
            store.panic(FarCall::Open);
            let error = fs::read("/data").await.expect_err("a panic");
            assert!(error.is_panicked(), "{error}");
        })
        .await;
    assert_eq!(engine.snapshot().counters.panics, 2);
}

#[tokio::test]
async fn a_future_that_is_dropped_after_any_number_of_polls_leaves_no_permit() {
    let (store, engine) = far();
    store.put("/data", "data");
    engine
        .scope(async {
            let file = File::open("/data").await.expect("open");
            for polls in 0..6 {
                drop(poll_then_drop(file.read_bytes(1), polls, true));
                drop(poll_then_drop(fs::read("/data"), polls, true));
                drop(poll_then_drop(fs::write(format!("/new-{polls}"), "x"), polls, true));
            }
            settled(|| engine.snapshot()).await;
            assert_eq!(engine.snapshot().in_flight, 0);
            let missing = fs::read("/missing").await.expect_err("missing");
            assert_eq!(missing.raw_os_error(), Some(ENOENT));
        })
        .await;
}
