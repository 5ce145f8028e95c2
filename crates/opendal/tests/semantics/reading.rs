//! Reads: what is fetched, when, and of which version.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use folio_engine::storage::AsyncFile;
use folio_opendal::OpenDal;
use folio_testkit::wait::eventually;
use futures::future::join_all;
use tokio::task::JoinSet;

use crate::far::{Far, Request, broken};
use crate::{open, pattern, read_all, reads};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// A file of this length, opened.
async fn opened(far: &Far, len: usize) -> (Arc<dyn AsyncFile>, Vec<u8>) {
    let bytes = pattern(len);
    far.put("file", bytes.clone());
    let file = open(&OpenDal::new(far.operator()), "file", reads()).await.expect("open");
    far.take_log();
    (file, bytes)
}

/// The ranges that were asked for.
fn ranges(far: &Far) -> Vec<(u64, u64)> {
    let read = |request| match request {
        Request::Read(range) => (range.start, range.end),
        other => panic!("{other:?}"),
    };
    far.take_log().into_iter().map(read).collect()
}

#[tokio::test]
async fn a_random_read_fetches_exactly_what_it_asks_for() {
    let far = Far::new();
    let (file, bytes) = opened(&far, 1_000_000).await;
    for (offset, len) in [(500_000, 100), (0, 10), (999_990, 100), (3, 1), (700_000, 250_000)] {
        let got = file.read_at(len, offset as u64).await.expect("read");
        let end = (offset + len).min(bytes.len());
        assert!(got == bytes[offset..end], "{offset}+{len}");
        assert_eq!(ranges(&far), [(offset as u64, end as u64)]);
    }
    for (offset, len) in [(1_000_000, 1), (u64::MAX, 10), (5, 0)] {
        assert!(file.read_at(len, offset).await.expect("the end").is_empty());
    }
    assert_eq!(ranges(&far), [], "the end costs no request");
}

#[tokio::test]
async fn sequential_reads_fetch_growing_windows_up_to_the_limit() {
    let far = Far::new();
    let (file, bytes) = opened(&far, 40 * MIB as usize + 7).await;
    assert!(read_all(&*file, 64 * KIB as usize).await.expect("read") == bytes);
    let ranges = ranges(&far);
    let lens: Vec<u64> = ranges.iter().map(|(start, end)| (end - start) / KIB).collect();
    assert_eq!(lens[..8], [64, 256, 512, 1024, 2048, 4096, 8192, 8192], "{lens:?}");
    assert!(ranges.windows(2).all(|pair| pair[0].1 == pair[1].0), "each byte once: {ranges:?}");
    assert_eq!(ranges.last().map(|range| range.1), Some(bytes.len() as u64));
}

#[tokio::test]
async fn the_next_window_is_fetched_while_the_present_one_is_read() {
    let far = Far::new();
    let (file, _) = opened(&far, 4 * MIB as usize).await;
    for i in 0..3 {
        file.read_at(KIB as usize, i * KIB).await.expect("read");
    }
    eventually("the next window is fetched though no read needs it", || far.log().len() == 3).await;
    assert_eq!(ranges(&far)[2], (257 * KIB, 769 * KIB));
    drop(file);
}

#[tokio::test]
async fn a_read_that_only_happens_to_be_in_a_window_fetches_no_other() {
    let far = Far::new();
    let (file, bytes) = opened(&far, 4 * MIB as usize).await;
    for offset in [0, KIB, 100 * KIB, 50 * KIB, 7 * KIB] {
        let got = file.read_at(KIB as usize, offset).await.expect("read");
        assert!(got == bytes[offset as usize..(offset + KIB) as usize], "{offset}");
    }
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(ranges(&far), [(0, KIB), (KIB, 257 * KIB)]);
}

#[tokio::test]
async fn a_window_under_way_is_given_up_with_the_file() {
    let far = Far::new();
    let (file, _) = opened(&far, 4 * MIB as usize).await;
    for i in 0..2 {
        file.read_at(KIB as usize, i * KIB).await.expect("read");
    }
    far.close(|request| matches!(request, Request::Read(_)));
    file.read_at(KIB as usize, 2 * KIB).await.expect("it is in the window");
    eventually("the next one is under way", || far.log().len() == 3).await;
    drop(file);
    eventually("it is given up", || far.given_up() == 1).await;
}

#[tokio::test]
async fn nothing_is_read_ahead_if_the_limit_is_zero() {
    let far = Far::new();
    far.put("file", pattern(100_000));
    let storage = OpenDal::new(far.operator()).read_ahead_bytes_max(0);
    let file = open(&storage, "file", reads()).await.expect("open");
    far.take_log();
    assert!(read_all(&*file, 10_000).await.expect("read") == pattern(100_000));
    assert_eq!(ranges(&far).len(), 10);
}

#[tokio::test]
async fn neighbours_that_are_asked_for_at_once_are_one_request() {
    let far = Far::new();
    let (file, bytes) = opened(&far, 4 * MIB as usize).await;
    let offsets: Vec<u64> = (0..100).map(|i| 5000 + i * 1500).rev().collect();
    let reads = offsets.iter().map(|offset| file.read_at(1000, *offset));
    for (got, offset) in join_all(reads).await.into_iter().zip(&offsets) {
        assert!(got.expect("read") == bytes[*offset as usize..*offset as usize + 1000], "{offset}");
    }
    assert_eq!(ranges(&far), [(5000, 5000 + 99 * 1500 + 1000)]);
    let apart = [100 * KIB, 1000 * KIB, 2000 * KIB].map(|offset| file.read_at(1000, offset));
    join_all(apart).await.into_iter().for_each(|got| assert_eq!(got.expect("read").len(), 1000));
    assert_eq!(ranges(&far).len(), 3, "those that lie far apart are not");
}

/// On a runtime of several threads a new task runs before those that are ready: the first range was a request of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn neighbours_of_several_tasks_are_few_requests() {
    let far = Far::new();
    let (file, bytes) = opened(&far, MIB as usize).await;
    let all = tokio::spawn(async move {
        let mut tasks = JoinSet::new();
        for i in 0..100_u64 {
            let file = file.clone();
            tasks.spawn(async move { (i, file.read_at(1000, 5000 + i * 1500).await.expect("read")) });
        }
        tasks.join_all().await
    });
    for (i, got) in all.await.expect("the tasks") {
        assert!(got == bytes[5000 + i as usize * 1500..][..1000], "{i}");
    }
    let count = ranges(&far).len();
    assert!(count < 10, "{count} requests");
}

#[tokio::test]
async fn a_request_whose_readers_are_all_gone_is_given_up_and_others_are_not() {
    let far = Far::new();
    let (file, bytes) = opened(&far, MIB as usize).await;
    far.close(|_| true);
    let mut tasks = JoinSet::new();
    for offset in [1000, 2000, 500_000] {
        let file = file.clone();
        tasks.spawn(async move { file.read_at(100, offset).await });
    }
    eventually("two requests are under way", || far.log().len() == 2).await;
    tasks.abort_all();
    while tasks.join_next().await.is_some() {}
    eventually("both are given up", || far.given_up() == 2).await;
    let mut kept = Box::pin(file.read_at(100, 3000));
    let mut dropped = Box::pin(file.read_at(100, 3100));
    assert!(futures::poll!(&mut kept).is_pending() && futures::poll!(&mut dropped).is_pending());
    drop(dropped);
    far.open();
    assert!(kept.await.expect("read") == bytes[3000..3100]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_reads_at_once_take_as_long_as_one() {
    let far = Far::new().delay(Duration::from_millis(50));
    let (file, bytes) = opened(&far, 40 * MIB as usize).await;
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for i in 0..1000_u64 {
        let (file, offset) = (file.clone(), i * 40 * KIB + 13);
        tasks.spawn(async move { (offset, file.read_at(4096, offset).await) });
    }
    for (offset, got) in tasks.join_all().await {
        assert!(got.expect("read") == bytes[offset as usize..offset as usize + 4096], "{offset}");
    }
    // Fifty seconds if each waited for the one before.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(ranges(&far).len(), 1000);
}

#[tokio::test]
async fn a_reader_never_sees_bytes_of_two_versions() {
    let conditional = || Far::new().can(|can| can.read_with_if_match = true);
    let compared = || Far::new().can(|can| can.read_with_if_match = false);
    for far in [conditional(), compared(), conditional().weak()] {
        let (file, bytes) = opened(&far, MIB as usize).await;
        assert!(file.read_at(1000, 0).await.expect("read") == bytes[..1000]);
        far.put("file", vec![0; MIB as usize]);
        for offset in [1000, 500_000] {
            let stale = file.read_at(1000, offset).await.expect_err("it was replaced");
            assert_eq!(stale.kind(), ErrorKind::StaleNetworkFileHandle, "{stale}");
        }
        let again = open(&OpenDal::new(far.operator()), "file", reads()).await.expect("open");
        assert_eq!(read_all(&*again, 100_000).await.expect("the new one"), vec![0; MIB as usize]);
    }
}

#[tokio::test]
async fn where_the_store_keeps_versions_a_reader_reads_on_in_its_own() {
    let far = Far::new().can(|can| can.read_with_version = true);
    let (file, bytes) = opened(&far, MIB as usize).await;
    far.put("file", b"another one");
    assert!(read_all(&*file, 100_000).await.expect("the version that was opened") == bytes);
    far.operator().delete("file").await.expect("delete");
    assert!(file.read_at(10, 500).await.expect("it is still kept") == bytes[500..510]);
}

#[tokio::test]
async fn a_file_that_is_gone_or_shorter_is_said_to_be_stale() {
    let far = Far::new();
    let (file, _) = opened(&far, 10_000).await;
    far.operator().delete("file").await.expect("delete");
    let gone = file.read_at(10, 5000).await.expect_err("it is gone");
    assert_eq!(gone.kind(), ErrorKind::StaleNetworkFileHandle);
    // Without ETags, by what an answer says of the length.
    let far = Far::new().untagged();
    let (file, _) = opened(&far, 10_000).await;
    far.put("file", pattern(5_050));
    for offset in [5_000, 9_000] {
        let shorter = file.read_at(100, offset).await.expect_err("it is shorter");
        assert_eq!(shorter.kind(), ErrorKind::StaleNetworkFileHandle, "{shorter}");
    }
    let operator = opendal::Operator::new(opendal::services::Memory::default()).expect("memory");
    operator.write("file", pattern(10_000)).await.expect("write");
    let file = open(&OpenDal::new(operator.clone()), "file", reads()).await.expect("open");
    operator.write("file", pattern(100)).await.expect("write");
    for offset in [50, 9_000] {
        let shorter = file.read_at(100, offset).await.expect_err("it is shorter");
        assert_eq!(shorter.kind(), ErrorKind::StaleNetworkFileHandle, "{shorter}");
    }
}

#[tokio::test]
async fn a_failed_read_fails_its_reader_alone_and_the_next_one_tries_again() {
    let far = Far::new();
    let (file, bytes) = opened(&far, MIB as usize).await;
    far.fail(|request| matches!(request, Request::Read(_)), 0, 1, broken);
    let failed = file.read_at(10, 500).await.expect_err("the store fails");
    assert!(failed.to_string().contains("on fire"), "{failed}");
    assert!(file.read_at(10, 500).await.expect("it works again") == bytes[500..510]);
    // A window that failed is fetched again.
    far.fail(|request| matches!(request, Request::Read(_)), 0, 1, broken);
    file.read_at(10, 510).await.expect_err("the store fails");
    assert!(read_all(&*file, 1000).await.expect("it works again") == bytes);
}

#[tokio::test]
async fn every_length_of_file_and_read_gives_the_same_bytes() {
    for len in [0, 1, 255, 256, 257, 70_000, 262_144, 262_145, 600_000] {
        for piece in [1000, 4096, 65_536, 262_144, 1_000_000] {
            let far = Far::new();
            let (file, bytes) = opened(&far, len).await;
            assert!(read_all(&*file, piece).await.expect("read") == bytes, "{len} by {piece}");
        }
    }
}

#[tokio::test]
async fn cursors_that_run_side_by_side_and_backwards_read_the_same_bytes() {
    let far = Far::new();
    let (file, bytes) = opened(&far, 2 * MIB as usize).await;
    for i in 0..100_usize {
        for offset in [i * 5000, 1_000_000 + i * 5000, 1_900_000 - i * 5000] {
            let got = file.read_at(5000, offset as u64).await.expect("read");
            assert!(!got.is_empty() && got == bytes[offset..offset + got.len()], "{offset}");
        }
    }
}
