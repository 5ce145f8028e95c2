//! Syncs: what they keep in every image, and no more than that.

use std::path::Path;

use folio_engine::storage::Names;
use folio_testkit::CrashModel::{Ext4Like, WorstCase, XfsLike};
use folio_testkit::{CrashModel, Disk, Random, seeds};

use crate::program::{images, listings, open, rename, sync, sync_dir, texts, write};

#[test]
fn synced_bytes_under_synced_names_are_in_every_image() {
    seeds(100, |seed| {
        let mut dice = Random::new(seed);
        let disk = Disk::new();
        disk.put("/safe", "");
        disk.put("/other", "");
        let mut safe = Vec::new();
        for _ in 0..3 {
            let len = 1 + dice.index(700);
            let record = dice.bytes(len);
            write(&disk, "/safe", safe.len() as u64, &record);
            safe.extend(record);
            if dice.chance(50) {
                let path = format!("/{}", dice.index(3));
                write(&disk, &path, dice.within(0..600), b"noise");
            }
        }
        sync(&disk, "/safe");
        write(&disk, "/safe", safe.len() as u64, b"later");
        rename(&disk, "/other", "/another");
        for model in CrashModel::ALL {
            for image in disk.crash_images(model, seed).samples(50).take(100) {
                assert!(image.disk().contents("/safe").starts_with(&safe), "{image}");
            }
        }
    });
}

#[test]
fn a_sync_of_a_file_commits_the_log_up_to_its_last_change_and_no_farther() {
    let disk = Disk::new();
    disk.put("/log", "");
    open(&disk, "/before");
    write(&disk, "/log", 0, b"x");
    open(&disk, "/after");
    sync(&disk, "/log");
    for model in [Ext4Like, XfsLike] {
        assert_eq!(listings(&disk, model), ["after before log", "before log"], "{model}");
    }
    assert_eq!(listings(&disk, WorstCase).len(), 4);
}

#[test]
fn a_sync_of_data_alone_commits_nothing_if_only_bytes_were_overwritten() {
    let program = |all| {
        let disk = Disk::new();
        disk.put("/file", "abc");
        open(&disk, "/before");
        write(&disk, "/file", 0, b"x");
        open(&disk, "/file").sync(all).unwrap();
        assert_eq!(texts(&disk, Ext4Like, "/file"), ["xbc"]);
        listings(&disk, Ext4Like)
    };
    assert_eq!(program(true), ["before file"]);
    assert_eq!(program(false), ["before file", "file"]);
}

#[test]
fn a_sync_of_another_file_keeps_no_bytes_of_this_one() {
    let disk = Disk::new();
    disk.put("/a", "");
    disk.put("/b", "");
    write(&disk, "/a", 0, b"aa");
    write(&disk, "/b", 0, b"bb");
    sync(&disk, "/b");
    for model in [Ext4Like, XfsLike] {
        assert_eq!(texts(&disk, model, "/a"), ["", "aa"], "{model}");
        assert_eq!(texts(&disk, model, "/b"), ["bb"], "{model}");
    }
    assert_eq!(texts(&disk, WorstCase, "/a"), ["", "..", "aa"]);
}

#[test]
fn a_sync_of_a_directory_keeps_its_names_and_no_bytes() {
    let disk = Disk::new();
    disk.put_dir("/dir");
    write(&disk, "/dir/file", 0, b"x");
    write(&disk, "/other", 0, b"x");
    sync_dir(&disk, "/dir");
    for model in CrashModel::ALL {
        let expected: &[&str] = if model == WorstCase { &["", ".", "x"] } else { &["", "x"] };
        assert_eq!(texts(&disk, model, "/dir/file"), expected, "{model}");
        assert!(texts(&disk, model, "/other").contains(&"-".to_owned()), "{model}");
    }
}

#[test]
fn an_image_is_a_disk_of_its_own_on_which_everything_is_durable() {
    let disk = Disk::new();
    write(&disk, "/file", 0, b"abc");
    for model in CrashModel::ALL {
        for image in images(&disk, model) {
            let (one, other) = (image.disk(), image.disk());
            assert_eq!(images(&one, model).len(), 1, "{image}");
            write(&one, "/file", 0, b"x");
            one.create_dir(Path::new("/dir"), None).unwrap();
            assert!(!other.exists("/dir") && !disk.exists("/dir"));
            assert_eq!(disk.contents("/file"), b"abc");
        }
    }
}
