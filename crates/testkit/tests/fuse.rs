//! A disk that the kernel has mounted is the disk, and fails as its plan says.
#![cfg(all(feature = "fuse", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test says by its failure what went wrong")]

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::thread;

use folio_testkit::errno::{EIO, ENOSPC};
use folio_testkit::{Call, Disk, FuseCache, FuseMount, Gate, Survivors};

const CACHES: [FuseCache; 4] = [FuseCache::Through, FuseCache::Back, FuseCache::Names, FuseCache::None];

/// Runs a check on a mounted disk with each cache, where mounting is possible.
fn mounted(check: impl Fn(&Disk, &FuseMount, FuseCache)) {
    for cache in CACHES {
        let (disk, point) = (Disk::new(), tempfile::tempdir().unwrap());
        let Some(mount) = FuseMount::new(&disk, point.path(), cache) else { return };
        check(&disk, &mount, cache);
    }
}

#[test]
fn what_the_kernel_does_to_the_mount_happens_to_the_disk() {
    mounted(|disk, mount, cache| {
        let at = |name: &str| mount.path().join(name);
        fs::create_dir(at("dir")).unwrap();
        fs::write(at("dir/file"), b"contents").unwrap();
        assert_eq!(disk.contents("/dir/file"), b"contents", "{cache:?}");
        fs::rename(at("dir/file"), at("moved")).unwrap();
        fs::hard_link(at("moved"), at("linked")).unwrap();
        std::os::unix::fs::symlink("moved", at("link")).unwrap();
        assert_eq!(fs::read(at("link")).unwrap(), b"contents");
        assert_eq!(fs::read_link(at("link")).unwrap().to_str(), Some("moved"));
        let mut names: Vec<_> =
            fs::read_dir(mount.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["dir", "link", "linked", "moved"]);
        fs::set_permissions(at("moved"), fs::Permissions::from_mode(0o640)).unwrap();
        let file = OpenOptions::new().read(true).write(true).open(at("moved")).unwrap();
        file.set_len(4).unwrap();
        file.write_all_at(b"!", 6).unwrap();
        file.sync_all().unwrap();
        assert_eq!((file.metadata().unwrap().mode() & 0o777, file.metadata().unwrap().len()), (0o640, 7));
        fs::remove_file(at("moved")).unwrap();
        fs::remove_file(at("link")).unwrap();
        fs::remove_file(at("linked")).unwrap();
        let mut bytes = Vec::new();
        (&file).read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"cont\0\0!", "{cache:?}: an open file outlives its names");
        fs::remove_dir(at("dir")).unwrap();
        assert_eq!(disk.list("/"), [""; 0]);
    });
}

#[test]
fn planned_faults_are_the_errors_of_system_calls() {
    mounted(|disk, mount, cache| {
        let mut file = File::create(mount.path().join("file")).unwrap();
        let torn = disk.plan().on(Call::WriteAt).nth(1).fail(ENOSPC);
        let written = file.write_all(b"lost");
        assert_eq!(written.is_ok(), cache == FuseCache::Back, "{cache:?}");
        let synced = file.sync_all().map_err(|error| error.raw_os_error());
        let expected = if cache == FuseCache::Back { Err(Some(ENOSPC)) } else { Ok(()) };
        assert_eq!((torn.fired(), synced), (1, expected), "{cache:?}");
        let fault = disk.plan().on(Call::ReadDir).fail(EIO);
        let listed = fs::read_dir(mount.path()).unwrap().next().unwrap();
        assert_eq!(listed.unwrap_err().raw_os_error(), Some(EIO));
        assert_eq!(fault.fired(), 1);
    });
}

#[test]
fn a_gate_stops_the_mount_and_lets_it_go_on() {
    mounted(|disk, mount, cache| {
        let gate = Gate::closed();
        disk.plan().on(Call::Sync).wait_for(&gate);
        let file = File::create(mount.path().join("file")).unwrap();
        file.write_all_at(b"kept", 0).unwrap();
        thread::scope(|scope| {
            let synced = scope.spawn(|| file.sync_all());
            gate.arrived(1);
            gate.open();
            synced.join().unwrap().unwrap();
        });
        File::open(mount.path()).unwrap().sync_all().unwrap();
        let after = disk.after_power_cut(Survivors::Nothing);
        assert_eq!(after.contents("/file"), b"kept", "{cache:?}");
    });
}

#[test]
fn the_end_of_the_mount_ends_what_waits_for_it() {
    mounted(|disk, mount, cache| {
        let gate = Gate::closed();
        disk.plan().on(Call::Sync).wait_for(&gate);
        let file = File::create(mount.path().join("file")).unwrap();
        thread::scope(|scope| {
            let synced = scope.spawn(|| file.sync_all());
            gate.arrived(1);
            mount.abort();
            assert!(synced.join().unwrap().is_err(), "{cache:?}");
        });
        assert!(file.metadata().is_err(), "{cache:?}");
    });
}
