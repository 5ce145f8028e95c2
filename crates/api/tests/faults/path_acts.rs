//! Operations on paths.

use std::fs::{FileTimes, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::SystemTime;

use folio::os::{self, Mode, Stamp, XattrMode};
use folio::{Durability, File, ReplaceOptions, Result, fs, path};

use crate::acts::{Act, room};

const SET: Stamp = Stamp::At(SystemTime::UNIX_EPOCH);

pub(crate) const WHOLE: &[Act] = &[
    room!("fs::read", ["file"], |at| fs::read(at.join("file"))),
    room!("fs::read of many pieces", ["large"], |at| async {
        fs::read(at.join("large")).await.map(|read| read.len())
    }),
    room!("fs::read_limited", ["file"], |at| fs::read_limited(at.join("file"), 100)),
    room!("fs::read_to_string", ["file"], |at| fs::read_to_string(at.join("file"))),
    room!("fs::write", ["file"], |at| fs::write(at.join("file"), b"written")),
    room!("fs::write of a new file", ["new"], |at| fs::write(at.join("new"), b"written")),
    room!("fs::write of many pieces", ["new"], |at| fs::write(at.join("new"), vec![b'z'; (2 << 20) + 9])),
    room!("fs::write_bytes", ["file"], |at| fs::write_bytes(at.join("file"), "written")),
    room!("fs::copy", ["large", "new"], |at| fs::copy(at.join("large"), at.join("new"))),
    room!("fs::replace", ["file"], |at| fs::replace(at.join("file"), b"replaced")),
    room!("fs::replace_bytes", ["link", "file"], |at| fs::replace_bytes(at.join("link"), "replaced")),
    room!("ReplaceOptions::create_new", ["new"], |at| async move {
        ReplaceOptions::new().create_new(true).replace(at.join("new"), b"replaced").await
    }),
    room!("ReplaceOptions without durability", ["file"], |at| async move {
        ReplaceOptions::new().durability(Durability::None).replace(at.join("file"), b"replaced").await
    }),
    room!("File::replace, commit", ["file"], |at| async move {
        let replacement = File::replace(at.join("file")).await?;
        replacement.file().write_all(b"replaced").await?;
        replacement.commit().await
    }),
    room!("File::replace, discard", ["file"], |at| async move {
        let replacement = File::replace(at.join("file")).await?;
        replacement.file().write_all(b"replaced").await?;
        replacement.discard().await
    }),
    room!("fs::sync_dir, sweep_replacements", [""], |at| async move {
        fs::sync_dir(&at).await?;
        fs::sweep_replacements(at).await
    }),
    room!("os::sendfile", ["large", "new"], |at| async move {
        let (from, to) = (File::open(at.join("large")).await?, File::create(at.join("new")).await?);
        let sent = os::sendfile(&to, &from, 0, 5000).await?;
        to.close().await?;
        from.close().await?;
        Result::Ok(sent)
    }),
];

pub(crate) const OPENED: &[Act] = &[
    room!("File::open, read_bytes, close", ["file"], |at| async move {
        let file = File::open(at.join("file")).await?;
        let read = file.read_bytes(5).await?;
        file.close().await?;
        Result::Ok(read)
    }),
    room!("File::create, write_all, close", ["file"], |at| async move {
        let file = File::create(at.join("file")).await?;
        file.write_all(b"written").await?;
        file.close().await
    }),
    room!("File::create_new, write_all, close_all", ["new"], |at| async move {
        let file = File::create_new(at.join("new")).await?;
        let clone = file.clone();
        clone.write_all(b"written").await?;
        file.close_all().await
    }),
    room!("File::create, write_all, sync_all, close", ["new"], |at| async move {
        let file = File::create(at.join("new")).await?;
        file.write_all(b"written").await?;
        file.sync_all().await?;
        file.close().await
    }),
    room!("File::create, write_all, drop", ["new"], |at| async move {
        File::create(at.join("new")).await?.write_all(b"written").await
    }),
    room!("buffered, write_all, close", ["file"], |at| async move {
        let file = File::options().write(true).buffering(4096).open(at.join("file")).await?;
        file.write_all(b"written").await?;
        file.close().await
    }),
    room!("buffered, write_all, drop", ["file"], |at| async move {
        let file = File::options().write(true).buffering(4096).open(at.join("file")).await?;
        file.write_all(b"written").await
    }),
    room!("buffered, append, close", ["file"], |at| async move {
        let file = File::options().append(true).buffering(4096).open(at.join("file")).await?;
        file.write_all(b"written").await?;
        file.append(b"appended").await?;
        file.close().await
    }),
    room!("two openings, both closed", ["file"], |at| async move {
        let (one, two) =
            (File::options().append(true).open(at.join("file")).await?, File::open(at.join("file")).await?);
        one.append(b"appended").await?;
        let read = two.read_to_end_limited(100).await?;
        one.close().await?;
        two.close().await?;
        Result::Ok(read)
    }),
];

pub(crate) const NAMES: &[Act] = &[
    room!("fs::canonicalize", ["full"], |at| async move {
        let found = fs::canonicalize(at.join("full/../link")).await?;
        Result::Ok(found.file_name().map(std::ffi::OsStr::to_owned))
    }),
    room!("fs::hard_link", ["file", "new"], |at| fs::hard_link(at.join("file"), at.join("new"))),
    room!("fs::symlink", ["new"], |at| fs::symlink("file", at.join("new"))),
    room!("fs::read_link", ["link"], |at| fs::read_link(at.join("link"))),
    room!("fs::remove_file", ["file"], |at| fs::remove_file(at.join("file"))),
    room!("RemoveOptions::durable", ["file"], |at| async move {
        fs::RemoveOptions::new().durable(true).remove_file(at.join("file")).await
    }),
    room!("fs::rename", ["file", "new"], |at| fs::rename(at.join("file"), at.join("new"))),
    room!("RenameOptions::durable", ["file", "full"], |at| async move {
        fs::RenameOptions::new().durable(true).rename(at.join("file"), at.join("full/new")).await
    }),
    room!("RenameOptions::no_clobber", ["file", "new"], |at| async move {
        fs::RenameOptions::new().no_clobber(true).rename(at.join("file"), at.join("new")).await
    }),
    room!("RenameOptions::exchange", ["file", "large"], |at| async move {
        fs::RenameOptions::new().exchange(true).rename(at.join("file"), at.join("large")).await
    }),
    room!("os::renames", ["file", "a"], |at| os::renames(at.join("file"), at.join("a/b"))),
    room!("fs::move_path", ["full", "new"], |at| fs::move_path(at.join("full"), at.join("new"))),
];

pub(crate) const TREES: &[Act] = &[
    room!("fs::create_dir", ["new"], |at| fs::create_dir(at.join("new"))),
    room!("fs::create_dir_all", ["a"], |at| fs::create_dir_all(at.join("a/b/c"))),
    room!("DirBuilder::mode", ["new"], |at| async move {
        fs::DirBuilder::new().mode(0o700).create(at.join("new")).await
    }),
    room!("DirBuilder::durable", ["a"], |at| async move {
        fs::DirBuilder::new().recursive(true).durable(true).create(at.join("a/b/c")).await
    }),
    room!("fs::remove_dir", ["empty"], |at| fs::remove_dir(at.join("empty"))),
    room!("fs::remove_dir_all", ["full"], |at| fs::remove_dir_all(at.join("full"))),
    room!("os::removedirs", ["empty"], |at| os::removedirs(at.join("empty"))),
    room!("fs::read_dir", ["full"], |at| async move {
        let (mut entries, mut found) = (fs::read_dir(at.join("full")).await?, Vec::new());
        while let Some(entry) = entries.next_entry().await? {
            found.push((entry.file_name(), entry.metadata().await?.len(), entry.file_type().await?.is_dir()));
        }
        Result::Ok(found)
    }),
    room!("os::listdir", ["full"], |at| os::listdir(at.join("full"))),
    room!("fs::walk", [""], |at| async move {
        let (mut walk, mut found) = (fs::walk(at), Vec::new());
        while let Some(entry) = walk.next().await {
            let entry = entry?;
            found.push((entry.file_name().to_owned(), entry.metadata().await?.len()));
        }
        found.sort();
        Result::Ok(found)
    }),
    room!("fs::rglob", [""], |at| async move {
        let (mut walk, mut found) = (std::pin::pin!(fs::rglob(at, "[0-9]")?), Vec::new());
        while let Some(entry) = futures::StreamExt::next(&mut walk).await {
            found.push(entry?.file_name().map(std::ffi::OsStr::to_owned));
        }
        found.sort();
        Result::Ok(found)
    }),
    room!("fs::fwalk", [""], |at| async move {
        let (mut walk, mut found) = (fs::fwalk(at), 0);
        while let Some(step) = walk.next().await {
            step?;
            found += 1;
        }
        Result::Ok(found)
    }),
];

pub(crate) const ATTRIBUTES: &[Act] = &[
    room!("fs::metadata", ["link", "file"], |at| async move {
        fs::metadata(at.join("link")).await.map(|is| is.len())
    }),
    room!("fs::symlink_metadata", ["link"], |at| async move {
        fs::symlink_metadata(at.join("link")).await.map(|is| is.is_symlink())
    }),
    room!("fs::set_permissions", ["file"], |at| {
        fs::set_permissions(at.join("file"), Permissions::from_mode(0o600))
    }),
    room!("fs::set_times", ["file"], |at| {
        fs::set_times(at.join("file"), FileTimes::new().set_modified(SystemTime::UNIX_EPOCH))
    }),
    room!("fs::set_times_nofollow", ["link"], |at| {
        fs::set_times_nofollow(at.join("link"), FileTimes::new().set_modified(SystemTime::UNIX_EPOCH))
    }),
    room!("fs::try_exists", ["file"], |at| fs::try_exists(at.join("file"))),
    room!("os::access", ["file"], |at| os::access(at.join("file"), Mode::READ)),
    room!("os::chmod", ["file"], |at| os::chmod(at.join("file"), 0o600)),
    room!("os::chown", ["file"], |at| os::chown(at.join("file"), Some(7), None)),
    room!("os::lchown", ["link"], |at| os::lchown(at.join("link"), Some(7), None)),
    room!("os::utime", ["file"], |at| os::utime(at.join("file"), SET, SET)),
    room!("os::lutime", ["link"], |at| os::lutime(at.join("link"), SET, SET)),
    room!("os::setxattr, getxattr, listxattr", ["file"], |at| async move {
        os::setxattr(at.join("file"), "user.a", "x", XattrMode::Any).await?;
        let listed = os::listxattr(at.join("file")).await?;
        Result::Ok((os::getxattr(at.join("file"), "user.a").await?, listed))
    }),
    room!("os::setxattr, removexattr", ["file"], |at| async move {
        os::setxattr(at.join("file"), "user.a", "x", XattrMode::Any).await?;
        os::removexattr(at.join("file"), "user.a").await
    }),
    room!("os::lsetxattr, lgetxattr, llistxattr, lremovexattr", ["link"], |at| async move {
        os::lsetxattr(at.join("link"), "user.a", "x", XattrMode::Any).await?;
        let found = (os::lgetxattr(at.join("link"), "user.a").await?, os::llistxattr(at.join("link")).await?);
        os::lremovexattr(at.join("link"), "user.a").await?;
        Result::Ok(found)
    }),
    room!("path::len", ["file"], |at| path::len(at.join("file"))),
    room!("path::accessed, modified, changed", ["file"], |at| async move {
        let at = at.join("file");
        Result::Ok((path::accessed(&at).await?, path::modified(&at).await?, path::changed(&at).await?))
    }),
    room!("path::is_same_file", ["file", "link"], |at| path::is_same_file(at.join("file"), at.join("link"))),
    room!("path::is_same_open_file", ["file"], |at| async move {
        let (one, two) = (File::open(at.join("file")).await?, File::open(at.join("file")).await?);
        path::is_same_open_file(&one, &two).await
    }),
    room!("path::realpath", ["link", "file"], |at| async move {
        path::realpath(at.join("link")).await.map(named)
    }),
];

fn named(path: PathBuf) -> Option<std::ffi::OsString> {
    path.file_name().map(std::ffi::OsStr::to_owned)
}
