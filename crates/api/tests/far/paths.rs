//! Requests about paths.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use folio::fs::{self, Walk, WalkOptions};
use folio::{File, ReplaceOptions};
use folio_testkit::{
    FarCall, FarStore,
    errno::{EEXIST, EIO, ENOENT, ENOTEMPTY},
};

use crate::far;

fn tree(store: &FarStore) -> BTreeSet<PathBuf> {
    let mut expected = BTreeSet::from(["/".into()]);
    for one in 0..12 {
        for two in 0..30 {
            let path = format!("/tree-{one}/branch-{}/leaf-{two}", two % 7);
            store.put(&path, path.clone());
            expected.extend(Path::new(&path).ancestors().map(Path::to_owned));
        }
    }
    expected
}

async fn walked(mut walk: Walk) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    while let Some(entry) = walk.next().await {
        paths.push(entry.expect("an entry").into_path());
    }
    paths
}

#[tokio::test]
async fn a_walk_meets_everything_once_and_lists_ahead() {
    let (store, engine) = far();
    let expected = tree(&store);
    engine
        .scope(async {
            store.delay(std::time::Duration::from_millis(2));
            let found = walked(fs::walk("/")).await;
            assert_eq!(found.len(), expected.len());
            assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), expected);
            assert!(store.most_under_way() > 4, "{} listings at once", store.most_under_way());
            store.delay(std::time::Duration::ZERO);
            let sorted = walked(WalkOptions::new().sort_by_file_name().walk("/")).await;
            assert!(sorted.is_sorted(), "{sorted:?}");
            assert_eq!(sorted.len(), expected.len());
            let shallow = walked(WalkOptions::new().max_depth(1).walk("/")).await;
            assert_eq!(shallow.len(), 13);
            let contents_first = walked(WalkOptions::new().contents_first(true).walk("/tree-3")).await;
            assert_eq!(contents_first.last().map(PathBuf::as_path), Some(Path::new("/tree-3")));
        })
        .await;
    assert_eq!(engine.snapshot().pool.threads_started, 0);
}

#[tokio::test]
async fn a_walk_needs_one_open_listing_for_each_level_and_no_more() {
    let (store, engine) = far();
    for directory in 0..20 {
        for file in 0..1_500 {
            store.put(format!("/{directory}/{file}"), "");
        }
    }
    store.listings_max(2);
    let walk = engine.scope(walked(fs::walk("/")));
    assert_eq!(folio_testkit::wait::soon("the walk", walk).await.len(), 1 + 20 + 20 * 1_500);
}

#[tokio::test]
async fn a_listing_that_fails_names_its_directory() {
    let (store, engine) = far();
    tree(&store);
    engine
        .scope(async {
            store.fail(FarCall::List, 2, EIO);
            let mut entries = fs::walk("/");
            let (mut errors, mut met) = (Vec::new(), 0);
            while let Some(entry) = entries.next().await {
                match entry {
                    Ok(_) => met += 1,
                    Err(error) => errors.push(error),
                }
            }
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert_eq!(errors[0].raw_os_error(), Some(EIO));
            assert!(errors[0].path().is_some(), "{errors:?}");
            assert!(met > 12);
        })
        .await;
}

#[tokio::test]
async fn names_are_created_listed_renamed_copied_and_removed() {
    let (store, engine) = far();
    engine
        .scope(async {
            fs::create_dir_all("/a/b/c").await.expect("create");
            let error = fs::create_dir("/a/b/c").await.expect_err("taken");
            assert_eq!(error.raw_os_error(), Some(EEXIST));
            fs::write("/a/b/one", "1").await.expect("write");
            assert_eq!(fs::copy("/a/b/one", "/a/b/two").await.expect("copy"), 1);
            fs::rename("/a/b/two", "/a/b/three").await.expect("rename");
            let mut listed = fs::read_dir("/a/b").await.expect("list");
            let mut names = Vec::new();
            while let Some(entry) = listed.next_entry().await.expect("list") {
                names.push((entry.file_name(), entry.metadata().await.expect("metadata").is_dir()));
            }
            names.sort();
            assert_eq!(names, [("c".into(), true), ("one".into(), false), ("three".into(), false)]);
            let error = fs::remove_dir("/a/b").await.expect_err("not empty");
            assert_eq!(error.raw_os_error(), Some(ENOTEMPTY));
            fs::remove_file("/a/b/one").await.expect("remove");
            let error = fs::remove_file("/a/b/one").await.expect_err("gone");
            assert_eq!(error.raw_os_error(), Some(ENOENT));
            assert!(error.to_string().contains("/a/b/one"), "{error}");
            fs::remove_dir_all("/a").await.expect("remove");
            assert!(!fs::try_exists("/a").await.expect("look"));
        })
        .await;
    assert!(store.names().is_empty());
}

#[tokio::test]
async fn more_entries_than_fit_on_a_page_are_listed() {
    let (store, engine) = far();
    for number in 0..1_234 {
        store.put(format!("/many/{number}"), "");
    }
    engine
        .scope(async {
            let mut listed = fs::read_dir("/many").await.expect("list");
            let mut names = BTreeSet::new();
            while let Some(entry) = listed.next_entry().await.expect("list") {
                assert!(names.insert(entry.file_name()));
            }
            assert_eq!(names.len(), 1_234);
        })
        .await;
}

#[tokio::test]
async fn a_replacement_takes_the_name_when_it_is_committed_and_not_before() {
    let (store, engine) = far();
    store.put("/old", "old");
    engine
        .scope(async {
            fs::replace("/old", "newer").await.expect("replace");
            assert_eq!(store.contents("/old").expect("there"), "newer");

            let replacement = File::replace("/old").await.expect("begin");
            replacement.file().write_all(b"committed").await.expect("write");
            let clone = replacement.file().clone();
            drop(replacement.file().clone());
            assert_eq!(store.contents("/old").expect("there"), "newer");
            drop(clone);
            replacement.commit().await.expect("commit");
            assert_eq!(store.contents("/old").expect("there"), "committed");

            let dropped = File::replace("/old").await.expect("begin");
            dropped.file().write_all(b"dropped").await.expect("write");
            drop(dropped);
            let discarded = File::replace("/old").await.expect("begin");
            discarded.file().write_all(b"discarded").await.expect("write");
            discarded.discard().await.expect("discard");

            let closed = File::replace("/old").await.expect("begin");
            closed.file().write_all(b"closed").await.expect("write");
            closed.file().clone().close_all().await.expect("close");
            drop(closed);

            let error = ReplaceOptions::new().create_new(true).replace("/old", "x").await.expect_err("taken");
            assert_eq!(error.raw_os_error(), Some(EEXIST));
            let error =
                ReplaceOptions::new().mode(0o600).replace("/old", "x").await.expect_err("no permissions");
            assert!(error.is_unsupported(), "{error}");
        })
        .await;
    folio_testkit::wait::settled(|| engine.snapshot()).await;
    assert_eq!(store.contents("/old").expect("there"), "committed");
    assert_eq!(store.calls(FarCall::Abandon), 3);
}

#[tokio::test]
async fn what_it_has_not_is_refused_with_the_operation_and_the_path() {
    let (store, engine) = far();
    store.put("/data", "data");
    engine
        .scope(async {
            let refused = [
                fs::symlink("/data", "/link").await,
                fs::hard_link("/data", "/link").await,
                fs::set_permissions("/data", std::os::unix::fs::PermissionsExt::from_mode(0o600)).await,
                fs::canonicalize("/data").await.map(drop),
                fs::read_link("/data").await.map(drop),
                fs::copy_dir("/", "/copy").await.map(drop),
            ];
            for refused in refused {
                let error = refused.expect_err("no such thing");
                assert!(error.is_unsupported(), "{error}");
                assert!(error.to_string().contains("this storage has no such operation"), "{error}");
                assert!(error.path().is_some(), "{error}");
            }
        })
        .await;
    assert_eq!(engine.snapshot().pool.threads_started, 0);
}
