//! A file system that tells of a lost write at the close only. Who did not look there said that all was well, and a move
//! then removed the only copy.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use folio::fs::{copy, copy_dir, move_path, write};
use folio::tempfile::TemporaryFile;
use folio::{Dir, OpenOptions};

use crate::late::{EDQUOT, Late, at};

const CONTENTS: &[u8] = b"the only copy";

type Act = fn(PathBuf, PathBuf) -> Pin<Box<dyn Future<Output = folio::Result<()>>>>;

/// Everything that writes a file as a whole. Some take the folder, some the file in it.
const ACTS: [(&str, &str, Act); 11] = [
    ("fs::write", "file", |_, to| Box::pin(async move { write(to, CONTENTS).await })),
    ("fs::copy", "file", |from, to| Box::pin(async move { copy(from, to).await.map(drop) })),
    ("Dir::write", "file", |_, to| {
        Box::pin(async move {
            let dir = Dir::open(to.parent().expect("it has one")).await?;
            dir.write("written", CONTENTS).await
        })
    }),
    ("Dir::copy", "file", |from, to| {
        Box::pin(async move {
            let (source, target) = (from.parent().expect("it has one"), to.parent().expect("it has one"));
            let (source, target) = (Dir::open(source).await?, Dir::open(target).await?);
            source.copy("file", &target, "copied").await.map(drop)
        })
    }),
    ("an unnamed file that gets a name", "file", |_, to| {
        Box::pin(async move {
            let room = to.parent().expect("it has one");
            let unnamed = TemporaryFile::builder().in_dir(room).create().await?;
            unnamed.file().write_all(CONTENTS).await?;
            unnamed.persist(&to).await
        })
    }),
    ("an unnamed file that gets a free name", "file", |_, to| {
        Box::pin(async move {
            let room = to.parent().expect("it has one");
            let unnamed = TemporaryFile::builder().in_dir(room).create().await?;
            unnamed.file().write_all(CONTENTS).await?;
            unnamed.persist_noclobber(&to).await
        })
    }),
    ("a flush of somebody's descriptor", "file", |_, to| {
        Box::pin(async move {
            let mine = fs::File::create(to).expect("it is taken");
            let file = OpenOptions::new().python_mode("wb").open_borrowed(&mine).await?;
            file.write(CONTENTS).await?;
            file.flush().await
        })
    }),
    ("a close of somebody's descriptor", "file", |_, to| {
        Box::pin(async move {
            let mine = fs::File::create(to).expect("it is taken");
            let file = OpenOptions::new().python_mode("wb").open_borrowed(&mine).await?;
            file.write(CONTENTS).await?;
            file.close().await
        })
    }),
    ("fs::copy_dir", "folder", |from, to| Box::pin(async move { copy_dir(from, to).await.map(drop) })),
    ("fs::move_path of a file", "file", |from, to| Box::pin(async move { move_path(from, to).await })),
    ("fs::move_path of a folder", "folder", |from, to| Box::pin(async move { move_path(from, to).await })),
];

#[tokio::test]
async fn a_lost_write_is_told_by_whoever_closes_and_no_original_goes() {
    let room = tempfile::tempdir().expect("the system has room for temporary files");
    fs::create_dir(room.path().join("folder")).expect("the room takes directories");
    let originals = [room.path().join("file"), room.path().join("folder/file")];
    for original in &originals {
        fs::write(original, CONTENTS).expect("the room takes files");
    }
    for (what, name, act) in ACTS {
        // Only Linux gives such a file a name.
        if what.starts_with("an unnamed file") && cfg!(any(folio_portable, not(target_os = "linux"))) {
            continue;
        }
        let Some(late) = Late::mount() else { return };
        let error = act(room.path().join(name), at(&late, name)).await.expect_err(what);
        assert_eq!(error.raw_os_error(), Some(EDQUOT), "{what}: {error}");
        assert!(late.refused() > 0, "{what}");
        for original in &originals {
            assert_eq!(fs::read(original).expect("it stays"), CONTENTS, "{what}");
        }
        if what.starts_with("fs::move_path") {
            assert_eq!(late.names(), [""; 0], "{what} left something over");
        }
        is_ours(&late).await;
    }
}

/// Shows that the file system is one, by what it keeps: names, lengths of files that nothing was written to, bytes
/// until the close.
async fn is_ours(late: &Late) {
    let path: &Path = &at(late, "still open");
    let file = folio::File::options().read(true).write(true).create(true).open(path).await.expect("it opens");
    file.write_all_at(CONTENTS, 0).await.expect("it is taken");
    assert_eq!(file.read_bytes_at(0, 100).await.expect("it is there"), CONTENTS);
    let refused = late.refused();
    assert_eq!(file.close().await.expect_err("no room").raw_os_error(), Some(EDQUOT));
    assert!(late.refused() > refused);
}
