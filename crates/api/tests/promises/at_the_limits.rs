//! O1 where the limits are reached: what one caller has asked for reaches the file in this order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use folio::{Engine, File};
use folio_testkit::Disk;
use futures::future::join_all;
use futures::stream::{FuturesUnordered, StreamExt};

const OPS_MAX: usize = 16;
const RECORDS: u32 = 5_000;
/// Records that are under way at a time where they are not all at once.
const DEPTH: usize = 100;
/// Files beside it, whose operations use the same permits.
const OTHERS: usize = 6;

/// An engine whose permits are in use all the time, by tasks that write to other files until the flag is set.
async fn busy_engine() -> (Disk, Engine, File, Arc<AtomicBool>) {
    let disk = Disk::new();
    let engine = Engine::builder().ops_max(OPS_MAX).storage(Arc::new(disk.clone())).start().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    for index in 0..OTHERS {
        let other = create(&engine, &format!("/other-{index}")).await;
        let stop = stop.clone();
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                join_all((0..OPS_MAX as u64).map(|block| other.write_all_at(b"x", 2 * block))).await;
            }
        });
    }
    let file = create(&engine, "/records").await;
    (disk, engine, file, stop)
}

async fn create(engine: &Engine, path: &str) -> File {
    File::options().write(true).create(true).open_on(engine, path).await.unwrap()
}

fn assert_in_order(disk: &Disk) {
    let contents = disk.contents("/records");
    let records: Vec<u32> =
        contents.chunks(4).map(|record| u32::from_be_bytes(record.try_into().unwrap())).collect();
    let swapped = records.windows(2).position(|pair| pair[0] + 1 != pair[1]);
    assert_eq!((records.len(), swapped), (RECORDS as usize, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o1_operations_asked_for_at_once_keep_their_order_at_the_limits() {
    let (disk, _engine, file, stop) = busy_engine().await;
    let appends = join_all((0..RECORDS).map(|number| {
        let file = &file;
        async move { file.append(&number.to_be_bytes()).await }
    }));
    for appended in appends.await {
        appended.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    assert_in_order(&disk);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o1_operations_asked_for_one_after_another_keep_their_order_at_the_limits() {
    let (disk, _engine, file, stop) = busy_engine().await;
    let mut under_way = FuturesUnordered::new();
    for number in 0..RECORDS {
        let file = &file;
        under_way.push(async move { file.append(&number.to_be_bytes()).await });
        if under_way.len() >= DEPTH {
            under_way.next().await.unwrap().unwrap();
        }
    }
    while let Some(appended) = under_way.next().await {
        appended.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    assert_in_order(&disk);
}
