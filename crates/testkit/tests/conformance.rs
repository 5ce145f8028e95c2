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
    use Call::{
        Access, Allocate, Append, Close, Copy, CreateDir, Duplicate, FileMetadata, HardLink, Len, Lock,
        Metadata, Open, OpenDir, ReadAt, ReadDir, ReadNow, Receive, RemoveDir, RemoveFile, Rename, SetLen,
        SetOwner, SetPermissions, SetTimes, Sync, Unlock, WriteAt, Xattr,
    };
    for call in [
        Access,
        Allocate,
        Append,
        Close,
        Copy,
        CreateDir,
        Duplicate,
        FileMetadata,
        HardLink,
        Len,
        Lock,
        Metadata,
        Open,
        OpenDir,
        ReadAt,
        ReadDir,
        ReadNow,
        Receive,
        RemoveDir,
        RemoveFile,
        Rename,
        SetLen,
        SetOwner,
        SetPermissions,
        SetTimes,
        Sync,
        Unlock,
        WriteAt,
        Xattr,
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

/// Methods that a check from outside can say nothing about, each with the reason.
const UNCHECKED: [(&str, &str); 4] = [
    ("as_any", "only the storage knows what it is"),
    ("closes_at_once", "how long a close takes is not a contract that a check can wait for"),
    ("writes_in_turn", "either answer is right, and only one of them is fast"),
    ("asynchronous", "a storage that answers later has no blocking calls to check"),
];

/// The methods of a trait of the port, by its source.
fn methods(source: &str, of: &str) -> Vec<String> {
    let begin = source.find(&format!("pub trait {of}:")).unwrap_or_else(|| panic!("no trait {of}"));
    let body = &source[begin..];
    let body = &body[..body.find("\n}\n").expect("a trait ends")];
    let declared = body.lines().filter_map(|line| line.strip_prefix("    fn "));
    declared.map(|line| line[..line.find('(').expect("a method has arguments")].to_owned()).collect()
}

#[test]
fn every_method_of_the_port_has_a_check() {
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |path: &str| std::fs::read_to_string(crates.join(path)).unwrap();
    let (names, port) = (read("engine/src/storage/names.rs"), read("engine/src/storage/mod.rs"));
    let (trees, mover) = (read("engine/src/storage/dir.rs"), read("engine/src/storage/mover.rs"));
    let traits = [
        (&names, "Names"),
        (&names, "StorageDir"),
        (&port, "Storage"),
        (&port, "StorageFile"),
        (&trees, "Lister"),
        (&trees, "DeepDir"),
        (&trees, "TreeCopier"),
        (&mover, "Mover"),
    ];
    let checks: String = std::fs::read_dir(crates.join("testkit/src/conformance"))
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let mut count = 0;
    for (source, of) in traits {
        for method in methods(source, of) {
            count += 1;
            let is_checked = checks.contains(&format!(".{method}("));
            let is_unchecked = UNCHECKED.iter().any(|(unchecked, _)| *unchecked == method);
            assert!(
                is_checked != is_unchecked,
                "{of}::{method}: checked {is_checked}, listed as unchecked {is_unchecked}"
            );
        }
    }
    assert!(count > 70, "only {count} methods were found");
}
