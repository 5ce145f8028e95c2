//! How temporary things come into being: modes, names, errors.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use folio::tempfile::{NamedTemporaryFile, TemporaryDirectory, TemporaryFile};
use folio::{Engine, Error, Operation};
use folio_testkit::Call;
use folio_testkit::errno::EOPNOTSUPP;
use rustix::fs::Mode;
use tokio::task::JoinSet;

use crate::{ROOM, eventually, names, room, stage};

const MANY: usize = 200;

#[tokio::test]
async fn x5_files_and_directories_are_for_their_owner_alone() {
    // A umask that takes nothing shows that the modes are not its doing.
    rustix::process::umask(Mode::empty());
    let room = room();
    let named = NamedTemporaryFile::builder().in_dir(room.path()).create().await.unwrap();
    let unnamed = TemporaryFile::builder().in_dir(room.path()).create().await.unwrap();
    let directory = TemporaryDirectory::builder().in_dir(room.path()).create().await.unwrap();
    let check = |mode: u32, expected: u32| assert_eq!(mode & 0o7777, expected);
    check(named.file().metadata().await.unwrap().mode(), 0o600);
    check(unnamed.file().metadata().await.unwrap().mode(), 0o600);
    check(std::fs::metadata(directory.path()).unwrap().permissions().mode(), 0o700);
}

#[tokio::test]
async fn an_unnamed_file_has_no_name_and_keeps_its_contents() {
    let room = room();
    let scratch = TemporaryFile::builder().in_dir(room.path()).create().await.unwrap();
    assert_eq!(names(room.path()), [""; 0]);
    let file = scratch.file();
    assert_eq!(file.metadata().await.unwrap().nlink(), 0);
    file.write_all(b"contents").await.unwrap();
    assert_eq!(file.read_bytes_at(0, 100).await.unwrap(), "contents");
    assert!(file.path().starts_with(room.path()), "messages name the directory");
    let clone = scratch.clone().into_file();
    scratch.close().await.unwrap();
    assert_eq!(clone.read_bytes_at(0, 100).await.unwrap(), "contents");
    clone.clone().close_all().await.unwrap();
    assert!(clone.read_bytes_at(0, 1).await.unwrap_err().is_closed());
}

#[tokio::test]
async fn where_no_file_can_be_unnamed_its_name_is_gone_at_once() {
    let (disk, engine) = stage(100);
    let refused = disk.plan().on(Call::OpenUnnamed).fail(EOPNOTSUPP);
    let error = TemporaryFile::builder().in_dir(ROOM).create_on(&engine).await.unwrap_err();
    assert_eq!(refused.fired(), 1);
    // The simulated disk has no descriptors, which is found out after the name is gone.
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!((disk.calls(Call::Open), disk.calls(Call::RemoveFile)), (1, 1));
    let error = NamedTemporaryFile::builder().in_dir(ROOM).create_on(&engine).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    eventually("what was half made goes", || disk.list(ROOM).is_empty() && disk.open_files() == 0).await;
}

#[tokio::test]
async fn names_are_made_as_asked_for() {
    let room = room();
    let named = NamedTemporaryFile::builder()
        .prefix("job-")
        .suffix(".log")
        .in_dir(room.path())
        .create()
        .await
        .unwrap();
    let directory = TemporaryDirectory::builder().suffix(".d").in_dir(room.path()).create().await.unwrap();
    let check = |path: &Path, prefix: &str, suffix: &str| {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with(prefix) && name.ends_with(suffix), "{name}");
        assert_eq!(name.len(), prefix.len() + 8 + suffix.len(), "{name}");
        assert_eq!(path.parent(), Some(room.path()));
    };
    check(named.path(), "job-", ".log");
    check(directory.path(), "tmp", ".d");
    assert_eq!(named.file().path(), named.path());
    let default = NamedTemporaryFile::new().await.unwrap();
    assert_eq!(default.path().parent(), Some(&*std::env::temp_dir()));
    let (unnamed, directory) = (TemporaryFile::new().await, TemporaryDirectory::new().await);
    assert!(unnamed.unwrap().file().path().starts_with(std::env::temp_dir()));
    assert_eq!(directory.unwrap().path().parent(), Some(&*std::env::temp_dir()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_creations_at_a_time_are_all_distinct() {
    let room = room();
    let engine = Engine::builder().ops_max(8).start().unwrap();
    let mut tasks = JoinSet::new();
    for index in 0..MANY {
        let (engine, dir) = (engine.clone(), room.path().to_owned());
        tasks.spawn(async move {
            let named = NamedTemporaryFile::builder().in_dir(dir).create_on(&engine).await.unwrap();
            named.file().write_all(index.to_string().as_bytes()).await.unwrap();
            (index, named)
        });
    }
    let all = tasks.join_all().await;
    let paths: BTreeSet<&Path> = all.iter().map(|(_, named)| named.path()).collect();
    assert_eq!(paths.len(), MANY);
    assert_eq!(names(room.path()).len(), MANY);
    for (index, named) in &all {
        assert_eq!(std::fs::read_to_string(named.path()).unwrap(), index.to_string());
    }
    drop(all);
    let report = engine.shutdown(crate::PATIENCE).await.unwrap();
    assert!(report.abandoned.is_empty() && report.never_started == 0, "{report:?}");
    assert_eq!(names(room.path()), [""; 0]);
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
}

#[tokio::test]
async fn errors_name_the_operation_and_the_directory() {
    let room = room();
    let missing = room.path().join("missing");
    let check = |error: Error, operation: Operation| {
        assert_eq!((error.operation(), error.path()), (operation, Some(&*missing)));
        assert_eq!(error.raw_os_error(), Some(2), "{error}");
    };
    let named = NamedTemporaryFile::builder().in_dir(&missing).create().await;
    check(named.unwrap_err(), Operation::Open);
    check(TemporaryFile::builder().in_dir(&missing).create().await.unwrap_err(), Operation::Open);
    let directory = TemporaryDirectory::builder().in_dir(&missing).create().await;
    check(directory.unwrap_err(), Operation::CreateDir);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_refused_before_anything_is_touched() {
    let room = room();
    let inner = room.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    let check = |error: Option<Error>, case: &str| {
        let error = error.unwrap_or_else(|| panic!("{case:?} was taken"));
        assert_eq!((error.kind(), error.may_have_happened()), (ErrorKind::InvalidInput, false), "{case:?}");
        assert_eq!(error.path(), Some(&*inner), "{case:?}");
    };
    for case in ["../out", "/etc/out", "a/b", "nul\0"] {
        check(NamedTemporaryFile::builder().prefix(case).in_dir(&inner).create().await.err(), case);
        check(NamedTemporaryFile::builder().suffix(case).in_dir(&inner).create().await.err(), case);
        check(TemporaryDirectory::builder().prefix(case).in_dir(&inner).create().await.err(), case);
        check(TemporaryDirectory::builder().suffix(case).in_dir(&inner).create().await.err(), case);
    }
    assert_eq!(names(room.path()), ["inner"]);
    let error = TemporaryFile::builder().in_dir("nul\0").create().await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_happened()), (ErrorKind::InvalidInput, false));
}
