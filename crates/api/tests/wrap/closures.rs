//! Closures run on workers under the permits of everything else.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, channel, sync_channel};
use std::time::Duration;

use folio::{Engine, Operation, Result, fs};

use crate::{Pending, eventually, soon};

/// A closure that runs until the sender is dropped. What is sent it receives, which shows that it has begun.
fn blocked() -> (impl FnOnce() + Send + 'static, SyncSender<()>) {
    let (sender, receiver) = sync_channel::<()>(0);
    let wait = move || while receiver.recv().is_ok() {};
    (wait, sender)
}

#[tokio::test]
async fn a_closure_runs_on_a_worker_and_its_result_comes_back() {
    let name = folio::run(|| std::thread::current().name().map(str::to_owned)).await.unwrap();
    assert!(name.unwrap().starts_with("folio-worker"));
    let failed: Result<io::Result<()>> = folio::run(|| Err(io::ErrorKind::NotFound.into())).await;
    assert_eq!(failed.unwrap().unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[tokio::test]
async fn a_closure_runs_on_the_engine_of_its_scope() {
    let engine = Engine::builder().start().unwrap();
    engine.scope(folio::run(|| ())).await.unwrap();
    assert_eq!(engine.snapshot().counters.jobs, 1);
    engine.run(|| ()).await.unwrap();
    assert_eq!(engine.snapshot().counters.jobs, 2);
}

#[tokio::test]
async fn a_panic_is_the_closures_own_and_names_no_path() {
    let engine = Engine::builder().workers_max(1).start().unwrap();
    let error = engine.run(|| panic!("out of luck")).await.unwrap_err();
    assert!(error.is_panicked() && error.may_have_happened());
    assert_eq!((error.operation(), error.path()), (Operation::Run, None));
    assert_eq!(error.to_string(), "could not run a closure: it panicked: out of luck");
    assert_eq!(engine.run(|| 7).await.unwrap(), 7, "the worker is well");
    assert_eq!(engine.snapshot().counters.panics, 1);
}

#[tokio::test]
async fn a_closure_given_up_before_it_began_never_runs_and_is_dropped_at_once() {
    let engine = Engine::builder().workers_max(1).start().unwrap();
    let (wait, hold) = blocked();
    let first = Pending::new(engine.run(wait));
    let ran = Arc::new(AtomicUsize::new(0));
    let count = ran.clone();
    let second = Pending::new(engine.run(move || count.fetch_add(1, Ordering::Relaxed)));
    assert_eq!(Arc::strong_count(&ran), 2);
    drop(second);
    assert_eq!(Arc::strong_count(&ran), 1, "what it had captured is free while the worker is stuck");
    assert_eq!(engine.snapshot().in_flight, 1);
    drop(hold);
    first.done().await.unwrap();
    engine.run(|| ()).await.unwrap();
    assert_eq!((ran.load(Ordering::Relaxed), engine.snapshot().counters.cancelled), (0, 1));
}

#[tokio::test]
async fn a_closure_given_up_while_it_runs_finishes() {
    let engine = Engine::builder().start().unwrap();
    let (wait, hold) = blocked();
    let (said, heard) = channel();
    let running = Pending::new(engine.run(move || {
        said.send("begun").unwrap();
        wait();
        said.send("ended").unwrap();
    }));
    eventually("it begins", || heard.try_recv() == Ok("begun")).await;
    drop(running);
    drop(hold);
    eventually("it ends", || heard.try_recv() == Ok("ended")).await;
}

#[tokio::test]
async fn closures_wait_for_permits_like_any_operation() {
    let engine = Engine::builder().ops_max(1).start().unwrap();
    let (wait, hold) = blocked();
    let first = Pending::new(engine.run(wait));
    let second = Pending::new(engine.run(|| ()));
    let third = Pending::new(engine.scope(fs::remove_file("/nowhere")));
    assert_eq!(engine.snapshot().in_flight, 1);
    drop(hold);
    // Together: a permit may have gone to any of them, which has to be polled to use it.
    let (first, second, third) = tokio::join!(first.done(), second.done(), third.done());
    assert!(first.is_ok() && second.is_ok() && third.is_err());
    assert_eq!(engine.snapshot().in_flight_peak, 1);
}

#[tokio::test]
async fn any_number_of_blocked_closures_leave_workers_to_files_and_names() {
    let engine = Engine::builder().start().unwrap();
    let (waits, holds): (Vec<_>, Vec<_>) = (0..40).map(|_| blocked()).unzip();
    let blocked: Vec<_> = waits.into_iter().map(|wait| Pending::new(engine.run(wait))).collect();
    let error = soon("a name", engine.scope(fs::remove_file("/nowhere"))).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    drop(holds);
    for closure in blocked {
        closure.done().await.unwrap();
    }
}

#[tokio::test]
async fn a_shutdown_names_the_closure_that_does_not_end() {
    let engine = Engine::builder().start().unwrap();
    let (wait, hold) = blocked();
    let running = Pending::new(engine.run(wait));
    hold.send(()).unwrap();
    let report = engine.shutdown(Duration::ZERO).await.unwrap();
    let abandoned = &report.abandoned[0];
    assert_eq!(abandoned.operation, Operation::Run);
    assert!(abandoned.path.to_str().unwrap().contains("closures::blocked"), "{abandoned:?}");
    let refused = engine.run(|| ()).await.unwrap_err();
    assert_eq!(refused.to_string(), "could not run a closure: the engine has stopped");
    let abandoned = running.done().await.unwrap_err();
    assert!(abandoned.is_closed() && abandoned.may_have_happened(), "{abandoned:?}");
    drop(hold);
}
