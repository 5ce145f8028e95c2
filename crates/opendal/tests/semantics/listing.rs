//! Listings and directories.

use std::io::{self, ErrorKind};
use std::path::Path;

use folio_engine::storage::{AsyncStorage, Kind, Listed};
use folio_opendal::OpenDal;

use crate::far::{Far, Request, broken};

fn storage(far: &Far) -> OpenDal {
    OpenDal::new(far.operator())
}

async fn listed(far: &Far, path: &str) -> io::Result<Vec<Listed>> {
    let storage = storage(far);
    let mut lister = storage.list(Path::new(path)).await?;
    let mut all = Vec::new();
    loop {
        let page = lister.more().await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn names(far: &Far, path: &str) -> Vec<String> {
    let listed = listed(far, path).await.expect(path);
    let shown = |entry: &Listed| {
        let slash = if entry.kind == Some(Kind::Dir) { "/" } else { "" };
        format!("{}{slash}", entry.name.to_str().expect("UTF-8"))
    };
    listed.iter().map(shown).collect()
}

#[tokio::test]
async fn a_listing_has_one_level_and_not_the_directory_itself() {
    let far = Far::new();
    for key in ["a", "dir/", "dir/b", "dir/sub/c", "dir/sub/d/e", "dirt", "ü #%", "empty/"] {
        far.put(key, *b"");
    }
    assert_eq!(names(&far, "/").await, ["a", "dir/", "dirt", "empty/", "ü #%"]);
    assert_eq!(names(&far, "dir").await, ["b", "sub/"]);
    assert_eq!(names(&far, "dir/sub/").await, ["c", "d/"]);
    assert_eq!(names(&far, "empty").await, [""; 0]);
    for (path, kind) in [("a", ErrorKind::NotADirectory), ("missing", ErrorKind::NotFound)] {
        assert_eq!(listed(&far, path).await.expect_err(path).kind(), kind);
    }
    assert_eq!(names(&Far::new(), "/").await, [""; 0], "an empty store has a root");
}

#[tokio::test]
async fn entries_have_the_numbers_of_their_files() {
    let far = Far::new();
    far.put("dir/b", *b"");
    far.put("top", *b"");
    let storage = storage(&far);
    for (dir, name) in [("dir", "b"), ("/", "top")] {
        let mut lister = storage.list(Path::new(dir)).await.expect("list");
        let found = lister.more().await.expect("more").into_iter().find(|entry| entry.name == name);
        let path = Path::new(dir).join(name);
        assert_eq!(found.expect("it is listed").ino, storage.identity(&path).inode);
    }
}

#[tokio::test]
async fn pages_come_one_by_one_and_each_entry_once() {
    let far = Far::new().page(100);
    (0..1234).for_each(|i| far.put(&format!("dir/{i:04}"), *b""));
    let all = names(&far, "dir").await;
    assert_eq!(all, (0..1234).map(|i| format!("{i:04}")).collect::<Vec<_>>());
    assert_eq!(far.take_log(), (0..13).map(Request::List).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_that_fails_is_an_error_for_ever_and_never_the_end() {
    let far = Far::new().page(10);
    (0..25).for_each(|i| far.put(&format!("dir/{i:02}"), *b""));
    far.fail(|request| *request == Request::List(1), 0, 1, broken);
    let storage = storage(&far);
    let mut lister = storage.list(Path::new("dir")).await.expect("list");
    assert_eq!(lister.more().await.expect("the first page").len(), 10);
    for _ in 0..3 {
        let failed = lister.more().await.expect_err("the second page failed");
        assert!(failed.to_string().contains("on fire"), "{failed}");
    }
    far.fail(|request| *request == Request::List(0), 0, 1, broken);
    listed(&far, "dir").await.expect_err("the first page failed");
}

#[tokio::test]
async fn a_key_that_no_path_can_name_is_reported_after_all_others_and_leads_nowhere() {
    for key in ["dir//x", "dir/../x", "dir/./x"] {
        let far = Far::new();
        for other in ["dir/a", "dir/z", key] {
            far.put(other, *b"");
        }
        let storage = storage(&far);
        let mut lister = storage.list(Path::new("dir")).await.expect("list");
        let names: Vec<_> = lister.more().await.expect("the others").into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["a", "z"], "{key}");
        let unnamed = lister.more().await.expect_err("it is not passed over in silence");
        assert!(
            unnamed.kind() == ErrorKind::InvalidData && unnamed.to_string().contains("dir/"),
            "{unnamed}"
        );
    }
}

#[tokio::test]
async fn directories_are_created_like_those_of_a_disk() {
    let far = Far::new();
    far.put("file", *b"");
    let storage = storage(&far);
    let create = async |path: &str, recursive| {
        storage.create_dir(Path::new(path), recursive).await.map_err(|error| error.kind())
    };
    assert_eq!(create("a/b", false).await, Err(ErrorKind::NotFound));
    assert_eq!(create("a", false).await, Ok(()));
    assert_eq!(create("a", false).await, Err(ErrorKind::AlreadyExists));
    assert_eq!(create("a/b/", false).await, Ok(()));
    assert_eq!(create("a/b/c/d", true).await, Ok(()));
    assert_eq!(create("a/b/c", true).await, Ok(()));
    assert_eq!(create("a/b/c", false).await, Err(ErrorKind::AlreadyExists), "it has something below it");
    assert_eq!(create("file", true).await, Err(ErrorKind::AlreadyExists));
    assert_eq!(create("file/x", false).await, Err(ErrorKind::NotADirectory));
    assert_eq!(create("file/x/y", true).await, Err(ErrorKind::NotADirectory));
    assert_eq!(create("/", true).await, Ok(()));
    assert_eq!(create("/", false).await, Err(ErrorKind::AlreadyExists));
    assert_eq!(far.keys(), ["a/", "a/b/", "a/b/c/d/", "file"]);
    assert!(storage.metadata(Path::new("a/b")).await.expect("metadata").is_dir());
}

#[tokio::test]
async fn a_directory_is_removed_if_it_is_empty_or_with_all_below_it() {
    let far = Far::new().page(3);
    for key in ["a/", "tree/", "tree/x", "tree/y/z", "treetop", "file"] {
        far.put(key, *b"");
    }
    (0..20).for_each(|i| far.put(&format!("tree/many/{i}"), *b""));
    let storage = storage(&far);
    let remove = async |path: &str, recursive| {
        storage.remove_dir(Path::new(path), recursive).await.map_err(|error| error.kind())
    };
    assert_eq!(remove("missing", false).await, Err(ErrorKind::NotFound));
    assert_eq!(remove("missing", true).await, Err(ErrorKind::NotFound));
    assert_eq!(remove("file", true).await, Err(ErrorKind::NotADirectory));
    assert_eq!(remove("tree", false).await, Err(ErrorKind::DirectoryNotEmpty));
    assert_eq!(remove("tree/y", false).await, Err(ErrorKind::DirectoryNotEmpty));
    for recursive in [true, false] {
        assert_eq!(remove("/", recursive).await, Err(ErrorKind::ResourceBusy));
    }
    assert_eq!(remove("a", false).await, Ok(()));
    assert_eq!(remove("tree", true).await, Ok(()));
    assert_eq!(far.keys(), ["file", "treetop"], "and what only begins alike stays");
}

#[tokio::test]
async fn a_store_without_listings_has_no_directories() {
    let far = Far::new()
        .can(|can| (can.list, can.list_with_limit, can.list_with_recursive) = (false, false, false));
    far.put("dir/file", *b"x");
    let storage = storage(&far);
    let refused = listed(&far, "dir").await.expect_err("it cannot list");
    assert!(refused.kind() == ErrorKind::Unsupported && refused.to_string().contains("`list`"), "{refused}");
    let refused = storage.create_dir(Path::new("x"), true).await.expect_err("it cannot");
    assert!(refused.to_string().contains("`create_dir`"), "{refused}");
    storage.remove_dir(Path::new("dir"), true).await.expect_err("it cannot");
    assert_eq!(storage.metadata(Path::new("dir/file")).await.expect("a file").len(), 1);
    assert_eq!(storage.metadata(Path::new("dir")).await.expect_err("nothing").kind(), ErrorKind::NotFound);
}
