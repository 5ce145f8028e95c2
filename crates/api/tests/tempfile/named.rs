//! When the path of a named file goes, and when it stays.

use std::io::ErrorKind;

use folio::Operation;
use folio::tempfile::NamedTemporaryFile;

use crate::{eventually, names, room, settled};

/// Makes a file with these settings, closes it if told to, drops it, and says whether the path was there after
/// the close and after the drop.
async fn life(delete: bool, delete_on_close: bool, closes: bool) -> (bool, bool) {
    let room = room();
    let mut builder = NamedTemporaryFile::builder();
    builder.delete(delete).delete_on_close(delete_on_close).in_dir(room.path());
    let mut named = builder.create().await.unwrap();
    let path = named.path().to_owned();
    assert!(path.is_file());
    if closes {
        named.close().await.unwrap();
        assert!(named.file().read_bytes(1).await.unwrap_err().is_closed());
    }
    let after_close = path.exists();
    drop(named);
    settled(|| folio::Engine::global().snapshot()).await;
    (after_close, path.exists())
}

#[tokio::test]
async fn the_path_goes_with_the_close_or_with_the_drop_as_told() {
    for (delete, delete_on_close, closes, expected) in [
        (true, true, false, (true, false)),
        (true, true, true, (false, false)),
        (true, false, false, (true, false)),
        (true, false, true, (true, false)),
        (false, true, false, (true, true)),
        (false, true, true, (true, true)),
        (false, false, true, (true, true)),
    ] {
        let case = format!("delete {delete}, on close {delete_on_close}, closed {closes}");
        assert_eq!(life(delete, delete_on_close, closes).await, expected, "{case}");
    }
}

#[tokio::test]
async fn a_file_that_was_closed_before_can_be_closed_and_its_path_goes() {
    let room = room();
    let mut named = NamedTemporaryFile::builder().in_dir(room.path()).create().await.unwrap();
    named.file().clone().close_all().await.unwrap();
    assert!(named.is_temporary() && named.path().is_file());
    named.close().await.unwrap();
    assert!(!named.is_temporary() && !named.path().exists());
    named.close().await.unwrap();
    let mut kept = NamedTemporaryFile::builder().in_dir(room.path()).delete(false).create().await.unwrap();
    kept.close().await.unwrap();
    assert!(!kept.is_temporary() && kept.path().is_file());
}

#[tokio::test]
async fn a_clone_of_the_file_outlives_its_path() {
    let room = room();
    let named = NamedTemporaryFile::builder().in_dir(room.path()).create().await.unwrap();
    named.file().write_all(b"contents").await.unwrap();
    let file = named.file().clone();
    drop(named);
    eventually("the path goes", || names(room.path()).is_empty()).await;
    assert_eq!(file.read_bytes_at(0, 100).await.unwrap(), "contents");
}

#[tokio::test]
async fn persisting_replaces_in_one_step_and_lets_the_file_stay() {
    let room = room();
    let target = room.path().join("target");
    std::fs::write(&target, "old").unwrap();
    let mut named = NamedTemporaryFile::builder().in_dir(room.path()).create().await.unwrap();
    named.file().write_all(b"new").await.unwrap();
    named.persist(&target).await.unwrap();
    assert_eq!(named.path(), target);
    assert_eq!(names(room.path()), ["target"]);
    named.file().write_all(b"er").await.unwrap();
    drop(named);
    settled(|| folio::Engine::global().snapshot()).await;
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "newer");
}

#[tokio::test]
async fn a_file_that_could_not_persist_is_as_temporary_as_before() {
    let room = room();
    let mut named = NamedTemporaryFile::builder().in_dir(room.path()).create().await.unwrap();
    named.file().write_all(b"contents").await.unwrap();
    let path = named.path().to_owned();
    let error = named.persist(room.path().join("missing/target")).await.unwrap_err();
    assert_eq!((error.operation(), error.path()), (Operation::Rename, Some(&*path)));
    assert!(error.to_string().contains("missing/target"), "{error}");
    let error = named.persist("nul\0").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_happened()), (ErrorKind::InvalidInput, false));
    assert_eq!((named.path(), &*std::fs::read_to_string(&path).unwrap()), (&*path, "contents"));
    drop(named);
    eventually("the path goes", || names(room.path()).is_empty()).await;
}

#[tokio::test]
async fn a_kept_file_stays_open_and_in_place() {
    let room = room();
    let named = NamedTemporaryFile::builder().in_dir(room.path()).create().await.unwrap();
    let path = named.path().to_owned();
    let file = named.keep().await.unwrap();
    file.write_all(b"kept").await.unwrap();
    drop(file);
    settled(|| folio::Engine::global().snapshot()).await;
    assert_eq!(std::fs::read_to_string(path).unwrap(), "kept");
}

#[tokio::test]
async fn a_path_that_somebody_else_removed_is_no_failure() {
    let room = room();
    let engine = folio::Engine::builder().start().unwrap();
    let mut builder = NamedTemporaryFile::builder();
    builder.in_dir(room.path());
    let mut closed = builder.create_on(&engine).await.unwrap();
    let dropped = builder.create_on(&engine).await.unwrap();
    names(room.path()).iter().for_each(|name| std::fs::remove_file(room.path().join(name)).unwrap());
    closed.close().await.unwrap();
    drop((closed, dropped));
    settled(|| engine.snapshot()).await;
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
}

#[tokio::test]
async fn a_removal_that_fails_is_returned_by_the_close_and_counted_by_the_drop() {
    let room = room();
    let engine = folio::Engine::builder().start().unwrap();
    let mut named = NamedTemporaryFile::builder().in_dir(room.path()).create_on(&engine).await.unwrap();
    let path = named.path().to_owned();
    // A directory in the place of the file cannot be unlinked, not even by root.
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let error = named.close().await.unwrap_err();
    assert_eq!((error.operation(), error.path()), (Operation::RemoveFile, Some(&*path)));
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
    drop(named);
    eventually("it is counted", || engine.snapshot().counters.unobserved_errors == 1).await;
    assert!(path.is_dir());
}
