//! What happens in the processes.

use std::fmt::Debug;
use std::fs::Permissions;
use std::io::{ErrorKind, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use folio::fs::{self, ReadDir};
use folio::os::{Advice, Allocation};
use folio::tempfile::TemporaryDirectory;
use folio::{Dir, Engine, Error, File, wrap};
use folio_testkit::wait::PATIENCE;

use crate::child::{block_on, in_child, tell};

/// Forks in [`under_load`]; a tenth of them meets a thread inside of some lock.
const FORKS: usize = 200;

/// An operation that must be refused: it names what it is about and does not wait.
#[track_caller]
fn refused<T: Debug>(what: &str, result: Result<T, Error>) {
    let error = result.expect_err(what);
    assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{what}: {error}");
    assert!(error.is_closed() && !error.may_have_happened(), "{what}: {error}");
    assert!(error.to_string().contains("belongs to the process before the fork"), "{what}: {error}");
}

/// Everyday work on the current engine, with a worker and without.
async fn work(room: &Path, name: &str) {
    let path = room.join(name);
    fs::write(&path, "one").await.unwrap();
    assert_eq!(fs::read(&path).await.unwrap(), b"one");
    let file = File::options().read(true).append(true).open(&path).await.unwrap();
    file.append(b" two").await.unwrap();
    file.sync_all().await.unwrap();
    assert_eq!(file.read_full(7).await.unwrap(), "one two");
    file.close().await.unwrap();
    let mut names = fs::read_dir(room).await.unwrap();
    assert!(names.next_entry().await.unwrap().is_some());
    assert_eq!(folio::run(|| 7).await.unwrap(), 7);
}

pub(crate) fn default_engine() {
    let room = tempfile::tempdir().unwrap();
    block_on(work(room.path(), "parent"));
    let before = Engine::global().snapshot().counters.jobs;
    in_child(|| {
        block_on(work(room.path(), "child"));
        // Counters start anew, and the parent's threads are not counted on.
        assert!(Engine::global().snapshot().pool.workers > 0);
    });
    assert_eq!(Engine::global().snapshot().counters.jobs, before);
    block_on(work(room.path(), "parent again"));
}

pub(crate) fn line_of_forks() {
    let room = tempfile::tempdir().unwrap();
    block_on(work(room.path(), "0"));
    in_child(|| {
        block_on(work(room.path(), "1"));
        in_child(|| {
            // This one has none, like the middle process of a daemon.
            in_child(|| block_on(work(room.path(), "3")));
            block_on(work(room.path(), "2"));
        });
    });
    let names = ["1", "2", "3"].map(|name| room.path().join(name).exists());
    assert_eq!(names, [true; 3]);
    tell("1 2 3 done");
    std::process::exit(0);
}

pub(crate) fn files() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("file");
    std::fs::write(&path, "line\nline\n").unwrap();
    let mut options = File::options();
    options.read(true).write(true);
    let (plain, buffered) = block_on(async {
        let plain = options.open(&path).await.unwrap();
        plain.write_all_at(b"l", 0).await.unwrap();
        (plain, options.buffering(4096).open(&path).await.unwrap())
    });
    let mut held = Some((plain, buffered));
    in_child(|| {
        let (plain, buffered) = held.take().unwrap();
        for file in [&plain, &buffered, &plain.with_time_limit(PATIENCE)] {
            block_on(refuses_to_read_and_write(file));
            block_on(refuses_all_else(file));
        }
        block_on(refuses_whole_handles(&plain));
        drop((plain, buffered));
    });
    let (plain, buffered) = held.unwrap();
    block_on(async {
        assert_eq!(plain.read_bytes(100).await.unwrap(), "line\nline\n");
        buffered.write_all(b"L").await.unwrap();
        buffered.close().await.unwrap();
    });
}

async fn refuses_to_read_and_write(file: &File) {
    let mut buf = [0; 4];
    refused("read", file.read(&mut buf).await);
    refused("read_at", file.read_at(&mut buf, 0).await);
    refused("read_exact", file.read_exact(&mut buf).await);
    refused("read_exact_at", file.read_exact_at(&mut buf, 0).await);
    refused("read_bytes", file.read_bytes(4).await);
    refused("read_bytes_at", file.read_bytes_at(0, 4).await);
    refused("read_until", file.read_until(b'\n', 100).await);
    refused("read_full", file.read_full(4).await);
    refused("peek", file.peek(4).await);
    refused("write", file.write(b"x").await);
    refused("write_all", file.write_all(b"x").await);
    refused("write_all_at", file.write_all_at(b"x", 0).await);
    refused("write_vectored", file.write_vectored(&[]).await);
    refused("write_bytes", file.write_bytes("x").await);
    refused("write_bytes_at", file.write_bytes_at("x", 0).await);
    refused("append", file.append(b"x").await);
    refused("append_bytes", file.append_bytes("x").await);
    refused("try_append", file.try_append(b"x").await);
    refused("try_append_bytes", file.try_append_bytes("x").await.map_err(|rejected| rejected.error));
    refused("try_write_bytes_at", file.try_write_bytes_at("x", 0).await.map_err(|rejected| rejected.error));
}

async fn refuses_all_else(file: &File) {
    refused("seek", file.seek(SeekFrom::Start(0)).await);
    refused("stream_position", file.stream_position().await);
    refused("set_len", file.set_len(0).await);
    refused("sync_all", file.sync_all().await);
    refused("sync_data", file.sync_data().await);
    refused("metadata", file.metadata().await);
    refused("set_permissions", file.set_permissions(Permissions::from_mode(0o600)).await);
    refused("set_times", file.set_times(std::fs::FileTimes::new()).await);
    refused("fallocate", file.fallocate(Allocation::Extend, 0, 1).await);
    refused("fadvise", file.fadvise(Advice::Normal, 0, 0).await);
    refused("lock", file.lock().await);
    refused("try_lock_shared", file.try_lock_shared().await);
    refused("unlock", file.unlock().await);
    refused("run", file.run(|_| ()).await);
}

async fn refuses_whole_handles(file: &File) {
    refused("close", file.clone().close().await);
    refused("into_std", file.clone().into_std().await);
    assert!(file.clone().try_into_std().is_err());
    refused("reader", file.reader(..).read(&mut [0; 4]).await);
}

pub(crate) fn engines() {
    let room = tempfile::tempdir().unwrap();
    let engine = Engine::builder().start().unwrap();
    let (path, other) = (room.path().join("file"), room.path().join("other"));
    let opened = block_on(engine.scope(async {
        fs::write(&path, "text").await.unwrap();
        let dir = Dir::open(room.path()).await.unwrap();
        (dir, fs::read_dir(room.path()).await.unwrap(), fs::walk(room.path()))
    }));
    let (dir, mut names, mut walk): (Dir, ReadDir, _) = opened;
    in_child(move || {
        block_on(engine.scope(async {
            // Even what could be answered in place: it would show late otherwise.
            refused("read", fs::read(&path).await);
            refused("metadata", fs::metadata(&path).await);
            refused("open", File::open(&path).await);
            refused("write", fs::write(&other, "x").await);
            refused("run", folio::run(|| ()).await);
            refused("wrap", wrap::reader(std::io::empty()).open().await);
            refused("Dir::metadata", dir.metadata("file").await);
            refused("walk", walk.next().await.expect("an error"));
            // What was fetched before the fork is there.
            while let Ok(Some(_)) = names.next_entry().await {}
            refused("shutdown", engine.shutdown(Duration::ZERO).await);
            engine.snapshot();
        }));
        assert!(!other.exists());
        drop((engine, dir, names, walk));
    });
}

pub(crate) fn streams() {
    let room = tempfile::tempdir().unwrap();
    let fifo = room.path().join("fifo");
    let file = block_on(async {
        folio::os::mkfifo(&fifo, 0o600).await.unwrap();
        File::options().read(true).write(true).open(&fifo).await.unwrap()
    });
    let mut file = Some(file);
    in_child(|| {
        // The last handle there is in this process.
        let file = file.take().unwrap();
        block_on(async {
            refused("read", file.read(&mut [0; 4]).await);
            refused("read_until", file.read_until(b'\n', 100).await);
            refused("peek", file.peek(4).await);
            refused("write_all", file.write_all(b"x").await);
        });
        drop(file);
    });
    let file = file.unwrap();
    block_on(async {
        let reader = file.clone();
        let read = tokio::spawn(async move { reader.read_full(4).await.unwrap() });
        tokio::task::yield_now().await;
        file.write_all(b"text").await.unwrap();
        assert_eq!(read.await.unwrap(), "text", "the parent still hears that something is there");
    });
}

pub(crate) fn kept_back() {
    let room = tempfile::tempdir().unwrap();
    let path = room.path().join("file");
    let mut options = File::options();
    options.append(true).create(true).buffering(4096);
    let file = block_on(async {
        let file = options.open(&path).await.unwrap();
        file.write_all(b"parent").await.unwrap();
        file
    });
    let mut file = Some(file);
    for end in ["by exit", "after a drop"] {
        let own = room.path().join(end);
        in_child(|| {
            match end {
                "by exit" => std::mem::forget(file.take()),
                _ => drop(file.take()),
            }
            // Its own are written at its end, by its own hook.
            let file = block_on(async {
                let file = options.open(&own).await.unwrap();
                file.write_all(b"child").await.unwrap();
                file
            });
            std::mem::forget(file);
        });
        assert_eq!(std::fs::read(&path).unwrap(), b"", "{end}");
        assert_eq!(std::fs::read(&own).unwrap(), b"child", "{end}");
    }
    block_on(file.unwrap().close()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"parent");
}

pub(crate) fn temporary() {
    let dir = block_on(TemporaryDirectory::new()).unwrap();
    let path = dir.path().to_owned();
    let mut dir = Some(dir);
    in_child(|| drop(dir.take()));
    assert!(path.exists());
    block_on(dir.take().unwrap().cleanup()).unwrap();
    assert!(!path.exists());
}

pub(crate) fn standard() {
    block_on(folio::stdout().write_line("@parent")).unwrap();
    in_child(|| block_on(folio::stdout().write_line("@child")).unwrap());
}

/// Threads are inside of every lock there is while others are forked off.
pub(crate) fn under_load() {
    let room = tempfile::tempdir().unwrap();
    let stop = AtomicBool::new(false);
    let path = room.path().join("shared");
    let file = block_on(async {
        fs::write(&path, vec![b'x'; 4096]).await.unwrap();
        File::options().read(true).write(true).open(&path).await.unwrap()
    });
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (room, stop, file) = (room.path(), &stop, &file);
            scope.spawn(move || {
                block_on(async {
                    while !stop.load(Ordering::Relaxed) {
                        work(room, &format!("thread {thread}")).await;
                        file.seek(SeekFrom::Start(0)).await.unwrap();
                        file.read(&mut [0; 64]).await.unwrap();
                        file.write_all_at(b"y", thread).await.unwrap();
                        file.read_bytes_at(0, 64).await.unwrap();
                    }
                });
            });
        }
        for _ in 0..FORKS {
            let clone = file.clone();
            in_child(|| {
                block_on(async {
                    refused("read", clone.read(&mut [0; 64]).await);
                    refused("read_bytes", clone.read_bytes_at(0, 64).await);
                    refused("write", clone.write_all(b"z").await);
                    work(room.path(), "child").await;
                });
                drop(clone);
            });
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(room.path().join("child").metadata().unwrap().modified().unwrap() <= SystemTime::now());
    std::io::stdout().flush().unwrap();
}
