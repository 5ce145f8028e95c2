//! A server that answers 503 for a while: whoever has OpenDAL try again sees nothing of it, and everyone else an error.

use std::sync::atomic::Ordering::Relaxed;

use folio::{Engine, fs};
use opendal::Operator;

use super::{engine, patient, pattern};
use crate::proxy::{Plan, Proxy};
use crate::start::{s3, webdav};

fn unavailable(proxy: &Proxy, times: u64) {
    proxy.plan(Plan { unavailable: times, ..Plan::default() });
}

/// Each call on its own, so that each meets the fault.
async fn fails_clearly(proxy: &Proxy, engine: &Engine, direct: &Operator) {
    engine.scope(fs::write("/a", b"old")).await.expect("write");
    for write in [false, true] {
        unavailable(proxy, 1);
        let before = proxy.counts().unavailable.load(Relaxed);
        let answer = match write {
            false => engine.scope(fs::read("/a")).await.map(drop),
            true => engine.scope(fs::write("/a", b"new")).await,
        };
        let text = answer.expect_err("the server is overloaded").to_string();
        assert!(text.contains("/a") && text.contains("503"), "{text}");
        assert_eq!(proxy.counts().unavailable.load(Relaxed), before + 1, "the fault has to be met");
    }
    unavailable(proxy, 0);
    assert_eq!(direct.read("a").await.expect("it is there").to_vec(), b"old", "what failed was not done");
    assert_eq!(engine.scope(fs::read("/a")).await.expect("it is over"), b"old");
}

async fn heals(proxy: &Proxy, engine: &Engine, direct: &Operator) {
    let contents = pattern(3_000_000);
    for round in 0..3 {
        unavailable(proxy, 2);
        engine.scope(fs::write("/b", &contents[round..])).await.expect("it is tried again");
        assert!(direct.read("b").await.expect("it is there").to_vec() == contents[round..]);
        unavailable(proxy, 2);
        assert!(engine.scope(fs::read("/b")).await.expect("it is tried again") == contents[round..]);
    }
    assert!(proxy.counts().unavailable.load(Relaxed) >= 12, "the fault has to be met");
}

#[tokio::test]
async fn on_s3() {
    let Some(server) = s3::start() else { return };
    let proxy = Proxy::to(server.address());
    let direct = s3::operator(server.address());
    fails_clearly(&proxy, &engine(s3::operator(proxy.address())), &direct).await;
    heals(&proxy, &engine(patient(s3::operator(proxy.address()))), &direct).await;
}

#[tokio::test]
async fn on_webdav() {
    let Some(server) = webdav::start() else { return };
    let proxy = Proxy::to(server.address());
    let direct = webdav::operator(server.address());
    fails_clearly(&proxy, &engine(webdav::operator(proxy.address())), &direct).await;
    heals(&proxy, &engine(patient(webdav::operator(proxy.address()))), &direct).await;
}
