//! The end of handles, runtimes, engines and processes: nothing that was accepted is lost by them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use folio::{Buffering, Engine, File};
use folio_testkit::process::again;
use folio_testkit::wait::eventually_blocking;
use folio_testkit::{Call, Disk, Gate};

use crate::{PATH, bench, eventually, open, open_to_append};

/// Names the way in which a child process is to end.
const WAY: &str = "FOLIO_BUFFERED_WAY";

/// The file that it writes before.
const TARGET: &str = "FOLIO_BUFFERED_TARGET";

#[tokio::test]
async fn the_last_drop_writes_it_out_without_blocking() {
    let (disk, engine) = bench("old");
    let gate = Gate::closed();
    disk.plan().on(Call::WriteAt).wait_for(&gate);
    let file = open(&engine, 1024).await;
    let clone = file.clone();
    file.write_all(b"abc").await.unwrap();
    drop(file);
    assert_eq!(disk.contents(PATH), b"old", "a clone is left");
    drop(clone);
    gate.arrived(1);
    gate.open();
    eventually("it is written", || disk.contents(PATH) == b"abc").await;
}

#[tokio::test]
async fn a_shutdown_writes_out_what_dropped_and_open_files_kept_back() {
    let disk = Disk::new();
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    let mut open = Vec::new();
    for index in 0..20 {
        let path = format!("/{index}");
        disk.put(&path, "");
        let mut options = File::options();
        let file = options.write(true).buffering(1024).open_on(&engine, &path).await.unwrap();
        file.write_all(b"abc").await.unwrap();
        if index % 2 == 0 {
            open.push(file);
        }
    }
    engine.shutdown(Duration::from_secs(30)).await.unwrap();
    assert!((0..20).all(|index| disk.contents(format!("/{index}")) == b"abc"));
    assert!(open[0].write_all(b"def").await.unwrap_err().is_closed(), "and accepts nothing after it");
}

#[tokio::test]
async fn the_end_of_an_engine_writes_it_out() {
    let disk = Disk::new();
    disk.put(PATH, "old ");
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    let file = open_to_append(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    drop(engine);
    drop(file);
    eventually("it is written", || disk.contents(PATH) == b"old abc").await;
}

#[test]
fn the_end_of_a_runtime_writes_it_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (opened, wait) = std::sync::mpsc::channel();
    let task_path = path.clone();
    runtime.spawn(async move {
        let file = buffered(&task_path).await;
        file.write_all(b"abc").await.unwrap();
        opened.send(()).unwrap();
        std::future::pending::<()>().await;
        drop(file);
    });
    wait.recv().unwrap();
    drop(runtime);
    eventually_blocking("what was accepted is written", || std::fs::read(&path).unwrap() == b"abc");
}

async fn buffered(path: &Path) -> File {
    let mut options = File::options();
    options.write(true).create(true).buffering(Buffering::Default);
    options.open(path).await.unwrap()
}

/// Runs this test binary again, to end in a certain way after a buffered write.
fn child(way: &str, path: &Path) -> Command {
    let mut command = again("ending::a_child_ends_in_its_way");
    command.env(WAY, way).env(TARGET, path);
    command
}

/// Does nothing unless it runs as the child of the next test.
#[test]
fn a_child_ends_in_its_way() {
    let (Ok(way), Ok(target)) = (std::env::var(WAY), std::env::var(TARGET)) else { return };
    let target = PathBuf::from(target);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let file = buffered(&target).await;
        file.write_all(b"accepted").await.unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"", "it is kept back");
        match way.as_str() {
            "exit while it is open" => std::process::exit(7),
            "exit after the drop" => {
                drop(file);
                std::process::exit(7);
            }
            "exit on a private engine" => {
                let engine = Engine::builder().workers_max(1).start().unwrap();
                let other = engine.scope(buffered(&target.with_extension("other"))).await;
                other.write_all(b"accepted").await.unwrap();
                std::process::exit(7);
            }
            "exit with a stuck disk" => {
                let disk = Disk::new();
                disk.put(PATH, "");
                let gate = Gate::closed();
                disk.plan().on(Call::WriteAt).wait_for(&gate);
                let engine = Engine::builder().storage(Arc::new(disk)).start().unwrap();
                let stuck = open(&engine, 1024).await;
                stuck.write_all(b"never").await.unwrap();
                std::process::exit(7);
            }
            other => panic!("no such way: {other}"),
        }
    });
}

#[test]
fn the_end_of_the_process_writes_it_out() {
    let dir = tempfile::tempdir().unwrap();
    for way in ["exit while it is open", "exit after the drop", "exit on a private engine"] {
        let path = dir.path().join("file");
        let status = child(way, &path).status().unwrap();
        assert_eq!(status.code(), Some(7), "{way}");
        assert_eq!(std::fs::read(&path).unwrap(), b"accepted", "{way}");
        std::fs::remove_file(&path).unwrap();
    }
    assert_eq!(std::fs::read(dir.path().join("file.other")).unwrap(), b"accepted");
}

#[test]
fn a_stuck_disk_holds_the_end_of_the_process_up_for_a_bounded_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let begun = Instant::now();
    let status = child("exit with a stuck disk", &path).status().unwrap();
    assert_eq!(status.code(), Some(7));
    assert!(begun.elapsed() < crate::PATIENCE, "it took {:?}", begun.elapsed());
    assert_eq!(std::fs::read(&path).unwrap(), b"accepted", "the other disk is not stuck");
}

#[tokio::test]
async fn who_comes_after_a_drop_finds_what_was_accepted_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    for round in 0..200 {
        let contents = format!("round {round}");
        let mut options = File::options();
        let file = options.write(true).create(true).truncate(true).buffering(1024).open(&path).await.unwrap();
        file.write_all(contents.as_bytes()).await.unwrap();
        drop(file);
        match round % 4 {
            0 => assert_eq!(folio::fs::read_to_string(&path).await.unwrap(), contents),
            1 => assert_eq!(folio::fs::metadata(&path).await.unwrap().len(), contents.len() as u64),
            2 => {
                let read = File::open(&path).await.unwrap().read_bytes(100).await.unwrap();
                assert_eq!(read, contents);
            }
            // The next round cuts the file, which must not come before what is still to be written.
            _ => {}
        }
    }
}

#[tokio::test]
async fn an_opening_by_another_name_finds_it_too() {
    let dir = tempfile::tempdir().unwrap();
    let (path, other) = (dir.path().join("file"), dir.path().join("other"));
    std::fs::write(&path, "").unwrap();
    std::fs::hard_link(&path, &other).unwrap();
    for round in 0..100 {
        let mut options = File::options();
        let file = options.append(true).buffering(1024).open(&path).await.unwrap();
        file.write_all(b"0123456789").await.unwrap();
        drop(file);
        let file = File::open(&other).await.unwrap();
        assert_eq!(file.metadata().await.unwrap().len(), 10 * (round + 1));
    }
}

#[tokio::test]
async fn a_stuck_disk_holds_up_nobody_who_asks_for_another_path() {
    let (disk, engine) = bench("");
    disk.put("/other", "here");
    let gate = Gate::closed();
    disk.plan().on(Call::WriteAt).wait_for(&gate);
    let file = open(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    drop(file);
    let other = File::options().read(true).open_on(&engine, "/other").await.unwrap();
    assert_eq!(other.read_bytes(4).await.unwrap(), "here");
    let mut options = File::options();
    let mut same = Box::pin(options.read(true).open_on(&engine, PATH));
    assert!(crate::at_once(same.as_mut()).is_none(), "it waits for what is still to be written");
    gate.open();
    let file = crate::soon("it is written", same).await.unwrap();
    assert_eq!(file.read_bytes(4).await.unwrap(), "abc");
}
