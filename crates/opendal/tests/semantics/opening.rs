//! Which files are opened, and which are refused and why.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use folio_engine::storage::{AsyncStorage, OpenRequest};
use folio_opendal::OpenDal;

use crate::far::{Far, Request};
use crate::{appends, creates, creates_new, open, reads};

/// A store with a file and a directory.
fn store() -> Far {
    let far = Far::new();
    far.put("dir/file", *b"contents");
    far.put("empty", *b"");
    far
}

async fn kind_of(far: &Far, path: &str, request: OpenRequest) -> ErrorKind {
    open(&OpenDal::new(far.operator()), path, request).await.expect_err(path).kind()
}

#[tokio::test]
async fn what_is_missing_or_a_directory_is_said_as_by_a_disk() {
    let far = store();
    let table = [
        ("missing", reads(), ErrorKind::NotFound),
        ("dir/file/below", reads(), ErrorKind::NotFound),
        ("dir/file/", reads(), ErrorKind::NotADirectory),
        ("dir", creates(), ErrorKind::IsADirectory),
        ("dir/", creates(), ErrorKind::IsADirectory),
        ("new/", creates(), ErrorKind::IsADirectory),
        ("dir/file", creates_new(), ErrorKind::AlreadyExists),
        ("dir", creates_new(), ErrorKind::AlreadyExists),
        ("missing", OpenRequest::default().write(true), ErrorKind::NotFound),
        ("missing", OpenRequest::default().write(true).truncate(true), ErrorKind::NotFound),
        ("../file", reads(), ErrorKind::InvalidInput),
        ("dir/file ", reads(), ErrorKind::InvalidInput),
    ];
    for (path, request, expected) in table {
        assert_eq!(kind_of(&far, path, request.clone()).await, expected, "{path} {request:?}");
    }
    assert_eq!(far.keys(), ["dir/file", "empty"]);
}

#[tokio::test]
async fn a_refusal_names_the_store_the_operation_and_the_capability() {
    type Without = fn(&mut opendal::Capability);
    let refusals: [(Without, OpenRequest, &str); 7] = [
        (|can| can.write_can_append = false, appends(), "write_can_append"),
        (|can| can.write_with_if_not_exists = false, creates_new(), "write_with_if_not_exists"),
        (|can| can.write = false, creates(), "`write`"),
        (|can| can.read = false, reads(), "`read`"),
        (|_| {}, reads().write(true), "not for both"),
        (|_| {}, OpenRequest::default().write(true).create(true), "within a file"),
        (|_| {}, reads().custom_flags(1), "flags"),
    ];
    for (change, request, words) in refusals {
        let far = store().can(change);
        let storage = OpenDal::new(far.operator());
        let refused = open(&storage, "dir/file", request.clone()).await.expect_err("it is refused");
        assert_eq!(refused.kind(), ErrorKind::Unsupported, "{request:?}");
        let message = refused.to_string();
        assert!(message.contains("(s3)") && message.contains(words), "{message}");
        assert!(
            !far.log().iter().any(|request| *request != Request::Stat),
            "only looked at: {:?}",
            far.log()
        );
    }
}

#[tokio::test]
async fn an_empty_file_may_be_written_from_its_beginning_without_truncating_it() {
    let storage = OpenDal::new(store().operator());
    open(&storage, "empty", OpenRequest::default().write(true)).await.expect("nothing is in the way");
}

#[tokio::test]
async fn a_directory_that_is_opened_for_reading_refuses_reads() {
    let storage = OpenDal::new(store().operator());
    for path in ["dir", "dir/", "/", ""] {
        let dir = open(&storage, path, reads()).await.expect(path);
        assert_eq!(dir.read_at(1, 0).await.expect_err("a directory").kind(), ErrorKind::IsADirectory);
        assert!(dir.metadata().await.expect("metadata").is_dir());
        dir.close().await.expect("close");
    }
}

#[tokio::test]
async fn openings_cost_as_few_requests_as_can_be() {
    let far = store();
    let storage = OpenDal::new(far.operator());
    let table = [
        ("dir/file", reads(), vec![Request::Stat]),
        ("new", creates(), vec![Request::List(0)]),
        ("new", creates_new(), vec![Request::Stat, Request::List(0)]),
        ("dir/file", OpenRequest::default().write(true).truncate(true), vec![Request::Stat]),
    ];
    for (path, request, expected) in table {
        open(&storage, path, request.clone()).await.expect(path);
        assert_eq!(far.take_log(), expected, "{path} {request:?}");
    }
}

#[tokio::test]
async fn one_file_has_one_identity_by_every_path_and_none_of_another_storage_or_disk() {
    let far = store();
    let (storage, other) = (OpenDal::new(far.operator()), OpenDal::new(far.operator()));
    let identity = storage.identity(Path::new("dir/file"));
    for path in ["/dir/file", "./dir//file", "dir/x/../file"] {
        assert_eq!(storage.identity(Path::new(path)), identity, "{path}");
        let opened = storage.open(Path::new(path), &reads()).await.expect(path);
        assert_eq!((opened.device, opened.inode), (identity.device, identity.inode));
        let metadata = storage.metadata(Path::new(path)).await.expect(path);
        assert_eq!((metadata.dev(), metadata.ino()), (identity.device, identity.inode));
    }
    assert_ne!(storage.identity(Path::new("empty")), identity);
    assert_ne!(other.identity(Path::new("dir/file")).device, identity.device);
    assert!(identity.device > u64::from(u32::MAX), "no device number of a disk");
}

/// The lister of a server of files may fail for a file, or list it by itself: rewriting one was `EISDIR` or the server's error.
#[tokio::test]
async fn a_file_of_a_server_of_files_is_rewritten_without_being_listed() {
    let far = store().can(|can| can.list_with_recursive = false);
    let storage = OpenDal::new(far.operator());
    open(&storage, "dir/file", creates()).await.expect("open");
    storage.replace(Path::new("dir/file"), false).await.expect("replace");
    assert_eq!(far.take_log(), [Request::Stat, Request::Stat]);
    assert_eq!(kind_of(&far, "dir", creates()).await, ErrorKind::IsADirectory);
    assert_eq!(kind_of(&far, "dir/file/", reads()).await, ErrorKind::NotADirectory);
}
