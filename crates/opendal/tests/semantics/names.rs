//! Removals, renames, copies, attributes, and names of every kind.

use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use folio_engine::storage::{AsyncStorage, IfTaken};
use folio_opendal::OpenDal;
use folio_testkit::wait::soon;
use opendal::layers::{ConcurrentLimitLayer, RetryLayer};
use opendal::{Error, ErrorKind as Store, Operator, services};

use crate::far::{Far, Request, broken, busy};
use crate::{creates, open, pattern, read_all, reads, write_all};

fn store() -> Far {
    let far = Far::new().can(|can| can.rename = true);
    far.put("dir/file", *b"contents");
    far.put("other", *b"the other");
    far
}

fn kind<T>(result: std::io::Result<T>) -> Result<(), ErrorKind> {
    result.map(drop).map_err(|error| error.kind())
}

#[tokio::test]
async fn a_removal_of_what_is_not_there_is_an_error() {
    let far = store();
    let storage = OpenDal::new(far.operator());
    let remove = async |path: &str| kind(storage.remove_file(Path::new(path)).await);
    assert_eq!(remove("missing").await, Err(ErrorKind::NotFound));
    assert_eq!(remove("dir").await, Err(ErrorKind::IsADirectory));
    assert_eq!(remove("dir/file/").await, Err(ErrorKind::NotADirectory));
    assert_eq!(remove("dir/file").await, Ok(()));
    assert_eq!(remove("dir/file").await, Err(ErrorKind::NotFound));
    assert_eq!(far.keys(), ["other"]);
}

#[tokio::test]
async fn a_rename_is_the_stores_own_or_refused() {
    let far = store();
    let storage = OpenDal::new(far.operator());
    let rename = async |from: &str, to: &str| {
        kind(storage.rename(Path::new(from), Path::new(to), IfTaken::Replace).await)
    };
    assert_eq!(rename("missing", "x").await, Err(ErrorKind::NotFound));
    assert_eq!(rename("other", "dir").await, Err(ErrorKind::IsADirectory));
    assert_eq!(rename("dir", "dir2").await, Err(ErrorKind::Unsupported));
    assert_eq!(rename("other", "/other").await, Ok(()), "onto itself");
    assert_eq!(rename("dir/file", "other").await, Ok(()));
    assert_eq!((far.keys(), far.get("other")), (vec!["other".to_owned()], Some(b"contents".to_vec())));
    for if_taken in [IfTaken::Refuse, IfTaken::Exchange] {
        let refused = storage.rename(Path::new("other"), Path::new("x"), if_taken).await;
        assert_eq!(kind(refused), Err(ErrorKind::Unsupported));
    }
    let far = Far::new();
    far.put("file", *b"contents");
    let refused = OpenDal::new(far.operator()).rename("file".as_ref(), "to".as_ref(), IfTaken::Replace).await;
    let refused = refused.expect_err("it cannot rename").to_string();
    assert!(refused.contains("`rename`"), "{refused}");
    assert_eq!(
        (far.keys(), far.log()),
        (vec!["file".to_owned()], vec![]),
        "never made of a copy and a removal"
    );
}

#[tokio::test]
async fn a_copy_is_the_stores_own_and_has_the_length_that_is_returned() {
    let far = store();
    let storage = OpenDal::new(far.operator());
    let copy = async |from: &str, to: &str| storage.copy(Path::new(from), Path::new(to)).await;
    assert_eq!(copy("dir/file", "copy").await.expect("copy"), 8);
    assert_eq!(far.get("copy"), Some(b"contents".to_vec()));
    assert_eq!(kind(copy("missing", "x").await), Err(ErrorKind::NotFound));
    assert_eq!(kind(copy("dir", "x").await), Err(ErrorKind::IsADirectory));
    assert_eq!(kind(copy("other", "dir").await), Err(ErrorKind::IsADirectory));
    assert_eq!(kind(copy("other", "other").await), Err(ErrorKind::InvalidInput));
    // The file is replaced after its length was looked up: the copy is of the one that was found, or fails.
    far.close(|request| *request == Request::Copy);
    let mut replaced = Box::pin(copy("other", "copy"));
    while far.log().last() != Some(&Request::Copy) {
        assert!(futures::poll!(&mut replaced).is_pending());
        tokio::task::yield_now().await;
    }
    far.put("other", *b"longer than the other");
    far.open();
    replaced.await.expect_err("the length would be that of another file");
    let unable = far.clone().can(|can| can.copy = false);
    let refused = OpenDal::new(unable.operator()).copy("other".as_ref(), "x".as_ref()).await;
    assert!(refused.expect_err("it cannot").to_string().contains("`copy`"));
}

#[tokio::test]
async fn attributes_are_what_the_store_keeps_and_nothing_else() {
    let far = store();
    let storage = OpenDal::new(far.operator());
    let file = storage.metadata(Path::new("dir/file")).await.expect("metadata");
    assert!(file.is_file() && file.len() == 8 && file.nlink() == 1);
    assert_eq!(
        (file.permissions().mode() & 0o7777, file.modified().ok()),
        (0o644, Some(std::time::UNIX_EPOCH))
    );
    for path in ["dir", "dir/", "/"] {
        let dir = storage.metadata(Path::new(path)).await.expect(path);
        assert!(dir.is_dir() && dir.permissions().mode() & 0o7777 == 0o755, "{path}");
    }
    assert_eq!(kind(storage.metadata(Path::new("missing")).await), Err(ErrorKind::NotFound));
    assert_eq!(kind(storage.metadata(Path::new("other/")).await), Err(ErrorKind::NotADirectory));
}

#[tokio::test]
async fn names_of_every_kind_come_back_from_a_store_and_from_a_disk() {
    let room = tempfile::tempdir().expect("a directory");
    let disk = services::Fs::default().root(room.path().to_str().expect("UTF-8"));
    let memory = Operator::new(services::Memory::default()).expect("memory");
    let disk = Operator::new(disk).expect("fs");
    for operator in [Far::new().operator(), memory, disk] {
        let storage = OpenDal::new(operator);
        for name in
            ["a b", "ü日本", "50%", "a#b", "a?b=c&d", "%2e%2e", "...", "a\nb", ".hidden", "'\"", "x/ y"]
        {
            let file = open(&storage, name, creates()).await.expect(name);
            write_all(&*file, name.as_bytes(), 100).await.expect(name);
            file.close().await.expect(name);
            let file = open(&storage, name, reads()).await.expect(name);
            assert_eq!(read_all(&*file, 100).await.expect(name), name.as_bytes());
            let path = Path::new(name);
            let dir = path.parent().expect("a directory");
            let mut lister = storage.list(dir).await.expect(name);
            let mut is_listed = false;
            for _ in 0.. {
                let page = lister.more().await.expect(name);
                is_listed |= page.iter().any(|entry| Some(&*entry.name) == path.file_name());
                if page.is_empty() {
                    break;
                }
            }
            assert!(is_listed, "{name}");
        }
    }
}

#[tokio::test]
async fn a_failure_keeps_the_stores_words_and_looks_are_no_guesses() {
    let far = store();
    let storage = OpenDal::new(far.operator());
    far.fail(|request| *request == Request::Stat, 0, 1, broken);
    let failed = storage.metadata(Path::new("missing")).await.expect_err("the store fails");
    assert!(failed.kind() != ErrorKind::NotFound && failed.to_string().contains("on fire"), "{failed}");
    far.fail(|request| matches!(request, Request::List(_)), 0, 1, broken);
    let failed = storage.metadata(Path::new("missing")).await.expect_err("the store fails");
    assert!(failed.to_string().contains("on fire"), "{failed}");
    far.fail(
        |request| *request == Request::Stat,
        0,
        1,
        || Error::new(Store::PermissionDenied, "AccessDenied"),
    );
    let failed = open(&storage, "dir/file", reads()).await.expect_err("the store refuses");
    assert!(failed.kind() == ErrorKind::PermissionDenied && failed.to_string().contains("AccessDenied"));
}

#[tokio::test]
async fn retries_are_a_layer_of_the_operator() {
    let far = store();
    let retries = RetryLayer::new().with_min_delay(std::time::Duration::from_millis(1)).with_jitter();
    let storage = OpenDal::new(far.operator().layer(retries)).part_bytes(4000);
    far.fail(|_| true, 0, 1, busy);
    let file = open(&storage, "dir/file", reads()).await.expect("it is asked for again");
    far.fail(|request| matches!(request, Request::Read(_)), 0, 2, busy);
    assert_eq!(read_all(&*file, 100).await.expect("again"), b"contents");
    let file = open(&storage, "new", creates()).await.expect("open");
    far.fail(|request| matches!(request, Request::Part(1, _)), 0, 2, busy);
    far.fail(|request| matches!(request, Request::Initiate | Request::Complete), 0, 2, busy);
    write_all(&*file, &pattern(50_000), 1000).await.expect("write");
    file.close().await.expect("every part was sent in the end");
    assert!(far.get("new") == Some(pattern(50_000)));
}

/// The layer counts open writers and listings as operations: a second file that was opened for writing waited for the first for ever.
#[tokio::test]
async fn one_operation_at_a_time_is_enough_for_many_open_files() {
    let far = store();
    let storage = OpenDal::new(far.operator().layer(ConcurrentLimitLayer::new(1)));
    let work = async {
        let mut files = Vec::new();
        for i in 0..5 {
            let file = open(&storage, &format!("new/{i}"), creates()).await.expect("open");
            write_all(&*file, b"short", 2).await.expect("write");
            files.push(file);
        }
        let reader = open(&storage, "dir/file", reads()).await.expect("open");
        assert_eq!(read_all(&*reader, 3).await.expect("read"), b"contents");
        let mut listers = Vec::new();
        for _ in 0..3 {
            let mut lister = storage.list(Path::new("dir")).await.expect("list");
            assert_eq!(lister.more().await.expect("more").len(), 1);
            listers.push(lister);
        }
        far.fail(|request| matches!(request, Request::List(_)), 0, 1, broken);
        let mut failed = storage.list(Path::new("dir")).await.expect("the error comes with the entries");
        failed.more().await.expect_err("the store fails");
        assert_eq!(kind(storage.list(Path::new("missing")).await), Err(ErrorKind::NotFound));
        for file in files {
            file.close().await.expect("close");
        }
        storage.remove_dir(Path::new("new"), true).await.expect("remove");
    };
    soon("one after another", work).await;
}
