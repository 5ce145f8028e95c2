//! What aiofiles offers and never tests: parents that are made, links that are not followed, texts of errors.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use folio::fs::{DirBuilder, create_dir_all, hard_link, metadata, rename, symlink_metadata};
use folio::{Dir, os};
use folio_testkit::wait::block_on;

use crate::ground::{empty, furnished};

#[test]
fn makedirs_makes_every_parent_and_minds_only_what_is_no_directory() {
    let (_dir, room) = furnished();
    block_on(create_dir_all(room.join("a/b/c"))).expect("the names are free");
    block_on(create_dir_all(room.join("a/b/c"))).expect("it is a directory already");
    block_on(create_dir_all(room.join("to_dir/x"))).expect("a link on the way is followed");
    assert!(room.join("a/b/c").is_dir() && room.join("dir/x").is_dir());
    let check = |name: &str, errno: i32| {
        let error = block_on(create_dir_all(room.join(name))).expect_err("something is in the way");
        assert_eq!(error.raw_os_error(), Some(errno), "{name}: {error}");
    };
    check("file", 17);
    check("file/x", 20);
    check("dangling", 17);
    // `exist_ok=False` is the builder that makes one.
    let error = block_on(DirBuilder::new().create(room.join("a"))).expect_err("it exists");
    assert_eq!(error.raw_os_error(), Some(17));
    block_on(DirBuilder::new().recursive(true).mode(0o710).create(room.join("p/q"))).expect("free");
    assert_eq!(fs::metadata(room.join("p/q")).expect("made").permissions().mode() & 0o777, 0o710);
}

#[test]
fn errors_say_what_was_attempted_on_which_paths_and_keep_the_number() {
    let (_dir, room) = empty();
    let (old, new) = (room.join("nope"), room.join("x"));
    let error = block_on(rename(&old, &new)).expect_err("missing");
    let expected = format!(
        "could not rename {} to {}: No such file or directory (os error 2)",
        old.display(),
        new.display()
    );
    assert_eq!(error.to_string(), expected);
    let error = block_on(os::listdir(&old)).expect_err("missing");
    let expected =
        format!("could not read directory {}: No such file or directory (os error 2)", old.display());
    assert_eq!(error.to_string(), expected);
    let std: std::io::Error = error.into();
    assert_eq!(std.kind(), std::io::ErrorKind::NotFound);
    assert_eq!(std.to_string(), expected);
    let carried = std.get_ref().and_then(|inside| inside.downcast_ref::<folio::Error>());
    assert_eq!(carried.expect("it is carried inside").raw_os_error(), Some(2));
    // Python's `readlink` of what is no link, `remove` of a directory, `rmdir` of one that is not empty.
    fs::create_dir(&new).expect("the room takes directories");
    fs::write(new.join("file"), b"").expect("the room takes files");
    let number = |error: folio::Error| error.raw_os_error();
    assert_eq!(block_on(folio::fs::read_link(new.join("file"))).map_err(number), Err(Some(22)));
    assert_eq!(block_on(folio::fs::remove_file(&new)).map_err(number), Err(Some(21)));
    assert_eq!(block_on(folio::fs::remove_dir(&new)).map_err(number), Err(Some(39)));
    assert_eq!(block_on(folio::fs::read_link("n".repeat(300))).map_err(number), Err(Some(36)));
}

#[test]
fn links_are_themselves_where_they_are_not_to_be_followed() {
    let (_dir, room) = furnished();
    let ino = |name: &str| fs::symlink_metadata(room.join(name)).expect("it is there").ino();
    block_on(async {
        // `stat(follow_symlinks=False)`, and with `dir_fd=`.
        let dir = Dir::open(&room).await.expect("it is there");
        for name in ["to_file", "dangling", "loop"] {
            assert_eq!(symlink_metadata(room.join(name)).await.expect("there").ino(), ino(name));
            assert_eq!(dir.symlink_metadata(name).await.expect("there").ino(), ino(name));
        }
        assert_eq!(metadata(room.join("to_file")).await.expect("there").ino(), ino("file"));
        assert_eq!(dir.metadata("to_file").await.expect("there").ino(), ino("file"));
        // `link(follow_symlinks=False)`, with `src_dir_fd=` and `dst_dir_fd=`.
        hard_link(room.join("to_file"), room.join("one")).await.expect("links have names too");
        let inside = dir.open_dir("dir").await.expect("it is there");
        dir.hard_link("to_file", &inside, "two").await.expect("links have names too");
        assert_eq!((ino("one"), ino("dir/two")), (ino("to_file"), ino("to_file")));
        inside.rename("two", &dir, "three").await.expect("the name is free");
        assert_eq!(ino("three"), ino("to_file"));
    });
}
