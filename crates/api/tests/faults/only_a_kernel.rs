//! What only a kernel shows: closes that fail, pages that it could not write, writes that come short, and a file system that
//! stops answering, comes back, or dies.

use std::path::Path;
use std::sync::Arc;

use folio::{Engine, File, fs};
use folio_testkit::errno::{EIO, ENOSPC, EROFS};
use folio_testkit::wait::{eventually, soon};
use folio_testkit::{Call, Disk, FuseCache, FuseMount, Gate};
use tempfile::TempDir;

/// A disk that is mounted, with an engine of its own.
struct Mounted {
    disk: Disk,
    engine: Engine,
    mount: FuseMount,
    _point: TempDir,
}

fn mounted(cache: FuseCache) -> Option<Mounted> {
    let (disk, point) = (Disk::new(), TempDir::new().unwrap());
    disk.put("/file", "");
    let mount = FuseMount::new(&disk, point.path(), cache)?;
    Some(Mounted { disk, engine: Engine::builder().start().unwrap(), mount, _point: point })
}

async fn open(engine: &Engine, dir: &Path) -> File {
    File::options().read(true).write(true).open_on(engine, dir.join("file")).await.unwrap()
}

#[tokio::test]
async fn d4_a_close_that_fails_says_so_or_is_counted() {
    for cache in [FuseCache::Through, FuseCache::Back, FuseCache::None] {
        let Some(Mounted { disk, engine, mount, _point }) = mounted(cache) else { return };
        let fault = disk.plan().on(Call::Close).nth(1).fail(EIO);
        let file = open(&engine, mount.path()).await;
        file.write_all(b"abc").await.unwrap();
        let error = file.close().await.unwrap_err();
        assert_eq!((error.raw_os_error(), fault.fired()), (Some(EIO), 1), "{cache:?}");
        assert_eq!(error.path(), Some(&*mount.path().join("file")));
        let again = disk.plan().on(Call::Close).nth(1).fail(EIO);
        let file = open(&engine, mount.path()).await;
        file.write_all(b"abc").await.unwrap();
        drop(file);
        eventually("it is counted", || engine.snapshot().counters.unobserved_errors == 1).await;
        assert_eq!(again.fired(), 1);
        eventually("it is closed", || engine.snapshot().files.is_empty()).await;
    }
}

#[tokio::test]
async fn d3_a_sync_that_fails_is_final_through_the_kernel() {
    for cache in [FuseCache::Through, FuseCache::Back, FuseCache::None] {
        let Some(Mounted { disk, engine, mount, _point }) = mounted(cache) else { return };
        let fault = disk.plan().on(Call::Sync).nth(1).fail(EIO);
        let file = open(&engine, mount.path()).await;
        file.write_all(b"abc").await.unwrap();
        assert_eq!(file.sync_all().await.unwrap_err().raw_os_error(), Some(EIO), "{cache:?}");
        assert!(file.sync_all().await.unwrap_err().is_poisoned());
        assert!(file.close().await.unwrap_err().is_poisoned());
        assert_eq!((fault.fired(), disk.calls(Call::Sync)), (1, 1), "{cache:?}: it was tried again");
    }
}

/// The write was fine, and the page could not be written back.
#[tokio::test]
async fn d2_a_page_that_was_not_written_back_fails_the_sync_or_the_close() {
    for by_sync in [true, false] {
        let Some(Mounted { disk, engine, mount, _point }) = mounted(FuseCache::Back) else { return };
        let fault = disk.plan().on(Call::WriteAt).fail(ENOSPC);
        let file = open(&engine, mount.path()).await;
        file.write_all(&[7; 9_000]).await.unwrap();
        if by_sync {
            assert_eq!(file.sync_all().await.unwrap_err().raw_os_error(), Some(ENOSPC));
            assert!(file.sync_all().await.unwrap_err().is_poisoned(), "the page is clean now, and lost");
            assert!(file.close().await.is_err());
        } else {
            assert_eq!(file.close().await.unwrap_err().raw_os_error(), Some(ENOSPC));
        }
        assert!(fault.fired() > 0);
    }
}

#[tokio::test]
async fn d5_short_reads_and_writes_of_the_kernel_are_continued() {
    let Some(Mounted { disk, engine, mount, _point }) = mounted(FuseCache::None) else { return };
    let bytes: Vec<u8> = (0..=255).collect();
    let short = disk.plan().on(Call::WriteAt).at_most(3);
    let few = disk.plan().on(Call::ReadAt).at_most(5);
    let file = open(&engine, mount.path()).await;
    file.write_all(&bytes).await.unwrap();
    assert_eq!(file.read_exact_bytes_at(0, 256).await.unwrap(), bytes);
    assert_eq!(disk.contents("/file"), bytes);
    assert!(short.fired() >= 86 && few.fired() >= 52, "{} {}", short.fired(), few.fired());
    file.close().await.unwrap();
}

/// As after an error of the device, by which ext4 makes itself read-only.
#[tokio::test]
async fn d4_a_file_system_that_became_read_only_says_so_to_all() {
    let Some(Mounted { disk, engine, mount, _point }) = mounted(FuseCache::Through) else { return };
    let mut options = File::options();
    let buffered =
        options.write(true).buffering(4096).open_on(&engine, mount.path().join("file")).await.unwrap();
    buffered.write_all(b"kept back").await.unwrap();
    for call in [Call::WriteAt, Call::Sync, Call::SetLen, Call::Open, Call::Rename, Call::RemoveFile] {
        disk.plan().on(call).fail(EROFS);
    }
    assert_eq!(buffered.flush().await.unwrap_err().raw_os_error(), Some(EROFS));
    assert_eq!(buffered.sync_all().await.unwrap_err().raw_os_error(), Some(EROFS));
    assert_eq!(buffered.close().await.unwrap_err().raw_os_error(), Some(EROFS));
    let at = |name: &str| mount.path().join(name);
    for error in [
        engine.scope(fs::write(at("file"), b"new")).await.unwrap_err(),
        engine.scope(fs::write(at("other"), b"new")).await.unwrap_err(),
        engine.scope(fs::replace(at("file"), b"new")).await.unwrap_err(),
        engine.scope(fs::rename(at("file"), at("other"))).await.unwrap_err(),
        engine.scope(fs::remove_file(at("file"))).await.unwrap_err(),
    ] {
        assert_eq!(error.raw_os_error(), Some(EROFS), "{error}");
        assert!(error.path().is_some_and(|path| path.starts_with(mount.path())), "{error}");
    }
}

#[tokio::test]
async fn i1_a_file_system_that_stops_answering_and_comes_back_loses_nothing() {
    const WRITES: u64 = 8;
    let Some(Mounted { disk, engine, mount, _point }) = mounted(FuseCache::Through) else { return };
    let gate = Gate::closed();
    let stopped = disk.plan().on(Call::WriteAt).nth(1).wait_for(&gate);
    let file = open(&engine, mount.path()).await;
    let write = |at: u64| {
        let file = file.clone();
        tokio::spawn(async move { file.write_bytes_at(vec![at as u8 + 1; 4096], at * 4096).await })
    };
    let writes: Vec<_> = (0..WRITES).map(write).collect();
    let engine_there = engine.clone();
    let (dir, opened) = (mount.path().to_owned(), mount.path().join("file"));
    let listing = tokio::spawn(async move { engine_there.scope(fs::metadata(opened)).await });
    eventually("it has stopped", || stopped.fired() == 1).await;
    // The only thread of this runtime goes on, and so does what is elsewhere.
    let elsewhere = TempDir::new().unwrap();
    for round in 0..20 {
        let path = elsewhere.path().join(round.to_string());
        soon("a file elsewhere", engine.scope(fs::write(&path, b"there"))).await.unwrap();
        assert_eq!(soon("and back", engine.scope(fs::read(&path))).await.unwrap(), b"there");
    }
    assert!(writes.iter().all(|write| !write.is_finished()), "{} of the disk are stopped", dir.display());
    gate.open();
    for write in writes {
        soon("it comes back", write).await.unwrap().unwrap();
    }
    soon("the question", listing).await.unwrap().unwrap();
    file.sync_all().await.unwrap();
    file.close().await.unwrap();
    let expected: Vec<u8> = (0..WRITES).flat_map(|at| vec![at as u8 + 1; 4096]).collect();
    assert!(disk.durable("/file") == expected, "nothing is lost");
    assert_eq!(engine.snapshot().in_flight, 0);
}

#[tokio::test]
async fn s2_the_death_of_a_file_system_answers_everyone() {
    let Some(Mounted { disk, engine, mount, _point }) = mounted(FuseCache::None) else { return };
    let gate = Arc::new(Gate::closed());
    let stopped = disk.plan().on(Call::WriteAt).nth(1).wait_for(&gate);
    let file = open(&engine, mount.path()).await;
    let writes: Vec<_> = (0..4_u64)
        .map(|at| {
            let file = file.clone();
            tokio::spawn(async move { file.write_bytes_at("abc", at * 3).await })
        })
        .collect();
    eventually("it has stopped", || stopped.fired() == 1).await;
    mount.abort();
    for write in writes {
        let error = soon("it is answered", write).await.unwrap().unwrap_err();
        assert!(error.raw_os_error().is_some() && error.path().is_some(), "{error}");
    }
    assert!(file.sync_all().await.is_err());
    assert!(file.close().await.is_err());
    assert_eq!(engine.snapshot().in_flight, 0);
}
