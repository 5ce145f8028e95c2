//! Space: what a tree takes, what a file reserves and gives back.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use folio::os::{self, Advice, Allocation};
use folio::{File, Operation};
use folio_testkit::wait::block_on;
use walkdir::WalkDir;

use crate::ground::{empty, furnished, is_refused_anything};

/// Each inode once, by the standard library and walkdir.
fn expected(root: &Path) -> (u64, u64, u64, u64) {
    let mut seen = std::collections::HashSet::new();
    let (mut bytes, mut allocated, mut files, mut directories) = (0, 0, 0, 0);
    for entry in WalkDir::new(root) {
        let told = entry.expect("the tree can be walked").metadata().expect("it is there");
        if !seen.insert((told.dev(), told.ino())) {
            continue;
        }
        allocated += told.blocks() * 512;
        if told.is_dir() {
            directories += 1;
        } else {
            files += 1;
            bytes += told.len();
        }
    }
    (bytes, allocated, files, directories)
}

#[test]
fn a_tree_takes_what_its_inodes_take_each_counted_once() {
    let (_dir, room) = furnished();
    for index in 0..3_000 {
        let parent = room.join(format!("p{}", index % 7));
        fs::create_dir_all(&parent).expect("the room takes directories");
        fs::write(parent.join(format!("{index}")), vec![b'x'; index]).expect("the room takes files");
    }
    for (name, link) in [("p0/0", "p1/link"), ("p0/7", "p2/link"), ("p0/7", "p3/link"), ("file", "second")] {
        fs::hard_link(room.join(name), room.join(link)).expect("the room takes links");
    }
    // One more name outside of the tree, which is not waited for.
    let (_other, other) = empty();
    let _ = fs::hard_link(room.join("p4/4"), other.join("elsewhere"));
    fs::File::create(room.join("sparse")).expect("the name is free").set_len(1 << 30).expect("a hole");
    let check = |root: &Path, expected: (u64, u64, u64, u64)| {
        let told = block_on(os::disk_usage(root)).expect("everything can be read");
        assert_eq!((told.bytes, told.allocated, told.files, told.directories), expected, "{root:?}");
    };
    check(&room, expected(&room));
    check(&room.join("file"), expected(&room.join("file")));
    // The root is what its name leads to.
    check(&room.join("to_dir"), expected(&room.join("dir")));
    let error = block_on(os::disk_usage(room.join("missing"))).expect_err("missing");
    assert_eq!((error.path(), error.raw_os_error()), (Some(room.join("missing").as_path()), Some(2)));
    if is_refused_anything(&room) {
        os_refuses(&room);
    }
}

fn os_refuses(room: &Path) {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(room.join("dir"), fs::Permissions::from_mode(0o000)).expect("it is ours");
    let error = block_on(os::disk_usage(room)).expect_err("it may not be read");
    assert_eq!((error.path(), error.raw_os_error()), (Some(room.join("dir").as_path()), Some(13)));
    fs::set_permissions(room.join("dir"), fs::Permissions::from_mode(0o700)).expect("it is ours");
}

#[test]
fn space_is_reserved_and_given_back_without_moving_the_cursor() {
    // Space amid a file is given back on Linux only.
    if cfg!(any(folio_portable, not(target_os = "linux"))) {
        return;
    }
    let (_dir, room) = empty();
    let path = room.join("file");
    fs::write(&path, vec![b'x'; 20_000]).expect("the room takes files");
    block_on(async {
        let file = File::options().read(true).write(true).open(&path).await.expect("it is there");
        file.seek(SeekFrom::Start(5)).await.expect("a position");
        let blocks = || fs::metadata(&path).expect("it is there").blocks();
        let len = || fs::metadata(&path).expect("it is there").len();
        file.fallocate(Allocation::KeepSize, 0, 1 << 20).await.expect("there is space");
        assert!(len() == 20_000 && blocks() * 512 >= 1 << 20, "{} blocks", blocks());
        file.fallocate(Allocation::Extend, 0, 40_000).await.expect("there is space");
        assert_eq!(len(), 40_000);
        file.fallocate(Allocation::PunchHole, 4_096, 8_192).await.expect("temporary files can have holes");
        assert_eq!(len(), 40_000);
        let mut expected = vec![b'x'; 20_000];
        expected.resize(40_000, 0);
        expected[4_096..12_288].fill(0);
        assert!(fs::read(&path).expect("it can be read") == expected);
        match file.fallocate(Allocation::ZeroRange, 100, 50_000).await {
            Ok(()) => expected[100..].fill(0),
            // Not every file system can; that is no loss of anything written.
            Err(error) => assert_eq!(error.raw_os_error(), Some(95), "{error}"),
        }
        let now = fs::read(&path).expect("it can be read");
        assert!(now[..40_000] == expected && now[40_000..].iter().all(|byte| *byte == 0));
        assert_eq!(file.stream_position().await.expect("a position"), 5);
    });
}

#[test]
fn an_allocation_comes_after_the_writes_before_it_and_before_those_after_it() {
    // Space amid a file is given back on Linux only.
    if cfg!(any(folio_portable, not(target_os = "linux"))) {
        return;
    }
    let (_dir, room) = empty();
    block_on(async {
        let file = File::options().read(true).write(true).create(true).open(room.join("file")).await;
        let file = file.expect("the name is free");
        for round in 0..200_u8 {
            let (before, after) = (vec![round; 8_192], vec![!round; 4_096]);
            let (one, two, three) = tokio::join!(
                file.write_all_at(&before, 0),
                file.fallocate(Allocation::PunchHole, 0, 8_192),
                file.write_all_at(&after, 4_096),
            );
            one.expect("there is room");
            two.expect("temporary files can have holes");
            three.expect("there is room");
            let now = file.read_bytes_at(0, 8_192).await.expect("it can be read");
            assert!(now[..4_096].iter().all(|byte| *byte == 0), "round {round}: the hole came first");
            assert!(now[4_096..] == after, "round {round}: the hole came last");
        }
    });
}

#[test]
fn an_allocation_that_fails_is_told_once_and_fails_no_sync() {
    let (_dir, room) = empty();
    block_on(async {
        let file = File::create(room.join("file")).await.expect("the name is free");
        let error = file.fallocate(Allocation::Extend, 0, 0).await.expect_err("no range");
        assert_eq!((error.operation(), error.raw_os_error()), (Operation::Allocate, Some(22)));
        let error = file.fallocate(Allocation::Extend, 0, i64::MAX as u64).await.expect_err("too much");
        assert!(matches!(error.raw_os_error(), Some(27 | 28)), "{error}");
        file.write_all(b"bytes").await.expect("there is room");
        file.sync_data().await.expect("nothing written was lost");
        let reader = File::open(room.join("file")).await.expect("it is there");
        let error = reader.fallocate(Allocation::Extend, 0, 10).await.expect_err("not open for writing");
        assert_eq!(error.raw_os_error(), Some(9));
    });
}

#[test]
fn advice_changes_nothing_and_streams_take_neither() {
    let (_dir, room) = furnished();
    block_on(async {
        let file = File::open(room.join("file")).await.expect("it is there");
        for advice in [
            Advice::Normal,
            Advice::Sequential,
            Advice::Random,
            Advice::NoReuse,
            Advice::WillNeed,
            Advice::DontNeed,
        ] {
            file.fadvise(advice, 0, 0).await.expect("a plain file takes advice");
            file.fadvise(advice, 2, 4).await.expect("a plain file takes advice");
            assert_eq!(file.read_bytes_at(0, 100).await.expect("it can be read"), "contents", "{advice:?}");
        }
        let (_reader, writer) = std::io::pipe().expect("the system has pipes");
        let pipe = File::from_std(fs::File::from(std::os::fd::OwnedFd::from(writer)));
        let allocated = pipe.fallocate(Allocation::Extend, 0, 1).await.expect_err("a pipe has no space");
        let advised = pipe.fadvise(Advice::Normal, 0, 0).await.expect_err("a pipe has no ranges");
        assert_eq!((allocated.raw_os_error(), advised.raw_os_error()), (Some(29), Some(29)));
    });
}

#[test]
fn what_punching_leaves_is_what_another_process_would_read() {
    // Space amid a file is given back on Linux only.
    if cfg!(any(folio_portable, not(target_os = "linux"))) {
        return;
    }
    let (_dir, room) = empty();
    let mut std = fs::File::options().read(true).write(true).create_new(true).open(room.join("file"));
    let std = std.as_mut().expect("the name is free");
    std.write_all(&[1; 12_288]).expect("there is room");
    block_on(async {
        let file = File::options().write(true).open(room.join("file")).await.expect("it is there");
        file.fallocate(Allocation::PunchHole, 0, 4_096).await.expect("temporary files can have holes");
    });
    let mut read = Vec::new();
    std.rewind().expect("a file has a start");
    std.read_to_end(&mut read).expect("it can be read");
    assert!(read[..4_096].iter().all(|byte| *byte == 0) && read[4_096..].iter().all(|byte| *byte == 1));
}
