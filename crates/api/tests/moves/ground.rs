//! The ground the tests stand on: two directories on two devices, and everything that can be seen of a tree.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use folio_testkit::process::{NOBODY, again};
use folio_testkit::skip;
use folio_testkit::wait::block_on;
use tempfile::TempDir;
use walkdir::WalkDir;

/// Where a second file system is, on nearly every Linux.
const ELSEWHERE: &str = "/dev/shm";

/// Two directories on two devices.
pub(crate) struct Rooms {
    pub(crate) here: TempDir,
    pub(crate) there: TempDir,
}

impl Rooms {
    /// `None`, loudly, where there is one device only.
    pub(crate) fn two() -> Option<Rooms> {
        let here = tempfile::tempdir().unwrap();
        let there = tempfile::tempdir_in(ELSEWHERE).or_else(|_| tempfile::tempdir()).unwrap();
        let device = |room: &TempDir| fs::metadata(room.path()).unwrap().dev();
        if device(&here) == device(&there) {
            skip("moves to another file system", &format!("{ELSEWHERE} is none"));
            return None;
        }
        Some(Rooms { here, there })
    }

    pub(crate) fn from(&self, name: impl AsRef<Path>) -> PathBuf {
        self.here.path().join(name)
    }

    pub(crate) fn to(&self, name: impl AsRef<Path>) -> PathBuf {
        self.there.path().join(name)
    }
}

/// The names in a directory, sorted.
pub(crate) fn names(dir: &Path) -> Vec<OsString> {
    let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

/// All that a move is to keep of one thing. The times of access of directories and links change as they are looked at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    way: PathBuf,
    mode: u32,
    owner: (u32, u32),
    modified: (i64, i64),
    accessed: Option<(i64, i64)>,
    names: u64,
    /// The first of its names, in order.
    first: PathBuf,
    attributes: Vec<(OsString, Vec<u8>)>,
    inside: Vec<u8>,
}

/// Everything at and below a path.
pub(crate) fn kept(root: &Path) -> Vec<Kept> {
    let mut firsts = std::collections::BTreeMap::new();
    let entries = WalkDir::new(root).follow_root_links(false).sort_by_file_name().into_iter();
    let told = entries.map(|entry| {
        let entry = entry.unwrap();
        let way = entry.path().strip_prefix(root).unwrap().to_path_buf();
        let metadata = entry.path().symlink_metadata().unwrap();
        let is_file = metadata.is_file();
        let first = firsts.entry(metadata.ino()).or_insert_with(|| way.clone()).clone();
        Kept {
            mode: metadata.mode(),
            owner: (metadata.uid(), metadata.gid()),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            accessed: is_file.then_some((metadata.atime(), metadata.atime_nsec())),
            names: if is_file { metadata.nlink() } else { 1 },
            first,
            attributes: if metadata.is_symlink() { Vec::new() } else { attributes(entry.path()) },
            inside: match (metadata.is_symlink(), is_file) {
                (true, _) => entry.path().read_link().unwrap().into_os_string().into_encoded_bytes(),
                (_, true) => quiet_read(entry.path(), &metadata),
                (false, false) => Vec::new(),
            },
            way,
        }
    });
    told.collect()
}

/// The same but for what changes when something is read, or made beside it and removed again.
pub(crate) fn untouched(root: &Path) -> Vec<Kept> {
    let mut all = kept(root);
    all.iter_mut().for_each(|one| one.accessed = None);
    all[0].modified = (0, 0);
    all
}

/// Reads a file and leaves its times as they were.
fn quiet_read(path: &Path, metadata: &fs::Metadata) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let times = fs::FileTimes::new().set_accessed(metadata.accessed().unwrap());
    fs::File::open(path).unwrap().set_times(times.set_modified(metadata.modified().unwrap())).unwrap();
    bytes
}

fn attributes(path: &Path) -> Vec<(OsString, Vec<u8>)> {
    let mut room = vec![0; 64 * 1024];
    let len = rustix::fs::listxattr(path, &mut room[..]).unwrap_or(0);
    let names = room[..len].split(|byte| *byte == 0).filter(|name| name.starts_with(b"user."));
    let mut told: Vec<_> = names
        .map(|name| {
            let mut value = vec![0; 64 * 1024];
            let len = rustix::fs::getxattr(path, name, &mut value[..]).unwrap();
            (OsStr::from_bytes(name).to_owned(), value[..len].to_vec())
        })
        .collect();
    told.sort();
    told
}

/// Gives a name an attribute; `false` where the file system has none.
pub(crate) fn mark(path: &Path, value: &[u8]) -> bool {
    rustix::fs::setxattr(path, "user.origin", value, rustix::fs::XattrFlags::empty()).is_ok()
}

/// What the process that [`mover`] starts is to move.
const MOVES: [&str; 2] = ["FOLIO_MOVES_FROM", "FOLIO_MOVES_TO"];

/// Another user who moves something.
pub(crate) fn mover(from: &Path, to: &Path) -> Command {
    let mut command = again("ground::another_user_moves");
    command.env(MOVES[0], from).env(MOVES[1], to).uid(NOBODY).gid(NOBODY).current_dir("/");
    command
}

/// Does nothing unless [`mover`] says what.
#[test]
fn another_user_moves() {
    if let [Some(from), Some(to)] = MOVES.map(std::env::var_os) {
        block_on(folio::fs::move_path(from, to)).unwrap();
    }
}
