//! The same through real system calls: the disk is mounted by FUSE, and the kernel asks it.

use folio::File;
use folio::fs::{self, copy_dir};
use folio::os::statvfs;
use folio_testkit::errno::{EIO, ENOSPC};
use folio_testkit::{Call, Disk, FuseCache, FuseMount};
use tempfile::TempDir;

use crate::acts::{Act, room};
use crate::at_every_call::{PARTS, in_parts};
use crate::ground::LARGE;
use crate::sweep::{Ground, How, Seen, Stage, sweep};
use crate::text_acts;
use crate::verdict::judge_mounted;

/// What only the system's own storage can do.
const COPIES: &[Act] = &[
    room!("fs::copy_dir", [""], |at| copy_dir(at.join("full"), at.join("new"))),
    room!("os::statvfs", [""], |at| async move { statvfs(at).await.map(|space| space.name_max) }),
    room!("File::into_std", ["file"], |at| async move {
        let file = File::options().write(true).open(at.join("file")).await?;
        file.write_all(b"abc").await?;
        file.into_std().await.map(drop)
    }),
];

/// How often they fail: the kernel makes more calls than the storage, and each run takes a mount.
const FAILURES: [(How, i32, bool); 2] = [(How::Whole, EIO, false), (How::Short, ENOSPC, false)];

/// What portable code cannot do, or does by other calls: it exchanges no names, sends a part and returns how much, and asks
/// for access by the attributes.
const OTHERWISE: [&str; 3] = ["RenameOptions::exchange", "os::sendfile", "Dir::access"];

/// Faults that the sweep must bring at least.
const ENOUGH: usize = 1_000;

#[test]
fn d4_every_fault_of_a_mounted_disk_is_reported_or_harmless() {
    if Ground::of(Stage::Mounted, &COPIES[0]).is_none() {
        return;
    }
    let parts: Vec<_> = PARTS.into_iter().chain([&[COPIES, text_acts::NAMELESS] as &[_]]).collect();
    let seen = in_parts(&parts, &|act| {
        let otherwise = cfg!(folio_portable) && OTHERWISE.contains(&act.name);
        // The disk has no extended attributes by FUSE.
        let done = !act.name.contains("xattr") && !otherwise;
        if done { sweep(act, Stage::Mounted, &FAILURES, judge_mounted).unwrap() } else { Seen::default() }
    });
    assert!(seen.faults >= ENOUGH, "{} faults", seen.faults);
    let broken = &seen.broken;
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), seen.faults, broken.join("\n"));
}

/// Cause: after a read that came short, the kernel takes the file to end there until it asks for the length again, and
/// `copy_file_range` does not ask. Loss: a copy that is cut off, and a move that removes the only whole one. Fix: a read finds
/// the end.
#[tokio::test]
async fn d2_a_copy_is_whole_or_fails_and_a_move_never_loses_the_original() {
    let contents = vec![7; LARGE];
    let mut short = 0;
    for n in 1..=8 {
        for what in ["copied", "moved"] {
            let (disk, point, elsewhere) = (Disk::new(), TempDir::new().unwrap(), TempDir::new().unwrap());
            disk.put("/source", contents.clone());
            let Some(mount) = FuseMount::new(&disk, point.path(), FuseCache::Through) else { return };
            let (source, target) = (mount.path().join("source"), elsewhere.path().join(what));
            let came_short = disk.plan().on(Call::ReadAt).nth(n).at_most(1);
            let done = match what {
                "copied" => fs::copy(source, &target).await.map(drop),
                _ => fs::move_path(source, &target).await,
            };
            short += came_short.fired();
            let is_whole = std::fs::read(&target).is_ok_and(|copy| copy == contents);
            assert!(is_whole || done.is_err(), "{what}, {n}: it is cut off");
            assert!(disk.exists("/source") || is_whole, "{what}, {n}: the original is gone");
        }
    }
    assert!(short >= 8, "{short} reads came short");
}
