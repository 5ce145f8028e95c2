//! Every function on paths, dropped after each of its polls: the tree is as before or as after it.

use std::collections::BTreeMap;
use std::fs::{FileTimes, Permissions};
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use folio::tempfile::TemporaryFile;
use folio::{Dir, Engine, File, fs, os, path};
use folio_testkit::polling::poll_then_drop;
use folio_testkit::process::descriptors_below;
use folio_testkit::wait::eventually_blocking;
use futures_core::Stream;

type Act = fn(PathBuf) -> Pin<Box<dyn Future<Output = ()>>>;

macro_rules! act {
    (|$dir:ident| $call:expr) => {
        |$dir: PathBuf| Box::pin(async move { drop($call.await) })
    };
}

const ACTS: [(&str, Act); 83] = [
    ("open", act!(|dir| File::open(dir.join("file")))),
    ("create", act!(|dir| File::create(dir.join("file")))),
    ("create_new", act!(|dir| File::create_new(dir.join("new")))),
    ("canonicalize", act!(|dir| fs::canonicalize(dir.join("full/..")))),
    ("copy", act!(|dir| fs::copy(dir.join("large"), dir.join("copied")))),
    ("create_dir", act!(|dir| fs::create_dir(dir.join("new")))),
    ("create_dir_all", act!(|dir| fs::create_dir_all(dir.join("a/b/c")))),
    (
        "DirBuilder::create",
        act!(|dir| async move { fs::DirBuilder::new().mode(0o700).create(dir.join("new")).await }),
    ),
    ("hard_link", act!(|dir| fs::hard_link(dir.join("file"), dir.join("linked")))),
    ("symlink", act!(|dir| fs::symlink("file", dir.join("linked")))),
    ("read_link", act!(|dir| fs::read_link(dir.join("link")))),
    ("metadata", act!(|dir| fs::metadata(dir.join("file")))),
    ("symlink_metadata", act!(|dir| fs::symlink_metadata(dir.join("link")))),
    ("set_permissions", act!(|dir| fs::set_permissions(dir.join("file"), Permissions::from_mode(0o600)))),
    ("try_exists", act!(|dir| fs::try_exists(dir.join("file")))),
    ("read", act!(|dir| fs::read(dir.join("large")))),
    ("read_limited", act!(|dir| fs::read_limited(dir.join("large"), 1 << 20))),
    ("read_to_string", act!(|dir| fs::read_to_string(dir.join("large")))),
    ("write", act!(|dir| fs::write(dir.join("written"), vec![b'y'; 300_000]))),
    ("write of many pieces", act!(|dir| fs::write(dir.join("written"), vec![b'z'; 3_000_000]))),
    ("write_bytes", act!(|dir| fs::write_bytes(dir.join("written"), vec![b'y'; 3_000_000]))),
    ("replace", act!(|dir| fs::replace(dir.join("file"), vec![b'y'; 300_000]))),
    ("replace of many pieces", act!(|dir| fs::replace(dir.join("link"), vec![b'z'; 3_000_000]))),
    ("Replacement", act!(|dir| replace(dir.join("file")))),
    ("sync_dir, sweep_replacements", act!(|dir| sweep(dir))),
    (
        "RenameOptions::rename",
        act!(|dir| async move {
            fs::RenameOptions::new().durable(true).rename(dir.join("file"), dir.join("full/file")).await
        }),
    ),
    (
        "RemoveOptions::remove_file",
        act!(|dir| async move { fs::RemoveOptions::new().durable(true).remove_file(dir.join("file")).await }),
    ),
    (
        "DirBuilder::durable",
        act!(|dir| async move {
            fs::DirBuilder::new().recursive(true).durable(true).create(dir.join("a/b/c")).await
        }),
    ),
    ("remove_file", act!(|dir| fs::remove_file(dir.join("file")))),
    ("remove_dir", act!(|dir| fs::remove_dir(dir.join("empty")))),
    ("remove_dir_all", act!(|dir| fs::remove_dir_all(dir.join("full")))),
    ("rename", act!(|dir| fs::rename(dir.join("file"), dir.join("full/file")))),
    ("read_dir", act!(|dir| list(dir.join("full")))),
    ("access", act!(|dir| os::access(dir.join("file"), os::Mode::READ))),
    ("statvfs", act!(|dir| os::statvfs(dir))),
    ("listdir", act!(|dir| os::listdir(dir))),
    // Refused: the comparison of trees reads what it finds, and a FIFO has no end.
    ("mkfifo", act!(|dir| os::mkfifo(dir.join("empty"), 0o600))),
    ("removedirs", act!(|dir| os::removedirs(dir.join("empty")))),
    ("renames", act!(|dir| os::renames(dir.join("file"), dir.join("x/y")))),
    ("chmod", act!(|dir| os::chmod(dir.join("file"), 0o600))),
    ("chown", act!(|dir| os::chown(dir.join("file"), None, None))),
    ("lchown", act!(|dir| os::lchown(dir.join("link"), None, None))),
    ("utime", act!(|dir| os::utime(dir.join("file"), os::Stamp::Now, os::Stamp::Now))),
    ("lutime", act!(|dir| os::lutime(dir.join("link"), os::Stamp::Now, os::Stamp::Now))),
    ("set_times", act!(|dir| fs::set_times(dir.join("file"), FileTimes::new()))),
    ("set_times_nofollow", act!(|dir| fs::set_times_nofollow(dir.join("link"), FileTimes::new()))),
    ("getxattr", act!(|dir| os::getxattr(dir.join("file"), "user.a"))),
    ("setxattr", act!(|dir| os::setxattr(dir.join("file"), "user.a", "x", os::XattrMode::Any))),
    ("listxattr", act!(|dir| os::listxattr(dir.join("file")))),
    ("removexattr", act!(|dir| os::removexattr(dir.join("file"), "user.a"))),
    ("disk_usage", act!(|dir| os::disk_usage(dir))),
    ("is_mount", act!(|dir| async { folio::Result::<bool>::Ok(path::is_mount(dir).await) })),
    ("is_same_file", act!(|dir| path::is_same_file(dir.join("file"), dir.join("link")))),
    ("realpath", act!(|dir| path::realpath(dir.join("link/x")))),
    ("expanduser", act!(|_dir| path::expanduser("~nobody-has-this-name"))),
    ("walk", act!(|dir| drain(fs::walk(dir)))),
    ("WalkEntry::metadata", act!(|dir| measure(dir))),
    ("rglob", act!(|dir| async { drain(fs::rglob(dir, "*")?).await })),
    ("fwalk", act!(|dir| steps(dir))),
    ("copy_dir", act!(|dir| fs::copy_dir(dir.join("empty"), dir.join("copied")))),
    ("move_path", act!(|dir| fs::move_path(dir.join("full"), dir.join("moved")))),
    ("Dir::open", act!(|dir| Dir::open(dir))),
    ("Dir::open_file", act!(|dir| async { Dir::open(dir).await?.open_file("file").await })),
    ("Dir::create", act!(|dir| async { Dir::open(dir).await?.create("file").await })),
    (
        "Dir::open_dir, metadata",
        act!(|dir| async { Dir::open(dir).await?.open_dir("full").await?.metadata("1").await }),
    ),
    ("Dir::open_dir_nofollow", act!(|dir| async { Dir::open(dir).await?.open_dir_nofollow("full").await })),
    ("Dir::canonicalize", act!(|dir| async { Dir::open(dir).await?.canonicalize("full/../link").await })),
    (
        "Dir::copy",
        act!(|dir| async {
            let dir = Dir::open(dir).await?;
            dir.copy("large", &dir, "copied").await
        }),
    ),
    (
        "Dir::create_dir_with",
        act!(|dir| async {
            Dir::open(dir).await?.create_dir_with("a/b/c", fs::DirBuilder::new().recursive(true)).await
        }),
    ),
    ("Dir::read_dir", act!(|dir| async { drain(Dir::open(dir).await?.read_dir("full").await?).await })),
    (
        "Dir::from_std_file, into_std_file",
        act!(|dir| async {
            let opened = std::fs::File::open(dir).expect("it is there");
            Dir::from_std_file(opened).await?.into_std_file().await
        }),
    ),
    (
        "TemporaryFile::persist",
        act!(|dir| async {
            let file = TemporaryFile::builder().in_dir(&dir).create().await?;
            file.persist(dir.join("file")).await
        }),
    ),
    (
        "TemporaryFile::persist_noclobber",
        act!(|dir| async {
            let file = TemporaryFile::builder().in_dir(&dir).create().await?;
            file.persist_noclobber(dir.join("new")).await
        }),
    ),
    ("Dir::create_dir", act!(|dir| async { Dir::open(dir).await?.create_dir("new").await })),
    ("Dir::remove_file", act!(|dir| async { Dir::open(dir).await?.remove_file("file").await })),
    ("Dir::remove_dir", act!(|dir| async { Dir::open(dir).await?.remove_dir("empty").await })),
    (
        "Dir::rename",
        act!(|dir| async {
            let dir = Dir::open(dir).await?;
            dir.rename("file", &dir, "full/file").await
        }),
    ),
    (
        "Dir::hard_link",
        act!(|dir| async {
            let dir = Dir::open(dir).await?;
            dir.hard_link("file", &dir, "linked").await
        }),
    ),
    ("Dir::symlink", act!(|dir| async { Dir::open(dir).await?.symlink("file", "linked").await })),
    ("Dir::read_link", act!(|dir| async { Dir::open(dir).await?.read_link("link").await })),
    ("Dir::read", act!(|dir| async { Dir::open(dir).await?.read("large").await })),
    (
        "Dir::entries, sync",
        act!(|dir| async {
            let dir = Dir::open(dir).await?;
            drain(dir.entries()).await?;
            dir.sync().await
        }),
    ),
    (
        "Dir::access, set_times",
        act!(|dir| async {
            let dir = Dir::open(dir).await?;
            dir.access("file", os::Mode::READ).await?;
            dir.set_permissions("file", Permissions::from_mode(0o600)).await?;
            dir.set_times("file", os::Stamp::Now, os::Stamp::Now).await
        }),
    ),
];

async fn drain<T>(stream: impl Stream<Item = folio::Result<T>>) -> folio::Result<()> {
    let mut stream = std::pin::pin!(stream);
    while let Some(item) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
        item?;
    }
    Ok(())
}

async fn measure(dir: PathBuf) -> folio::Result<()> {
    let mut walk = fs::walk(dir);
    while let Some(entry) = walk.next().await {
        entry?.metadata().await?;
    }
    Ok(())
}

async fn steps(dir: PathBuf) -> folio::Result<()> {
    let mut walk = fs::fwalk(dir);
    while let Some(step) = walk.next().await {
        step?;
    }
    Ok(())
}

async fn replace(path: PathBuf) -> folio::Result<()> {
    let replacement = File::replace(path).await?;
    replacement.write_all(b"new").await?;
    replacement.commit().await
}

async fn sweep(dir: PathBuf) -> folio::Result<()> {
    fs::sync_dir(&dir).await?;
    fs::sweep_replacements(dir).await.map(drop)
}

async fn list(dir: PathBuf) -> folio::Result<()> {
    let mut entries = fs::read_dir(dir).await?;
    while let Some(entry) = entries.next_entry().await? {
        entry.metadata().await?;
        entry.file_type().await?;
    }
    Ok(())
}

fn furnish() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    let room = dir.path().canonicalize().expect("it was just made");
    std::fs::create_dir(room.join("full")).expect("the room is empty");
    std::fs::create_dir(room.join("empty")).expect("the room is empty");
    for index in 0..20 {
        std::fs::write(room.join(format!("full/{index}")), b"text").expect("the room takes files");
    }
    std::fs::write(room.join("file"), b"contents").expect("the room takes files");
    std::fs::write(room.join("large"), vec![b'x'; 300_000]).expect("the room takes files");
    std::os::unix::fs::symlink("file", room.join("link")).expect("the room takes links");
    (dir, room)
}

/// What a tree holds: each name with its contents, or its target.
fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).expect("a directory can be listed") {
        let path = entry.expect("a directory can be listed").path();
        let kind = path.symlink_metadata().expect("it was just listed").file_type();
        let contents = match (kind.is_dir(), kind.is_symlink()) {
            (true, _) => Vec::new(),
            (_, true) => path.read_link().expect("it is a link").to_string_lossy().into_owned().into_bytes(),
            (false, false) => std::fs::read(&path).expect("the file can be read"),
        };
        if kind.is_dir() {
            found.extend(tree(&path).into_iter().map(|(name, contents)| (path.join(name), contents)));
        }
        found.insert(path, contents);
    }
    found
        .into_iter()
        .map(|(path, contents)| (path.strip_prefix(dir).map_or(path.clone(), Path::to_owned), contents))
        .collect()
}

/// Drops `act` in a fresh room after so many polls; the tree it leaves, and whether it was done before.
fn tree_after(name: &str, act: Act, polls: usize, until_woken: bool) -> (BTreeMap<PathBuf, Vec<u8>>, bool) {
    let case = format!("{name}, dropped after {polls} polls, woken: {until_woken}");
    let (_dir, room) = furnish();
    let done = poll_then_drop(act(room.clone()), polls, until_woken).is_some();
    eventually_blocking(&format!("{case}: every permit is back"), || {
        Engine::global().snapshot().in_flight == 0
    });
    eventually_blocking(&format!("{case}: every descriptor is closed"), || descriptors_below(&room) == 0);
    assert!(Engine::global().snapshot().files.iter().all(|file| !file.path.starts_with(&room)), "{case}");
    (tree(&room), done)
}

#[test]
fn c2_dropped_after_any_poll_it_has_happened_or_not() {
    let before = {
        let (_dir, room) = furnish();
        tree(&room)
    };
    for (name, act) in ACTS {
        let (after, _) = tree_after(name, act, usize::MAX, false);
        for until_woken in [false, true] {
            let polls = (1..).find(|polls| {
                let (now, done) = tree_after(name, act, *polls, until_woken);
                let half_way = now.keys().filter(|path| now.get(*path) != before.get(*path));
                assert!(now == before || now == after, "{name}: {:?}", half_way.collect::<Vec<_>>());
                assert!(!done || now == after, "{name} was done, and nothing has happened");
                done
            });
            assert!(polls.is_some_and(|polls| polls < 100), "{name} took {polls:?} polls");
        }
    }
}
