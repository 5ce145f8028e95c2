//! Whoever has closed a file finds its descriptor gone: the file can be executed, locked, unmounted. And whoever
//! closes one of several handles takes nothing from the others.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use folio::actor::{Append, Metadata};
use folio::tempfile::{NamedTemporaryFile, SpooledTemporaryFile, TemporaryFile};
use folio::text::TextFile;
use folio::{Engine, File, Operation};
use folio_testkit::errno::EIO;
use folio_testkit::process::alone;
use folio_testkit::{Call, Gate};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{bench, eventually, open, soon};

/// Rounds of one way to end a file: a worker that has not let go yet shows in nearly each.
const ROUNDS: usize = 20;

type Ended = Pin<Box<dyn Future<Output = ()>>>;
type End = fn(File) -> Ended;

/// Descriptors of this process that lead to `path`.
fn descriptors(path: &Path) -> usize {
    let all = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    all.filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|target| target == path)).count()
}

fn options(write: bool) -> folio::OpenOptions {
    let mut options = File::options();
    options.read(true).write(write);
    options
}

/// Each ends a file that has just been used.
const ENDS: [(&str, End); 13] = [
    ("close", |file| Box::pin(async { file.close().await.unwrap() })),
    ("close_all", |file| Box::pin(async { file.close_all().await.unwrap() })),
    ("drop", |file| Box::pin(async { drop(file) })),
    ("into_std and drop", |file| Box::pin(async { drop(file.into_std().await.unwrap()) })),
    ("try_into_std and drop", |file| Box::pin(async { drop(file.try_into_std().unwrap()) })),
    ("shutdown and drop", |mut file| Box::pin(async move { file.shutdown().await.unwrap() })),
    ("a trait's read and drop", |mut file| {
        Box::pin(async move {
            let mut rest = Vec::new();
            file.read_to_end(&mut rest).await.unwrap();
        })
    }),
    ("a time limit and close", |file| {
        Box::pin(async move {
            let limited = file.with_time_limit(crate::PATIENCE);
            drop(file);
            limited.close().await.unwrap();
        })
    }),
    ("closing the clones one by one", |file| {
        Box::pin(async move {
            let (second, third) = (file.clone(), file.clone());
            file.close().await.unwrap();
            second.close().await.unwrap();
            third.close().await.unwrap();
        })
    }),
    ("an actor that was asked, and close", |file| {
        Box::pin(async move {
            let actor = file.actor().unwrap();
            actor.ask(Metadata).await.unwrap();
            drop(actor);
            file.close().await.unwrap();
        })
    }),
    ("an actor that was asked, and into_std", |file| {
        Box::pin(async move {
            let actor = file.actor().unwrap();
            actor.ask(Metadata).await.unwrap();
            drop(actor);
            drop(file.into_std().await.unwrap());
        })
    }),
    ("a reader and drop", |file| {
        Box::pin(async move {
            let mut reader = file.reader(..);
            drop(file);
            reader.read(&mut [0; 8]).await.unwrap();
        })
    }),
    ("text", |file| {
        Box::pin(async move {
            let mut text: TextFile = folio::text::Options::new().open_file(file).unwrap();
            text.read(4).await.unwrap();
            text.close().await.unwrap();
            assert!(text.closed());
        })
    }),
];

async fn check(way: &str, end: End, write: bool) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, "contents").unwrap();
    for round in 0..ROUNDS {
        let file = options(write).open(&path).await.unwrap();
        assert!(file.try_lock().await.unwrap(), "{way}, writing {write}, round {round}: still locked");
        if write {
            file.write_all(b"contents").await.unwrap();
        }
        end(file).await;
        assert_eq!(descriptors(&path), 0, "{way}, writing {write}, round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_ended_a_file_finds_its_descriptor_and_its_lock_gone() {
    // Elsewhere a drop leaves the close to a worker, since no call tells whether it waits for a device.
    if cfg!(any(folio_portable, not(target_os = "linux"))) {
        return;
    }
    // A child of another test has every descriptor, locks and all, until it executes its program.
    if !alone("closing::whoever_ended_a_file_finds_its_descriptor_and_its_lock_gone") {
        return;
    }
    for (way, end) in ENDS {
        for write in [false, true] {
            check(way, end, write).await;
        }
    }
}

#[tokio::test]
async fn a_program_that_was_just_written_runs() {
    // Elsewhere a drop leaves the close to a worker, since no call tells whether it waits for a device.
    if cfg!(any(folio_portable, not(target_os = "linux"))) {
        return;
    }
    if !alone("closing::a_program_that_was_just_written_runs") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let program = std::fs::read("/bin/true").unwrap();
    for (index, (way, end)) in ENDS.iter().enumerate().filter(|(_, (way, _))| *way != "text") {
        let path = dir.path().join(index.to_string());
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path).await;
        let file = file.unwrap();
        file.write_all(&program).await.unwrap();
        file.set_permissions(std::fs::Permissions::from_mode(0o755)).await.unwrap();
        file.rewind().await.unwrap();
        end(file).await;
        let status = std::process::Command::new(&path).status();
        assert!(status.as_ref().is_ok_and(std::process::ExitStatus::success), "{way}: {status:?}");
    }
}

#[tokio::test]
async fn whatever_stands_on_a_file_keeps_the_promise_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    for round in 0..ROUNDS {
        let buffered =
            File::options().write(true).create(true).truncate(true).buffering(4096).open(&path).await;
        let buffered = buffered.unwrap();
        buffered.write_all(b"kept back").await.unwrap();
        buffered.close().await.unwrap();
        assert_eq!((descriptors(&path), std::fs::read(&path).unwrap()), (0, b"kept back".to_vec()));

        let binary = folio::open(&path, "rb+").await.unwrap().binary().unwrap();
        binary.write(b"bytes").await.unwrap();
        binary.clone().close().await.unwrap();
        assert_eq!(descriptors(&path), 0, "binary, round {round}");

        let detached = folio::open(&path, "rb+").await.unwrap().binary().unwrap();
        detached.write(b"bytes").await.unwrap();
        drop(detached.detach().await.unwrap());
        assert_eq!(descriptors(&path), 0, "detached, round {round}");

        let mut named = NamedTemporaryFile::builder().delete_on_close(false).create().await.unwrap();
        named.file().write_all(b"named").await.unwrap();
        named.close().await.unwrap();
        assert_eq!(descriptors(named.path()), 0, "named, round {round}");
    }
}

#[tokio::test]
async fn the_space_of_a_temporary_file_is_back_when_it_is_closed() {
    let dir = || PathBuf::from("/dev/shm");
    let unnamed = |path: &Path| path.to_string_lossy().ends_with("(deleted)");
    let left = || {
        let all = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        let targets = all.filter_map(|entry| std::fs::read_link(entry.path()).ok());
        targets.filter(|path| path.starts_with(dir()) && unnamed(path)).count()
    };
    let bytes = vec![1; 2 << 20];
    let file = TemporaryFile::builder().in_dir(dir()).create().await.unwrap();
    file.file().write_all(&bytes).await.unwrap();
    file.close().await.unwrap();
    assert_eq!(left(), 0);
    let mut spooled = SpooledTemporaryFile::builder().max_size(10).in_dir(dir()).build();
    spooled.write_all(&bytes).await.unwrap();
    spooled.close().await.unwrap();
    assert_eq!(left(), 0);
}

#[tokio::test]
async fn the_descriptor_that_was_opened_is_handed_over() {
    use std::os::fd::AsRawFd;
    let file = tempfile::NamedTempFile::new().unwrap();
    let opened = file.reopen().unwrap();
    let number = opened.as_raw_fd();
    let adopted = File::from_std(opened);
    adopted.write_all(b"adopted").await.unwrap();
    let std = adopted.into_std().await.unwrap();
    assert_eq!(std.as_raw_fd(), number);
    let shared = File::from_std(std);
    let clone = shared.clone();
    let second = shared.into_std().await.unwrap();
    assert_ne!(second.as_raw_fd(), number, "the clone has the first");
    drop(second);
    assert_eq!(clone.read_at(&mut [0; 16], 0).await.unwrap(), 7);
}

#[tokio::test]
async fn one_close_is_made_and_its_error_told_once() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    file.write_all(b"written").await.unwrap();
    let fault = disk.plan().on(Call::Close).fail(EIO);
    let error = file.close().await.unwrap_err();
    assert_eq!((error.operation(), error.raw_os_error()), (Operation::Close, Some(EIO)));
    assert_eq!((disk.open_files(), disk.calls(Call::Close), fault.fired()), (0, 1, 1));
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
}

#[tokio::test]
async fn a_file_that_failed_is_closed_all_the_same() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let fault = disk.plan().on(Call::Sync).fail(EIO);
    file.write_all(b"lost").await.unwrap();
    file.sync_all().await.unwrap_err();
    assert_eq!(fault.fired(), 1);
    assert!(file.close().await.unwrap_err().is_poisoned());
    assert_eq!((disk.open_files(), disk.calls(Call::Close)), (0, 1));
}

#[tokio::test]
async fn close_waits_until_the_storage_has_closed() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    file.write_all(b"written").await.unwrap();
    let gate = Gate::closed();
    let held = disk.plan().on(Call::Close).wait_for(&gate);
    let closing = tokio::spawn(file.close());
    eventually("the close has begun", || held.fired() == 1).await;
    assert_eq!((disk.open_files(), closing.is_finished()), (1, false));
    gate.open();
    soon("the close ends", closing).await.unwrap().unwrap();
    assert_eq!(disk.open_files(), 0);
}

#[tokio::test]
async fn closing_one_of_several_handles_leaves_the_file_to_the_others() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let other = file.clone();
    let limited = file.with_time_limit(crate::PATIENCE);
    let mut reader = file.reader(..);
    file.write_all(b"written").await.unwrap();
    file.close().await.unwrap();
    assert_eq!((disk.open_files(), disk.calls(Call::Close)), (1, 0));
    other.write_all(b" and more").await.unwrap();
    other.close().await.unwrap();
    assert_eq!(limited.read_bytes_at(0, 7).await.unwrap(), "written");
    limited.close().await.unwrap();
    assert_eq!(reader.read(&mut [0; 64]).await.unwrap(), 16);
    drop(reader);
    eventually("the last one closes it", || disk.open_files() == 0).await;
}

#[tokio::test]
async fn a_handle_that_is_not_the_last_reports_what_nobody_has_heard() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let other = file.clone();
    let gate = Gate::closed();
    let held = disk.plan().on(Call::WriteAt).wait_for(&gate);
    let failed = disk.plan().on(Call::WriteAt).fail(EIO);
    let mut write = Box::pin(file.write_all(b"lost"));
    assert!(futures_core_poll(&mut write).is_pending());
    eventually("the write has begun", || held.fired() == 1).await;
    drop(write);
    gate.open();
    let error = file.close().await.unwrap_err();
    assert_eq!((error.raw_os_error(), failed.fired(), disk.open_files()), (Some(EIO), 1, 1));
    other.close().await.unwrap();
    assert_eq!(disk.open_files(), 0);
}

fn futures_core_poll<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
    Pin::new(future).poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_handles_that_are_closed_at_once_one_closes_the_file() {
    for _ in 0..ROUNDS {
        let (disk, engine) = bench();
        let file = open(&engine).await;
        file.write_all(b"written").await.unwrap();
        let clones: Vec<File> = (0..4).map(|_| file.clone()).collect();
        drop(file);
        let fault = disk.plan().on(Call::Close).fail(EIO);
        let closing: Vec<_> = clones.into_iter().map(|file| tokio::spawn(file.close())).collect();
        let mut told = 0;
        for close in closing {
            told += usize::from(soon("a close", close).await.unwrap().is_err());
        }
        assert_eq!((told, disk.open_files(), fault.fired()), (1, 0, 1));
    }
}

#[tokio::test]
async fn an_actor_keeps_the_file_open_like_a_clone() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let actor = file.actor().unwrap();
    file.close().await.unwrap();
    assert_eq!(actor.ask(Append { bytes: "told".into() }).await.unwrap(), 0);
    assert_eq!(disk.open_files(), 1);
    drop(actor);
    eventually("the actor was the last", || disk.open_files() == 0).await;
    assert_eq!(disk.contents(crate::PATH), b"told");
}

#[tokio::test]
async fn close_all_closes_for_everybody() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let (other, actor) = (file.clone(), file.actor().unwrap());
    file.write_all(b"written").await.unwrap();
    file.close_all().await.unwrap();
    assert_eq!((disk.open_files(), disk.calls(Call::Close)), (0, 1));
    assert!(other.write_all(b"late").await.unwrap_err().is_closed());
    assert!(other.read_bytes_at(0, 1).await.unwrap_err().is_closed());
    assert!(other.try_lock().await.unwrap_err().is_closed());
    assert!(actor.ask(Metadata).await.is_err());
    assert!(other.close().await.unwrap_err().is_closed());
    drop(actor);
    assert_eq!((disk.open_files(), disk.calls(Call::Close)), (0, 1));
}

#[test]
fn a_file_outlives_no_engine_that_was_shut_down() {
    let (disk, engine) = bench();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let file = open(&engine).await;
        file.write_all(b"written").await.unwrap();
        engine.shutdown(crate::PATIENCE).await.unwrap();
        file.close().await.unwrap_err();
    });
    crate::eventually_blocking("it is closed without a worker", || disk.open_files() == 0);
}

#[tokio::test]
async fn engines_share_no_last_handle() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let engine = Engine::builder().start().unwrap();
    let one = File::options().write(true).create(true).open_on(&engine, &path).await.unwrap();
    let two = File::open(&path).await.unwrap();
    one.write_all(b"one").await.unwrap();
    one.close().await.unwrap();
    assert_eq!((descriptors(&path), two.read_bytes(3).await.unwrap()), (1, "one".into()));
    two.close().await.unwrap();
    assert_eq!(descriptors(&path), 0);
    drop(Arc::new(engine));
}
