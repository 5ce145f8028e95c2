//! An open directory does what the functions on paths do.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::time::{Duration, UNIX_EPOCH};

use folio::dir::Kind;
use folio::os::{Mode, Stamp};
use folio::{Dir, File, Operation};
use folio_testkit::wait::block_on;

use crate::ground::{engines, ground};

#[test]
fn files_are_opened_read_and_written_by_their_names() {
    for (way, engine) in engines() {
        let ground = ground();
        block_on(engine.scope(async {
            let dir = Dir::open(&ground.root).await.expect("the root is there");
            let file = dir.open_file("to_file").await.expect("it stays inside");
            assert_eq!(file.read_bytes(100).await.expect("it can be read"), "contents");
            assert_eq!(file.path(), ground.root.join("to_file"), "{way}");
            dir.create("inside/new").await.expect("free").write_all(b"12").await.expect("there is room");
            let log = dir.open_with("inside/new", File::options().append(true)).await.expect("there");
            assert_eq!(log.append(b"3").await.expect("there is room"), 2);
            assert_eq!(dir.read_to_string("inside/new").await.expect("it is text"), "123");
            dir.write("dangling", b"through a link").await.expect("it stays inside");
            assert_eq!(fs::read(ground.root.join("new")).expect("it was created"), b"through a link");
            dir.write("bytes", [0xFF; 9]).await.expect("the name is free");
            dir.write_bytes("bytes", vec![0xFF]).await.expect("it is written anew");
            let error = dir.read_to_string("bytes").await.expect_err("no text");
            assert_eq!(error.path(), Some(ground.root.join("bytes").as_path()));
            let mut private = File::options();
            private.write(true).create_new(true).mode(0o600);
            dir.open_with("private", &private).await.expect("the name is free");
            assert_eq!(fs::metadata(ground.root.join("private")).expect("made").mode() & 0o777, 0o600);
            let error = dir.open_with("private", &private).await.expect_err("the name is taken");
            assert_eq!((error.operation(), error.raw_os_error()), (Operation::Open, Some(17)));
            let error = dir.open_with("file", File::options().python_mode("rw")).await.expect_err("no mode");
            assert!(!error.may_have_happened());
            assert_eq!(dir.read("inside").await.expect_err("no file").raw_os_error(), Some(21), "{way}");
        }));
    }
}

#[test]
fn names_are_made_changed_and_removed() {
    for (way, engine) in engines() {
        let ground = ground();
        let root = &ground.root;
        block_on(engine.scope(async {
            let dir = Dir::open(root).await.expect("the root is there");
            dir.create_dir("made").await.expect("the name is free");
            dir.create_dir_all("made/a/b/c").await.expect("the names are free");
            dir.create_dir_all("made/a/b/c/").await.expect("it exists already");
            dir.create_dir_all("to_inside/x").await.expect("it stays inside");
            assert!(root.join("made/a/b/c").is_dir() && root.join("inside/x").is_dir());
            let error = dir.create_dir_all("file/x").await.expect_err("a file is in the way");
            assert_eq!(error.raw_os_error(), Some(20), "{way}");
            let error = dir.create_dir_all("file").await.expect_err("a file is there");
            assert_eq!(error.raw_os_error(), Some(17), "{way}");
            let inside = dir.open_dir("inside").await.expect("it is there");
            dir.rename("file", &inside, "moved").await.expect("both are ours");
            assert_eq!(fs::read(root.join("inside/moved")).expect("it is there"), b"contents");
            inside.hard_link("moved", &dir, "file").await.expect("the name is free");
            assert_eq!(fs::metadata(root.join("file")).expect("it is there").nlink(), 2);
            let error = dir.rename("missing", &inside, "x/y").await.expect_err("missing");
            let text = error.to_string();
            assert!(text.contains("root/missing to ") && text.contains("inside/x/y"), "{text}");
            dir.symlink("made/a", "link").await.expect("the name is free");
            assert_eq!(dir.read_link("link").await.expect("a link"), std::path::Path::new("made/a"));
            dir.mkfifo("fifo", 0o600).await.expect("the name is free");
            assert!(fs::metadata(root.join("fifo")).expect("made").file_type().is_fifo());
            for (name, errno) in [("file/", 20), ("made", 21), ("missing", 2), ("link/", 20)] {
                let error = dir.remove_file(name).await.expect_err("it is no file");
                assert_eq!(error.raw_os_error(), Some(errno), "{name} {way}");
            }
            for (name, errno) in [("file", 20), ("made", 39), ("missing", 2), ("link", 20)] {
                let error = dir.remove_dir(name).await.expect_err("it is no empty directory");
                assert_eq!(error.raw_os_error(), Some(errno), "{name} {way}");
            }
            assert_eq!(dir.remove_dir_all("file").await.expect_err("a file").raw_os_error(), Some(20));
            dir.remove_dir_all("made").await.expect("it is ours");
            dir.remove_dir("empty/").await.expect("it is empty");
            dir.remove_file("file").await.expect("it is ours");
            assert!(
                !root.join("made").exists() && !root.join("file").exists() && !root.join("empty").exists()
            );
            dir.sync().await.expect("the directory may be read");
        }));
    }
}

#[test]
fn attributes_are_told_and_set() {
    for (way, engine) in engines() {
        let ground = ground();
        let path = ground.root.join("file");
        block_on(engine.scope(async {
            let dir = Dir::open(&ground.root).await.expect("the root is there");
            let told = dir.metadata("to_file").await.expect("it stays inside");
            assert_eq!(told.ino(), fs::metadata(&path).expect("it is there").ino());
            assert!(dir.symlink_metadata("to_file").await.expect("it is there").is_symlink(), "{way}");
            let own = dir.metadata(".").await.expect("it is there");
            assert_eq!(own.ino(), fs::metadata(&ground.root).expect("it is there").ino());
            assert!(dir.try_exists("inside/file").await.expect("an answer"));
            assert!(!dir.try_exists("missing").await.expect("an answer"));
            assert!(!dir.try_exists("dangling").await.expect("an answer"));
            assert!(dir.access("inside", Mode::READ | Mode::EXECUTE).await.expect("an answer"));
            assert!(!dir.access("file", Mode::EXECUTE).await.expect("an answer"));
            assert!(!dir.access("missing", Mode::EXISTS.effective()).await.expect("an answer"));
            dir.set_permissions("to_file", Permissions::from_mode(0o751)).await.expect("it is ours");
            assert_eq!(fs::metadata(&path).expect("it is there").mode() & 0o777, 0o751);
            let old = UNIX_EPOCH - Duration::from_millis(1_500);
            dir.set_times("to_file", Stamp::Keep, old).await.expect("it is ours");
            assert_eq!(fs::metadata(&path).expect("it is there").modified().expect("told"), old);
            dir.set_symlink_times("to_file", old, old).await.expect("it is ours");
            let link = fs::symlink_metadata(ground.root.join("to_file")).expect("it is there");
            assert_eq!(link.modified().expect("told"), old);
        }));
    }
}

#[test]
fn listings_tell_every_name_with_its_kind_and_lose_none() {
    for (way, engine) in engines() {
        let ground = ground();
        for index in 0..1_500 {
            fs::write(ground.root.join(format!("empty/{index}")), b"").expect("the room takes files");
        }
        block_on(engine.scope(async {
            let dir = Dir::open(&ground.root).await.expect("the root is there");
            let mut found = Vec::new();
            let mut entries = dir.entries();
            while let Some(entry) = entries.next().await {
                let entry = entry.expect("it can be read");
                let told = fs::symlink_metadata(ground.root.join(entry.file_name())).expect("there");
                let kind = match (told.is_dir(), told.is_symlink()) {
                    (true, _) => Kind::Dir,
                    (_, true) => Kind::Symlink,
                    (false, false) => Kind::File,
                };
                assert_eq!((entry.kind(), entry.ino()), (Some(kind), told.ino()), "{entry:?} {way}");
                found.push(entry.file_name().to_owned());
            }
            found.sort();
            let expected = fs::read_dir(&ground.root).expect("it can be listed");
            let mut expected: Vec<_> = expected.map(|entry| entry.expect("there").file_name()).collect();
            expected.sort();
            assert_eq!(found, expected, "{way}");
            // Two listings of one directory do not share where they stand.
            let empty = dir.open_dir("empty").await.expect("it is there");
            let (mut one, mut other, mut count) = (empty.entries(), empty.entries(), 0);
            while one.next().await.is_some() {
                assert!(other.next().await.is_some_and(|entry| entry.is_ok()));
                count += 1;
            }
            assert!(count == 1_500 && other.next().await.is_none(), "{way}");
        }));
    }
}

#[test]
fn what_is_no_directory_is_not_opened_as_one() {
    let ground = ground();
    let check = |name: &str, errno: i32| {
        let path = ground.root.join(name);
        let error = block_on(Dir::open(&path)).expect_err("it is no directory");
        assert_eq!((error.operation(), error.raw_os_error()), (Operation::Open, Some(errno)), "{name}");
        assert_eq!(error.path(), Some(path.as_path()));
    };
    check("file", 20);
    check("missing", 2);
    check("loop", 40);
    assert!(!block_on(Dir::open("a\0b")).expect_err("no path").may_have_happened());
    let disk = std::sync::Arc::new(folio_testkit::Disk::new());
    disk.put("/file", "");
    let engine = folio::Engine::builder().storage(disk).start().expect("it starts");
    block_on(engine.scope(Dir::open("/"))).expect("a simulated disk has a root");
    for (path, errno) in [("/file", 20), ("/missing", 2)] {
        let error = block_on(engine.scope(Dir::open(path))).expect_err("it is no directory");
        assert_eq!((error.operation(), error.raw_os_error()), (Operation::Open, Some(errno)), "{path}");
    }
}
