//! A2: dropped after any number of polls, a replacement has happened or it has not, and nothing is left beside the file.

use std::path::Path;

use folio::{Engine, File, ReplaceOptions, fs};
use folio_testkit::polling::poll_then_drop;
use folio_testkit::process::descriptors_below;
use folio_testkit::wait::eventually_blocking;
use folio_testkit::{Call, Gate, polling};
use tempfile::TempDir;

use crate::{OLD, PATH, WAYS, bench, new, settle};

fn names(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn a2_c2_dropped_after_any_poll_it_has_happened_or_not_and_leaves_nothing() {
    let engine = Engine::builder().start().unwrap();
    let large = vec![b'n'; 5_000_000];
    for (way, contents) in WAYS.into_iter().flat_map(|way| [(way, &large[..100_000]), (way, &large[..])]) {
        for until_woken in [false, true] {
            let mut outcomes = [0, 0];
            for polls in 1.. {
                let room = TempDir::new().unwrap();
                let path = room.path().join("file");
                std::fs::write(&path, OLD).unwrap();
                let options = ReplaceOptions::new();
                let replace = engine.scope(way.replace(&path, contents, &options));
                let done = poll_then_drop(replace, polls, until_woken);
                eventually_blocking("what was dropped is over and cleared away", || {
                    engine.snapshot().in_flight == 0
                        && names(room.path()) == ["file"]
                        && descriptors_below(room.path()) == 0
                });
                let found = std::fs::read(&path).unwrap();
                assert!(found == OLD || found == contents, "{way:?} dropped after {polls} polls: torn");
                outcomes[usize::from(found == contents)] += 1;
                if let Some(done) = done {
                    done.unwrap();
                    assert!(found == contents);
                    break;
                }
            }
            assert!(outcomes[1] > 0, "{way:?}: {outcomes:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c2_a_commit_that_has_begun_finishes_without_its_caller() {
    for call in [Call::Rename, Call::Sync] {
        let (disk, engine) = bench(true);
        let replacement = engine.scope(File::replace(PATH)).await.unwrap();
        replacement.write_all(&new()).await.unwrap();
        let gate = Gate::closed();
        let fault = disk.plan().on(call).nth(1).wait_for(&gate);
        let commit = tokio::spawn(replacement.commit());
        gate.arrived(1);
        commit.abort();
        assert!(commit.await.unwrap_err().is_cancelled());
        gate.open();
        settle(&engine);
        assert_eq!((fault.fired(), disk.contents(PATH)), (1, new()), "{call:?}");
        assert_eq!(disk.list("/dir"), ["file"]);
    }
}

#[tokio::test]
async fn c1_dropped_before_it_began_it_makes_no_call() {
    let (disk, engine) = bench(true);
    let stuck_gate = Gate::closed();
    disk.put("/stuck", "");
    disk.plan().on(Call::RemoveFile).under("/stuck").wait_for(&stuck_gate);
    let narrow = Engine::builder().workers_max(1).storage(std::sync::Arc::new(disk.clone())).start().unwrap();
    let mut stuck = Box::pin(narrow.scope(fs::remove_file("/stuck")));
    assert!(polling::poll_once(stuck.as_mut()).is_pending());
    stuck_gate.arrived(1);
    let mut replace = Box::pin(narrow.scope(fs::replace(PATH, new())));
    assert!(polling::poll_once(replace.as_mut()).is_pending());
    drop(replace);
    stuck_gate.open();
    stuck.await.unwrap();
    settle(&narrow);
    settle(&engine);
    assert_eq!((disk.contents(PATH), disk.calls(Call::Open)), (OLD.to_vec(), 0));
}

#[tokio::test]
async fn a2_a_replacement_that_is_dropped_or_discarded_was_never_there() {
    let room = TempDir::new().unwrap();
    let path = room.path().join("file");
    std::fs::write(&path, OLD).unwrap();
    for way in 0..4 {
        let replacement = File::replace(&path).await.unwrap();
        replacement.write_all(b"half of").await.unwrap();
        assert_eq!(names(room.path()).len(), 2);
        match way {
            0 => drop(replacement),
            1 => replacement.discard().await.unwrap(),
            2 => {
                // What is kept of it is a file without a name.
                let kept = replacement.file().clone();
                replacement.discard().await.unwrap();
                kept.write_all(b" it").await.unwrap();
                assert_eq!(kept.read_bytes_at(0, 100).await.unwrap(), &b"half of it"[..]);
            }
            _ => drop(replacement.commit()),
        }
        eventually_blocking("it is gone", || names(room.path()) == ["file"]);
        assert_eq!(std::fs::read(&path).unwrap(), OLD, "{way}");
    }
}

#[test]
fn a2_a_runtime_that_ends_in_the_middle_leaves_nothing() {
    let room = TempDir::new().unwrap();
    let path = room.path().join("file");
    std::fs::write(&path, OLD).unwrap();
    let engine = Engine::builder().start().unwrap();
    for _ in 0..20 {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        for _ in 0..4 {
            let (path, engine) = (path.clone(), engine.clone());
            runtime.spawn(async move {
                loop {
                    engine.scope(WAYS[2].replace(&path, &new(), &ReplaceOptions::new())).await.unwrap();
                }
            });
        }
        eventually_blocking("one of them is replaced", || std::fs::read(&path).unwrap() == new());
        runtime.shutdown_background();
        eventually_blocking("the rest is cleared away", || {
            engine.snapshot().in_flight == 0 && names(room.path()) == ["file"]
        });
    }
    assert_eq!(std::fs::read(&path).unwrap(), new());
}
