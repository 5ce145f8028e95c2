//! A thousand reads at once take few threads and little memory. How long they take of a store that is 50 ms away is printed,
//! and judged by no test.

use std::fs as std_fs;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use folio::{Engine, File, fs};
use folio_testkit::process::{alone, resident_bytes};
use opendal::Operator;
use tokio::task::JoinSet;

use crate::proxy::{Plan, Proxy};
use crate::start::{Server, s3, webdav};

const READS: usize = 1_000;
const BYTES: usize = 1_000;
/// From one place that is read to the next: too far for one request to serve both.
const APART: usize = 40_000;
const LATENCY: Duration = Duration::from_millis(50);

/// Threads that folio may have meanwhile, and bytes by which the process may grow: with the client's thousand connections
/// and the proxy's.
const THREADS_MAX: usize = 8;
const GROWTH_MAX: u64 = 64 * 1024 * 1024;

fn contents() -> Vec<u8> {
    (0..READS * APART).map(|at| (at / 251 + at % 251) as u8).collect()
}

async fn at_once(server: &Server, operator: fn(SocketAddr) -> Operator) {
    operator(server.address()).write("a", contents()).await.expect("write");
    let proxy = Proxy::to(server.address());
    let storage = folio_opendal::storage(operator(proxy.address()));
    let engine = Engine::builder().storage(storage).start().expect("an engine starts");
    let file = engine.scope(File::open("/a")).await.expect("open");
    let resident = resident_bytes();
    // No answer before the last request: they have to be under way together.
    proxy.plan(Plan { together: proxy.requests() + READS as u64, ..Plan::default() });
    let threads = read_all(&file).await;
    let grown = resident_bytes().saturating_sub(resident);
    let (delayed, began) = (proxy.counts().delayed.load(Relaxed), Instant::now());
    proxy.plan(Plan { latency: LATENCY, ..Plan::default() });
    read_all(&file).await;
    println!(
        "{READS} reads at once, each {LATENCY:?} away: {:?}; folio's threads: {threads}; {} MiB",
        began.elapsed(),
        grown >> 20
    );
    file.close().await.expect("close");
    assert!(
        proxy.counts().delayed.load(Relaxed) - delayed >= READS as u64,
        "each read has to take its 50 ms"
    );
    assert_eq!(engine.snapshot().pool.threads_started, 0, "a worker waited for the store");
    assert!(threads <= THREADS_MAX, "{threads} threads");
    assert!(grown <= GROWTH_MAX, "{} MiB", grown >> 20);
}

/// Asks for all places at once; returns the most threads that folio had meanwhile.
async fn read_all(file: &File) -> usize {
    let mut reads = JoinSet::new();
    for number in 0..READS {
        let file = file.clone();
        reads.spawn(async move { (number, file.read_exact_bytes_at((number * APART) as u64, BYTES).await) });
    }
    let mut threads = 0;
    while let Some(read) = reads.join_next().await {
        let (number, bytes) = read.expect("no panic");
        let expected = (number * APART..).take(BYTES).map(|at| (at / 251 + at % 251) as u8);
        assert!(bytes.expect("it is slow, not broken").iter().copied().eq(expected), "read {number}");
        threads = threads.max(threads_of_folio());
    }
    threads
}

/// Threads of this process that folio has named.
fn threads_of_folio() -> usize {
    let threads = std_fs::read_dir("/proc/self/task").expect("Linux lists a process's threads").flatten();
    let names = threads.filter_map(|thread| std_fs::read_to_string(thread.path().join("comm")).ok());
    names.filter(|name| name.starts_with("folio")).count()
}

/// On one thread, so that those of the test are not in the way.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(test);
}

#[test]
fn a_thousand_reads_of_s3_at_once() {
    if alone("many::a_thousand_reads_of_s3_at_once") {
        let Some(server) = s3::start() else { return };
        run(at_once(&server, s3::operator));
    }
}

#[test]
fn a_thousand_reads_of_webdav_at_once() {
    if alone("many::a_thousand_reads_of_webdav_at_once") {
        let Some(server) = webdav::start() else { return };
        run(at_once(&server, webdav::operator));
    }
}

/// From one of the places that lie close together to the next.
const NEAR: usize = 3 * BYTES;

/// Bytes that lie close together take few requests.
#[tokio::test]
async fn neighbours_are_one_request() {
    let Some(server) = s3::start() else { return };
    let proxy = Proxy::to(server.address());
    let storage = folio_opendal::storage(s3::operator(proxy.address()));
    let engine = Engine::builder().storage(storage).start().expect("an engine starts");
    let contents: Vec<u8> = (0..READS * NEAR).map(|at| (at / 251 + at % 251) as u8).collect();
    engine.scope(fs::write("/a", &contents)).await.expect("write");
    let file = engine.scope(File::open("/a")).await.expect("open");
    let before = proxy.requests();
    let mut reads = JoinSet::new();
    for number in 0..READS {
        let file = file.clone();
        reads.spawn(async move { (number, file.read_exact_bytes_at((number * NEAR) as u64, BYTES).await) });
    }
    while let Some(read) = reads.join_next().await {
        let (number, bytes) = read.expect("no panic");
        assert!(bytes.expect("read") == contents[number * NEAR..][..BYTES], "read {number}");
    }
    let requests = proxy.requests() - before;
    println!("{READS} reads of neighbours: {requests} requests");
    assert!((1..READS as u64 / 4).contains(&requests), "{requests} requests");
    file.close().await.expect("close");
}
