//! `folio::os` does what CPython documents.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

use folio::os::{self, Mode};
use folio::{File, Operation};
use folio_testkit::wait::block_on;

use crate::ground::{NAMES, empty, furnished, is_refused_anything};

#[test]
fn access_agrees_with_the_kernel_and_a_missing_path_is_a_no() {
    let (_dir, room) = furnished();
    let modes = [
        (Mode::EXISTS, rustix::fs::Access::EXISTS),
        (Mode::READ, rustix::fs::Access::READ_OK),
        (Mode::WRITE, rustix::fs::Access::WRITE_OK),
        (Mode::EXECUTE, rustix::fs::Access::EXEC_OK),
        (Mode::READ | Mode::EXECUTE, rustix::fs::Access::READ_OK | rustix::fs::Access::EXEC_OK),
    ];
    let check = |path: &Path| {
        for (mode, asked) in modes {
            let expected = rustix::fs::access(path, asked).is_ok();
            for mode in [mode, mode.effective()] {
                assert_eq!(
                    block_on(os::access(path, mode)).expect("an answer"),
                    expected,
                    "{path:?} {mode:?}"
                );
            }
        }
    };
    for bits in [0o000, 0o400, 0o200, 0o500, 0o777] {
        fs::set_permissions(room.join("file"), fs::Permissions::from_mode(bits)).expect("it is ours");
        check(&room.join("file"));
    }
    for name in NAMES {
        check(&room.join(name));
    }
    assert!(!block_on(os::access(room.join("missing"), Mode::EXISTS)).expect("a no"));
    let error = block_on(os::access("a\0b", Mode::EXISTS)).expect_err("no path");
    assert!(!error.may_have_happened());
}

#[test]
fn file_systems_are_measured_as_statvfs_does() {
    let (_dir, room) = furnished();
    let ours = block_on(os::statvfs(&room)).expect("it is there");
    let raw = rustix::fs::statvfs(&room).expect("it is there");
    let fixed = (ours.block_size, ours.fragment_size, ours.blocks, ours.files, ours.name_max, ours.id);
    assert_eq!(fixed, (raw.f_bsize, raw.f_frsize, raw.f_blocks, raw.f_files, raw.f_namemax, raw.f_fsid));
    assert!(ours.available_bytes() <= ours.total_bytes() && ours.total_bytes() > 0);
    let error = block_on(os::statvfs(room.join("missing"))).expect_err("missing");
    assert_eq!((error.operation(), error.raw_os_error()), (Operation::StatVfs, Some(2)));
    assert_eq!(error.path(), Some(room.join("missing").as_path()));
}

#[test]
fn removedirs_prunes_up_to_the_first_that_is_not_empty() {
    let (_dir, room) = furnished();
    fs::create_dir_all(room.join("dir/a/b/c")).expect("the room takes directories");
    block_on(os::removedirs(room.join("dir/a/b/c/"))).expect("the leaf is empty");
    assert!(!room.join("dir/a").exists() && room.join("dir/inside").exists());
    let check = |name: &str, errno: i32| {
        let error = block_on(os::removedirs(room.join(name))).expect_err("it cannot go");
        assert_eq!(error.raw_os_error(), Some(errno), "{name}: {error}");
    };
    check("dir", 39);
    check("missing", 2);
    check("file", 20);
    check("to_dir", 20);
}

#[test]
fn renames_makes_the_parents_of_one_name_and_prunes_those_of_the_other() {
    let (_dir, room) = furnished();
    fs::create_dir_all(room.join("dir/a/b")).expect("the room takes directories");
    fs::write(room.join("dir/a/b/file"), b"moved").expect("the room takes files");
    block_on(os::renames(room.join("dir/a/b/file"), room.join("new/x/file"))).expect("both can be made");
    assert_eq!(fs::read(room.join("new/x/file")).expect("it is there"), b"moved");
    assert!(!room.join("dir/a").exists() && room.join("dir").exists());
    // Made before the failure, and kept, as with CPython.
    let error = block_on(os::renames(room.join("missing"), room.join("made/y"))).expect_err("missing");
    let text = error.to_string();
    assert!(text.contains("missing to ") && text.contains("made/y"), "{text}");
    assert_eq!(error.raw_os_error(), Some(2));
    assert!(room.join("made").is_dir());
}

#[test]
fn fifos_are_made_with_their_permissions_and_names_are_listed() {
    let (_dir, room) = empty();
    block_on(os::mkfifo(room.join("fifo"), 0o600)).expect("the name is free");
    let made = fs::metadata(room.join("fifo")).expect("it is there");
    assert!(made.file_type().is_fifo() && made.permissions().mode() & 0o777 == 0o600);
    let error = block_on(os::mkfifo(room.join("fifo"), 0o600)).expect_err("the name is taken");
    assert_eq!((error.operation(), error.raw_os_error()), (Operation::MakeFifo, Some(17)));
    for index in 0..1_000 {
        fs::write(room.join(format!("{index:03}")), b"").expect("the room takes files");
    }
    let mut names = block_on(os::listdir(&room)).expect("it can be listed");
    names.sort();
    assert_eq!(
        (names.len(), names[0].as_os_str(), names[1_000].as_os_str()),
        (1_001, "000".as_ref(), "fifo".as_ref())
    );
    assert_eq!(block_on(os::listdir(room.join("000"))).expect_err("no directory").raw_os_error(), Some(20));
    if is_refused_anything(&room) {
        fs::create_dir(room.join("shut")).expect("the room takes directories");
        fs::set_permissions(room.join("shut"), fs::Permissions::from_mode(0o000)).expect("it is ours");
        assert_eq!(block_on(os::listdir(room.join("shut"))).expect_err("refused").raw_os_error(), Some(13));
        assert!(!block_on(os::access(room.join("shut"), Mode::READ)).expect("a no"));
    }
}

#[test]
fn sendfile_copies_at_the_cursor_of_one_and_leaves_that_of_the_other() {
    let (_dir, room) = empty();
    let contents: Vec<u8> = (0..300_000_u32).map(|index| index as u8).collect();
    fs::write(room.join("in"), &contents).expect("the room takes files");
    block_on(async {
        let input = File::open(room.join("in")).await.expect("it is there");
        let output = File::create(room.join("out")).await.expect("the name is free");
        output.write_all(b"head").await.expect("there is room");
        for (offset, count, copied) in [(10, 100_000, 100_000), (299_990, 50, 10), (400_000, 1, 0), (0, 0, 0)]
        {
            let sent = os::sendfile(&output, &input, offset, count).await.expect("both are open");
            assert_eq!(sent, copied, "{count} from {offset}");
        }
        assert_eq!(output.stream_position().await.expect("a position"), 4 + 100_010);
        assert_eq!(input.stream_position().await.expect("a position"), 0);
        output.write_all(b"tail").await.expect("there is room");
        output.close().await.expect("it closes");
    });
    let expected = [b"head", &contents[10..100_010], &contents[299_990..], b"tail"].concat();
    assert!(fs::read(room.join("out")).expect("it is there") == expected);
}

#[test]
fn sendfile_refuses_what_it_cannot_do_and_carries_what_the_kernel_does_not_copy() {
    let (_dir, room) = empty();
    fs::write(room.join("in"), b"0123456789").expect("the room takes files");
    block_on(async {
        let input = File::open(room.join("in")).await.expect("it is there");
        let appending = File::options().append(true).create(true).open(room.join("log")).await.expect("new");
        let error = os::sendfile(&appending, &input, 0, 10).await.expect_err("no place to write at");
        assert_eq!((error.operation(), error.raw_os_error()), (Operation::SendFile, Some(22)));
        let error = os::sendfile(&input, &input, 0, 10).await.expect_err("not open for writing");
        assert_eq!(error.raw_os_error(), Some(9));
        let error = os::sendfile(&input, &input, u64::MAX, 1).await.expect_err("beyond every file");
        assert!(!error.may_have_happened());
        // procfs says that its files are empty, and copies none of them.
        let status = File::open("/proc/self/status").await.expect("Linux has it");
        let output = File::create(room.join("out")).await.expect("the name is free");
        assert!(os::sendfile(&output, &status, 0, 1 << 20).await.expect("both are open") > 100);
        let (mut reader, writer) = std::io::pipe().expect("the system has pipes");
        let pipe = File::from_std(fs::File::from(std::os::fd::OwnedFd::from(writer)));
        assert_eq!(os::sendfile(&pipe, &input, 2, 100).await.expect("the pipe takes them"), 8);
        assert!(os::sendfile(&output, &pipe, 0, 1).await.is_err());
        drop(pipe);
        let mut read = String::new();
        reader.read_to_string(&mut read).expect("the pipe ends");
        assert_eq!(read, "23456789");
    });
    assert!(fs::read_to_string(room.join("out")).expect("it is there").starts_with("Name:"));
}
