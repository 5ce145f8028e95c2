//! A copy is equal to the byte, takes no more space than what it is of, and gives nobody rights.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, chown};
use std::path::Path;

use super::room;
use crate::skip::skip;
use crate::storage::{Links, Names};

/// Bytes of a block of every file system that tests are run on, and of a large page.
const BLOCK: u64 = 64 * 1024;

/// Data of the length of one block at each of these blocks, and nothing else up to `len`.
fn sparse(path: &Path, blocks: &[u64], len: u64) {
    let file = File::create(path).expect("create");
    file.set_len(len).expect("set_len");
    for block in blocks {
        let data = vec![*block as u8 + 1; BLOCK.min(len - block * BLOCK) as usize];
        file.write_all_at(&data, block * BLOCK).expect("write");
    }
}

#[test]
fn holes_stay_holes_and_every_byte_is_where_it_was() {
    let (dir, os) = room();
    let check = |blocks: &[u64], len: u64, over: bool| {
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        sparse(&from, blocks, len);
        if over {
            fs::write(&to, vec![0xEE; 3 * BLOCK as usize]).expect("write");
        }
        assert_eq!(os.copy(&from, &os, &to).expect("copy"), len, "{blocks:?} of {len}");
        assert!(fs::read(&to).expect("read") == fs::read(&from).expect("read"), "{blocks:?} of {len}");
        let taken = |path: &Path| fs::metadata(path).expect("it is there").blocks();
        assert!(taken(&to) <= taken(&from), "{blocks:?} of {len}: {} blocks", taken(&to));
        fs::remove_file(&to).expect("it is there");
    };
    for over in [false, true] {
        check(&[], 0, over);
        check(&[0], 1, over);
        check(&[], 1, over);
        check(&[], 100 * 1024 * 1024, over);
        check(&[0], 10 * BLOCK, over);
        check(&[9], 10 * BLOCK, over);
        check(&[3], 10 * BLOCK, over);
        check(&[0, 2, 4, 9], 10 * BLOCK, over);
        check(&[0, 2, 4, 9], 10 * BLOCK - 1, over);
        check(&[0, 1, 2], 3 * BLOCK, over);
    }
}

#[test]
fn what_says_it_is_longer_than_it_is_ends_where_it_ends() {
    let (dir, os) = room();
    for path in ["/proc/version", "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/power/state"] {
        let Ok(expected) = fs::read(path) else { continue };
        let to = dir.path().join("to");
        let copied = os.copy(Path::new(path), &os, &to).expect("copy");
        assert_eq!((copied as usize, fs::read(&to).expect("read")), (expected.len(), expected), "{path}");
        fs::remove_file(&to).expect("it is there");
    }
}

#[test]
fn set_id_bits_are_never_copied() {
    let (dir, os) = room();
    let below = os.open_dir(dir.path(), Links::Follow).expect("open");
    let superuser = rustix::process::geteuid().is_root();
    let check = |mode: u32, expected: u32, foreign: bool, over: Option<u32>| {
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::write(&from, b"#!/bin/sh").expect("write");
        if foreign {
            chown(&from, Some(1234), Some(1234)).expect("the superuser may");
        }
        fs::set_permissions(&from, fs::Permissions::from_mode(mode)).expect("chmod");
        for by_name in [true, false] {
            if let Some(over) = over {
                fs::write(&to, b"old").expect("write");
                fs::set_permissions(&to, fs::Permissions::from_mode(over)).expect("chmod");
            }
            match by_name {
                true => os.copy(&from, &os, &to).expect("copy"),
                false => below.copy(Path::new("from"), &*below, Path::new("to")).expect("copy"),
            };
            let got = fs::metadata(&to).expect("it is there").mode() & 0o7777;
            assert_eq!(got, expected, "{mode:o}, foreign {foreign}, over {over:?}, by name {by_name}");
            fs::remove_file(&to).expect("it is there");
        }
        fs::remove_file(&from).expect("it is there");
    };
    for foreign in [false, true] {
        if foreign && !superuser {
            skip("copying another user's file", "only the superuser can give files away");
            continue;
        }
        for over in [None, Some(0o644), Some(0o6755)] {
            check(0o4755, 0o755, foreign, over);
            check(0o2755, 0o755, foreign, over);
            check(0o6711, 0o711, foreign, over);
            check(0o1644, 0o644, foreign, over);
            check(0o640, 0o640, foreign, over);
        }
    }
}
