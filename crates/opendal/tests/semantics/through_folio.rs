//! The same by folio's own names: on a store like S3, on OpenDAL's memory and on its `fs`.

use std::future::Future;
use std::io::{ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use folio::{Engine, File, fs, text};
use folio_testkit::wait::{eventually, settled};
use futures::future::join_all;
use opendal::{Operator, services};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::far::{Far, Request, broken};
use crate::pattern;

fn engine(operator: Operator) -> Engine {
    Engine::builder().storage(folio_opendal::storage(operator)).start().expect("an engine")
}

/// An engine on each kind of store, with its name.
fn engines() -> (TempDir, [(&'static str, Engine); 3]) {
    let room = tempfile::tempdir().expect("a directory");
    let disk = services::Fs::default().root(room.path().to_str().expect("UTF-8"));
    let memory = Operator::new(services::Memory::default()).expect("memory");
    let disk = Operator::new(disk).expect("fs");
    let operators = [("far", Far::new().operator()), ("memory", memory), ("fs", disk)];
    (room, operators.map(|(name, operator)| (name, engine(operator))))
}

/// Does the same on each of them.
async fn on_each<F: Future>(work: impl Fn(&'static str) -> F) {
    let (_room, engines) = engines();
    for (name, engine) in engines {
        engine.scope(work(name)).await;
        assert_eq!(engine.snapshot().pool.threads_started, 0, "{name}: no worker waited");
    }
}

async fn walked(root: &str) -> Vec<PathBuf> {
    let mut walk = fs::WalkOptions::new().sort_by_file_name().walk(root);
    let mut paths = Vec::new();
    while let Some(entry) = walk.next().await {
        paths.push(entry.expect("an entry").into_path());
    }
    paths
}

#[tokio::test]
async fn whole_files_are_written_read_listed_walked_and_removed() {
    on_each(|name| async move {
        fs::create_dir_all("tree/empty").await.expect(name);
        for path in ["tree/a", "tree/sub/b", "tree/sub/deep/c", "tree/ü #%"] {
            fs::write(path, path).await.expect(name);
            assert_eq!(fs::read_to_string(path).await.expect(name), path);
        }
        let long = pattern(20 * 1024 * 1024 + 3);
        fs::write("tree/long", &long).await.expect(name);
        assert!(fs::read("tree/long").await.expect(name) == long, "{name}");
        assert_eq!(fs::metadata("tree/long").await.expect(name).len(), long.len() as u64);
        let expected = [
            "tree",
            "tree/a",
            "tree/empty",
            "tree/long",
            "tree/sub",
            "tree/sub/b",
            "tree/sub/deep",
            "tree/sub/deep/c",
            "tree/ü #%",
        ];
        assert_eq!(walked("tree").await, expected.map(PathBuf::from), "{name}");
        let mut glob = fs::glob_in("tree", "**/[bc]").expect("a pattern");
        let mut found = Vec::new();
        while let Some(path) = glob.next().await {
            found.push(path.expect(name));
        }
        found.sort();
        assert_eq!(found.len(), 2, "{name}: {found:?}");
        fs::remove_file("tree/a").await.expect(name);
        assert_eq!(fs::remove_file("tree/a").await.expect_err(name).kind(), ErrorKind::NotFound);
        assert!(!fs::try_exists("tree/a").await.expect(name));
        assert_eq!(fs::remove_dir("tree").await.expect_err(name).kind(), ErrorKind::DirectoryNotEmpty);
        fs::remove_dir_all("tree").await.expect(name);
        assert!(!fs::try_exists("tree").await.expect(name), "{name}");
    })
    .await;
}

#[tokio::test]
async fn files_are_read_and_written_by_every_name_that_makes_sense() {
    on_each(|name| async move {
        let file = File::create("dir/log").await.expect(name);
        for i in 0..1000 {
            file.write_all(format!("line {i}\n").as_bytes()).await.expect(name);
        }
        file.close().await.expect(name);
        let mut file = File::open("dir/log").await.expect(name);
        file.seek(SeekFrom::Start(5)).await.expect(name);
        let mut number = [0; 1];
        file.read_exact(&mut number).await.expect(name);
        assert_eq!(&number, b"0");
        AsyncSeekExt::seek(&mut file, SeekFrom::End(-9)).await.expect(name);
        let mut end = String::new();
        AsyncReadExt::read_to_string(&mut file, &mut end).await.expect(name);
        assert_eq!(end, "line 999\n");
        let mut lines = text::open("dir/log").await.expect(name);
        let mut count = 0;
        while let Some(line) = lines.next_line().await.expect(name) {
            assert_eq!(line, format!("line {count}"));
            count += 1;
        }
        assert_eq!(count, 1000, "{name}");
        let mut buffered = File::options();
        buffered.write(true).create(true).truncate(true).buffering(64 * 1024);
        let buffered = buffered.open("dir/buffered").await.expect(name);
        for _ in 0..100_000 {
            buffered.write_all(b"0123456789").await.expect(name);
        }
        buffered.close().await.expect(name);
        assert_eq!(fs::metadata("dir/buffered").await.expect(name).len(), 1_000_000);
        let mut polled = File::create("dir/polled").await.expect(name);
        AsyncWriteExt::write_all(&mut polled, &pattern(300_000)).await.expect(name);
        AsyncWriteExt::shutdown(&mut polled).await.expect(name);
        drop(polled);
        assert!(fs::read("dir/polled").await.expect(name) == pattern(300_000), "{name}");
    })
    .await;
}

#[tokio::test]
async fn a_file_that_was_dropped_without_a_close_is_there_for_the_next_request() {
    on_each(|name| async move {
        for round in 0..20 {
            let file = File::create("dropped").await.expect(name);
            file.write_all(format!("round {round}").as_bytes()).await.expect(name);
            drop(file);
            assert_eq!(fs::read_to_string("dropped").await.expect(name), format!("round {round}"));
        }
    })
    .await;
}

#[tokio::test]
async fn refusals_name_the_operation_the_path_and_the_capability() {
    on_each(|name| async move {
        fs::write("file", "contents").await.expect(name);
        let mut both = File::options();
        both.read(true).write(true);
        let refused = both.open("file").await.expect_err("no store can");
        assert!(refused.to_string().starts_with("could not open file: the store ("), "{refused}");
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        let file = File::create("other").await.expect(name);
        file.write_all(b"ab").await.expect(name);
        let refused = file.write_all_at(b"x", 7).await.expect_err("out of order");
        assert!(refused.to_string().contains("its next byte is at 2, not at 7"), "{refused}");
        file.write_all(b"cd").await.expect("it goes on");
        file.close().await.expect("nothing is lost by a refusal");
        assert_eq!(fs::read("other").await.expect(name), b"abcd");
        if name != "fs" {
            let refused = fs::rename("file", "new").await.expect_err("it cannot");
            assert!(refused.to_string().contains("`rename` is false"), "{refused}");
            let mut append = File::options();
            let refused = append.append(true).open("file").await.expect_err("it cannot");
            assert!(refused.to_string().contains("`write_can_append` is false"), "{refused}");
        }
        assert_eq!(
            fs::set_times("file", std::fs::FileTimes::new()).await.expect_err(name).kind(),
            ErrorKind::Unsupported
        );
        assert_eq!(fs::symlink("file", "link").await.expect_err(name).kind(), ErrorKind::Unsupported);
    })
    .await;
}

#[tokio::test]
async fn a_replacement_is_the_old_file_or_the_new_one_and_leaves_nothing_beside_it() {
    on_each(|name| async move {
        fs::write("dir/file", "old").await.expect(name);
        let new = File::replace("dir/file").await.expect(name);
        new.file().write_all(b"half").await.expect(name);
        assert_eq!(fs::read("dir/file").await.expect(name), b"old");
        new.discard().await.expect(name);
        fs::replace("dir/file", pattern(9_000_000)).await.expect(name);
        assert!(fs::read("dir/file").await.expect(name) == pattern(9_000_000), "{name}");
        assert_eq!(walked("dir").await, ["dir", "dir/file"].map(PathBuf::from), "{name}");
        let dropped = File::replace("dir/file").await.expect(name);
        dropped.file().write_all(b"half").await.expect(name);
        drop(dropped);
        let only = [Path::new("dir"), Path::new("dir/file")];
        let mut left = walked("dir").await;
        for _ in 0..1000 {
            if left == only {
                break;
            }
            tokio::task::yield_now().await;
            left = walked("dir").await;
        }
        assert_eq!(left, only, "{name}");
    })
    .await;
}

#[tokio::test]
async fn the_name_is_whose_who_created_it_first() {
    on_each(|name| async move {
        let first = File::create_new("dir/new").await.expect(name);
        first.write_all(b"first").await.expect(name);
        let refused = first.read_bytes_at(0, 1).await.expect_err("it is being written");
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        first.close().await.expect(name);
        let second = File::create_new("dir/new").await.expect_err(name);
        assert_eq!((second.kind(), second.raw_os_error()), (ErrorKind::AlreadyExists, Some(17)), "{name}");
        assert_eq!(fs::read("dir/new").await.expect(name), b"first");
    })
    .await;
}

#[tokio::test]
async fn a_store_that_fails_is_an_error_with_its_words_and_the_old_file_stays() {
    let far = Far::new();
    far.put("file", *b"old");
    let engine = engine(far.operator());
    engine
        .scope(async {
            far.fail(|request| matches!(request, Request::Part(1, _)), 0, 1, broken);
            let failed = fs::write("file", pattern(30_000_000)).await.expect_err("a part fails");
            assert!(failed.to_string().contains("on fire"), "{failed}");
            assert_eq!((failed.raw_os_error(), far.uploads()), (Some(5), 0));
            assert_eq!(fs::read("file").await.expect("the old one"), b"old");
            let mut missing = fs::read("missing").await.expect_err("it is missing");
            assert_eq!(missing.raw_os_error(), Some(2));
            missing = File::open("missing").await.expect_err("it is missing");
            assert_eq!(missing.raw_os_error(), Some(2));
        })
        .await;
    settled(|| engine.snapshot()).await;
}

#[tokio::test]
async fn a_call_that_is_dropped_gives_its_request_up_and_its_permit_back() {
    let far = Far::new();
    far.put("file", pattern(1_000_000));
    let engine = engine(far.operator());
    engine
        .scope(async {
            let file = File::open("file").await.expect("open");
            far.close(|request| matches!(request, Request::Read(_)));
            {
                let mut read = Box::pin(file.read_bytes_at(500_000, 100));
                eventually("the request is under way", || {
                    let waker = futures::task::noop_waker();
                    let mut context = std::task::Context::from_waker(&waker);
                    assert!(read.as_mut().poll(&mut context).is_pending());
                    far.at_once.load(Ordering::SeqCst) == 1
                })
                .await;
            }
            far.open();
            assert!(
                file.read_bytes_at(500_000, 100).await.expect("read") == pattern(1_000_000)[500_000..500_100]
            );
        })
        .await;
    settled(|| engine.snapshot()).await;
}

#[tokio::test]
async fn a_whole_file_is_read_by_two_requests_and_written_by_two() {
    let far = Far::new();
    let engine = engine(far.operator());
    engine
        .scope(async {
            fs::write("file", pattern(10_000)).await.expect("write");
            assert_eq!(far.take_log(), [Request::List(0), Request::Put]);
            assert!(fs::read("file").await.expect("read") == pattern(10_000));
            assert_eq!(far.take_log(), [Request::Stat, Request::Read(0..10_000)]);
        })
        .await;
}

#[tokio::test]
async fn a_cursor_that_goes_through_a_file_reads_ahead() {
    let far = Far::new();
    far.put("file", pattern(20_000_000));
    let engine = engine(far.operator());
    engine
        .scope(async {
            let file = File::open("file").await.expect("open");
            let mut all = Vec::new();
            let mut piece = vec![0; 8192];
            loop {
                let len = file.read(&mut piece).await.expect("read");
                if len == 0 {
                    break;
                }
                all.extend_from_slice(&piece[..len]);
            }
            assert!(all == pattern(20_000_000));
            assert!(far.log().len() < 12, "{:?}", far.log());
        })
        .await;
}

/// What OpenDAL's own tests of services expect, as far as it can be said in folio's names.
#[tokio::test]
async fn what_opendal_expects_of_its_services_holds_here() {
    on_each(|name| async move {
        let special = "dir !@#$%^&()_+-=;',/x !@#$%^&()_+-=;',.txt";
        fs::write(special, "special").await.expect(name);
        assert_eq!(fs::read_to_string(special).await.expect(name), "special");
        assert_eq!(
            fs::metadata(format!("//{special}")).await.expect(name).len(),
            7,
            "{name}: a path with more slashes"
        );
        fs::write(special, pattern(10_000)).await.expect(name);
        fs::write(special, "shorter").await.expect(name);
        assert_eq!(fs::read(special).await.expect(name), b"shorter", "{name}");
        assert!(fs::write("dir/", "x").await.is_err(), "{name}: a directory is not written");
        for i in 0..100 {
            fs::write(format!("rich/{i:03}"), [i]).await.expect(name);
        }
        assert_eq!(walked("rich").await.len(), 101, "{name}");
        fs::write("rich2/kept", "beside").await.expect(name);
        fs::remove_dir_all("rich").await.expect(name);
        assert_eq!(fs::read("rich2/kept").await.expect(name), b"beside", "{name}: it only begins alike");
        if name != "memory" {
            fs::write("from", "copied").await.expect(name);
            for to in ["copies/deep/down", "rich2/kept"] {
                assert_eq!(fs::copy("from", to).await.expect(name), 6);
                assert_eq!(fs::read(to).await.expect(name), b"copied", "{name} {to}");
            }
        }
        if name == "fs" {
            for to in ["renamed/deep/down", "rich2/kept"] {
                fs::write("from", "renamed").await.expect(name);
                fs::rename("from", to).await.expect(name);
                assert_eq!(fs::read(to).await.expect(name), b"renamed");
                assert!(!fs::try_exists("from").await.expect(name), "{to}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_and_readers_of_many_files_at_once_each_see_whole_files() {
    let far = Far::new();
    let engine = engine(far.operator());
    engine
        .scope(async {
            let mut tasks = tokio::task::JoinSet::new();
            for task in 0..40_u8 {
                let engine = engine.clone();
                tasks.spawn(async move {
                    engine
                        .scope(async {
                            for round in 0..10_u8 {
                                let path = format!("shared/{}", (task + round) % 5);
                                let len = 1000 * (1 + usize::from(task));
                                fs::write(&path, vec![task; len]).await.expect("write");
                                let found = match fs::read(&path).await {
                                    Ok(found) => found,
                                    // It was replaced between its opening and its bytes.
                                    Err(stale) if stale.kind() == ErrorKind::StaleNetworkFileHandle => {
                                        continue;
                                    }
                                    Err(failed) => panic!("{failed}"),
                                };
                                let of = found[0];
                                assert_eq!(found, vec![of; 1000 * (1 + usize::from(of))]);
                            }
                        })
                        .await;
                });
            }
            tasks.join_all().await;
        })
        .await;
    assert_eq!(far.uploads(), 0);
    settled(|| engine.snapshot()).await;
}

#[tokio::test]
async fn a_thousand_reads_of_a_slow_store_at_once_are_as_many_requests_and_no_thread() {
    let far = Far::new().delay(Duration::from_millis(50));
    let all = pattern(40_000_000);
    far.put("file", all.clone());
    let engine = engine(far.operator());
    engine
        .scope(async {
            let file = File::open("file").await.expect("open");
            far.take_log();
            let read = |i: u64| {
                let file = &file;
                async move { (i, file.read_bytes_at(i * 40_000, 4096).await) }
            };
            let begun = Instant::now();
            for (i, got) in join_all((0..1000).map(read)).await {
                let start = i as usize * 40_000;
                assert!(got.expect("read") == all[start..start + 4096], "{i}");
            }
            // Fifty seconds one after another.
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        })
        .await;
    assert_eq!(far.take_log().len(), 1000);
    assert!(far.at_once_most.load(Ordering::SeqCst) > 500, "{}", far.at_once_most.load(Ordering::SeqCst));
    assert_eq!(engine.snapshot().pool.threads_started, 0);
}
