//! Walks that hand out each directory open, and removals of whole trees.

use std::fs;
use std::future::Future;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use folio::Dir;
use folio::fs::fwalk;
use folio_testkit::wait::block_on;

use crate::ground::{engines, ground};

/// Each directory's path with the names in it, sorted.
type Told = Vec<(PathBuf, Vec<String>, Vec<String>)>;

fn text(names: &[std::ffi::OsString]) -> Vec<String> {
    let mut names: Vec<_> = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn each_directory_is_told_with_its_names_before_those_in_it() {
    for (way, engine) in engines() {
        let dir = tempfile::tempdir().expect("the system has room for temporary files");
        let room = dir.path().to_path_buf();
        for made in ["a/b/c", "a/d", "e"] {
            fs::create_dir_all(room.join(made)).expect("the room takes directories");
        }
        for file in ["a/1", "a/b/2", "e/3", "4"] {
            fs::write(room.join(file), b"x").expect("the room takes files");
        }
        symlink("a", room.join("e/link")).expect("the room takes links");
        let mut told: Told = Vec::new();
        block_on(engine.scope(async {
            let mut walk = fwalk(&room);
            while let Some(step) = walk.next().await {
                let step = step.expect("everything can be read");
                for name in &step.files {
                    let seen = step.dir.symlink_metadata(name).await.expect("it is in this directory");
                    assert!(!seen.is_dir());
                }
                told.push((step.path.clone(), text(&step.dirs), text(&step.files)));
                step.dirs.sort();
                // Pruned: neither is told.
                step.dirs.retain(|name| name != "d");
            }
            assert!(walk.next().await.is_none());
        }));
        let expected = vec![
            (room.clone(), names(&["a", "e"]), names(&["4"])),
            (room.join("a"), names(&["b", "d"]), names(&["1"])),
            (room.join("a/b"), names(&["c"]), names(&["2"])),
            (room.join("a/b/c"), names(&[]), names(&[])),
            (room.join("e"), names(&[]), names(&["3", "link"])),
        ];
        assert_eq!(told, expected, "{way}");
    }
}

#[test]
fn what_cannot_be_walked_is_an_error_with_its_path_and_the_walk_goes_on() {
    for (way, engine) in engines() {
        let ground = ground();
        block_on(engine.scope(async {
            let mut walk = fwalk(ground.root.join("missing"));
            let error = walk.next().await.expect("an item").expect_err("missing");
            assert_eq!(error.raw_os_error(), Some(2));
            assert!(walk.next().await.is_none());
            let mut walk = fwalk(&ground.root);
            let root = walk.next().await.expect("an item").expect("it is there");
            // A link in the place of a directory, a way out, and a directory behind both.
            fs::remove_dir(ground.root.join("empty")).expect("it is empty");
            symlink(&ground.outside, ground.root.join("empty")).expect("the name is free");
            root.dirs = vec!["empty".into(), "../outside".into(), "to_inside".into(), "inside".into()];
            for name in ["empty", "../outside", "to_inside"] {
                let error = walk.next().await.expect("an item").expect_err("it is not walked into");
                assert_eq!(error.path(), Some(ground.root.join(name).as_path()), "{way}");
            }
            let inside = walk.next().await.expect("an item").expect("it is there");
            assert_eq!(inside.path, ground.root.join("inside"));
            assert!(walk.next().await.is_none());
        }));
    }
}

#[test]
fn a_step_that_is_dropped_is_told_by_the_next_call() {
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    for index in 0..50 {
        fs::create_dir(dir.path().join(format!("{index}"))).expect("the room takes directories");
    }
    let mut walk = fwalk(dir.path());
    let (mut told, mut dropped) = (0, 0);
    loop {
        // Dropped as soon as it is pending, twenty times; then awaited.
        let mut next = pin!(walk.next());
        let mut context = Context::from_waker(Waker::noop());
        let mut polled = next.as_mut().poll(&mut context);
        while polled.is_pending() && dropped >= 20 {
            thread::yield_now();
            polled = next.as_mut().poll(&mut context);
        }
        match polled {
            Poll::Ready(Some(step)) => {
                step.expect("everything can be read");
                told += 1;
            }
            Poll::Ready(None) => break,
            Poll::Pending => dropped += 1,
        }
    }
    assert_eq!((told, dropped), (51, 20));
}

#[test]
fn a_removed_tree_takes_its_links_along_and_not_what_they_lead_to() {
    for (way, engine) in engines() {
        let ground = ground();
        let before = crate::ground::state(&ground.outside);
        fs::create_dir_all(ground.root.join("tree/a/b")).expect("the room takes directories");
        for link in ["tree/out", "tree/a/out", "tree/a/b/out"] {
            symlink(&ground.outside, ground.root.join(link)).expect("the room takes links");
        }
        let deep: PathBuf = (0..400).map(|_| "d").collect();
        fs::create_dir_all(ground.root.join("tree").join(deep)).expect("the room takes directories");
        fs::create_dir_all(ground.root.join("other/a")).expect("the room takes directories");
        symlink(&ground.outside, ground.root.join("other/a/out")).expect("the room takes links");
        block_on(engine.scope(async {
            let dir = Dir::open(&ground.root).await.expect("the root is there");
            dir.remove_dir_all("tree").await.expect("it is ours");
            folio::fs::remove_dir_all(ground.root.join("other")).await.expect("it is ours");
        }));
        assert!(!ground.root.join("tree").exists() && !ground.root.join("other").exists(), "{way}");
        assert_eq!(crate::ground::state(&ground.outside), before, "{way}");
    }
}
