//! How many images small programs have, counted by hand.

use folio_testkit::CrashModel::{self, Ext4Like, WorstCase, XfsLike};
use folio_testkit::{Coverage, Disk};

use crate::program::{SEED, images, open, remove, rename, write};

/// Checks the number of images under each model, in the order of [`CrashModel::ALL`].
fn check(name: &str, expected: [usize; 3], program: fn(&Disk)) {
    let disk = Disk::new();
    disk.put("/log", "abc");
    disk.put("/block", [b'x'; 1024]);
    disk.put_dir("/one");
    disk.put_dir("/two");
    disk.put("/one/file", "");
    program(&disk);
    let counts = CrashModel::ALL.map(|model| images(&disk, model).len());
    assert_eq!(counts, expected, "{name}");
}

#[test]
fn small_programs_have_as_many_images_as_counted_by_hand() {
    check("nothing", [1, 1, 1], |_| {});
    // Kept or lost.
    check("one name", [2, 2, 2], |disk| drop(open(disk, "/new")));
    // In order: 0 to 3 of them. In none: any.
    check("three names", [4, 4, 8], |disk| ["/a", "/b", "/c"].iter().for_each(|path| drop(open(disk, path))));
    // The old, zeros behind it, the new; XFS has the length after the bytes.
    check("bytes behind the end", [3, 2, 3], |disk| write(disk, "/log", 3, b"de"));
    // Two sectors, each by itself.
    check("bytes over others", [4, 4, 4], |disk| write(disk, "/block", 0, &[b'y'; 1024]));
    // Three, if they overlap in one sector: a journal's page has the first, both or none; without order also the
    // second alone.
    check("two writes over one sector", [3, 3, 4], |disk| {
        write(disk, "/block", 0, b"aa");
        write(disk, "/block", 1, b"bb");
    });
    // No file, an empty one, a full one; without order also zeros.
    check("a new file", [3, 3, 4], |disk| write(disk, "/new", 0, b"x"));
    check("a rename", [2, 2, 2], |disk| rename(disk, "/log", "/moved"));
    // One step of a journal, but a name in each of two directories.
    check("a rename between directories", [2, 2, 4], |disk| rename(disk, "/one/file", "/two/file"));
    check("a removal", [2, 2, 2], |disk| remove(disk, "/log"));
    // Cut and written again. In order: old; empty; new. Without: the length may be kept for each of the two, and the
    // bytes for the second: old "abc", "ab" cut to 0, then "xy": abc, xyc, -, .., xy.
    check("a file that is cut and written again", [3, 3, 5], |disk| {
        open(disk, "/log").set_len(0).unwrap();
        write(disk, "/log", 0, b"xy");
    });
    // Six names in order, or any of them.
    check("six names", [7, 7, 64], |disk| (0..6).for_each(|name| drop(open(disk, &format!("/{name}")))));
}

#[test]
fn sectors_of_4096_bytes_tear_less() {
    let disk = Disk::new();
    disk.put("/file", [b'x'; 8192]);
    write(&disk, "/file", 0, &[b'y'; 8192]);
    for model in CrashModel::ALL {
        let images = disk.crash_images(model, SEED).sector_bytes(4096);
        assert!(images.exhaustive());
        assert_eq!(images.count(), 4, "{model}");
        let images = disk.crash_images(model, SEED);
        assert_eq!((images.unsynced(), images.exhaustive()), (1, true), "{model}");
        assert_eq!(images.count(), 1 << 16, "{model}");
    }
}

#[test]
fn too_many_parts_are_sampled_and_the_images_say_so() {
    let disk = Disk::new();
    disk.put("/file", "");
    write(&disk, "/file", 0, &[b'y'; 32 * 4096]);
    for model in [Ext4Like, XfsLike, WorstCase] {
        let images = disk.crash_images(model, SEED).samples(10);
        assert_eq!((images.coverage(), images.exhaustive()), (Coverage::EveryWhole, false));
        let (least, most) = images.size_hint();
        let count = images.count();
        assert!((least..=most.unwrap()).contains(&count) && count > 1, "{count} images");
    }
    (0..20).for_each(|index| write(&disk, "/file", index, b"z"));
    let images = disk.crash_images(WorstCase, SEED).samples(10);
    assert_eq!((images.coverage(), images.unsynced()), (Coverage::Sampled, 21));
    assert!((2..=10).contains(&images.count()));
}
