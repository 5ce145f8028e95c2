//! Directories from and to std, copies below them, and what a nofollow form follows.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use folio::fs::DirBuilder;
use folio::{Dir, File, Operation};
use folio_testkit::wait::block_on;

use crate::ground::{SECRET, engines, ground};

#[test]
fn a_directory_of_std_is_a_root_like_any_other_and_goes_back() {
    for (way, engine) in engines() {
        let ground = ground();
        block_on(engine.scope(async {
            let opened = fs::File::open(&ground.root).expect("it is there");
            let dir = Dir::from_std_file(opened).await.expect("it is a directory");
            assert_eq!(dir.path(), ground.root, "{way}");
            assert_eq!(dir.read("file").await.expect("it is there"), b"contents");
            let error = dir.read("out_chain").await.expect_err("it leads out");
            assert_eq!(error.raw_os_error(), Some(18), "{way}");
            // What was opened by its path alone serves too, and may be handed round.
            let again = Dir::from_std_file(dir.to_fd().expect("a descriptor")).await.expect("a directory");
            let again = Dir::from_std_file(
                Dir::open(again.path()).await.expect("it is there").to_fd().expect("a descriptor"),
            );
            let again = again.await.expect("it is a directory");
            let mut entries = again.entries();
            assert!(entries.next().await.expect("an item").is_ok(), "{way}");
            let number = again.to_fd().expect("a descriptor");
            let shown = fs::read_link(format!("/proc/self/fd/{}", number.as_raw_fd()));
            assert_eq!(shown.expect("Linux shows it"), ground.root, "{way}");
            let flags = rustix::io::fcntl_getfd(&number).expect("it is open");
            assert!(flags.contains(rustix::io::FdFlags::CLOEXEC), "{way}");
            let std = again.into_std_file().await.expect("it may be read");
            let (told, expected) = (std.metadata(), fs::metadata(&ground.root));
            assert_eq!(told.expect("it is open").ino(), expected.expect("it is there").ino());
            std.sync_all().expect("it was opened for reading");
            let file = fs::File::open(ground.root.join("file")).expect("it is there");
            let error = Dir::from_std_file(file).await.expect_err("it is a file");
            assert_eq!((error.operation(), error.raw_os_error()), (Operation::Open, Some(20)), "{way}");
        }));
    }
}

#[test]
fn a_copy_has_contents_and_permissions_and_stays_in_both_directories() {
    for (way, engine) in engines() {
        let ground = ground();
        let set = |mode| fs::Permissions::from_mode(mode);
        fs::set_permissions(ground.root.join("file"), set(0o640)).expect("it is ours");
        fs::write(ground.root.join("inside/longer"), vec![b'x'; 100_000]).expect("the room takes files");
        block_on(engine.scope(async {
            let dir = Dir::open(&ground.root).await.expect("it is there");
            let inside = dir.open_dir("inside").await.expect("it is there");
            let read = |name: &str| fs::read(ground.root.join(name)).expect("it is there");
            assert_eq!(dir.copy("file", &inside, "new").await.expect("it is ours"), 8);
            assert_eq!(read("inside/new"), b"contents", "{way}");
            let told = fs::metadata(ground.root.join("inside/new")).expect("it is there");
            assert_eq!(told.mode() & 0o777, 0o640, "{way}");
            // What was longer is cut, links inside are followed at both ends.
            dir.copy("to_inside/../to_file", &inside, "longer").await.expect("it is ours");
            assert_eq!(read("inside/longer"), b"contents", "{way}");
            let error = dir.copy("file", &dir, "to_file").await.expect_err("it is the same file");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{way}");
            assert_eq!(read("file"), b"contents", "{way}");
            assert!(dir.copy("inside", &dir, "other").await.is_err(), "a directory is no file");
            let error = dir.copy("missing", &inside, "other").await.expect_err("it is missing");
            assert!(error.to_string().contains("inside/other"), "{error}");
            // The target's root holds for the target, the source's for the source.
            let error = dir.copy("file", &inside, "../file").await.expect_err("it leads out");
            assert_eq!(error.raw_os_error(), Some(18), "{way}");
            let error = inside.copy("../file", &dir, "other").await.expect_err("it leads out");
            assert_eq!(error.raw_os_error(), Some(18), "{way}");
        }));
        assert_eq!(fs::read(ground.outside.join("secret")).expect("it is there"), SECRET, "{way}");
    }
}

#[test]
fn a_way_is_told_without_links_and_dots() {
    for (way, engine) in engines() {
        let ground = ground();
        block_on(engine.scope(async {
            let dir = Dir::open(&ground.root).await.expect("it is there");
            for (name, expected) in [
                (".", "."),
                ("inside/..", "."),
                ("file", "file"),
                ("./inside/../file", "file"),
                ("to_inside/file", "inside/file"),
                ("to_inside/", "inside"),
                ("inside/to_file", "file"),
                ("empty/../to_inside/../to_file", "file"),
            ] {
                let told = dir.canonicalize(name).await.expect("it is there");
                assert_eq!(told.to_str(), Some(expected), "{name} {way}");
            }
            for (name, errno) in [("missing", 2), ("dangling", 2), ("file/", 20), ("loop", 40), ("..", 18)] {
                let error = dir.canonicalize(name).await.expect_err("it leads nowhere");
                let told = (error.operation(), error.raw_os_error());
                assert_eq!(told, (Operation::Canonicalize, Some(errno)), "{name} {way}");
            }
        }));
    }
}

#[test]
fn nofollow_follows_links_on_the_way_and_none_at_the_end() {
    for (way, engine) in engines() {
        let ground = ground();
        block_on(engine.scope(async {
            let dir = Dir::open(&ground.root).await.expect("it is there");
            let options = || File::options().read(true).nofollow(true).clone();
            dir.open_dir_nofollow("inside").await.expect("it is no link");
            dir.open_dir_nofollow("to_inside/../inside").await.expect("it is no link");
            assert!(dir.open_dir_nofollow("to_inside").await.is_err(), "{way}");
            dir.open_with("to_inside/file", &options()).await.expect("it is no link");
            let error = dir.open_with("to_file", &options()).await.expect_err("it is a link");
            assert_eq!(error.raw_os_error(), Some(40), "{way}");
            // Other flags stay, in either order, and it can be taken back.
            let mut both = options();
            both.custom_flags(0);
            assert!(dir.open_with("to_file", &both).await.is_err(), "{way}");
            assert!(dir.open_with("to_file", both.nofollow(false)).await.is_ok(), "{way}");
            let error = options().open(ground.root.join("to_file")).await.expect_err("it is a link");
            assert_eq!(error.raw_os_error(), Some(40), "{way}");
        }));
    }
}

#[test]
fn directories_are_created_with_the_bits_that_were_asked_for() {
    for (way, engine) in engines() {
        let ground = ground();
        block_on(engine.scope(async {
            let dir = Dir::open(&ground.root).await.expect("it is there");
            let mode = |name: &str| fs::metadata(ground.root.join(name)).expect("it is there").mode() & 0o777;
            // Bits of a kind, as `Metadata::mode` tells them, are none of permission.
            let file = dir.open_with("four", File::options().write(true).create(true).mode(0o100_640)).await;
            file.expect("the name is free");
            assert_eq!(mode("four"), 0o640, "{way}");
            dir.create_dir_with("one", DirBuilder::new().mode(0o700)).await.expect("the name is free");
            let all = DirBuilder::new().recursive(true).mode(0o710).clone();
            dir.create_dir_with("two/three", &all).await.expect("the names are free");
            dir.create_dir_with("two/three", &all).await.expect("they are there");
            assert_eq!((mode("one"), mode("two"), mode("two/three")), (0o700, 0o710, 0o710), "{way}");
            let error = dir.create_dir_with("one", &DirBuilder::new()).await.expect_err("it is there");
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{way}");
            // As with std, nothing is there already.
            dir.create_dir_all("").await.expect("the directory itself is there");
            folio::fs::create_dir_all("").await.expect("so is this one");
        }));
    }
}

#[test]
fn a_directory_below_is_listed_by_its_name() {
    for (way, engine) in engines() {
        let ground = ground();
        block_on(engine.scope(async {
            let dir = Dir::open(&ground.root).await.expect("it is there");
            let mut names = Vec::new();
            let mut entries = dir.read_dir("to_inside").await.expect("it is there");
            while let Some(entry) = entries.next().await {
                names.push(entry.expect("it can be read").file_name().to_owned());
            }
            let expected = fs::read_dir(ground.root.join("inside")).expect("it is there");
            let mut expected: Vec<_> = expected.map(|entry| entry.expect("there").file_name()).collect();
            names.sort();
            expected.sort();
            assert_eq!(names, expected, "{way}");
            assert_eq!(dir.read_dir("file").await.expect_err("a file").raw_os_error(), Some(20), "{way}");
        }));
    }
}
