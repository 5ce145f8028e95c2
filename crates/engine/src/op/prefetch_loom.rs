//! Models of a walk and its second worker: whoever comes to a directory gets what is in it, and nothing is held that the
//! walk has no use for.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use loom::thread;
use tempfile::TempDir;

use super::ahead::Ahead;
use super::footing::Footing;
use super::listed::Rest;
use crate::mutants::{assert_caught, explore};
use crate::storage::Storage;
use crate::storage::os::Os;

/// A directory with two of them, each with one file.
fn tree() -> TempDir {
    let root = TempDir::new().expect("there is room");
    for name in ["a", "b"] {
        fs::create_dir(root.path().join(name)).expect("the name is free");
        fs::write(root.path().join(name).join(name), b"").expect("the name is free");
    }
    root
}

/// The second worker of a walk that has read `root`.
fn second_worker(root: &Path) -> (Arc<Ahead>, thread::JoinHandle<()>) {
    let ahead = Arc::new(Ahead::new(usize::MAX));
    let mut rest = Rest::of(Os::new().list(root));
    rest.hold_some(root, usize::MAX);
    ahead.plan(root, &rest, 1);
    let shared = ahead.clone();
    let worker = thread::spawn(move || while shared.list_one(&Os::new()) {});
    (ahead, worker)
}

#[test]
fn a_walk_finds_what_is_in_each_directory_whoever_lists_it() {
    let root = tree();
    explore(move || {
        let (ahead, worker) = second_worker(root.path());
        for name in ["a", "b"] {
            let directory = root.path().join(name);
            let mut rest = ahead.take(&directory, &mut Footing::default(), &Os::new());
            let found = rest.next(&directory).expect("it has an entry").expect("it can be read");
            assert_eq!(found.path.file_name(), Some(name.as_ref()));
        }
        worker.join().expect("the worker does not panic");
        assert!(ahead.holds_nothing());
    });
}

#[test]
fn what_a_walk_skips_is_not_held() {
    let root = tree();
    explore(move || {
        let (ahead, worker) = second_worker(root.path());
        ahead.forget(root.path());
        worker.join().expect("the worker does not panic");
        assert!(ahead.holds_nothing());
    });
}

#[test]
fn the_models_catch_their_mutants() {
    let found = "op::ahead_loom::a_walk_finds_what_is_in_each_directory_whoever_lists_it";
    assert_caught(found, "ahead-lists-without-waking");
    assert_caught("op::ahead_loom::what_a_walk_skips_is_not_held", "ahead-holds-what-was-forgotten");
}
