//! aiofiles' tests of opening (tests/threadpool/test_open.py), one by one: the same names, the same cases.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::io;
use std::path::PathBuf;

use folio_testkit::process::descriptors_below;
use folio_testkit::wait::eventually;
use tempfile::TempDir;

fn ten_digits(room: &TempDir) -> PathBuf {
    let path = room.path().join("test_file1.txt");
    std::fs::write(&path, "0123456789").unwrap();
    path
}

#[tokio::test]
async fn test_file_not_found() {
    for mode in ["r", "rb"] {
        let room = TempDir::new().unwrap();
        let path = room.path().join("missing");
        let expected = std::fs::File::open(&path).unwrap_err();
        let error = folio::open(&path, mode).await.unwrap_err();
        assert_eq!(error.raw_os_error(), expected.raw_os_error(), "{mode}");
        assert_eq!(error.path(), Some(&*path), "{mode}");
        let error = io::Error::from(error);
        assert_eq!(error.kind(), expected.kind(), "{mode}");
        assert!(error.to_string().ends_with(&expected.to_string()), "{mode}: {error}");
    }
}

#[tokio::test]
async fn test_file_async_context_aexit() {
    let room = TempDir::new().unwrap();
    let path = ten_digits(&room);
    let mut file = folio::open(&path, "r").await.unwrap().text().unwrap();
    assert!(!file.closed());
    file.close().await.unwrap();
    assert!(file.closed());
    assert!(file.read(10).await.unwrap_err().is_closed());
    let mut file = folio::open(&path, "r").await.unwrap().text().unwrap();
    assert_eq!(file.read(usize::MAX).await.unwrap(), "0123456789");
}

/// Upstream cancels the task after a tenth of a second; here it is aborted once it holds the file.
#[tokio::test]
async fn test_filetask_async_context_aexit() {
    let room = TempDir::new().unwrap();
    let path = ten_digits(&room);
    let (opened, is_open) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        let file = folio::open(&path, "r").await.unwrap();
        assert!(!file.closed());
        opened.send(()).unwrap();
        std::future::pending::<()>().await;
        drop(file);
    });
    is_open.await.unwrap();
    assert_eq!(descriptors_below(room.path()), 1);
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    eventually("the file of a task that was cancelled is closed", || descriptors_below(room.path()) == 0)
        .await;
}
