//! The ground the tests stand on: two directories on two devices, and everything that can be seen of a tree.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::future::Future;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use folio::Engine;
use tempfile::TempDir;
use walkdir::WalkDir;

/// How long an event may take that should come at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Where a second file system is, on nearly every Linux.
const ELSEWHERE: &str = "/dev/shm";

/// The user that nobody is.
pub(crate) const NOBODY: u32 = 65_534;

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
            eprintln!("skipped: {ELSEWHERE} is no file system of its own");
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

/// Waits, without blocking other tasks, until `condition` holds.
pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "in vain: {what}");
        tokio::task::yield_now().await;
    }
}

/// Waits until an engine has nothing left to do.
pub(crate) async fn settled(engine: &Engine) {
    eventually("the engine comes to rest", || {
        let now = engine.snapshot();
        now.in_flight == 0 && now.pool.queued + now.pool.running == 0
    })
    .await;
}

/// Runs a future to its end.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Runs the calling test (by its full name) as an ordinary user too, if this one is the superuser, loudly not where that
/// user cannot run this program. `true` where an ordinary user runs it.
pub(crate) fn as_both(test: &str) -> bool {
    if !rustix::process::geteuid().is_root() {
        return true;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    match command.uid(NOBODY).gid(NOBODY).current_dir("/").status() {
        Ok(status) => assert!(status.success(), "{test} failed as another user: {status}"),
        Err(error) => eprintln!("skipped as another user, who cannot run this program: {error}"),
    }
    false
}

/// What the process that [`mover`] starts is to move.
const MOVES: [&str; 2] = ["FOLIO_MOVES_FROM", "FOLIO_MOVES_TO"];

/// Another user who moves something.
pub(crate) fn mover(from: &Path, to: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["ground::another_user_moves", "--exact", "--test-threads=1"]);
    command.env(MOVES[0], from).env(MOVES[1], to).uid(NOBODY).gid(NOBODY).current_dir("/");
    command
}

/// Does nothing unless [`mover`] says what.
#[test]
fn another_user_moves() {
    if let [Some(from), Some(to)] = MOVES.map(std::env::var_os) {
        wait(folio::fs::move_path(from, to)).unwrap();
    }
}
