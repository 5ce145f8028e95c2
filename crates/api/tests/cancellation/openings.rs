//! Openings that are dropped, ten thousand of them: no descriptor stays behind.

use std::future::Future;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use folio::{File, OpenOptions};
use folio_testkit::Random;
use folio_testkit::polling::poll_once;
use folio_testkit::process::descriptors_below;
use folio_testkit::wait::eventually_blocking;

/// Openings of each kind.
const ROUNDS: usize = 10_000;

/// Polls before a future is dropped, at the most.
const POLLS_MAX: usize = 5;

/// Yields between two polls: together as long as it takes to wake a worker.
const YIELDS_MAX: usize = 150;

type Opening = Pin<Box<dyn Future<Output = bool>>>;

/// Drops `open` after more and more polls, with the executor let go in between; says how often it was done.
async fn drop_after_polls(open: impl Fn(PathBuf) -> Opening, dir: &Path) -> usize {
    let (mut done, mut dice) = (0, Random::new(7));
    for round in 0..ROUNDS {
        let mut opening = open(dir.join((round % 100).to_string()));
        for _ in 0..round % (POLLS_MAX + 1) {
            if let std::task::Poll::Ready(opened) = poll_once(opening.as_mut()) {
                assert!(opened, "round {round}: it opens if it is let");
                done += 1;
                break;
            }
            // Time for a worker to come, to begin, or to be done, as it happens.
            for _ in 0..dice.index(YIELDS_MAX) {
                tokio::task::yield_now().await;
            }
        }
    }
    done
}

fn check(open: fn(PathBuf) -> Opening) {
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    let path = dir.path().canonicalize().expect("it was just made");
    for number in 0..100 {
        std::fs::write(path.join(number.to_string()), "there").expect("the directory takes files");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.expect("the system gives a runtime").block_on(drop_after_polls(open, &path));
    assert!(0 < done && done < ROUNDS, "{done} came to an end, so not all kinds of drops were tried");
    eventually_blocking("every descriptor is closed", || descriptors_below(&path) == 0);
}

#[test]
fn openings_for_reading_leave_no_descriptor() {
    check(|path| Box::pin(async move { File::open(path).await.is_ok() }));
}

#[test]
fn openings_that_create_leave_no_descriptor() {
    check(|path| Box::pin(async move { File::create(path).await.is_ok() }));
}

#[test]
fn openings_by_a_mode_leave_no_descriptor() {
    check(|path| Box::pin(async move { folio::open(path, "rb").await.is_ok() }));
    check(|path| Box::pin(async move { folio::open(path, "ab+").await.is_ok() }));
    check(|path| Box::pin(async move { folio::open(path, "w").await.is_ok() }));
}

#[test]
fn openings_by_an_opener_and_of_a_descriptor_leave_none() {
    check(|path| {
        let mut options = OpenOptions::new();
        options.python_mode("rb").opener(|path, _| std::fs::File::open(path));
        Box::pin(async move { options.open_binary(path).await.is_ok() })
    });
    check(|path| {
        let file = std::fs::File::open(path).expect("it is there");
        Box::pin(
            async move { OpenOptions::new().python_mode("rb").open_fd(OwnedFd::from(file)).await.is_ok() },
        )
    });
}
