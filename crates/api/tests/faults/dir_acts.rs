//! Operations below an open directory.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::SystemTime;

use folio::os::{Mode, Stamp};
use folio::{Dir, File, ReplaceOptions, Result, fs};

use crate::acts::{Act, room};

const SET: Stamp = Stamp::At(SystemTime::UNIX_EPOCH);

/// An act below the room, opened as a directory within the act.
macro_rules! below {
    ($name:literal, $about:expr, |$dir:ident| $call:expr) => {
        room!($name, $about, |at| async move {
            let $dir = Dir::open(at).await?;
            $call.await
        })
    };
}

pub(crate) const ALL: &[Act] = &[
    below!("Dir::open_file", [""], |dir| async { dir.open_file("file").await?.read_bytes(5).await }),
    below!("Dir::create", [""], |dir| async {
        let file = dir.create("file").await?;
        file.write_all(b"written").await?;
        file.close().await
    }),
    below!("Dir::open_with", [""], |dir| async {
        let file = dir.open_with("file", File::options().append(true)).await?;
        file.append(b"appended").await?;
        file.close().await
    }),
    below!("Dir::open_dir, metadata", [""], |dir| async {
        dir.open_dir("full").await?.metadata("1").await.map(|is| is.len())
    }),
    below!("Dir::open_dir_nofollow, symlink_metadata", [""], |dir| async {
        dir.open_dir_nofollow("full").await?.symlink_metadata("1").await.map(|is| is.len())
    }),
    below!("Dir::canonicalize", [""], |dir| dir.canonicalize("full/../link")),
    below!("Dir::copy", [""], |dir| dir.copy("large", &dir, "new")),
    below!("Dir::create_dir", [""], |dir| dir.create_dir("new")),
    below!("Dir::create_dir_all", [""], |dir| dir.create_dir_all("a/b/c")),
    below!("Dir::create_dir_with", [""], |dir| async {
        dir.create_dir_with("a/b/c", fs::DirBuilder::new().recursive(true).durable(true)).await
    }),
    below!("Dir::remove_file", [""], |dir| dir.remove_file("file")),
    below!("Dir::remove_file_with", [""], |dir| async {
        dir.remove_file_with("file", fs::RemoveOptions::new().durable(true)).await
    }),
    below!("Dir::remove_dir", [""], |dir| dir.remove_dir("empty")),
    below!("Dir::remove_dir_all", [""], |dir| dir.remove_dir_all("full")),
    below!("Dir::rename", [""], |dir| dir.rename("file", &dir, "full/new")),
    below!("Dir::rename_with", [""], |dir| async {
        dir.rename_with("file", &dir, "full/new", fs::RenameOptions::new().durable(true).no_clobber(true))
            .await
    }),
    below!("Dir::hard_link", [""], |dir| dir.hard_link("file", &dir, "new")),
    below!("Dir::symlink", [""], |dir| dir.symlink("file", "new")),
    below!("Dir::read_link", [""], |dir| dir.read_link("link")),
    below!("Dir::read", [""], |dir| dir.read("file")),
    below!("Dir::read_to_string", [""], |dir| dir.read_to_string("file")),
    below!("Dir::write", [""], |dir| dir.write("file", b"written")),
    below!("Dir::write_bytes", [""], |dir| dir.write_bytes("new", "written")),
    below!("Dir::replace", [""], |dir| dir.replace("file", b"replaced")),
    below!("Dir::replace_with", [""], |dir| async {
        dir.replace_with("new", b"replaced", ReplaceOptions::new().create_new(true)).await
    }),
    below!("Dir::begin_replace, commit", [""], |dir| async {
        let replacement = dir.begin_replace("file", &ReplaceOptions::new()).await?;
        replacement.file().write_all(b"replaced").await?;
        replacement.commit().await
    }),
    below!("Dir::sweep_replacements", [""], |dir| dir.sweep_replacements()),
    below!("Dir::entries, read_dir", [""], |dir| async {
        let mut found = Vec::new();
        for mut entries in [dir.entries(), dir.read_dir("full").await?] {
            while let Some(entry) = entries.next().await {
                found.push(entry?.file_name().to_owned());
            }
        }
        Result::Ok(found)
    }),
    below!("Dir::sync", [""], |dir| dir.sync()),
    below!("Dir::try_exists", [""], |dir| dir.try_exists("file")),
    below!("Dir::access", [""], |dir| dir.access("file", Mode::READ)),
    below!("Dir::set_permissions", [""], |dir| dir.set_permissions("file", Permissions::from_mode(0o600))),
    below!("Dir::set_times", [""], |dir| dir.set_times("file", SET, SET)),
    below!("Dir::set_symlink_times", [""], |dir| dir.set_symlink_times("link", SET, SET)),
];
