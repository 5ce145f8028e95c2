//! Servers whose bytes trickle: everyone gets his, and no worker waits for them.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use folio::{File, fs};
use folio_testkit::wait::eventually;
use tokio::task::JoinSet;

use super::{engine, pattern};
use crate::proxy::{Plan, Proxy};
use crate::start::{s3, webdav};

/// Reads at the same time, each of so many bytes.
const READS: usize = 100;
const BYTES: usize = 20_000;

async fn all_are_answered(proxy: &Proxy, engine: &folio::Engine) {
    let contents = pattern(READS * BYTES);
    engine.scope(fs::write("/a", &contents)).await.expect("write");
    let trickle = Some((4_096, Duration::from_millis(5)));
    proxy.plan(Plan { latency: Duration::from_millis(5), trickle, ..Plan::default() });
    let file = engine.scope(File::open("/a")).await.expect("open");
    let mut reads = JoinSet::new();
    for number in 0..READS {
        let file = file.clone();
        reads.spawn(async move { (number, file.read_exact_bytes_at((number * BYTES) as u64, BYTES).await) });
    }
    eventually("bytes trickle", || proxy.counts().trickled.load(Relaxed) > 0).await;
    let mut workers = 0;
    while let Some(read) = reads.join_next().await {
        let (number, bytes) = read.expect("no panic");
        assert!(
            bytes.expect("it is slow, not broken") == contents[number * BYTES..][..BYTES],
            "read {number}"
        );
        workers = workers.max(engine.snapshot().pool.running);
    }
    assert_eq!(workers, 0, "a worker waited for the store");
    assert!(proxy.counts().trickled.load(Relaxed) > READS as u64);
    file.close().await.expect("close");
}

#[tokio::test]
async fn on_s3() {
    let Some(server) = s3::start() else { return };
    let proxy = Proxy::to(server.address());
    all_are_answered(&proxy, &engine(s3::operator(proxy.address()))).await;
}

#[tokio::test]
async fn on_webdav() {
    let Some(server) = webdav::start() else { return };
    let proxy = Proxy::to(server.address());
    all_are_answered(&proxy, &engine(webdav::operator(proxy.address()))).await;
}
