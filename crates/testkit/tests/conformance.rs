//! Every storage keeps the contracts of the port.

use std::panic::catch_unwind;
use std::path::PathBuf;
use std::sync::Arc;

use folio_engine::storage::Storage;
use folio_testkit::errno::EIO;
use folio_testkit::{Call, Disk, conformance};

#[test]
fn the_simulated_disk_keeps_the_contracts() {
    conformance(|| {
        let disk = Disk::new();
        disk.put_dir("/ground");
        (Arc::new(disk), PathBuf::from("/ground"))
    });
}

#[test]
fn the_simulated_disk_keeps_the_contracts_with_short_and_dawdling_calls() {
    conformance(|| {
        let disk = Disk::new();
        disk.put_dir("/ground");
        disk.set_piece_bytes(3);
        for call in [Call::ReadAt, Call::ReadNow, Call::WriteAt] {
            disk.plan().on(call).every(2).at_most(7);
        }
        for call in [Call::ReadNow, Call::OpenCached, Call::MetadataCached] {
            disk.plan().on(call).every(3).would_block();
        }
        (Arc::new(disk), PathBuf::from("/ground"))
    });
}

#[test]
fn a_storage_that_breaks_a_contract_is_caught() {
    use Call::{Append, Close, Copy, CreateDir, FileMetadata, HardLink, Lock, ReadAt, ReadNow, RemoveDir};
    use Call::{
        Len, Metadata, Open, RemoveFile, Rename, SetLen, SetPermissions, SetTimes, Sync, Unlock, WriteAt,
    };
    for call in [
        Append,
        Close,
        Copy,
        CreateDir,
        FileMetadata,
        HardLink,
        Len,
        Lock,
        Metadata,
        Open,
        ReadAt,
        ReadNow,
        RemoveDir,
        RemoveFile,
        Rename,
        SetLen,
        SetPermissions,
        SetTimes,
        Sync,
        Unlock,
        WriteAt,
    ] {
        let broken = || {
            let disk = Disk::new();
            disk.put_dir("/ground");
            disk.plan().on(call).fail(EIO);
            (Arc::new(disk) as Arc<dyn Storage>, PathBuf::from("/ground"))
        };
        assert!(catch_unwind(|| conformance(broken)).is_err(), "a storage whose {call:?} fails has passed");
    }
}

#[test]
fn the_operating_system_keeps_the_contracts() {
    let ground = tempfile::tempdir().unwrap();
    let count = std::cell::Cell::new(0);
    conformance(|| {
        count.set(count.get() + 1);
        let root = ground.path().join(count.get().to_string());
        std::fs::create_dir(&root).unwrap();
        (Arc::new(folio_engine::storage::os::Os::new()), root)
    });
}
