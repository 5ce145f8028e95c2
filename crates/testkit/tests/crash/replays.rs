//! Seeds replay images, and images say what they are.

use folio_testkit::{CrashModel, Disk};

use crate::program::{SEED, rename, write};

fn busy() -> Disk {
    let disk = Disk::new();
    disk.put("/file", "");
    for index in 0..30 {
        write(&disk, "/file", index * 400, &[b'a' + index as u8; 700]);
    }
    rename(&disk, "/file", "/renamed");
    disk
}

#[test]
fn a_seed_replays_every_image_and_another_one_draws_others() {
    for model in CrashModel::ALL {
        let draw = |seed| {
            let images = busy().crash_images(model, seed);
            assert!(!images.exhaustive());
            images.map(|image| image.to_string()).collect::<Vec<_>>()
        };
        let drawn = draw(7);
        assert_eq!(drawn, draw(7), "{model}");
        assert_ne!(drawn, draw(8), "{model}");
        let last = busy().crash_images(model, 7).nth(drawn.len() - 1).unwrap();
        assert_eq!(
            (last.index(), last.to_string()),
            (drawn.len() as u64 - 1, drawn[drawn.len() - 1].clone())
        );
    }
}

#[test]
fn an_image_lists_what_was_kept_and_what_is_there() {
    let disk = Disk::new();
    disk.put("/log", "old;");
    write(&disk, "/log", 4, b"new;");
    rename(&disk, "/log", "/moved");
    let shown = |model: CrashModel| {
        let images = disk.crash_images(model, SEED);
        images.last().unwrap().to_string()
    };
    assert_eq!(
        shown(CrashModel::WorstCase),
        "what a power cut left: image 5 of the worst-case model, seed 1\n  \
         not synced, in order:\n    \
         bytes 4..8 of /moved (inode 2): kept\n    \
         /log is gone, /moved is inode 2: kept\n  \
         what is there:\n    \
         /moved 8 bytes \"old;new;\"\n"
    );
    let ext4 = shown(CrashModel::Ext4Like);
    assert!(ext4.contains("/moved is inode 2: in the log\n"), "{ext4}");
    assert!(ext4.contains("bytes 4..8 of /moved (inode 2): in the log; kept\n"), "{ext4}");
}
