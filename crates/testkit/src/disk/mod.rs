//! A disk in memory, with planned faults and a memory of what a power cut would leave.

mod attributes;
mod calls;
mod changes;
mod crash;
mod directory;
mod flock;
#[cfg(all(feature = "fuse", target_os = "linux"))]
mod fuse;
mod journal;
mod moving;
mod names;
mod node;
mod opening;
mod put;
mod tree;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Weak};

use crate::faults::{Allowance, Call, Calls, Plan, Refusal, Running};
use crate::lock::lock;
use attributes::Attributes;
pub use crash::{Coverage, CrashImage, CrashImages, CrashModel, DiskHistory, Moment, Survivors};
#[cfg(all(feature = "fuse", target_os = "linux"))]
pub use fuse::{FuseCache, FuseMount};
use journal::{Body, Book, Ino, Inode, Journal, Kept, ROOT, Serial, Step};
use node::DirNode;
use tree::Foot;

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
/// * Files, directories, symbolic and hard links, renames, files without names, with Linux's errno for what goes wrong.
///   A removed file stays readable through its openings. An open directory goes with its directory, and no path leads
///   out of it. `flock` belongs to the opening, and a refused change of kind loses the lock, as on Linux.
/// * Positioned reads and writes copy in pieces and let other calls in between, so two calls that overlap in
///   time and range tear each other, as page by page on ext4. Writes and appends exclude one another; reads
///   exclude nothing. `write_at` through an opening with `append` goes to the end, as on Linux.
/// * Durability: a sync makes durable what was written before the sync began, and a synced directory its
///   names. What a failed sync of a file should have covered may or may not be on the disk, and no later sync covers it.
/// * Power cuts: [`crash_images`](Disk::crash_images) gives every state that one may leave now, under a
///   [model](CrashModel) of the file system, [`history`](Disk::history) those of every moment of a run, and
///   [`after_power_cut`](Disk::after_power_cut) a single one.
/// * A page cache: `read_now`, `open_cached` and `metadata_cached` answer, unless the plan says that they
///   [would block](crate::Trigger::would_block).
/// * Faults by [`plan`](Disk::plan).
///
/// # What it does not
///
/// | | |
/// |---|---|
/// | FIFOs, streams, `statvfs`, `copy_tree`, moves of directories between mounts | `Unsupported` |
/// | descriptors, memory maps | `as_std` is `None`; conversions into std are `Unsupported` |
/// | permissions | kept and reported, never enforced; the umask is 022 |
/// | further `O_*` flags | ignored |
/// | times | those that were set, else the epoch; every power cut keeps them |
/// | counts of links | not counted: everything has one name by its `Metadata` |
/// | space | without limit: plan an `ENOSPC`; a file over 256 MiB is `EFBIG` |
/// | silent corruption | none |
#[derive(Clone, Debug)]
pub struct Disk {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// The root directory, where the storage's paths begin.
    foot: Foot,
    /// What is durable and what is not yet.
    book: Mutex<Book>,
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
        let root = DirNode::new(ROOT, Attributes::unmasked(0o755));
        let body = Body::Dir(Arc::default());
        let traits = Kept::durable(Attributes::unmasked(0o755));
        let inode = Inode { body, traits, live: Weak::new() };
        Disk::of(root, Journal::durable([(ROOT, Arc::new(inode))].into()), plan)
    }

    /// Makes a disk of a tree, and of a journal in which the same is durable.
    fn of(root: Arc<DirNode>, journal: Journal, plan: Plan) -> Disk {
        let own = Mount { device: NEXT_DEVICE.fetch_add(1, Relaxed), remote: false };
        let next_inode = journal.inodes.keys().next_back().map_or(ROOT, |last| *last) + 1;
        let shared = Shared {
            foot: Foot { dir: root, path: PathBuf::from("/"), confined: false },
            book: Mutex::new(Book::new(journal)),
            names_turn: Mutex::new(()),
            mounts: Mutex::default(),
            own,
            plan,
            calls: Calls::default(),
            piece_bytes: AtomicUsize::new(PIECE_BYTES),
            next_inode: AtomicU64::new(next_inode),
            next_opening: AtomicU64::new(1),
            open_files: AtomicUsize::new(0),
        };
        Disk { shared: Arc::new(shared) }
    }

    /// Returns the plan of this disk, to add faults to.
    pub fn plan(&self) -> &Plan {
        &self.shared.plan
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

    fn record(&self, step: Step) {
        lock(&self.shared.book).record(step);
    }

    /// Returns up to where a sync that begins now has to cover.
    fn begin_sync(&self) -> Serial {
        lock(&self.shared.book).journal.last
    }

    fn end_sync(&self, ino: Ino, upto: Serial, all: bool, succeeded: bool) {
        self.record(if succeeded { Step::Synced { ino, upto, all } } else { Step::SyncFailed { ino, upto } });
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
