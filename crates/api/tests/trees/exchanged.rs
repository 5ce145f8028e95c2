//! Others exchange a directory for a link to outside while a tree is copied or removed.
//!
//! Copies went by paths: in half of three thousand runs the copy held what the link leads to. A look-up by descriptors
//! that follows no link sees one or the other, never through.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::ground::quick;

/// Copies and removals beside the renamer.
const ROUNDS: usize = 3_000;

/// What is outside, and must be neither copied nor removed.
const SECRET: &str = "secret";

/// Exchanges the two names until it is told to stop.
fn exchange(one: &Path, other: &Path, stop: &AtomicBool) -> usize {
    let mut exchanges = 0;
    while !stop.load(Ordering::Relaxed) {
        renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).expect("both names are taken");
        exchanges += 1;
    }
    exchanges
}

fn holds_secret(dir: &Path) -> bool {
    fs::read_dir(dir).expect("it is there").any(|entry| {
        let entry = entry.expect("it can be read");
        let is_dir = entry.file_type().expect("it is there").is_dir();
        entry.file_name() == SECRET || is_dir && holds_secret(&entry.path())
    })
}

#[test]
fn a_copy_beside_a_renamer_holds_nothing_from_outside() {
    let (_dir, room) = quick();
    let (outside, tree) = (room.join("outside"), room.join("tree"));
    fs::create_dir_all(outside.join("below")).expect("the room takes directories");
    fs::write(outside.join("below").join(SECRET), b"").expect("the room takes files");
    fs::create_dir_all(tree.join("a/below")).expect("the room takes directories");
    fs::write(tree.join("a/below/file"), b"ours").expect("the room takes files");
    symlink("../outside", tree.join("b")).expect("the room takes links");
    let stop = AtomicBool::new(false);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    thread::scope(|scope| {
        let renamer = scope.spawn(|| exchange(&tree.join("a"), &tree.join("b"), &stop));
        let (mut copied, mut leaks) = (0, 0);
        for _ in 0..ROUNDS {
            let copy = room.join("copy");
            copied += usize::from(runtime.block_on(folio::fs::copy_dir(&tree, &copy)).is_ok());
            leaks += usize::from(holds_secret(&copy));
            fs::remove_dir_all(&copy).expect("it is ours");
        }
        stop.store(true, Ordering::Relaxed);
        let exchanges = renamer.join().expect("it does not panic");
        assert_eq!(leaks, 0, "of {ROUNDS} copies, {copied} of them complete, beside {exchanges} exchanges");
        assert!(copied > ROUNDS / 2, "{copied} copies of {ROUNDS}, beside {exchanges} exchanges");
    });
}

#[test]
fn a_removal_beside_a_renamer_removes_nothing_outside() {
    let (_dir, room) = quick();
    let (outside, spare) = (room.join("outside"), room.join("spare"));
    fs::create_dir(&outside).expect("the room takes directories");
    fs::write(outside.join(SECRET), b"").expect("the room takes files");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    for round in 0..ROUNDS / 10 {
        let tree = room.join("tree");
        fs::create_dir_all(tree.join("a/below/deeper")).expect("the room takes directories");
        symlink(&outside, &spare).expect("the name is free");
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let renamer = scope.spawn(|| {
                // Until the directory is gone.
                while !stop.load(Ordering::Relaxed) {
                    let _ = renameat_with(CWD, tree.join("a"), CWD, &spare, RenameFlags::EXCHANGE);
                }
            });
            let removed = match round % 2 {
                0 => runtime.block_on(folio::fs::remove_dir_all(&tree)),
                _ => runtime.block_on(async { folio::Dir::open(&room).await?.remove_dir_all("tree").await }),
            };
            stop.store(true, Ordering::Relaxed);
            renamer.join().expect("it does not panic");
            drop(removed);
        });
        assert!(outside.join(SECRET).exists(), "round {round}");
        let _ = fs::remove_dir_all(&tree);
        let _ = fs::remove_dir_all(&spare);
    }
}

/// Somebody moves a directory out of the tree while the removal is deep inside of it: `..` leads elsewhere then.
#[test]
fn a_directory_that_is_moved_away_is_no_way_out_of_the_tree() {
    let (_dir, room) = quick();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    for round in 0..100 {
        let (tree, elsewhere) = (room.join("tree"), room.join("elsewhere"));
        fs::create_dir_all(&elsewhere).expect("the room takes directories");
        fs::write(elsewhere.join(SECRET), b"").expect("the room takes files");
        fs::create_dir(&tree).expect("the name is free");
        drop(crate::ground::dig(&tree, 200, "d"));
        thread::scope(|scope| {
            let mover = scope.spawn(|| {
                for _ in 0..round {
                    thread::yield_now();
                }
                // It may be gone by now.
                let _ = fs::rename(tree.join("d/d/d"), elsewhere.join("moved"));
            });
            let removed = runtime.block_on(folio::fs::remove_dir_all(&tree));
            mover.join().expect("it does not panic");
            drop(removed);
        });
        assert!(elsewhere.join(SECRET).exists(), "round {round}");
        for left in [&tree, &elsewhere] {
            let _ = runtime.block_on(folio::fs::remove_dir_all(left));
        }
        assert!(!tree.exists() && !elsewhere.exists(), "round {round}");
    }
}
