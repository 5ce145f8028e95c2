//! Handles on the old file, on the new one, and what a commit does to them.

use std::io::SeekFrom;

use folio::{Durability, File, ReplaceOptions, fs};
use folio_testkit::errno::EIO;
use folio_testkit::polling::Pending;
use folio_testkit::process::alone;
use folio_testkit::wait::block_on;
use folio_testkit::{Call, Gate};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use crate::{OLD, PATH, bench, new, settle};

#[tokio::test]
async fn who_has_the_old_file_open_keeps_it() {
    let room = TempDir::new().unwrap();
    let path = room.path().join("file");
    std::fs::write(&path, OLD).unwrap();
    let old = File::options().read(true).write(true).open(&path).await.unwrap();
    fs::replace(&path, new()).await.unwrap();
    assert_eq!(old.read_bytes_at(0, 100).await.unwrap(), OLD);
    old.write_all_at(b"OLD", 0).await.unwrap();
    old.sync_all().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), new(), "the old handle leads to the old file");
    assert_eq!(fs::read(&path).await.unwrap(), new());
}

#[tokio::test]
async fn d3_a_poisoned_file_is_mended_by_replacing_it() {
    let (disk, engine) = bench(true);
    engine
        .scope(async {
            let old = File::options().read(true).write(true).open(PATH).await.unwrap();
            old.write_all(b"lost").await.unwrap();
            let fault = disk.plan().on(Call::Sync).nth(1).fail(EIO);
            old.sync_all().await.unwrap_err();
            assert_eq!(fault.fired(), 1);
            assert!(old.write_all(b"more").await.unwrap_err().is_poisoned());
            fs::replace(PATH, new()).await.unwrap();
            let file = File::options().read(true).write(true).open(PATH).await.unwrap();
            file.write_all(b"sound").await.unwrap();
            file.sync_all().await.unwrap();
            assert!(old.sync_all().await.unwrap_err().is_poisoned(), "the old one stays what it is");
        })
        .await;
}

/// And the other way round: a failed sync of what was to be the new file is no concern of the old one's.
#[tokio::test]
async fn d3_a_failed_commit_leaves_the_old_file_sound() {
    let (disk, engine) = bench(true);
    engine
        .scope(async {
            let old = File::options().read(true).write(true).open(PATH).await.unwrap();
            let fault = disk.plan().on(Call::Sync).nth(1).fail(EIO);
            fs::replace(PATH, new()).await.unwrap_err();
            assert_eq!(fault.fired(), 1);
            old.write_all(b"sound").await.unwrap();
            old.sync_all().await.unwrap();
            fs::replace(PATH, new()).await.unwrap();
        })
        .await;
}

#[tokio::test]
async fn a_sync_that_failed_before_the_commit_fails_the_commit() {
    let (disk, engine) = bench(true);
    let replacement = engine.scope(File::replace(PATH)).await.unwrap();
    replacement.write_all(&new()).await.unwrap();
    disk.plan().on(Call::Sync).nth(1).fail(EIO);
    replacement.sync_all().await.unwrap_err();
    assert!(replacement.commit().await.unwrap_err().is_poisoned());
    settle(&engine);
    assert_eq!((disk.contents(PATH), disk.list("/dir")), (OLD.to_vec(), vec!["file".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_waits_for_what_was_asked_for_before_on_any_clone() {
    for durability in [Durability::Full, Durability::Data, Durability::None] {
        let (disk, engine) = bench(true);
        let options = ReplaceOptions::new().durability(durability).clone();
        let replacement = engine.scope(options.begin(PATH)).await.unwrap();
        let gate = Gate::closed();
        let fault = disk.plan().on(Call::WriteAt).nth(1).wait_for(&gate);
        let clone = replacement.file().clone();
        let write = Pending::new(clone.write_all_at(b"first ", 0));
        let other = replacement.file().clone();
        let queued = Pending::new(other.write_all_at(b"FIRST second", 0));
        let commit = Pending::new(replacement.commit());
        gate.arrived(1);
        assert_eq!((disk.contents(PATH), fault.fired()), (OLD.to_vec(), 1), "nothing is committed yet");
        gate.open();
        write.done().await.unwrap();
        queued.done().await.unwrap();
        commit.done().await.unwrap();
        assert_eq!(disk.contents(PATH), b"FIRST second", "{durability:?}");
        // What has the name is out of reach of those who made it.
        assert!(clone.write_all_at(b"torn", 0).await.unwrap_err().is_closed());
        assert!(other.append(b"torn").await.unwrap_err().is_closed());
        assert_eq!(disk.contents(PATH), b"FIRST second");
    }
}

#[tokio::test]
async fn a1_clones_that_go_on_writing_beside_a_commit_never_write_to_what_has_the_name() {
    let room = TempDir::new().unwrap();
    let path = room.path().join("file");
    std::fs::write(&path, OLD).unwrap();
    for _ in 0..50 {
        let replacement = File::replace(&path).await.unwrap();
        replacement.set_len(8 * 64).await.unwrap();
        let writers: Vec<_> = (0..4_u8)
            .map(|writer| {
                let file = replacement.file().clone();
                tokio::spawn(async move {
                    let mut written = 0;
                    while file.write_all_at(&[writer + 1; 8], u64::from(writer) * 8).await.is_ok() {
                        written += 1;
                    }
                    written
                })
            })
            .collect();
        replacement.commit().await.unwrap();
        let committed =
            (std::fs::read(&path).unwrap(), std::fs::metadata(&path).unwrap().modified().unwrap());
        for writer in writers {
            writer.await.unwrap();
        }
        let after = (std::fs::read(&path).unwrap(), std::fs::metadata(&path).unwrap().modified().unwrap());
        assert_eq!(committed, after, "it changed after the commit");
    }
}

#[tokio::test]
async fn a_replacement_does_what_a_file_does() {
    let room = TempDir::new().unwrap();
    let path = room.path().join("file");
    let replacement = File::replace(&path).await.unwrap();
    assert_eq!(replacement.path(), path, "messages name what is replaced");
    let mut writer = replacement.file().clone();
    let mut reader = &b"by tokio's traits "[..];
    tokio::io::copy(&mut reader, &mut writer).await.unwrap();
    // What was accepted and is under way still, by a handle that is gone.
    AsyncWriteExt::write_all(&mut writer, b"and dropped ").await.unwrap();
    drop(writer);
    replacement.append(b"and appended").await.unwrap();
    replacement.seek(SeekFrom::Start(0)).await.unwrap();
    assert_eq!(replacement.read_bytes_at(0, 8).await.unwrap(), &b"by tokio"[..]);
    assert!(!path.exists());
    let text = format!("{replacement:?}");
    assert!(text.contains("file"), "{text}");
    replacement.commit().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"by tokio's traits and dropped and appended");
}

/// In a process of its own, for which the working directory is one.
#[test]
fn a_commit_leads_where_it_began_wherever_the_process_has_gone() {
    if !alone("handles::a_commit_leads_where_it_began_wherever_the_process_has_gone") {
        return;
    }
    let [room, other] = [(); 2].map(|()| TempDir::new().unwrap());
    block_on(async {
        for name in ["file", "./file", "inner/../file", "link"] {
            std::fs::create_dir_all(room.path().join("inner")).unwrap();
            drop(std::os::unix::fs::symlink("file", room.path().join("link")));
            std::fs::write(room.path().join("file"), OLD).unwrap();
            std::env::set_current_dir(room.path()).unwrap();
            let [kept, dropped] = [File::replace(name).await.unwrap(), File::replace(name).await.unwrap()];
            kept.write_all(&new()).await.unwrap();
            std::env::set_current_dir(other.path()).unwrap();
            kept.commit().await.unwrap();
            dropped.discard().await.unwrap();
            assert_eq!(std::fs::read(room.path().join("file")).unwrap(), new(), "{name}");
            assert_eq!(std::fs::read_dir(room.path()).unwrap().count(), 3, "{name}");
            assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 0, "{name}");
        }
        std::env::set_current_dir(room.path()).unwrap();
        assert!(File::replace("file/").await.is_err() && File::replace("").await.is_err());
        fs::replace("file", OLD).await.unwrap();
        assert_eq!(std::fs::read(room.path().join("file")).unwrap(), OLD);
    });
}

#[tokio::test]
async fn a_replacement_whose_file_was_closed_is_not_committed() {
    let (disk, engine) = bench(true);
    let replacement = engine.scope(File::replace(PATH)).await.unwrap();
    replacement.file().clone().close_all().await.unwrap();
    assert!(replacement.commit().await.unwrap_err().is_closed());
    settle(&engine);
    assert_eq!((disk.contents(PATH), disk.list("/dir")), (OLD.to_vec(), vec!["file".to_owned()]));
}
