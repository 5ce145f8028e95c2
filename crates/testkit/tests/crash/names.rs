//! Names: in the order of a journal, or in none; without bytes, and bytes without names.

use std::path::Path;

use folio_engine::storage::{Links, Names, Storage};
use folio_testkit::CrashModel::{Ext4Like, WorstCase, XfsLike};
use folio_testkit::{CrashModel, Disk};

use crate::program::{images, listings, open, remove, rename, sync, sync_dir, texts, write};

#[test]
fn a_journal_has_no_later_name_without_the_earlier_ones() {
    let disk = Disk::new();
    for name in ["/a", "/b", "/c"] {
        open(&disk, name);
    }
    for model in [Ext4Like, XfsLike] {
        assert_eq!(listings(&disk, model), ["", "a", "a b", "a b c"], "{model}");
    }
    assert_eq!(listings(&disk, WorstCase).len(), 8);
}

#[test]
fn no_later_rename_is_left_without_an_earlier_one() {
    let disk = Disk::new();
    disk.put("/one/a", "1");
    disk.put("/two/b", "2");
    rename(&disk, "/one/a", "/one/A");
    rename(&disk, "/two/b", "/two/B");
    let later_alone = |model| {
        images(&disk, model).iter().any(|image| {
            let disk = image.disk();
            disk.exists("/two/B") && !disk.exists("/one/A")
        })
    };
    assert!(!later_alone(Ext4Like) && !later_alone(XfsLike) && later_alone(WorstCase));
}

#[test]
fn a_rename_of_a_file_that_was_never_synced_may_leave_it_empty() {
    let disk = Disk::new();
    disk.put("/file", "old");
    sync_dir(&disk, "/");
    write(&disk, "/temporary", 0, b"new");
    rename(&disk, "/temporary", "/file");
    for model in [Ext4Like, XfsLike] {
        assert_eq!(texts(&disk, model, "/file"), ["", "new", "old"], "{model}");
    }
    assert_eq!(texts(&disk, WorstCase, "/file"), ["", "...", "new", "old"]);
}

#[test]
fn a_rename_of_a_file_that_was_synced_leaves_the_old_or_the_new() {
    let disk = Disk::new();
    disk.put("/file", "old");
    write(&disk, "/temporary", 0, b"new");
    sync(&disk, "/temporary");
    rename(&disk, "/temporary", "/file");
    for model in CrashModel::ALL {
        assert_eq!(texts(&disk, model, "/file"), ["new", "old"], "{model}");
    }
    sync_dir(&disk, "/");
    for model in CrashModel::ALL {
        assert_eq!(texts(&disk, model, "/file"), ["new"], "{model}");
    }
}

#[test]
fn bytes_that_were_synced_may_have_no_name() {
    let disk = Disk::new();
    write(&disk, "/file", 0, b"bytes");
    sync(&disk, "/file");
    // The name came before the last change of the file, so a journal has it.
    assert_eq!(texts(&disk, Ext4Like, "/file"), ["bytes"]);
    assert_eq!(texts(&disk, XfsLike, "/file"), ["bytes"]);
    assert_eq!(texts(&disk, WorstCase, "/file"), ["-", "bytes"]);
}

#[test]
fn a_rename_between_directories_is_one_step_of_a_journal_alone() {
    let disk = Disk::new();
    disk.put("/one/file", "x");
    disk.put_dir("/two");
    rename(&disk, "/one/file", "/two/file");
    let there = |model| {
        let mut there: Vec<_> = images(&disk, model)
            .iter()
            .map(|image| (image.disk().exists("/one/file"), image.disk().exists("/two/file")))
            .collect();
        there.sort_unstable();
        there
    };
    assert_eq!(there(Ext4Like), [(false, true), (true, false)]);
    assert_eq!(there(XfsLike), [(false, true), (true, false)]);
    assert_eq!(there(WorstCase), [(false, false), (false, true), (true, false), (true, true)]);
    sync_dir(&disk, "/two");
    assert_eq!(there(Ext4Like), [(false, true)]);
    assert_eq!(there(WorstCase), [(false, true), (true, true)]);
}

#[test]
fn directories_links_and_attributes_are_names_and_metadata_like_others() {
    let disk = Disk::new();
    disk.create_dir(Path::new("/dir"), None).unwrap();
    open(&disk, "/dir/file");
    disk.symlink(Path::new("dir"), Path::new("/link")).unwrap();
    disk.hard_link(Path::new("/dir/file"), &disk, Path::new("/hard")).unwrap();
    let journaled = ["", "dir", "dir hard link", "dir link"];
    assert_eq!(listings(&disk, Ext4Like), journaled);
    assert_eq!(listings(&disk, XfsLike), journaled);
    sync_dir(&disk, "/");
    for model in CrashModel::ALL {
        for image in images(&disk, model) {
            let disk = image.disk();
            assert_eq!(disk.list("/"), ["dir", "hard", "link"], "{image}");
            assert_eq!(disk.read_link(Path::new("/link")).unwrap(), Path::new("dir"));
            assert_eq!(disk.list("/link"), disk.list("/dir"));
        }
    }
    sync_dir(&disk, "/dir");
    let name = "user.folio".as_ref();
    disk.set_xattr(Path::new("/hard"), name, b"1", Default::default(), Links::Follow).unwrap();
    for model in CrashModel::ALL {
        let mut values: Vec<_> = images(&disk, model)
            .iter()
            .map(|image| image.disk().xattr(Path::new("/dir/file"), name, Links::Follow).unwrap())
            .collect();
        values.sort();
        assert_eq!(values, [None, Some(b"1".to_vec())], "{model}");
    }
    sync(&disk, "/hard");
    assert!(CrashModel::ALL.iter().all(|model| images(&disk, *model).len() == 1));
}

#[test]
fn names_of_one_file_stay_names_of_one_file() {
    let disk = Disk::new();
    disk.put("/a", "abc");
    disk.hard_link(Path::new("/a"), &disk, Path::new("/b")).unwrap();
    write(&disk, "/a", 0, b"x");
    for model in CrashModel::ALL {
        for image in images(&disk, model) {
            let disk = image.disk();
            if disk.exists("/b") {
                write(&disk, "/b", 2, b"z");
                assert_eq!(disk.contents("/a"), disk.contents("/b"), "{image}");
            }
        }
    }
}

#[test]
fn a_file_without_a_name_is_left_only_once_it_has_one() {
    let disk = Disk::new();
    disk.put_dir("/dir");
    let file = disk.open_unnamed(Path::new("/dir"), 0o600).unwrap().unwrap().file;
    file.append(&[std::io::IoSlice::new(b"abc")]).unwrap();
    assert_eq!(images(&disk, WorstCase).len(), 1);
    file.sync(true).unwrap();
    disk.link_unnamed(&*file, Path::new("/dir/name")).unwrap();
    for model in CrashModel::ALL {
        assert_eq!(texts(&disk, model, "/dir/name"), ["-", "abc"], "{model}");
    }
    sync_dir(&disk, "/dir");
    for model in CrashModel::ALL {
        assert_eq!(texts(&disk, model, "/dir/name"), ["abc"], "{model}");
    }
}

#[test]
fn a_tree_is_removed_name_by_name() {
    let disk = Disk::new();
    disk.put("/tree/dir/file", "");
    disk.put("/tree/other", "");
    disk.remove_dir(Path::new("/tree"), true).unwrap();
    for model in [Ext4Like, XfsLike] {
        assert_eq!(images(&disk, model).len(), 5, "{model}");
    }
    disk.put("/file", "");
    remove(&disk, "/file");
    assert!(images(&disk, Ext4Like).iter().all(|image| {
        let disk = image.disk();
        disk.exists("/file") || !disk.exists("/tree")
    }));
}
