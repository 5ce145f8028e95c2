//! D7 of names: created, renamed and removed, they survive a power cut on request, and not without.

use std::sync::Arc;

use folio::fs::{self, DirBuilder, RemoveOptions, RenameOptions};
use folio::{Dir, Engine};
use folio_testkit::errno::EIO;
use folio_testkit::{Call, Disk, Survivors};

/// A disk with `/a/file` and `/b/old`, all durable.
fn bench() -> (Disk, Engine) {
    let disk = Disk::new();
    disk.put("/a/file", "file");
    disk.put("/b/old", "old");
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    (disk, engine)
}

fn after_the_cut(disk: &Disk) -> Disk {
    disk.after_power_cut(Survivors::Nothing)
}

#[tokio::test]
async fn a_durable_rename_survives_and_another_does_not() {
    for durable in [false, true] {
        let (disk, engine) = bench();
        let options = RenameOptions::new().durable(durable).clone();
        engine.scope(options.rename("/a/file", "/b/new")).await.unwrap();
        let left = after_the_cut(&disk);
        assert_eq!((left.exists("/b/new"), left.exists("/a/file")), (durable, !durable));
        let (disk, engine) = bench();
        engine
            .scope(async {
                let [a, b] = [Dir::open("/a").await.unwrap(), Dir::open("/b").await.unwrap()];
                a.rename_with("file", &b, "new", &options).await.unwrap();
            })
            .await;
        let left = after_the_cut(&disk);
        assert_eq!((left.exists("/b/new"), left.exists("/a/file")), (durable, !durable), "in directories");
    }
}

/// At no moment of it is the file lost under both names.
#[test]
fn a_durable_rename_never_loses_the_file() {
    for n in 1.. {
        for seed in 0..10 {
            let (disk, engine) = bench();
            let fault = disk.plan().on_any().from(n).fail(EIO);
            let rename = RenameOptions::new().durable(true).clone();
            let renamed = folio_testkit::wait::block_on(engine.scope(rename.rename("/a/file", "/b/new")));
            let left = disk.after_power_cut(Survivors::Random(seed));
            // Each name survives by itself on this disk, harsher than on any journal; after the first sync the file has
            // the new one.
            let synced = disk.calls(Call::Sync) > 1;
            assert!(!synced || left.exists("/b/new"), "call {n}, seed {seed}: {renamed:?}");
            if fault.fired() == 0 {
                assert!(renamed.is_ok() && left.exists("/b/new") && !left.exists("/a/file"));
                return;
            }
        }
    }
}

#[tokio::test]
async fn a_durable_removal_survives_and_another_does_not() {
    for durable in [false, true] {
        let (disk, engine) = bench();
        let options = RemoveOptions::new().durable(durable).clone();
        engine.scope(options.remove_file("/a/file")).await.unwrap();
        assert_eq!(after_the_cut(&disk).exists("/a/file"), !durable);
        engine
            .scope(async { Dir::open("/b").await.unwrap().remove_file_with("old", &options).await })
            .await
            .unwrap();
        assert_eq!(after_the_cut(&disk).exists("/b/old"), !durable);
    }
}

#[tokio::test]
async fn durable_directories_survive_with_all_their_parents_also_those_that_others_have_left_unsynced() {
    for durable in [false, true] {
        let (disk, engine) = bench();
        let mut builder = DirBuilder::new();
        builder.recursive(true).durable(durable);
        engine.scope(builder.create("/a/x/y/z")).await.unwrap();
        assert_eq!(after_the_cut(&disk).exists("/a/x/y/z"), durable);
        let (disk, engine) = bench();
        engine.scope(fs::create_dir_all("/a/x/y")).await.unwrap();
        engine.scope(builder.create("/a/x/y")).await.unwrap();
        assert_eq!(after_the_cut(&disk).exists("/a/x/y"), durable, "it existed already");
        engine.scope(DirBuilder::new().durable(durable).create("/b/single")).await.unwrap();
        assert_eq!(after_the_cut(&disk).exists("/b/single"), durable);
        engine
            .scope(async { Dir::open("/b").await.unwrap().create_dir_with("in/side", &builder).await })
            .await
            .unwrap();
        assert_eq!(after_the_cut(&disk).exists("/b/in/side"), durable);
    }
}

#[tokio::test]
async fn sync_dir_makes_the_names_in_a_directory_survive() {
    let (disk, engine) = bench();
    engine
        .scope(async {
            fs::rename("/a/file", "/a/renamed").await.unwrap();
            assert!(!after_the_cut(&disk).exists("/a/renamed"));
            fs::sync_dir("/a").await.unwrap();
            assert!(after_the_cut(&disk).exists("/a/renamed"));
            assert!(!after_the_cut(&disk).exists("/a/file"));
            let fault = disk.plan().on(Call::Sync).nth(1).fail(EIO);
            let error = fs::sync_dir("/a").await.unwrap_err();
            assert_eq!(
                (fault.fired(), error.raw_os_error(), error.path()),
                (1, Some(EIO), Some("/a".as_ref()))
            );
        })
        .await;
    let room = tempfile::TempDir::new().unwrap();
    fs::sync_dir(room.path()).await.unwrap();
    std::fs::write(room.path().join("file"), "").unwrap();
    assert!(fs::sync_dir(room.path().join("file")).await.is_err());
}

/// What can fail fails before anything has happened.
#[tokio::test]
async fn a_directory_that_cannot_be_opened_for_its_sync_fails_the_change_before_it_is_made() {
    let (disk, engine) = bench();
    disk.plan().on(Call::Open).fail(EIO);
    engine
        .scope(async {
            RenameOptions::new().durable(true).rename("/a/file", "/b/new").await.unwrap_err();
            RemoveOptions::new().durable(true).remove_file("/a/file").await.unwrap_err();
            DirBuilder::new().durable(true).create("/a/dir").await.unwrap_err();
        })
        .await;
    assert_eq!((disk.list("/a"), disk.list("/b")), (vec!["file".to_owned()], vec!["old".to_owned()]));
}
