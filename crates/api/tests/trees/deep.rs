//! Trees deeper than a stack, a process's descriptors, and the longest path.

use std::fs;
use std::path::Path;

use folio::Dir;
use folio::fs::{Walk, WalkOptions};
use folio::tempfile::TemporaryDirectory;
use folio_testkit::process::{alone, as_both};
use folio_testkit::wait::block_on;
use rustix::fs::{Mode, OFlags, openat, symlinkat};

use crate::ground::{depth, dig, quick, squeeze};

/// Levels of the deep trees.
const LEVELS: usize = 20_000;

/// Descriptors that a process may have by default on most systems.
const DESCRIPTORS: u64 = 1_024;

/// A name as long as a name may be.
fn long_name() -> String {
    "n".repeat(255)
}

fn leave_a_file(root: &Path, levels: usize, name: &str) {
    let inner = dig(root, levels, name);
    let file = openat(&inner, "file", OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC, Mode::RUSR)
        .expect("the room takes files");
    rustix::io::write(file, b"contents").expect("there is room");
}

#[test]
fn every_removal_takes_a_tree_of_20_000_levels() {
    as_both("deep::every_removal_takes_a_tree_of_20_000_levels");
    let (_dir, room) = quick();
    for (index, name) in ["d".to_owned(), long_name()].iter().enumerate() {
        let levels = if index == 0 { LEVELS } else { LEVELS / 10 };
        for way in ["fs", "Dir"] {
            fs::create_dir(room.join("tree")).expect("the name is free");
            leave_a_file(&room.join("tree"), levels, name);
            block_on(async {
                match way {
                    "fs" => folio::fs::remove_dir_all(room.join("tree")).await,
                    _ => Dir::open(&room).await?.remove_dir_all("tree").await,
                }
            })
            .unwrap_or_else(|error| panic!("{way}: {error}"));
            assert!(!room.join("tree").exists(), "{way}");
        }
    }
}

#[test]
fn a_temporary_directory_of_any_depth_goes_with_its_owner() {
    if !alone("deep::a_temporary_directory_of_any_depth_goes_with_its_owner") {
        return;
    }
    squeeze(DESCRIPTORS);
    let (_dir, room) = quick();
    block_on(async {
        let mut doomed = TemporaryDirectory::builder().in_dir(&room).create().await.expect("it can be made");
        leave_a_file(doomed.path(), LEVELS, "d");
        doomed.cleanup().await.expect("all of it is ours");
    });
    assert_eq!(fs::read_dir(&room).expect("it is there").count(), 0);
}

/// Twenty descriptors are fewer than the removal would like to hold.
#[test]
fn trees_are_copied_and_removed_by_a_process_with_few_descriptors() {
    if !alone("deep::trees_are_copied_and_removed_by_a_process_with_few_descriptors") {
        return;
    }
    let (_dir, room) = quick();
    fs::create_dir(room.join("tree")).expect("the name is free");
    leave_a_file(&room.join("tree"), 300, "d");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    // What the library opens for itself is open before.
    runtime.block_on(async { folio::fs::read_dir(&room).await.map(drop) }).expect("it is there");
    let held = fs::read_dir("/proc/self/fd").expect("it is there").count() as u64;
    squeeze(held + 20);
    let bytes = runtime.block_on(folio::fs::copy_dir(room.join("tree"), room.join("copy")));
    assert_eq!(bytes.expect("the name is free"), 8);
    assert_eq!(depth(&room.join("copy"), "d").0, 300);
    for name in ["tree", "copy"] {
        runtime.block_on(folio::fs::remove_dir_all(room.join(name))).expect("all of it is ours");
    }
}

#[test]
fn a_tree_of_20_000_levels_is_copied_whole() {
    as_both("deep::a_tree_of_20_000_levels_is_copied_whole");
    let (_dir, room) = quick();
    for (name, levels) in [("d".to_owned(), LEVELS), (long_name(), LEVELS / 10)] {
        fs::create_dir(room.join("tree")).expect("the name is free");
        leave_a_file(&room.join("tree"), levels, &name);
        block_on(async {
            let bytes = folio::fs::copy_dir(room.join("tree"), room.join("copy")).await;
            assert_eq!(bytes.expect("the name is free"), 8);
            let (found, inner) = depth(&room.join("copy"), &name);
            assert_eq!(found, levels);
            let mut contents = [0; 16];
            let file = openat(&inner, "file", OFlags::RDONLY, Mode::empty()).expect("it was copied");
            assert_eq!(rustix::io::read(file, &mut contents).expect("it can be read"), 8);
            // Held, it would keep all that is removed above it in the kernel's memory, and each removal looks through
            // that.
            drop(inner);
            for name in ["tree", "copy"] {
                folio::fs::remove_dir_all(room.join(name)).await.expect("all of it is ours");
            }
        });
    }
}

#[test]
fn a_tree_of_20_000_levels_is_walked_and_measured_whole() {
    if !alone("deep::a_tree_of_20_000_levels_is_walked_and_measured_whole") {
        return;
    }
    squeeze(DESCRIPTORS);
    let (_dir, room) = quick();
    for (name, levels) in [("d".to_owned(), LEVELS), (long_name(), LEVELS / 40)] {
        let root = room.join("tree");
        fs::create_dir(&root).expect("the name is free");
        leave_a_file(&root, levels, &name);
        block_on(async {
            // One order is enough of what takes seconds.
            let orders: &[bool] = if name.len() == 1 { &[false] } else { &[false, true] };
            for &contents_first in orders {
                let walk = WalkOptions::new().contents_first(contents_first).sort(contents_first).walk(&root);
                check_walk(walk, &root, levels, contents_first).await;
            }
            let told = folio::os::disk_usage(&root).await.expect("everything can be read");
            assert_eq!((told.directories, told.files, told.bytes), (levels as u64 + 1, 1, 8));
            folio::fs::remove_dir_all(&root).await.expect("all of it is ours");
        });
    }
}

/// A quarter of the depth takes a sixteenth of the time, and is more than twice what a path can lead through.
#[test]
fn a_deep_tree_is_handed_out_directory_by_directory() {
    let (_dir, room) = quick();
    for (name, levels) in [("d".to_owned(), LEVELS / 4), (long_name(), LEVELS / 40)] {
        let root = room.join("tree");
        fs::create_dir(&root).expect("the name is free");
        leave_a_file(&root, levels, &name);
        block_on(async {
            let mut walk = folio::fs::fwalk(&root);
            let mut steps = 0;
            while let Some(step) = walk.next().await {
                let step = step.expect("everything can be read");
                let is_last = steps == levels;
                assert_eq!(
                    (step.dirs.len(), step.files.len()),
                    (usize::from(!is_last), usize::from(is_last))
                );
                steps += 1;
            }
            assert_eq!(steps, levels + 1);
            // Held, the innermost directory would keep all that is removed above it in the kernel's memory, and each
            // removal looks through that.
            drop(walk);
            folio::fs::remove_dir_all(&root).await.expect("all of it is ours");
        });
    }
}

async fn check_walk(mut walk: Walk, root: &Path, levels: usize, contents_first: bool) {
    let mut depths = Vec::new();
    while let Some(entry) = walk.next().await {
        let entry = entry.expect("everything can be read");
        assert!(entry.path().starts_with(root));
        if entry.depth() == levels + 1 {
            assert_eq!(entry.path().components().count(), root.components().count() + levels + 1);
            assert_eq!(entry.metadata().await.expect("it is there").len(), 8);
        }
        depths.push(entry.depth());
    }
    let mut expected: Vec<_> = (0..=levels + 1).collect();
    if contents_first {
        expected.reverse();
    }
    assert!(depths == expected, "{} entries", depths.len());
}

/// A link to what the walk is inside of, or what its root is in, leads to everything once more; one to elsewhere does not.
#[test]
fn links_are_followed_at_any_depth_but_to_where_the_walk_is() {
    let (_dir, room) = quick();
    let (root, beside) = (room.join("above/root"), room.join("beside"));
    fs::create_dir_all(&root).expect("the name is free");
    fs::create_dir_all(beside.join("below")).expect("the name is free");
    let levels = 3_000;
    let inner = dig(&root, levels, "d");
    let links = [("to_above", room.join("above")), ("to_beside", beside), ("to_root", root.clone())];
    for (name, target) in &links {
        symlinkat(target, &inner, *name).expect("the room takes links");
    }
    symlinkat("..", &inner, "to_parent").expect("the room takes links");
    let (mut met, mut circles) = (0, Vec::new());
    block_on(async {
        let mut walk = WalkOptions::new().follow_links(true).walk(&root);
        while let Some(entry) = walk.next().await {
            match entry {
                Ok(_) => met += 1,
                Err(error) => {
                    assert_eq!((error.raw_os_error(), error.depth()), (Some(40), Some(levels + 1)));
                    let name = error.path().and_then(Path::file_name).expect("it has a name").to_owned();
                    let ancestor = error.loop_ancestor().expect("it leads back").as_os_str().len();
                    circles.push((name, ancestor));
                }
            }
        }
    });
    circles.sort();
    let len = |path: &Path| path.as_os_str().len();
    let expected = [
        ("to_above".into(), len(&room.join("above"))),
        ("to_parent".into(), len(&root) + 2 * (levels - 1)),
        ("to_root".into(), len(&root)),
    ];
    assert_eq!(circles, expected);
    // The root, the levels, and what is elsewhere.
    assert_eq!(met, 1 + levels + 2);
}
