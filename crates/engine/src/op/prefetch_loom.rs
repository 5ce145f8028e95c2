//! Models of a walk and its second worker: the walk gets the entries of every directory, and nothing is held that the
//! walk does not need.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use loom::thread;
use tempfile::TempDir;

use super::deep_paths::DeepPaths;
use super::dir_stream::DirStream;
use super::prefetch::Prefetch;
use crate::mutants::{assert_caught, explore};
use crate::storage::Storage;
use crate::storage::os::Os;

/// A directory with two subdirectories of one file each.
fn tree() -> TempDir {
    let root = TempDir::new().expect("there is room");
    for name in ["a", "b"] {
        fs::create_dir(root.path().join(name)).expect("the name is free");
        fs::write(root.path().join(name).join(name), b"").expect("the name is free");
    }
    root
}

/// The second worker of a walk that has read `root`.
fn second_worker(root: &Path) -> (Arc<Prefetch>, thread::JoinHandle<()>) {
    let prefetch = Arc::new(Prefetch::new(usize::MAX));
    let mut rest = DirStream::of(Os::new().list(root));
    rest.hold_some(root, usize::MAX);
    prefetch.plan(root, &rest, 1);
    let shared = prefetch.clone();
    let worker = thread::spawn(move || while shared.list_one(&Os::new()) {});
    (prefetch, worker)
}

#[test]
fn a_walk_finds_what_is_in_each_directory_whoever_lists_it() {
    let root = tree();
    explore(move || {
        let (prefetch, worker) = second_worker(root.path());
        for name in ["a", "b"] {
            let directory = root.path().join(name);
            let mut rest = prefetch.take(&directory, &mut DeepPaths::default(), &Os::new());
            let found = rest.next(&directory).expect("it has an entry").expect("it can be read");
            assert_eq!(found.path.file_name(), Some(name.as_ref()));
        }
        worker.join().expect("the worker does not panic");
        assert!(prefetch.holds_nothing());
    });
}

#[test]
fn what_a_walk_skips_is_not_held() {
    let root = tree();
    explore(move || {
        let (prefetch, worker) = second_worker(root.path());
        prefetch.forget(root.path());
        worker.join().expect("the worker does not panic");
        assert!(prefetch.holds_nothing());
    });
}

#[test]
fn the_models_catch_their_mutants() {
    let found = "op::prefetch_loom::a_walk_finds_what_is_in_each_directory_whoever_lists_it";
    assert_caught(found, "prefetch-lists-without-waking");
    assert_caught("op::prefetch_loom::what_a_walk_skips_is_not_held", "prefetch-holds-what-was-forgotten");
}
