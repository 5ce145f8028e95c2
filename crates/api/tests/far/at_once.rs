//! Many calls at once: none holds a worker.

use std::sync::Arc;
use std::time::Duration;

use folio::{Engine, File, fs};
use folio_testkit::{FarCall, FarStore, wait::eventually};
use futures::future::join_all;

use crate::far;

const READS: usize = 1_000;

#[tokio::test]
async fn a_thousand_reads_are_under_way_at_once_and_need_no_worker() {
    let (store, engine) = far();
    let contents: Vec<u8> = (0..READS * 16).map(|at| (at % 251) as u8).collect();
    store.put("/data", contents.clone());
    engine
        .scope(async {
            let file = File::open("/data").await.expect("open");
            store.hold(FarCall::Read);
            let read = |at: usize| {
                let file = &file;
                async move { file.read_bytes_at(at as u64 * 16, 16).await.expect("read") }
            };
            let all = async {
                eventually("all of them read", || store.calls(FarCall::Read) == READS as u64).await;
                store.release(FarCall::Read);
            };
            let (answers, ()) = futures::join!(join_all((0..READS).map(read)), all);
            assert!(answers.concat() == contents);
        })
        .await;
    assert_eq!(store.most_under_way(), READS);
    let snapshot = engine.snapshot();
    assert_eq!(snapshot.pool.threads_started, 0, "no worker was started");
    assert_eq!(snapshot.counters.bytes_read, (READS * 16) as u64);
}

#[tokio::test]
async fn a_thousand_whole_files_are_read_at_once() {
    let (store, engine) = far();
    for number in 0..READS {
        store.put(format!("/{number}"), number.to_string());
    }
    store.hold(FarCall::Read);
    engine
        .scope(async {
            let reads = join_all((0..READS).map(|number| fs::read(format!("/{number}"))));
            let all = async {
                eventually("all of them read", || store.calls(FarCall::Read) == READS as u64).await;
                store.release(FarCall::Read);
            };
            let (reads, ()) = futures::join!(reads, all);
            for (number, read) in reads.into_iter().enumerate() {
                assert_eq!(read.expect("read"), number.to_string().as_bytes());
            }
        })
        .await;
    assert_eq!(engine.snapshot().pool.threads_started, 0);
}

#[tokio::test]
async fn no_more_are_under_way_than_there_are_permits() {
    let store = FarStore::new();
    let engine = Engine::builder().ops_max(10).storage(Arc::new(store.storage())).start().expect("an engine");
    store.put("/data", "0123456789");
    store.delay(Duration::from_millis(1));
    engine
        .scope(async {
            let file = File::open("/data").await.expect("open");
            join_all((0..200).map(|at| file.read_bytes_at(at % 10, 1))).await;
        })
        .await;
    assert!(store.most_under_way() <= 10, "{}", store.most_under_way());
}
