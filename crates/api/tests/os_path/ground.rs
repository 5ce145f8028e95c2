//! The ground the tests stand on: a directory of every kind of thing, seeded numbers, an executor.

use std::future::Future;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::{env, fs};

use tempfile::TempDir;

/// Runs a future to its end.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    runtime.block_on(future)
}

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
        eprintln!("skipped what permissions refuse: this process may do everything (run it by setpriv)");
    }
    refused
}

/// Numbers that are the same for the same seed (SplitMix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// `FOLIO_SEED` if it is set, so that a failure can be met again; else a few fixed ones.
pub(crate) fn seeds() -> Vec<u64> {
    match env::var("FOLIO_SEED") {
        Ok(seed) => vec![seed.parse().expect("FOLIO_SEED is a number")],
        Err(_) => (1..=6).collect(),
    }
}
