//! The same through real system calls: the disk is mounted by FUSE, and the kernel asks it.

use folio::File;
use folio::fs::{self, copy_dir};
use folio::os::statvfs;
use folio_testkit::errno::{EIO, ENOSPC};
use folio_testkit::{Call, Disk, FuseCache, FuseMount};
use tempfile::TempDir;

use crate::acts::{Act, room};
use crate::at_every_call::{PARTS, in_parts};
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

/// Faults that the sweep must bring at least.
const ENOUGH: usize = 1_000;

#[test]
fn d4_every_fault_of_a_mounted_disk_is_reported_or_harmless() {
    if Ground::of(Stage::Mounted, &COPIES[0]).is_none() {
        return;
    }
    let parts: Vec<_> = PARTS.into_iter().chain([&[COPIES, text_acts::NAMELESS] as &[_]]).collect();
    let seen = in_parts(&parts, &|act| {
        // The disk has none of them by FUSE.
        let done = !act.name.contains("xattr");
        if done { sweep(act, Stage::Mounted, &FAILURES, judge_mounted).unwrap() } else { Seen::default() }
    });
    assert!(seen.faults >= ENOUGH, "{} faults", seen.faults);
    let broken = &seen.broken;
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), seen.faults, broken.join("\n"));
}

/// Cause: after a write that came short, `copy_file_range` says that the source has ended. Loss: a copy that is cut off, and a
/// move that removes the only whole one. Fix: a read finds the end.
#[tokio::test]
async fn d2_a_copy_is_whole_or_fails_and_a_move_never_loses_the_original() {
    let room = TempDir::new().unwrap();
    let (original, contents) = (room.path().join("original"), vec![7; 300_000]);
    let mut short = 0;
    for n in 1..=3 {
        let (disk, point) = (Disk::new(), TempDir::new().unwrap());
        let Some(mount) = FuseMount::new(&disk, point.path(), FuseCache::Through) else { return };
        std::fs::write(mount.path().join("source"), &contents).unwrap();
        std::fs::write(&original, &contents).unwrap();
        for what in ["copied", "moved"] {
            let came_short = disk.plan().on(Call::WriteAt).nth(n).at_most(1);
            let failed = disk.plan().on(Call::WriteAt).nth(n + 1).fail(ENOSPC);
            let done = match what {
                "copied" => fs::copy(mount.path().join("source"), mount.path().join(what)).await.map(drop),
                _ => fs::move_path(&original, mount.path().join(what)).await,
            };
            disk.plan().lift_all();
            short += came_short.fired() * failed.fired();
            match done {
                Ok(()) => {
                    assert!(disk.contents(format!("/{what}")) == contents, "{what}, {n}: it is cut off")
                }
                Err(error) => assert_eq!(error.raw_os_error(), Some(ENOSPC), "{what}, {n}: {error}"),
            }
            let kept = std::fs::read(&original).is_ok_and(|kept| kept == contents);
            assert!(kept || what == "moved" && disk.contents("/moved") == contents, "{what}, {n}");
        }
    }
    assert_eq!(short, 6, "every write came short and was followed by one that failed");
}
