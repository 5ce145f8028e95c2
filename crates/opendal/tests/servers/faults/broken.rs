//! A line that breaks in the middle of an answer: whoever reads gets an error or all the bytes, and never fewer as if they
//! were all.

use std::sync::atomic::Ordering::Relaxed;

use folio::{Engine, File, fs};
use opendal::Operator;

use super::{engine, patient, pattern};
use crate::proxy::{Plan, Proxy};
use crate::start::{redis, s3, sftp, webdav};

const LONG: usize = 3_000_000;

/// Reads a file while its answer breaks off at several places; returns how many reads failed.
async fn broken_reads(proxy: &Proxy, engine: &Engine, direct: &Operator) -> u64 {
    let contents = pattern(LONG);
    direct.write("a", contents.clone()).await.expect("write");
    let mut failed = 0;
    for reset_after in [1, 700, 65_536, 1_000_000, 2_900_000] {
        let resets = proxy.counts().resets.load(Relaxed);
        proxy.plan(Plan { resets: 1, reset_after, ..Plan::default() });
        let read = engine.scope(async {
            let file = File::open("/a").await?;
            let bytes = file.read_exact_bytes_at(10, LONG - 20).await;
            let _ = file.close().await;
            bytes
        });
        match read.await {
            Ok(bytes) => assert!(bytes == contents[10..LONG - 10], "other bytes than the file's"),
            Err(error) => {
                assert!(error.to_string().contains("/a"), "{error}");
                assert_ne!(
                    error.kind(),
                    std::io::ErrorKind::UnexpectedEof,
                    "the file did not end there: {error}"
                );
                failed += 1;
            }
        }
        assert_eq!(
            proxy.counts().resets.load(Relaxed),
            resets + 1,
            "the fault after {reset_after} has to be met"
        );
    }
    proxy.plan(Plan::default());
    assert!(engine.scope(fs::read("/a")).await.expect("it is over") == contents);
    failed
}

#[tokio::test]
async fn on_s3() {
    let Some(server) = s3::start() else { return };
    let (proxy, direct) = (Proxy::to(server.address()), s3::operator(server.address()));
    let store = s3::operator(proxy.address());
    assert!(broken_reads(&proxy, &engine(store.clone()), &direct).await > 0);
    assert_eq!(broken_reads(&proxy, &engine(patient(store)), &direct).await, 0, "OpenDAL tries again");
}

#[tokio::test]
async fn on_webdav() {
    let Some(server) = webdav::start() else { return };
    let (proxy, direct) = (Proxy::to(server.address()), webdav::operator(server.address()));
    let store = webdav::operator(proxy.address());
    assert!(broken_reads(&proxy, &engine(store.clone()), &direct).await > 0);
    assert_eq!(broken_reads(&proxy, &engine(patient(store)), &direct).await, 0, "OpenDAL tries again");
}

#[tokio::test]
async fn on_redis() {
    let Some(server) = redis::start() else { return };
    let (proxy, direct) = (Proxy::to(server.address()), redis::operator(server.address()));
    broken_reads(&proxy, &engine(patient(redis::operator(proxy.address()))), &direct).await;
}

#[test]
fn on_sftp() {
    sftp::at_home("faults::broken::on_sftp", async |server| {
        let (proxy, direct) = (Proxy::to(server.address()), sftp::operator(&server, server.address()));
        broken_reads(&proxy, &engine(patient(sftp::operator(&server, proxy.address()))), &direct).await;
    });
}
