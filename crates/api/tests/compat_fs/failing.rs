//! What fails with tokio fails here with the same kind, the same errno and the same text.

use std::ffi::OsStr;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

type Failure = (String, ErrorKind, Option<i32>, String);

/// Notes what a call failed with; what succeeds is noted as such.
async fn note<T>(told: &mut Vec<Failure>, call: String, outcome: impl Future<Output = io::Result<T>>) {
    told.push(match outcome.await {
        Ok(_) => (call, ErrorKind::Other, None, "success".to_owned()),
        Err(error) => (call, error.kind(), error.raw_os_error(), error.to_string()),
    });
}

/// Names that are wrong in every way, and some that are right for some calls.
fn odd_names() -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = [
        "missing",
        "missing/below",
        "file",
        "file/",
        "file/below",
        "dir",
        "dir/",
        "bytes",
        "dangling",
        "loop",
        "",
    ]
    .map(PathBuf::from)
    .into();
    names.push("x".repeat(300).into());
    names.push(OsStr::from_bytes(b"nul\0inside").into());
    names
}

fn furnish() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let room = std::fs::canonicalize(dir.path()).expect("a new directory takes it");
    std::fs::create_dir(room.join("dir")).expect("a new directory takes it");
    std::fs::write(room.join("dir/entry"), "text").expect("a new directory takes it");
    std::fs::write(room.join("file"), "text").expect("a new directory takes it");
    std::fs::write(room.join("bytes"), b"\xff\xfe").expect("a new directory takes it");
    std::os::unix::fs::symlink("nowhere", room.join("dangling")).expect("a new directory takes it");
    std::os::unix::fs::symlink("loop", room.join("loop")).expect("a new directory takes it");
    (dir, room)
}

macro_rules! failures {
    ($name:ident, $fs:path) => {
        mod $name {
            use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
            use $fs as fs;

            use super::*;

            pub(super) async fn run() -> Vec<Failure> {
                let (_dir, room) = furnish();
                let mut told = Vec::new();
                for name in odd_names() {
                    // Joined to nothing, the empty name would be the room itself.
                    let path = if name.as_os_str().is_empty() { name.clone() } else { room.join(&name) };
                    let call = |of: &str| format!("{of} {}", name.display());
                    looking(&mut told, &path, &call).await;
                    changing(&mut told, &path, &room, &call).await;
                    opening(&mut told, &path, &call).await;
                }
                on_files(&mut told, &room).await;
                options(&mut told, &room.join("file")).await;
                told
            }

            async fn looking(told: &mut Vec<Failure>, path: &Path, call: &dyn Fn(&str) -> String) {
                note(told, call("metadata"), fs::metadata(path)).await;
                note(told, call("symlink_metadata"), fs::symlink_metadata(path)).await;
                note(told, call("try_exists"), fs::try_exists(path)).await;
                note(told, call("canonicalize"), fs::canonicalize(path)).await;
                note(told, call("read_link"), fs::read_link(path)).await;
                note(told, call("read_dir"), fs::read_dir(path)).await;
                note(told, call("read"), fs::read(path)).await;
                note(told, call("read_to_string"), fs::read_to_string(path)).await;
            }

            async fn changing(
                told: &mut Vec<Failure>,
                path: &Path,
                room: &Path,
                call: &dyn Fn(&str) -> String,
            ) {
                let entry = room.join("dir/entry");
                note(told, call("create_dir"), fs::create_dir(path.join("a/b"))).await;
                note(told, call("create_dir_all"), fs::create_dir_all(path.join("entry"))).await;
                note(told, call("remove_dir"), fs::remove_dir(path)).await;
                note(told, call("remove_file"), fs::remove_file(path.join("a"))).await;
                note(told, call("remove_dir_all"), fs::remove_dir_all(path.join("b"))).await;
                note(told, call("rename"), fs::rename(path.join("a"), &entry)).await;
                note(told, call("rename to"), fs::rename(&entry, path.join("a/b"))).await;
                note(told, call("hard_link"), fs::hard_link(path, room.join("file"))).await;
                note(told, call("symlink"), fs::symlink(path, room.join("file"))).await;
                note(told, call("symlink to"), fs::symlink("x", path.join("a/b"))).await;
                note(told, call("copy"), fs::copy(path, path.join("a/b"))).await;
                note(told, call("copy to"), fs::copy(&entry, path.join("a/b"))).await;
                note(told, call("write"), fs::write(path.join("a/b"), "text")).await;
                let permissions = std::fs::metadata(&entry).expect("it is there").permissions();
                note(told, call("set_permissions"), fs::set_permissions(path.join("a"), permissions)).await;
            }

            async fn opening(told: &mut Vec<Failure>, path: &Path, call: &dyn Fn(&str) -> String) {
                note(told, call("open"), fs::File::open(path)).await;
                note(told, call("create"), fs::File::create(path.join("a/b"))).await;
                note(told, call("open to write"), fs::OpenOptions::new().write(true).open(path)).await;
                let mut by_std = std::fs::OpenOptions::new();
                by_std.read(true).write(true);
                note(told, call("open by std"), fs::OpenOptions::from(by_std).open(path)).await;
                let tried = async { fs::File::open(path).await?.read_to_end(&mut Vec::new()).await };
                note(told, call("read to end"), tried).await;
            }

            async fn on_files(told: &mut Vec<Failure>, room: &Path) {
                let path = room.join("file");
                note(told, "create_new".into(), fs::File::create_new(&path)).await;
                let mut reader = fs::File::open(&path).await.expect("it is there");
                note(told, "set_len".into(), reader.set_len(1)).await;
                let write = async {
                    reader.write_all(b"no").await?;
                    reader.flush().await
                };
                note(told, "write".into(), write).await;
                note(told, "seek".into(), reader.seek(io::SeekFrom::Current(-1))).await;
                note(told, "seek far".into(), reader.seek(io::SeekFrom::Start(u64::MAX))).await;
                note(told, "read_u64".into(), reader.read_u64()).await;
                let mut writer = fs::OpenOptions::new().append(true).open(&path).await.expect("it is there");
                note(told, "read".into(), writer.read_u8()).await;
                note(told, "set_len far".into(), writer.set_len(u64::MAX)).await;
            }

            async fn options(told: &mut Vec<Failure>, path: &Path) {
                for bits in 0_u32..64 {
                    let set = |bit: u32| bits & (1 << bit) != 0;
                    let mut options = fs::OpenOptions::new();
                    options.read(set(0)).write(set(1)).append(set(2));
                    options.truncate(set(3)).create(set(4)).create_new(set(5));
                    note(told, format!("{options:?}"), options.open(path)).await;
                }
            }
        }
    };
}

failures!(with_tokio, tokio::fs);
failures!(with_folio, folio::compat::fs);

#[tokio::test]
async fn every_failure_has_tokios_kind_errno_and_text() {
    let theirs = with_tokio::run().await;
    let ours = with_folio::run().await;
    let failed = theirs.iter().filter(|(.., text)| text != "success").count();
    assert!(failed > 250, "too little fails: {failed} of {}", theirs.len());
    let pairs = theirs.iter().zip(&ours);
    let different: Vec<_> = pairs.filter(|(theirs, ours)| theirs != ours).collect();
    assert!(different.is_empty(), "{} differ: {different:#?}", different.len());
    assert_eq!(theirs.len(), ours.len());
}
