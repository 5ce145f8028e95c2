//! The ground the tests stand on: a directory of every kind of thing, and what permissions refuse.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use folio_testkit::skip;

use tempfile::TempDir;

/// A directory with a file, a directory, and links to both, to nothing and to itself.
pub(crate) fn furnished() -> (TempDir, PathBuf) {
    let (dir, room) = empty();
    fs::write(room.join("file"), b"contents").expect("the room takes files");
    fs::create_dir(room.join("dir")).expect("the room takes directories");
    fs::write(room.join("dir/inside"), b"x").expect("the room takes files");
    for (target, link) in [("file", "to_file"), ("dir", "to_dir"), ("nothing", "dangling"), ("loop", "loop")]
    {
        symlink(target, room.join(link)).expect("the room takes links");
    }
    (dir, room)
}

/// Names that lead somewhere in [`furnished`], and some that do not.
pub(crate) const NAMES: [&str; 11] = [
    "file",
    "dir",
    "dir/",
    "dir/..",
    "to_file",
    "to_dir",
    "to_dir/inside",
    "dangling",
    "loop",
    "missing",
    "file/below",
];

pub(crate) fn empty() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    let room = dir.path().canonicalize().expect("it was just made");
    (dir, room)
}

/// Whether the kernel refuses this process anything by permission bits. The superuser is refused nothing.
pub(crate) fn is_refused_anything(room: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    let probe = room.join("probe");
    fs::write(&probe, b"").expect("the room takes files");
    fs::set_permissions(&probe, fs::Permissions::from_mode(0o000)).expect("the file is ours");
    let refused = fs::read(&probe).is_err();
    fs::remove_file(&probe).expect("the file is ours");
    if !refused {
        skip("what permissions refuse", "this process may do everything (run it by setpriv)");
    }
    refused
}
