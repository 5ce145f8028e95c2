//! What the acts find, and what they leave.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use folio::storage::{Links, Names};
use folio_testkit::Disk;

/// Where the acts take place on a simulated disk.
pub(crate) const ROOM: &str = "/room";

/// What `file` holds.
pub(crate) const FILE: &[u8] = b"first line\nsecond\n\xc3\xa4\n0123456789";

/// Bytes of `large`: more than one call reads or writes.
pub(crate) const LARGE: usize = (1 << 20) + 300_000;

/// A disk with a file, a link, a directory that is empty and one that is not, and a large file if that is asked for.
pub(crate) fn furnish(with_large: bool) -> Disk {
    let disk = Disk::new();
    disk.put_dir("/room/empty");
    for index in 0..3 {
        disk.put(format!("/room/full/{index}"), b"text");
    }
    disk.put_dir("/room/full/below");
    disk.put("/room/file", FILE);
    disk.put("/room/large", vec![b'x'; if with_large { LARGE } else { 9 }]);
    disk.symlink(Path::new("file"), Path::new("/room/link")).unwrap();
    let dir = disk.open_dir(Path::new("/room"), Links::Follow).unwrap();
    dir.sync().unwrap();
    disk
}

/// What stands at a name: its kind and mode, its owner, and its bytes or its target.
pub(crate) type Tree = BTreeMap<PathBuf, (u32, u32, Vec<u8>)>;

/// Everything in the room. The plan of the disk has no rules by now.
pub(crate) fn tree(disk: &Disk) -> Tree {
    let mut found = Tree::new();
    if disk.exists(ROOM) {
        add(disk, Path::new(ROOM), &mut found);
    }
    found
}

fn add(disk: &Disk, dir: &Path, found: &mut Tree) {
    for name in disk.list(dir) {
        let path = dir.join(name);
        let metadata = disk.metadata(&path, Links::NotLast).unwrap();
        let bytes = match (metadata.is_dir(), metadata.is_symlink()) {
            (true, _) => Vec::new(),
            (_, true) => disk.read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
            (false, false) => disk.contents(&path),
        };
        if metadata.is_dir() {
            add(disk, &path, found);
        }
        found.insert(path, (metadata.mode(), metadata.uid(), bytes));
    }
}
