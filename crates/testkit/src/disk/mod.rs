//! A disk in memory, with planned faults and a memory of what a power cut would leave.

mod attributes;
mod directory;
mod flock;
mod image;
mod moving;
mod names;
mod node;
mod opening;
mod power;
mod tree;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use crate::faults::{Allowance, Call, Calls, Plan, Refusal, Running};
use crate::lock::lock;
use node::{DirNode, FileNode, Node};
pub use power::Survivors;

/// Default of [`Disk::set_piece_bytes`]: the page, by which Linux file systems copy.
const PIECE_BYTES: usize = 4096;

/// Longest file, in bytes: a test that writes at a wild offset gets `EFBIG` and not the machine's memory.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Device number of the next disk: every disk is a device of its own, so that files of two disks in one
/// engine never have the same identity.
static NEXT_DEVICE: AtomicU64 = AtomicU64::new(0xF0_0000);

/// An in-memory storage. Clones are the same disk.
///
/// # What it simulates
///
/// * Files, directories, hard links, renames, with Linux's errno for what goes wrong. A removed file stays
///   readable through its openings. `flock` belongs to the opening, and a refused change of kind loses the
///   lock, as on Linux.
/// * Positioned reads and writes copy in pieces and let other calls in between, so two calls that overlap in
///   time and range tear each other, as page by page on ext4. Writes and appends exclude one another; reads
///   exclude nothing. `write_at` through an opening with `append` goes to the end, as on Linux.
/// * Durability: a sync makes durable what was written before the sync began, and a synced directory its
///   names. A failed sync forgets what it should have covered, and a later sync does not cover it.
///   [`after_power_cut`](Disk::after_power_cut) gives the disk a new life from what was durable.
/// * A page cache: `read_now`, `open_cached` and `metadata_cached` answer, unless the plan says that they
///   [would block](crate::Trigger::would_block).
/// * Faults by [`plan`](Disk::plan).
///
/// # What it does not
///
/// * Symbolic links, FIFOs, unnamed files and moves of directories between mounts: `Unsupported`. An open directory is its path.
/// * Permissions are kept and reported but never enforced; owners are kept and further `O_*` flags ignored; the
///   umask is 022.
/// * Times: only those that were set; else the epoch. Everything has one name by its `Metadata`.
/// * Streams, memory maps, descriptors (`as_std` is `None`), a limit on space (plan an `ENOSPC`), files over
///   256 MiB (`EFBIG`), silent corruption.
#[derive(Clone, Debug)]
pub struct Disk {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: Arc<DirNode>,
    /// Held by every call that changes or walks names, so that a rename is one step.
    names_turn: Mutex<()>,
    mounts: Mutex<Vec<(PathBuf, Mount)>>,
    own: Mount,
    plan: Plan,
    calls: Calls,
    piece_bytes: AtomicUsize,
    next_inode: AtomicU64,
    next_opening: AtomicU64,
    open_files: AtomicUsize,
}

/// What device a part of the tree says it lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Device number, as `Opened::device` reports it.
    pub device: u64,
    /// Whether it claims to be a network or user-space file system.
    pub remote: bool,
}

impl Disk {
    /// Makes an empty disk without faults.
    pub fn new() -> Disk {
        Disk::with_plan(Plan::new())
    }

    /// Makes an empty disk that follows `plan`.
    pub fn with_plan(plan: Plan) -> Disk {
        let own = Mount { device: NEXT_DEVICE.fetch_add(1, Relaxed), remote: false };
        let shared = Shared {
            root: DirNode::new(1, 0o755),
            names_turn: Mutex::new(()),
            mounts: Mutex::default(),
            own,
            plan,
            calls: Calls::default(),
            piece_bytes: AtomicUsize::new(PIECE_BYTES),
            next_inode: AtomicU64::new(2),
            next_opening: AtomicU64::new(1),
            open_files: AtomicUsize::new(0),
        };
        Disk { shared: Arc::new(shared) }
    }

    /// Returns the plan of this disk, to add faults to.
    pub fn plan(&self) -> &Plan {
        &self.shared.plan
    }

    /// Puts a durable file at `path`, with its directories, past the plan and the counters.
    ///
    /// # Panics
    ///
    /// If `path` cannot name a file: it is a directory, or goes through a file.
    pub fn put(&self, path: impl AsRef<Path>, bytes: impl Into<Vec<u8>>) {
        let path = path.as_ref();
        self.put_node(path, Node::File(FileNode::durable(self.next_inode(), bytes.into())));
    }

    /// Returns the bytes of the file at `path`, as any reader would see them.
    ///
    /// # Panics
    ///
    /// If there is no file.
    pub fn contents(&self, path: impl AsRef<Path>) -> Vec<u8> {
        self.file_at(path.as_ref()).contents()
    }

    /// Returns the bytes of the file at `path` that a power cut would leave: what its last successful sync
    /// covered. Says nothing about the durability of its name.
    ///
    /// # Panics
    ///
    /// If there is no file.
    pub fn durable(&self, path: impl AsRef<Path>) -> Vec<u8> {
        self.file_at(path.as_ref()).durable_contents()
    }

    /// Returns whether something is at `path`.
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.find(path.as_ref()).is_ok()
    }

    /// Returns the names in the directory `path`, sorted: to show that no litter is left.
    ///
    /// # Panics
    ///
    /// If there is no directory.
    pub fn list(&self, path: impl AsRef<Path>) -> Vec<String> {
        let path = path.as_ref();
        match self.find(path) {
            Ok(Node::Dir(dir)) => dir.listed(),
            Ok(Node::File(_)) | Err(_) => panic!("no directory at {path:?}"),
        }
    }

    /// Makes everything below `path` report another device or a remote one. Renames and links across mounts
    /// fail with `EXDEV`. The longest mounted path wins.
    pub fn mount(&self, path: impl Into<PathBuf>, mount: Mount) {
        lock(&self.shared.mounts).push((path.into(), mount));
    }

    /// Sets in how large pieces reads and writes copy; between two pieces other calls get in. In bytes, at
    /// least 1; 4,096 at first.
    pub fn set_piece_bytes(&self, bytes: usize) {
        self.shared.piece_bytes.store(bytes.max(1), Relaxed);
    }

    /// Returns how many calls of a kind have started, failed ones included.
    pub fn calls(&self, call: Call) -> u64 {
        self.shared.calls.count(call)
    }

    /// Returns how many calls are running, those that wait at a gate included.
    pub fn running(&self) -> usize {
        self.shared.calls.running()
    }

    /// Returns the largest number of calls that ran at a time.
    pub fn running_max(&self) -> usize {
        self.shared.calls.running_max()
    }

    /// Returns how many openings have been neither closed nor dropped.
    pub fn open_files(&self) -> usize {
        self.shared.open_files.load(Relaxed)
    }

    fn enter(&self, call: Call, path: &Path) -> Result<Entered<'_>, Refusal> {
        // Counted before the plan is asked: a call that waits at a gate is running.
        let running = self.shared.calls.start(call);
        let allowance = self.shared.plan.meet(call, path)?;
        Ok(Entered { allowance, _running: running })
    }

    fn mount_of(&self, path: &Path) -> Mount {
        let mounts = lock(&self.shared.mounts);
        let longest =
            mounts.iter().filter(|(at, _)| path.starts_with(at)).max_by_key(|(at, _)| at.as_os_str().len());
        longest.map_or(self.shared.own, |(_, mount)| *mount)
    }

    fn next_inode(&self) -> u64 {
        self.shared.next_inode.fetch_add(1, Relaxed)
    }
}

impl Default for Disk {
    fn default() -> Self {
        Disk::new()
    }
}

/// A call that the plan let through; it counts as running until this is dropped.
#[derive(Debug)]
struct Entered<'a> {
    allowance: Allowance,
    _running: Running<'a>,
}
