//! Changing the import from `tokio::fs` to `folio::fs` changes nothing else: one program text is compiled
//! against both, and every call in it must come to the same result, error kind and errno.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

type Outcome = Result<String, (ErrorKind, Option<i32>)>;

/// What one call came to, in words that do not depend on the library.
fn told<T: Debug, E: Into<io::Error>>(room: &Path, result: Result<T, E>) -> Outcome {
    match result {
        Ok(value) => Ok(format!("{value:?}").replace(&*room.to_string_lossy(), "ROOM")),
        Err(error) => {
            let error = error.into();
            // folio's own is carried inside.
            let carried = error.get_ref().and_then(|inside| inside.downcast_ref::<folio::Error>());
            Err((error.kind(), carried.map_or(error.raw_os_error(), folio::Error::raw_os_error)))
        }
    }
}

/// A future that tasks may carry from thread to thread.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}

fn shareable<T: Send + Sync + Unpin + Debug>() {}

/// Opens the room's shut directories again, so that the room can be removed.
struct Furnished(TempDir);

impl Drop for Furnished {
    fn drop(&mut self) {
        for name in ["shut", "full", "empty"] {
            // Whatever is missing by now needs no opening.
            let _ =
                std::fs::set_permissions(self.0.path().join(name), std::fs::Permissions::from_mode(0o700));
        }
    }
}

fn furnish() -> (Furnished, PathBuf) {
    let dir = tempfile::tempdir().expect("temp dir");
    let room = std::fs::canonicalize(dir.path()).expect("canonicalize");
    std::fs::create_dir(room.join("full")).expect("create_dir");
    std::fs::create_dir(room.join("empty")).expect("create_dir");
    std::fs::write(room.join("full/file"), b"text").expect("write");
    std::fs::write(room.join("bytes"), b"\xff\xfe").expect("write");
    std::fs::write(room.join("large"), vec![b'x'; 100_000]).expect("write");
    std::fs::write(room.join("none"), b"").expect("write");
    std::os::unix::fs::symlink("full/file", room.join("link")).expect("symlink");
    std::os::unix::fs::symlink("nowhere", room.join("dangling")).expect("symlink");
    std::os::unix::fs::symlink("loop", room.join("loop")).expect("symlink");
    std::fs::create_dir(room.join("shut")).expect("create_dir");
    std::fs::write(room.join("shut/file"), b"secret").expect("write");
    // Root goes in all the same; either way both libraries must come to the same result.
    let shut = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(room.join("shut"), shut).expect("set_permissions");
    (Furnished(dir), room)
}

/// Names inside of a room, present, missing and wrong in every way.
fn odd_names() -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = [
        "full",
        "full/",
        "empty",
        "full/file",
        "full/file/",
        "full/file/below",
        "none",
        "bytes",
        "link",
        "link/",
        "dangling",
        "loop",
        "missing",
        "missing/",
        "missing/below",
        "shut/file",
        "nul\0byte",
    ]
    .iter()
    .map(PathBuf::from)
    .collect();
    names.push("n".repeat(256).into());
    names.push("d/".repeat(2_100).into());
    names.push(OsStr::from_bytes(b"\xff").into());
    names
}

/// Paths that belong to the machine and are therefore only looked at.
const OUTSIDE: [&str; 7] = ["", ".", "..", "/", "/proc/version", "/proc/no-such-entry", "/dev/null"];

macro_rules! program {
    ($library:ident, $fs:path, $metadata:ty, $file_type:ty) => {
        mod $library {
            use super::*;
            use $fs as fs;

            /// Every signature, with results of the types that tokio documents.
            pub(super) async fn signatures(room: &Path) -> io::Result<()> {
                let at = |name: &str| room.join(name);
                let _: PathBuf = sendable(fs::canonicalize(at("link"))).await?;
                let _: u64 = sendable(fs::copy(at("full/file"), at("s-copy"))).await?;
                let _: () = sendable(fs::create_dir(at("s-dir"))).await?;
                let _: () = sendable(fs::create_dir_all(at("s-dirs/a/b"))).await?;
                let _: () = sendable(fs::hard_link(at("s-copy"), at("s-hard"))).await?;
                let _: $metadata = sendable(fs::metadata(at("link"))).await?;
                let _: Vec<u8> = sendable(fs::read(at("full/file"))).await?;
                let _: PathBuf = sendable(fs::read_link(at("link"))).await?;
                let _: String = sendable(fs::read_to_string(at("full/file"))).await?;
                let _: () = sendable(fs::remove_dir(at("s-dir"))).await?;
                let _: () = sendable(fs::remove_dir_all(at("s-dirs"))).await?;
                let _: () = sendable(fs::remove_file(at("s-hard"))).await?;
                let _: () = sendable(fs::rename(at("s-copy"), at("s-moved"))).await?;
                let permissions = std::fs::Permissions::from_mode(0o640);
                let _: () = sendable(fs::set_permissions(at("s-moved"), permissions)).await?;
                let _: () = sendable(fs::symlink("s-moved", at("s-link"))).await?;
                let _: $metadata = sendable(fs::symlink_metadata(at("s-link"))).await?;
                let _: bool = sendable(fs::try_exists(at("s-link"))).await?;
                let _: () = sendable(fs::write(at("s-text"), "contents")).await?;
                let _: () = sendable(fs::write(at("s-text"), vec![1, 2, 3])).await?;
                let mut builder = fs::DirBuilder::new();
                let builder: &mut fs::DirBuilder = builder.recursive(true).mode(0o700);
                let _: () = sendable(builder.create(at("s-built/below"))).await?;
                let mut listing: fs::ReadDir = sendable(fs::read_dir(room)).await?;
                let entry: fs::DirEntry = sendable(listing.next_entry()).await?.expect("not empty");
                let _: Option<fs::DirEntry> = std::future::poll_fn(|cx| listing.poll_next_entry(cx)).await?;
                let _: (PathBuf, std::ffi::OsString, u64) = (entry.path(), entry.file_name(), entry.ino());
                let _: $metadata = sendable(entry.metadata()).await?;
                let _: $file_type = sendable(entry.file_type()).await?;
                shareable::<fs::ReadDir>();
                shareable::<fs::DirEntry>();
                shareable::<fs::DirBuilder>();
                Ok(())
            }

            /// The calls that only look, on one path.
            pub(super) async fn look(room: &Path, path: &Path) -> Vec<(&'static str, Outcome)> {
                let shape = |m: $metadata| (m.file_type(), m.is_dir() || m.len() < 1, m.permissions());
                vec![
                    ("canonicalize", told(room, fs::canonicalize(path).await)),
                    ("metadata", told(room, fs::metadata(path).await.map(shape))),
                    ("symlink_metadata", told(room, fs::symlink_metadata(path).await.map(shape))),
                    ("try_exists", told(room, fs::try_exists(path).await)),
                    ("read", told(room, fs::read(path).await)),
                    ("read_to_string", told(room, fs::read_to_string(path).await)),
                    ("read_link", told(room, fs::read_link(path).await)),
                    ("read_dir", told(room, fs::read_dir(path).await.map(drop))),
                ]
            }

            /// The calls that change something, each in a room of its own.
            pub(super) async fn change(call: &'static str, name: &Path) -> (Outcome, Vec<String>) {
                let (_dir, room) = furnish();
                let room = &*room;
                let path = &*room.join(name);
                let outcome = match call {
                    "create_dir" => told(room, fs::create_dir(path).await),
                    "create_dir_all" => told(room, fs::create_dir_all(path).await),
                    "create_dir_all below" => told(room, fs::create_dir_all(path.join("a/b")).await),
                    "remove_dir" => told(room, fs::remove_dir(path).await),
                    "remove_dir_all" => told(room, fs::remove_dir_all(path).await),
                    "remove_file" => told(room, fs::remove_file(path).await),
                    "rename from" => told(room, fs::rename(path, room.join("new")).await),
                    "rename onto" => told(room, fs::rename(room.join("bytes"), path).await),
                    "rename dir onto" => told(room, fs::rename(room.join("full"), path).await),
                    "rename away" => told(room, fs::rename(path, "/proc/new").await),
                    "hard_link from" => told(room, fs::hard_link(path, room.join("new")).await),
                    "hard_link to" => told(room, fs::hard_link(room.join("bytes"), path).await),
                    "symlink to" => told(room, fs::symlink("anything", path).await),
                    "symlink from" => told(room, fs::symlink(path, room.join("new")).await),
                    "write" => told(room, fs::write(path, b"new contents").await),
                    "copy from" => told(room, fs::copy(path, room.join("new")).await),
                    "copy to" => told(room, fs::copy(room.join("large"), path).await),
                    "set_permissions" => {
                        let permissions = std::fs::Permissions::from_mode(0o604);
                        told(room, fs::set_permissions(path, permissions).await)
                    }
                    "DirBuilder" => told(room, fs::DirBuilder::new().mode(0o700).create(path).await),
                    _ => unreachable!("{call} is not in the program"),
                };
                (outcome, picture(room))
            }

            /// A listing longer than any batch.
            pub(super) async fn list(room: &Path) -> io::Result<Vec<String>> {
                let mut listing = fs::read_dir(room).await?;
                let mut lines = Vec::new();
                while let Some(entry) = listing.next_entry().await? {
                    let (kind, metadata) = (entry.file_type().await?, entry.metadata().await?);
                    assert_eq!(kind, metadata.file_type());
                    assert_eq!(entry.ino(), std::os::unix::fs::MetadataExt::ino(&metadata));
                    lines.push(format!("{:?} {:?} {kind:?}", entry.path(), entry.file_name()));
                }
                assert!(listing.next_entry().await?.is_none(), "the end stays the end");
                lines.sort();
                Ok(lines)
            }
        }
    };
}

program!(by_tokio, tokio::fs, std::fs::Metadata, std::fs::FileType);
program!(by_folio, folio::fs, folio::Metadata, folio::FileType);

const CHANGES: [&str; 19] = [
    "create_dir",
    "create_dir_all",
    "create_dir_all below",
    "remove_dir",
    "remove_dir_all",
    "remove_file",
    "rename from",
    "rename onto",
    "rename dir onto",
    "rename away",
    "hard_link from",
    "hard_link to",
    "symlink to",
    "symlink from",
    "write",
    "copy from",
    "copy to",
    "set_permissions",
    "DirBuilder",
];

/// Everything in a room: names, kinds, permissions, lengths.
fn picture(room: &Path) -> Vec<String> {
    fn visit(room: &Path, dir: &Path, lines: &mut Vec<String>) {
        let Ok(entries) = std::fs::read_dir(dir) else { return };
        for entry in entries.map(|entry| entry.expect("entry")) {
            let path = entry.path();
            let name = path.strip_prefix(room).expect("inside").display().to_string();
            let Ok(metadata) = entry.metadata() else {
                lines.push(format!("{name} is out of reach"));
                continue;
            };
            let len = if metadata.is_dir() { 0 } else { metadata.len() };
            lines.push(format!("{name} {:o} {len}", metadata.permissions().mode()));
            if metadata.is_dir() {
                visit(room, &path, lines);
            }
        }
    }
    let mut lines = Vec::new();
    visit(room, room, &mut lines);
    lines.sort();
    lines
}

#[tokio::test]
async fn same_program_compiles_and_runs_against_both() {
    for library in ["tokio", "folio"] {
        let (_dir, room) = furnish();
        let result = match library {
            "tokio" => by_tokio::signatures(&room).await,
            _ => by_folio::signatures(&room).await,
        };
        result.unwrap_or_else(|error| panic!("{library}: {error}"));
    }
}

#[tokio::test]
async fn looking_comes_to_the_same_results() {
    let (_dir, room) = furnish();
    let inside = odd_names().into_iter().map(|name| room.join(name));
    let paths: Vec<PathBuf> = inside.chain(OUTSIDE.map(PathBuf::from)).collect();
    // Twice: the second time what can be answered in place is.
    for pass in ["first", "second"] {
        for path in &paths {
            let expected = by_tokio::look(&room, path).await;
            let got = by_folio::look(&room, path).await;
            for ((call, got), (_, expected)) in got.into_iter().zip(expected) {
                assert!(
                    got == expected,
                    "{call} {path:?} ({pass} look): {got:.200?}, tokio {expected:.200?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn changing_comes_to_the_same_results() {
    for name in odd_names() {
        for call in CHANGES {
            let expected = by_tokio::change(call, &name).await;
            assert_eq!(by_folio::change(call, &name).await, expected, "{call} {name:?}");
        }
    }
}

#[tokio::test]
async fn listings_hold_the_same_entries() {
    for count in [0, 1, 31, 32, 33, 127, 128, 129, 1_000] {
        let dir = tempfile::tempdir().expect("temp dir");
        for i in 0..count {
            std::fs::write(dir.path().join(format!("entry {i}")), b"").expect("write");
        }
        let expected = by_tokio::list(dir.path()).await.expect("tokio lists");
        assert_eq!(expected.len(), count);
        assert_eq!(by_folio::list(dir.path()).await.expect("folio lists"), expected);
    }
}

#[tokio::test]
async fn errors_name_operation_and_paths() {
    let (_dir, room) = furnish();
    let error = folio::fs::rename(room.join("missing"), room.join("new")).await.expect_err("missing");
    assert_eq!(error.operation(), folio::Operation::Rename);
    assert_eq!(error.path(), Some(&*room.join("missing")));
    assert!(error.to_string().contains(&*room.join("new").to_string_lossy()), "{error}");
    let error = folio::fs::read("nul\0byte").await.expect_err("refused");
    assert!(!error.may_have_happened());
    assert_eq!(error.path(), Some(Path::new("nul\0byte")));
}

/// The front page of `folio::fs` names the differences; these are those that results show.
#[tokio::test]
async fn differences_are_the_named_ones() {
    let (_dir, room) = furnish();
    let large = room.join("large");
    let error = folio::fs::copy(&large, &large).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(std::fs::metadata(&large).expect("metadata").len(), 100_000);
}

#[tokio::test]
async fn limited_reads_end_at_the_limit() {
    let (_dir, room) = furnish();
    let large = room.join("large");
    for (limit, fits) in [(0, false), (99_999, false), (100_000, true), (u64::MAX, true)] {
        match folio::fs::read_limited(&large, limit).await {
            Ok(bytes) => assert!(fits && bytes.len() == 100_000, "{limit}"),
            Err(error) => assert!(!fits && error.is_too_long(), "{limit}: {error}"),
        }
    }
    let error = folio::fs::read_limited("/dev/zero", 1_000).await.expect_err("endless");
    assert!(error.is_too_long() && error.kind() == ErrorKind::FileTooLarge);
    assert!(error.to_string().contains("/dev/zero"), "{error}");
}
