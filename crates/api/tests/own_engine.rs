//! A program's own engine does everything that is asked of it, and the default one nothing.
//!
//! In a process of its own: no other test may use the default engine beside it.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::collections::BTreeSet;
use std::io::{Cursor, SeekFrom};
use std::path::Path;

use folio::os::{self, Mode};
use folio::tempfile::{NamedTemporaryFile, SpooledTemporaryFile, TemporaryDirectory, TemporaryFile};
use folio::{Counters, Engine, File, fs, path, text, wrap};
use folio_testkit::wait::eventually;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

/// Names of the threads of this process.
fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.map(|name| name.trim_end().to_owned()).collect()
}

fn workers() -> usize {
    threads().iter().filter(|name| name.starts_with("folio-worker")).count()
}

/// Everything there is about names.
async fn names(room: &Path) {
    let at = |name: &str| room.join(name);
    fs::create_dir_all(at("a/b")).await.unwrap();
    fs::write(at("a/f"), b"content").await.unwrap();
    assert_eq!(fs::read(at("a/f")).await.unwrap(), b"content");
    assert_eq!(fs::read_to_string(at("a/f")).await.unwrap(), "content");
    assert_eq!(fs::read_limited(at("a/f"), 10).await.unwrap(), b"content");
    fs::copy(at("a/f"), at("a/g")).await.unwrap();
    fs::hard_link(at("a/f"), at("a/h")).await.unwrap();
    fs::symlink(at("a/f"), at("a/s")).await.unwrap();
    fs::read_link(at("a/s")).await.unwrap();
    fs::canonicalize(at("a/s")).await.unwrap();
    fs::rename(at("a/g"), at("a/b/g")).await.unwrap();
    let permissions = fs::metadata(at("a/f")).await.unwrap().permissions();
    fs::set_permissions(at("a/f"), permissions).await.unwrap();
    fs::symlink_metadata(at("a/s")).await.unwrap();
    assert!(fs::try_exists(at("a/f")).await.unwrap());
    let mut entries = fs::read_dir(at("a")).await.unwrap();
    while let Some(entry) = entries.next_entry().await.unwrap() {
        entry.metadata().await.unwrap();
        entry.file_type().await.unwrap();
    }
    let mut walk = fs::walk(room);
    while let Some(entry) = walk.next().await {
        entry.unwrap();
    }
    let mut glob = fs::glob(at("**/g").to_str().unwrap()).unwrap();
    assert!(glob.next().await.is_some());
    fs::copy_dir(at("a"), at("c")).await.unwrap();
    fs::move_path(at("c"), at("d")).await.unwrap();
    fs::remove_file(at("d/h")).await.unwrap();
    fs::remove_dir_all(at("d")).await.unwrap();
    os::access(at("a"), Mode::READ).await.unwrap();
    os::statvfs(room).await.unwrap();
    os::mkfifo(at("fifo"), 0o600).await.unwrap();
    os::renames(at("a/f"), at("e/f")).await.unwrap();
    os::listdir(room).await.unwrap();
    fs::remove_file(at("e/f")).await.unwrap();
    os::removedirs(at("e")).await.unwrap();
    path::exists(room).await;
    path::is_mount(room).await;
    path::is_same_file(room, room).await.unwrap();
    path::len(at("a/h")).await.unwrap();
    fs::remove_dir_all(at("a")).await.unwrap();
}

/// Everything there is about open files, closes and drops included.
async fn files(room: &Path, other: &Engine) {
    let at = |name: &str| room.join(name);
    let mut options = File::options();
    options.read(true).write(true).create(true);
    let mut file = options.open(at("one")).await.unwrap();
    file.write_all(b"0123456789").await.unwrap();
    file.append(b"more").await.unwrap();
    file.sync_all().await.unwrap();
    file.set_len(12).await.unwrap();
    file.seek(SeekFrom::End(-2)).await.unwrap();
    AsyncWriteExt::write_all(&mut file, b"by trait").await.unwrap();
    AsyncSeekExt::rewind(&mut file).await.unwrap();
    let mut all = Vec::new();
    AsyncReadExt::read_to_end(&mut file, &mut all).await.unwrap();
    file.reader(2..5).read(&mut [0; 3]).await.unwrap();
    file.metadata().await.unwrap();
    file.lock().await.unwrap();
    file.unlock().await.unwrap();
    file.run(|_| ()).await.unwrap();
    let elsewhere = options.open_on(other, at("two")).await.unwrap();
    os::sendfile(&elsewhere, &file, 0, 10).await.unwrap();
    os::sendfile(&file, &elsewhere, 0, 10).await.unwrap();
    assert!(!path::is_same_open_file(&file, &elsewhere).await.unwrap());
    elsewhere.close().await.unwrap();
    drop(file.clone().into_std().await.unwrap());
    let std = std::fs::File::open(at("one")).unwrap();
    File::from_std(std).read_bytes(3).await.unwrap();
    file.close().await.unwrap();

    let buffered = File::options().write(true).create(true).buffering(-1).open(at("three")).await.unwrap();
    buffered.write_all(b"kept back").await.unwrap();
    drop(buffered);
    let mut lines = text::open(at("one")).await.unwrap();
    lines.next_line().await.unwrap();
    folio::open(at("three"), "r+b").await.unwrap();
    let fifo = File::options().read(true).write(true).open(at("fifo")).await.unwrap();
    fifo.write_all(b"through").await.unwrap();
    fifo.read_bytes(7).await.unwrap();
}

/// Temporary files, objects and closures.
async fn the_rest(room: &Path) {
    drop(NamedTemporaryFile::builder().in_dir(room).create().await.unwrap());
    let mut directory = TemporaryDirectory::builder().in_dir(room).create().await.unwrap();
    directory.cleanup().await.unwrap();
    drop(TemporaryDirectory::builder().in_dir(room).create().await.unwrap());
    let unnamed = TemporaryFile::builder().in_dir(room).create().await.unwrap();
    unnamed.file().write_all(b"x").await.unwrap();
    unnamed.close().await.unwrap();
    let mut spooled = SpooledTemporaryFile::builder().in_dir(room).max_size(1).build();
    spooled.write_all(b"over").await.unwrap();
    assert!(spooled.is_rolled_over());
    let object = wrap::read_write_seek(Cursor::new(Vec::new())).open().await.unwrap();
    object.write_all(b"x").await.unwrap();
    object.close().await.unwrap();
    drop(wrap::writer(Vec::new()).open().await.unwrap());
    folio::run(|| ()).await.unwrap();
}

async fn everything(engine: &Engine, other: &Engine) {
    let room = ::tempfile::TempDir::new().unwrap();
    engine
        .scope(async {
            names(room.path()).await;
            files(room.path(), other).await;
            the_rest(room.path()).await;
        })
        .await;
    // What is asked for outside of the scope of what was opened inside stays on its engine too.
    let file = engine.scope(File::create(room.path().join("late"))).await.unwrap();
    let mut entries = engine.scope(fs::read_dir(room.path())).await.unwrap();
    let temporary = engine.scope(NamedTemporaryFile::builder().in_dir(room.path()).create()).await.unwrap();
    file.write_all(b"late").await.unwrap();
    while let Some(entry) = entries.next_entry().await.unwrap() {
        entry.metadata().await.unwrap();
    }
    drop(entries);
    let path = temporary.path().to_owned();
    drop(temporary);
    drop(file);
    eventually("the temporary file is removed", || !path.exists()).await;
    eventually("everything is closed", || {
        let counters = engine.snapshot().counters;
        engine.snapshot().files.is_empty() && counters.unobserved_errors == 0
    })
    .await;
}

/// A file goes on without the engine's handle, and is closed by that engine's workers.
async fn a_file_outlives_the_handle_of_its_engine(with_actor: bool) {
    let room = ::tempfile::TempDir::new().unwrap();
    let at = room.path().join("file");
    let engine = Engine::builder().workers_max(1).start().unwrap();
    let file = File::options().write(true).create(true).open_on(&engine, &at).await.unwrap();
    let (said, heard) = std::sync::mpsc::channel();
    let ending = move |_: Vec<u8>| {
        said.send(std::thread::current().name().map(str::to_owned)).unwrap();
        Ok(())
    };
    let object = wrap::writer(Vec::new()).on_close(ending).open_on(&engine).await.unwrap();
    drop(engine);
    if with_actor {
        object.actor().unwrap();
    }
    file.write_all(b"still here").await.unwrap();
    file.sync_all().await.unwrap();
    file.close().await.unwrap();
    object.write_all(b"x").await.unwrap();
    drop(object);
    let mut thread = None;
    eventually("the object is ended", || {
        thread = heard.try_recv().ok();
        thread.is_some()
    })
    .await;
    assert!(thread.unwrap().unwrap().starts_with("folio-worker"));
    assert_eq!(std::fs::read(&at).unwrap(), b"still here");
}

#[tokio::test]
async fn a_private_engine_does_everything_and_the_default_one_nothing() {
    let other = Engine::builder().workers_max(1).start().unwrap();
    let small = Engine::builder().workers_max(1).ops_max(1).start().unwrap();
    everything(&small, &other).await;
    assert!(workers() <= 2, "{:?}", threads());
    let usual = Engine::builder().start().unwrap();
    everything(&usual, &other).await;
    let started: u64 =
        [&other, &small, &usual].iter().map(|engine| engine.snapshot().pool.threads_started).sum();
    assert!(workers() as u64 <= started);
    for round in 0..40 {
        a_file_outlives_the_handle_of_its_engine(round % 2 == 1).await;
    }

    let default = Engine::global().snapshot();
    assert_eq!(default.counters, Counters::default());
    assert_eq!((default.in_flight_peak, default.pool.threads_started), (0, 0));
    // The harness's own, each engine's one for its actors, and workers: nobody's blocking pool.
    let kinds: BTreeSet<String> =
        threads().into_iter().map(|name| name.trim_end_matches(char::is_numeric).to_owned()).collect();
    let strange: Vec<_> = kinds.iter().filter(|name| name.starts_with("tokio")).collect();
    assert!(strange.is_empty(), "{kinds:?}");
}
