//! What becomes of errors: one caller hears of each, the bytes stay, and no sync vouches for them.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use folio::{File, Operation, Result};
use folio_testkit::errno::{EIO, ENOSPC};
use folio_testkit::{Call, Gate};

use crate::{PATH, bench, eventually, open, soon};

#[tokio::test]
async fn a_failed_flush_says_where_and_the_next_one_tries_again() {
    let (disk, engine) = bench("");
    let full = disk.plan().on(Call::WriteAt).fail(ENOSPC);
    let file = open(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    let error = file.flush().await.unwrap_err();
    assert_eq!((error.raw_os_error(), error.path().unwrap().to_str()), (Some(ENOSPC), Some(PATH)));
    file.write_all(b"def").await.unwrap();
    full.lift();
    file.flush().await.unwrap();
    assert_eq!(disk.contents(PATH), b"abcdef");
    assert_eq!(full.fired(), 1);
}

#[tokio::test]
async fn a_torn_flush_goes_on_where_it_was_torn() {
    let (disk, engine) = bench("");
    disk.plan().on(Call::WriteAt).nth(1).at_most(2);
    let torn = disk.plan().on(Call::WriteAt).nth(2).fail(ENOSPC);
    let file = open(&engine, 1024).await;
    file.write_all(b"abcdef").await.unwrap();
    let error = file.flush().await.unwrap_err();
    assert_eq!((error.bytes_done(), torn.fired()), (2, 1));
    file.flush().await.unwrap();
    assert_eq!(disk.contents(PATH), b"abcdef");
}

#[tokio::test]
async fn a_failure_behind_the_back_reaches_exactly_one_caller() {
    let (disk, engine) = bench("");
    let gate = Gate::closed();
    disk.plan().on(Call::WriteAt).nth(1).wait_for(&gate);
    disk.plan().on(Call::WriteAt).nth(1).fail(EIO);
    let file = open(&engine, 64).await;
    file.write_all(&[1; 40]).await.unwrap();
    // Starts the flush of the first chunk, which no caller awaits; it fails only after this write was accepted.
    file.write_all(&[2; 40]).await.unwrap();
    gate.open();
    eventually("it has failed", || disk.calls(Call::WriteAt) == 1 && disk.running() == 0).await;
    let heard = AtomicUsize::new(0);
    for _ in 0..8 {
        if let Err(error) = file.clone().flush().await {
            assert_eq!(error.raw_os_error(), Some(EIO));
            heard.fetch_add(1, Relaxed);
        }
    }
    assert_eq!(heard.into_inner(), 1);
    assert_eq!(disk.contents(PATH), [[1; 40], [2; 40]].concat(), "and nothing is lost");
}

#[tokio::test]
async fn no_sync_vouches_for_what_was_not_written() {
    let (disk, engine) = bench("");
    let fault = disk.plan().on(Call::WriteAt).fail(ENOSPC);
    let file = open(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    assert_eq!(file.sync_all().await.unwrap_err().raw_os_error(), Some(ENOSPC));
    assert!(fault.fired() > 0);
}

#[tokio::test]
async fn a_close_reports_what_it_could_not_write() {
    let (disk, engine) = bench("");
    disk.plan().on(Call::WriteAt).fail(ENOSPC);
    let file = open(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    assert_eq!(file.close().await.unwrap_err().raw_os_error(), Some(ENOSPC));
}

#[tokio::test]
async fn a_full_device_does_not_make_the_buffer_grow() {
    let (disk, engine) = bench("");
    disk.plan().on(Call::WriteAt).fail(ENOSPC);
    let file = open(&engine, 64).await;
    let mut failures = 0;
    for _ in 0..1000 {
        failures += usize::from(soon("it answers", file.write_all(&[1; 40])).await.is_err());
        let kept: usize = engine.snapshot().files.iter().map(|file| file.buffered_bytes).sum();
        assert!(kept <= 3 * 64, "{kept} bytes");
    }
    assert!(failures > 100, "{failures} of 1,000 writes failed");
}

#[tokio::test]
async fn a_panic_in_the_storage_is_a_failure_and_loses_nothing() {
    let (disk, engine) = bench("");
    let fault = disk.plan().on(Call::WriteAt).nth(1).panic();
    let file = open(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    assert!(file.flush().await.unwrap_err().is_panicked());
    file.flush().await.unwrap();
    assert_eq!((disk.contents(PATH).as_slice(), fault.fired()), (&b"abc"[..], 1));
}

#[tokio::test]
async fn a_poisoned_file_accepts_nothing() {
    let (disk, engine) = bench("");
    disk.plan().on(Call::Sync).fail(EIO);
    let file = open(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    file.sync_all().await.unwrap_err();
    assert!(file.write_all(b"def").await.unwrap_err().is_poisoned());
}

#[tokio::test]
async fn the_last_drop_counts_what_it_could_not_write() {
    let (disk, engine) = bench("");
    let fault = disk.plan().on(Call::WriteAt).fail(ENOSPC);
    let file = open(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    drop(file);
    eventually("somebody is told", || engine.snapshot().counters.unobserved_errors == 1).await;
    assert_eq!(fault.fired(), 1);
}

/// Cause: what came behind a failed flush went on. Loss: a read found the bytes before those that this file had accepted,
/// and the next flush put the older bytes over the newer ones. Fix: it is refused with the failure.
#[tokio::test]
async fn o2_nothing_goes_on_without_the_bytes_that_were_accepted_before_it() {
    let (disk, engine) = bench("0123456789");
    let fault = disk.plan().on(Call::WriteAt).nth(1).fail(EIO);
    let file = open(&engine, 64).await;
    file.write_all(b"abc").await.unwrap();
    let error = file.read_bytes_at(0, 10).await.unwrap_err();
    assert_eq!((error.raw_os_error(), error.operation(), fault.fired()), (Some(EIO), Operation::Read, 1));
    assert_eq!(error.path().unwrap().to_str(), Some(PATH));
    assert_eq!(file.read_bytes_at(0, 10).await.unwrap(), "abc3456789", "it was tried again");
    file.flush().await.unwrap();
    assert_eq!(
        file.sync_data().await.unwrap_err().raw_os_error(),
        Some(EIO),
        "a sync has a memory of its own"
    );
    file.sync_data().await.unwrap();
}

/// A change of a file.
type Change = fn(File) -> Pin<Box<dyn Future<Output = Result<()>>>>;

#[tokio::test]
async fn o1_what_was_accepted_and_failed_comes_over_nothing_that_is_newer() {
    let newer: [Change; 5] = [
        |file| Box::pin(async move { file.set_len(0).await }),
        |file| Box::pin(async move { file.write_all_at(b"XXX", 0).await }),
        |file| Box::pin(async move { file.write_bytes_at("XXX", 1).await }),
        |file| Box::pin(async move { file.append(b"XXX").await.map(drop) }),
        |file| Box::pin(async move { file.copy_range(&file, 5..8, 0).await.map(drop) }),
    ];
    for change in newer {
        let (disk, engine) = bench("0123456789");
        disk.plan().on(Call::WriteAt).nth(1).fail(EIO);
        let file = open(&engine, 64).await;
        file.write_all(b"abc").await.unwrap();
        assert_eq!(change(file.clone()).await.unwrap_err().raw_os_error(), Some(EIO));
        file.flush().await.unwrap();
        assert_eq!(disk.contents(PATH), b"abc3456789", "it was refused");
        change(file.clone()).await.unwrap();
        let changed = disk.contents(PATH);
        file.flush().await.unwrap();
        assert_eq!(disk.contents(PATH), changed, "it is the newest");
    }
}

/// The chunks of a file that is appended to come in the order in which they were accepted, whatever fails.
#[tokio::test]
async fn o1_a_failed_append_is_overtaken_by_none() {
    let (disk, engine) = bench("");
    let gate = Gate::closed();
    disk.plan().on(Call::Append).nth(1).wait_for(&gate);
    let fault = disk.plan().on(Call::Append).nth(1).fail(EIO);
    let again = disk.plan().on(Call::Append).nth(2).fail(ENOSPC);
    let mut options = File::options();
    let file = options.append(true).buffering(64).open_on(&engine, PATH).await.unwrap();
    file.write_all(&[1; 40]).await.unwrap();
    file.write_all(&[2; 40]).await.unwrap();
    gate.open();
    eventually("it has failed", || disk.calls(Call::Append) == 1 && disk.running() == 0).await;
    while let Err(error) = file.flush().await {
        assert!([Some(EIO), Some(ENOSPC)].contains(&error.raw_os_error()), "{error}");
    }
    assert_eq!((fault.fired(), again.fired()), (1, 1));
    assert_eq!(disk.contents(PATH), [[1; 40], [2; 40]].concat());
}
