//! A folder with more names than anything reads at once.

use std::fs;

use folio::Dir;
use folio_testkit::process::as_both;
use folio_testkit::wait::block_on;
use rustix::fs::{Mode, OFlags, openat, symlinkat};

use crate::ground::{depth, dig, opened, quick};

/// Names in one folder.
const NAMES: usize = 200_000;

/// Each name is as long as a name may be.
fn name(index: usize) -> String {
    format!("{index:0>255}")
}

#[test]
fn a_folder_of_200_000_names_is_copied_walked_and_removed() {
    let is_ordinary = as_both("wide::a_folder_of_200_000_names_is_copied_walked_and_removed");
    let (_dir, room) = quick();
    let tree = room.join("tree");
    fs::create_dir(&tree).expect("the name is free");
    let here = opened(&tree);
    for index in 0..NAMES {
        symlinkat("x", &here, name(index)).expect("the room takes links");
    }
    block_on(async {
        if !is_ordinary {
            // Copying and walking ask nobody who they are.
            return folio::fs::remove_dir_all(&tree).await.expect("all of it is ours");
        }
        assert_eq!(folio::fs::copy_dir(&tree, room.join("copy")).await.expect("all of it is ours"), 0);
        let told = folio::os::disk_usage(room.join("copy")).await.expect("everything can be read");
        assert_eq!((told.directories, told.files), (1, NAMES as u64));
        folio::fs::remove_dir_all(&tree).await.expect("all of it is ours");
        let dir = Dir::open(&room).await.expect("it is there");
        dir.remove_dir_all("copy").await.expect("all of it is ours");
    });
    assert_eq!(fs::read_dir(&room).expect("it is there").count(), 0);
}

/// The levels above are given up in the midst of their names, and come back for the rest.
#[test]
fn a_deep_tree_with_many_names_at_each_level_is_copied_and_removed_whole() {
    let (_dir, room) = quick();
    let tree = room.join("tree");
    fs::create_dir(&tree).expect("the name is free");
    let mut here = dig(&tree, 0, "d");
    for level in 0..100 {
        for index in 0..30 {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
            drop(openat(&here, format!("{level} {index}"), flags, Mode::RUSR).expect("the room takes files"));
        }
        // Several ways down, of which one goes on: each is left and the level above gone on with.
        for side in ["c", "e"] {
            rustix::fs::mkdirat(&here, side, Mode::RWXU).expect("the room takes directories");
            let beside =
                openat(&here, side, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).expect("made");
            symlinkat("x", &beside, "link").expect("the room takes links");
        }
        rustix::fs::mkdirat(&here, "d", Mode::RWXU).expect("the room takes directories");
        here = openat(&here, "d", OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).expect("it was made");
    }
    drop(here);
    let names = |root: &std::path::Path| {
        let walk = walkdir::WalkDir::new(root).sort_by_file_name().max_open(4).into_iter();
        let below = walk.map(|entry| entry.expect("it can be read").into_path());
        below.map(|path| path.strip_prefix(root).expect("it is below").to_owned()).collect::<Vec<_>>()
    };
    block_on(folio::fs::copy_dir(&tree, room.join("copy"))).expect("all of it is ours");
    let copied = names(&room.join("copy"));
    assert_eq!(copied.len(), 1 + 100 * (30 + 2 * 2 + 1));
    assert!(copied == names(&tree));
    assert_eq!(depth(&room.join("copy"), "d").0, 100);
    for name in ["tree", "copy"] {
        block_on(folio::fs::remove_dir_all(room.join(name))).expect("all of it is ours");
        assert!(!room.join(name).exists());
    }
}
