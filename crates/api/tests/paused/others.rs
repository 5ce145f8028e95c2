//! What the clock must not be held for, and what a time limit means under it.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc;
use std::time::Duration;

use folio::{Engine, File, os};
use tokio::time::{Instant, sleep};

use crate::{MINUTE, run};

#[test]
fn a_peer_that_sleeps_wakes_up() {
    let room = tempfile::tempdir().unwrap();
    run(async {
        let fifo = room.path().join("fifo");
        os::mkfifo(&fifo, 0o600).await.unwrap();
        let file = File::options().read(true).write(true).open(&fifo).await.unwrap();
        let peer = file.clone();
        let written = tokio::spawn(async move {
            sleep(MINUTE).await;
            peer.write_all(b"text").await.unwrap();
        });
        let begun = Instant::now();
        assert_eq!(file.read_full(4).await.unwrap(), "text");
        assert!(begun.elapsed() >= MINUTE, "the peer has slept");
        written.await.unwrap();
    });
}

#[test]
fn a_lock_is_waited_for_until_its_holder_has_slept() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("file");
    run(async {
        let holder = File::create(&path).await.unwrap();
        holder.lock().await.unwrap();
        let held = tokio::spawn(async move {
            sleep(MINUTE).await;
            holder.unlock().await.unwrap();
        });
        let file = File::open(&path).await.unwrap();
        file.lock().await.unwrap();
        held.await.unwrap();
    });
}

/// An operation that a worker is inside of until the sender goes.
async fn stuck(engine: &Engine) -> (Pin<Box<dyn Future<Output = ()> + '_>>, mpsc::Sender<()>) {
    let (begin, begun) = mpsc::channel();
    let (finish, wait) = mpsc::channel();
    let mut stuck: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async move {
        let closure = move || (begin.send(()).unwrap(), wait.recv().unwrap_err());
        engine.run(closure).await.unwrap();
    });
    tokio::select! {
        biased;
        () = &mut stuck => unreachable!("nobody has let it go on"),
        () = std::future::ready(()) => {}
    }
    begun.recv().unwrap();
    (stuck, finish)
}

#[test]
fn an_operation_that_nobody_polls_again_lets_the_clock_go_when_it_is_done() {
    run(async {
        let engine = Engine::builder().start().unwrap();
        let (stuck, finish) = stuck(&engine).await;
        drop(finish);
        sleep(MINUTE).await;
        stuck.await;
    });
}

#[test]
fn an_operation_that_is_given_up_lets_the_clock_go() {
    run(async {
        let engine = Engine::builder().start().unwrap();
        let (stuck, finish) = stuck(&engine).await;
        drop(stuck);
        sleep(MINUTE).await;
        drop(finish);
    });
}

#[test]
fn a_time_limit_is_of_the_systems_time() {
    let room = tempfile::tempdir().unwrap();
    run(async {
        let file = File::create(room.path().join("file")).await.unwrap();
        let (finish, wait) = mpsc::channel::<()>();
        let begun = Instant::now();
        let limited = file.with_time_limit(Duration::from_millis(20));
        let error = limited.run(move |_| wait.recv().is_ok()).await.unwrap_err();
        assert!(error.is_timed_out() && error.may_have_happened(), "{error}");
        assert_eq!(begun.elapsed(), Duration::ZERO, "and none of the clock's");
        finish.send(()).unwrap();
    });
}

#[test]
fn a_clock_that_goes_on_again_is_left_alone() {
    let room = tempfile::tempdir().unwrap();
    let (runtime, started) = crate::paused();
    runtime.block_on(async {
        tokio::time::advance(MINUTE).await;
        tokio::time::resume();
        for _ in 0..100 {
            folio::fs::write(room.path().join("file"), "text").await.unwrap();
        }
    });
    assert_eq!(started.load(std::sync::atomic::Ordering::Relaxed), 0);
}
