//! The ends of calls, engines and files.

use std::sync::Arc;
use std::time::{Duration, Instant};

use folio::{Engine, File, Limits, fs};
use folio_testkit::{
    FarCall, FarStore,
    polling::Pending,
    wait::{eventually, soon},
};

use crate::far;

#[tokio::test]
async fn a_call_that_does_not_answer_is_in_the_snapshot_with_its_path() {
    let store = FarStore::new();
    let mut limits = Limits::default();
    limits.stuck_after = Duration::from_millis(50);
    let builder = Engine::builder().limits(limits).storage(Arc::new(store.storage()));
    let engine = builder.start().expect("an engine");
    store.put("/data", "data");
    engine
        .scope(async {
            let file = File::open("/data").await.expect("open");
            store.hold(FarCall::Read);
            store.hold(FarCall::Metadata);
            let read = Pending::new({
                let file = file.clone();
                async move { file.read_bytes_at(0, 4).await }
            });
            let look = Pending::new(fs::metadata("/data"));
            let begun = || store.calls(FarCall::Read) == 1 && store.calls(FarCall::Metadata) == 1;
            eventually("both have begun", begun).await;
            let snapshot = engine.snapshot();
            assert_eq!(snapshot.in_flight, 2);
            assert_eq!(snapshot.requests.len(), 1);
            assert_eq!(snapshot.requests[0].path, std::path::Path::new("/data"));
            assert_eq!(snapshot.files[0].running, 1);
            eventually("both are reported as stuck", || engine.snapshot().counters.stuck == 2).await;
            store.release(FarCall::Read);
            store.release(FarCall::Metadata);
            assert_eq!(read.done().await.expect("read"), "data");
            look.done().await.expect("metadata");
        })
        .await;
}

#[tokio::test]
async fn a_shutdown_answers_by_its_deadline_whatever_does_not_answer() {
    let (store, engine) = far();
    store.put("/data", "data");
    let scoped = engine.clone();
    scoped
        .scope(async {
            let file = File::open("/data").await.expect("open");
            store.hold(FarCall::Read);
            let reads: Vec<_> = (0..20)
                .map(|_| {
                    let file = file.clone();
                    Pending::new(async move { file.read_bytes_at(0, 4).await })
                })
                .collect();
            let whole = Pending::new(fs::read("/data"));
            eventually("all have begun", || store.calls(FarCall::Read) == 21).await;
            let begun = Instant::now();
            let report =
                soon("the shutdown", engine.shutdown(Duration::from_millis(50))).await.expect("report");
            assert!(begun.elapsed() >= Duration::from_millis(50));
            assert_eq!(report.abandoned.len(), 21);
            for read in reads {
                let error = soon("an answer", read.done()).await.expect_err("abandoned");
                assert!(error.to_string().contains("/data"), "{error}");
            }
            soon("an answer", whole.done()).await.expect_err("abandoned");
            store.release(FarCall::Read);
        })
        .await;
}

#[tokio::test]
async fn what_has_begun_completes_after_its_engine_was_dropped() {
    let (store, engine) = far();
    store.hold(FarCall::Publish);
    engine
        .scope(async {
            let file = File::create("/dropped").await.expect("create");
            file.write_all(b"contents").await.expect("write");
            drop(file);
            let mut write = Box::pin(fs::write("/written", "contents"));
            assert!(futures::poll!(write.as_mut()).is_pending());
            eventually("both are being published", || store.calls(FarCall::Publish) == 2).await;
        })
        .await;
    drop(engine);
    store.release(FarCall::Publish);
    eventually("both are there", || store.names() == ["dropped", "written"]).await;
}

#[test]
fn a_runtime_of_a_caller_that_ends_takes_no_call_with_it() {
    let (store, engine) = far();
    store.hold(FarCall::Publish);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(engine.scope(async {
        let file = File::create("/dropped").await.expect("create");
        file.write_all(b"contents").await.expect("write");
    }));
    drop(runtime);
    store.release(FarCall::Publish);
    folio_testkit::wait::eventually_blocking("it is there", || store.contents("/dropped").is_some());
}
