//! A process that is short of descriptors: openings wait for one instead of failing.

use std::path::Path;

use folio::{File, fs};
use folio_testkit::Call;
use folio_testkit::errno;
use folio_testkit::process::alone;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{PATH, bench, eventually, soon};

/// Descriptors that the process may have.
const DESCRIPTORS: u64 = 64;

/// Files written at the same time.
const FILES: usize = 3_000;

fn squeeze() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(DESCRIPTORS), maximum }).unwrap();
}

async fn all_written(dir: &Path) {
    for index in 0..FILES {
        let written = std::fs::read_to_string(dir.join(index.to_string())).unwrap();
        assert_eq!(written, format!("file {index}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_thousand_whole_files_are_written_with_64_descriptors() {
    if !alone("descriptors::three_thousand_whole_files_are_written_with_64_descriptors") {
        return;
    }
    squeeze();
    let dir = tempfile::tempdir().unwrap();
    let write = |index: usize| {
        let path = dir.path().join(index.to_string());
        tokio::spawn(async move { fs::write(path, format!("file {index}")).await })
    };
    let tasks: Vec<_> = (0..FILES).map(write).collect();
    for task in tasks {
        soon("every write succeeds", task).await.unwrap().unwrap();
    }
    all_written(dir.path()).await;
}

/// Each task holds its descriptor across awaits, so far more are wanted at a time than there are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_thousand_files_are_opened_written_and_closed_with_64_descriptors() {
    if !alone("descriptors::three_thousand_files_are_opened_written_and_closed_with_64_descriptors") {
        return;
    }
    squeeze();
    let dir = tempfile::tempdir().unwrap();
    let write = |index: usize| {
        let path = dir.path().join(index.to_string());
        tokio::spawn(async move {
            let file = File::create(path).await?;
            file.write_all(format!("file {index}").as_bytes()).await?;
            file.close().await
        })
    };
    let tasks: Vec<_> = (0..FILES).map(write).collect();
    for task in tasks {
        soon("every write succeeds", task).await.unwrap().unwrap();
    }
    all_written(dir.path()).await;
}

#[tokio::test]
async fn an_opening_goes_on_when_somebody_gives_a_descriptor_up() {
    if !alone("descriptors::an_opening_goes_on_when_somebody_gives_a_descriptor_up") {
        return;
    }
    squeeze();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "here").await.unwrap();
    // Taken by somebody who knows nothing of the engine.
    let mut hoard = Vec::new();
    while let Ok(file) = std::fs::File::open(&path) {
        hoard.push(file);
    }
    let opening = tokio::spawn({
        let path = path.clone();
        async move { File::open(path).await?.read_bytes(4).await }
    });
    let whole = tokio::spawn(async move { fs::read(path).await });
    tokio::task::yield_now().await;
    assert!(!opening.is_finished());
    drop(hoard);
    assert_eq!(soon("there are descriptors again", opening).await.unwrap().unwrap(), "here");
    assert_eq!(soon("there are descriptors again", whole).await.unwrap().unwrap(), b"here");
}

/// Cause: each opening counted its ten seconds from the moment in which it became the first in the queue. Loss: the
/// sixth was refused after a minute. Fix: they count from its own first refusal.
#[tokio::test]
async fn b3_openings_wait_for_a_descriptor_side_by_side() {
    let (disk, engine) = bench();
    disk.plan().on(Call::OpenCached).would_block();
    let refused = disk.plan().on(Call::Open).fail(errno::EMFILE);
    let open = || {
        let engine = engine.clone();
        tokio::spawn(async move { File::options().read(true).open_on(&engine, PATH).await.map(drop) })
    };
    let openings: Vec<_> = (0..6).map(|_| open()).collect();
    eventually("all of them have been refused", || refused.fired() >= 6).await;
    let mut openings = openings.into_iter();
    let first = openings.next().unwrap();
    let error = soon("the first", first).await.unwrap().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(errno::EMFILE));
    // One that begins only now waits as long as the first has.
    let late = open();
    tokio::select! {
        biased;
        others = futures::future::join_all(openings) => {
            assert!(others.into_iter().all(|other| other.unwrap().is_err()));
        }
        _ = late => panic!("the others wait for another full time"),
    }
}
