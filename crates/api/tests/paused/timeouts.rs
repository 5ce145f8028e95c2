//! Whatever waits for a worker holds the clock: a timeout around it does not elapse, however often it is tried.

use std::fmt::Debug;
use std::future::Future;
use std::io::SeekFrom;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use folio::tempfile::{SpooledTemporaryFile, TemporaryDirectory, TemporaryFile};
use folio::{Buffering, Dir, Engine, File, fs, os, path, text, wrap};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use crate::{MINUTE, run};

/// Often enough that a clock which is not held jumps: without that it did in 50 of 50.
const ROUNDS: usize = 10;

/// Runs the future under a minute of virtual time, which must not pass.
fn check<'a, T: Debug, E: Debug>(
    what: &'a str,
    future: impl Future<Output = Result<T, E>> + 'a,
) -> Pin<Box<dyn Future<Output = T> + 'a>> {
    Box::pin(async move {
        let begun = Instant::now();
        let outcome = timeout(MINUTE, future).await.unwrap_or_else(|_| panic!("{what}: the clock ran ahead"));
        assert_eq!(begun.elapsed(), Duration::ZERO, "{what}");
        outcome.unwrap_or_else(|error| panic!("{what}: {error:?}"))
    })
}

/// Runs the cases in a fresh room, each round on a clock of its own.
fn rounds<F: Future<Output = ()>>(cases: impl Fn(PathBuf) -> F) {
    for _ in 0..ROUNDS {
        let room = tempfile::tempdir().unwrap();
        run(cases(room.path().to_owned()));
    }
}

#[test]
fn functions_of_fs() {
    rounds(|room| async move {
        let at = |name: &str| room.join(name);
        check("write", fs::write(at("a"), [7; 100_000])).await;
        check("copy", fs::copy(at("a"), at("b"))).await;
        check("read", fs::read(at("b"))).await;
        check("rename", fs::rename(at("b"), at("c"))).await;
        check("hard_link", fs::hard_link(at("a"), at("hard"))).await;
        check("create_dir_all", fs::create_dir_all(at("d/e/f"))).await;
        check("metadata", fs::metadata(at("d"))).await;
        check("canonicalize", fs::canonicalize(at("d/e/.."))).await;
        let mut names = check("read_dir", fs::read_dir(&room)).await;
        while check("next_entry", names.next_entry()).await.is_some() {}
        let mut walk = fs::walk(&room);
        while let Some(met) = timeout(MINUTE, walk.next()).await.expect("walk: the clock ran ahead") {
            met.unwrap();
        }
        check("copy_dir", fs::copy_dir(at("d"), at("g"))).await;
        check("move_path", fs::move_path(at("g"), at("h"))).await;
        check("remove_dir_all", fs::remove_dir_all(at("h"))).await;
        check("remove_file", fs::remove_file(at("c"))).await;
        check("disk_usage", os::disk_usage(&room)).await;
        check("mkfifo", os::mkfifo(at("fifo"), 0o600)).await;
        check("realpath", path::realpath(at("d/e"))).await;
        check("run", folio::run(|| 7)).await;
    });
}

#[test]
fn methods_of_files() {
    rounds(|room| async move {
        let file = check("create_new", File::create_new(room.join("file"))).await;
        check("write_all", file.write_all(&[7; 100_000])).await;
        check("write_bytes_at", file.write_bytes_at(vec![7; 1 << 20], 0)).await;
        check("append", file.append(b"record")).await;
        check("sync_all", file.sync_all()).await;
        check("set_len", file.set_len(10)).await;
        check("fallocate", file.fallocate(os::Allocation::Extend, 0, 4096)).await;
        check("lock", file.lock()).await;
        check("unlock", file.unlock()).await;
        check("run", file.run(|_| ())).await;
        check("read_full", file.read_full(2 << 20)).await;
        check("with_time_limit", file.with_time_limit(MINUTE).write_all(b"x")).await;
        check("close", file.close()).await;
    });
}

#[test]
fn operations_behind_others() {
    rounds(|room| async move {
        let file = check("create", File::create(room.join("file"))).await;
        let writes = (0..50_u8).map(|byte| {
            let file = file.clone();
            tokio::spawn(async move { timeout(MINUTE, file.append_bytes(vec![byte; 10_000])).await.is_ok() })
        });
        for write in writes.collect::<Vec<_>>() {
            assert!(write.await.unwrap(), "the clock ran ahead of a queued append");
        }
        let one = Engine::builder().ops_max(1).start().unwrap();
        let file = check("open_on", File::options().append(true).open_on(&one, room.join("file"))).await;
        let (first, second) = tokio::join!(
            timeout(MINUTE, file.append_bytes(vec![1; 100_000])),
            timeout(MINUTE, file.append_bytes(vec![2; 100_000])),
        );
        assert!(first.is_ok() && second.is_ok(), "the clock ran ahead of a wait for a permit");
        check("shutdown", one.shutdown(MINUTE)).await;
    });
}

#[test]
fn buffered_files() {
    rounds(|room| async move {
        let mut options = File::options();
        options.write(true).create(true).buffering(Buffering::Bytes(4096));
        let file = check("open", options.open(room.join("file"))).await;
        for _ in 0..20 {
            check("write_all", file.write_all(&[7; 3000])).await;
        }
        check("flush", file.flush()).await;
        check("write_all", file.write_all(b"kept back")).await;
        drop(file);
        // The last bytes are still on their way.
        check("read", fs::read(room.join("file"))).await;
    });
}

#[test]
fn tokios_traits() {
    rounds(|room| async move {
        let mut options = File::options();
        options.read(true).write(true).create(true);
        let mut file = check("open", options.open(room.join("file"))).await;
        check("write_all", AsyncWriteExt::write_all(&mut file, &[7; 1 << 20])).await;
        check("flush", AsyncWriteExt::flush(&mut file)).await;
        check("seek", AsyncSeekExt::seek(&mut file, SeekFrom::Start(0))).await;
        let mut all = Vec::new();
        check("read_to_end", AsyncReadExt::read_to_end(&mut file, &mut all)).await;
        assert_eq!(all.len(), 1 << 20);
        check("shutdown", AsyncWriteExt::shutdown(&mut file)).await;
    });
}

#[test]
fn all_other_kinds_of_files() {
    rounds(|room| async move {
        let at = |name: &str| room.join(name);
        let mut options = text::Options::new();
        let mut poem = check("text", options.write(true).create(true).open(at("poem"))).await;
        check("write", poem.write("Über allen Gipfeln\n")).await;
        check("close", poem.close()).await;
        let mut poem = check("open", text::open(at("poem"))).await;
        check("next_line", poem.next_line()).await;

        let mut directory = check("TemporaryDirectory", TemporaryDirectory::new()).await;
        check("cleanup", directory.cleanup()).await;
        check("TemporaryFile", TemporaryFile::new()).await;
        let mut spooled = SpooledTemporaryFile::new(1024);
        check("spooled write", spooled.write_all(b"text")).await;
        check("rollover", spooled.rollover()).await;

        let wrapped = check("wrap", wrap::writer(Vec::new()).open()).await;
        check("write_all", wrapped.write_all(b"text")).await;
        assert_eq!(check("into_inner", wrap::into_inner::<Vec<u8>>(wrapped)).await, b"text");

        let dir = check("Dir", Dir::open(&room)).await;
        check("Dir::write", dir.write("below", "text")).await;
        check("Dir::read", dir.read("below")).await;
        let data = check("folio::open", folio::open(at("poem"), "rb")).await;
        drop(data);
    });
}
