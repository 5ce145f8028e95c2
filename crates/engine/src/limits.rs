//! Every bound of the engine, with its unit and its reason.

#![cfg_attr(
    any(folio_portable, not(target_os = "linux")),
    allow(dead_code, reason = "some bound calls that only Linux has")
)]

use std::time::Duration;

/// Bytes that one read in place may copy; a longer read is a short read. Copying them occupies the executor's
/// thread for 35 to 100 µs. A smaller bound would be fairer to other tasks, but a third of it makes large
/// cursor reads a third slower than std's (docs/decisions/0011).
pub(crate) const IN_PLACE_BYTES_MAX: usize = 768 * 1024;

/// Bytes copied in a caller's poll that cost its task one unit of tokio's budget: about 1.5 µs, as long as the
/// cheapest system call. A turn has 128 units and so takes up to 200 µs, and four such tasks on one thread let a
/// fifth wait for less than a millisecond (docs/decisions/0055).
pub(crate) const IN_PLACE_BYTES_PER_UNIT: usize = 16 * 1024;

/// Units of tokio's budget that a task has for one turn; no more are charged at a time.
pub(crate) const TURN_UNITS: usize = 128;

/// Bytes of the first attempt in place where more are seldom wanted or have to be prepared first: a longer one
/// costs a caller by tokio's traits the zeroing of its buffer.
pub(crate) const IN_PLACE_BYTES_USUAL: usize = 64 * 1024;

/// Units of a request about a path that is answered in place, beside the first: two system calls at least, and
/// the kernel's walk along the path.
pub(crate) const PATH_UNITS: usize = 2;

/// Units of a caller that spins for its answer: about 4 µs, until a worker has written a page.
pub(crate) const ANSWER_SPIN_UNITS: usize = 3;

/// Bytes of a caller that are copied at a time, to or from a worker: longer writes go piece by piece, longer
/// reads are short reads. A buffer of this size is kept for reuse.
pub(crate) const PIECE_BYTES: usize = 1024 * 1024;

/// Callers that have been granted a permit and not been polled since. More of them than an executor has threads keep all of
/// these busy; each further one stands in front of every other ready task.
pub(crate) const GRANTS_UNTAKEN_MAX: usize = if cfg!(folio_loom) { 2 } else { 8 };

/// Time after which a caller that does not come for its permit keeps no other waiting.
pub(crate) const GRANT_UNTAKEN_AFTER: Duration = Duration::from_millis(1);

/// Writes of more than a piece that run side by side on one file whose storage lets them take turns: each keeps a worker
/// for a piece at a time, and a file that has all of them would leave none to the others.
pub(crate) const LONG_WRITES_MAX: usize = 4;

/// Alignment in bytes of buffers for direct I/O: a page, which every device accepts.
pub(crate) const DIRECT_ALIGN_BYTES: usize = 4096;

/// Bytes of the first attempt to find a delimiter: most lines of text are shorter, and copying them costs less
/// than the system call.
pub(crate) const LINE_BYTES_USUAL: usize = 1024;

/// Bytes that a queued read up to a delimiter counts for, since its length is unknown. Longer lines are rare,
/// and each occupies a worker while it is read.
pub(crate) const LINE_BYTES_ADMITTED: usize = 64 * 1024;

/// Bytes of the longest line that is read in one step. A longer one is read in several, so that a worker that
/// finds no delimiter returns, and its caller can give up.
pub(crate) const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Default limit of bytes in a line, without its end. The longest lines in practice have a few mebibytes (a
/// search index, a table in one line of JSON); a file of zeros has one endless line, which must not take all
/// memory. A line takes memory as it is read, whatever its limit (docs/decisions/0041).
pub const LINE_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of the first buffer of a read that continues until it has everything; a file may be shorter than the
/// requested length.
pub(crate) const WHOLE_BYTES_USUAL: usize = 1024 * 1024;

/// Bytes that a worker requests in one call of the storage; a longer read is a short read. It is a few
/// milliseconds of copying, and small enough to allocate for an untrusted length.
pub(crate) const READ_ONCE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes that are asked for at once of a storage whose calls answer later; a longer read makes several requests. At a
/// gigabit a second it is half the time that a request takes to be worth repeating.
pub(crate) const FETCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes that are allocated without checking whether the system has them, since most machines do and pages are
/// only made when they are read into.
pub(crate) const ROOM_BYTES_TRUSTED: usize = 256 * 1024 * 1024;

/// Growth factor of such a buffer when it is full: one byte is copied for every three gained.
pub(crate) const READ_GROWTH: usize = 4;

/// Bytes of a stream that are read ahead at a time: the default capacity of a pipe.
pub(crate) const READ_AHEAD_BYTES: usize = 64 * 1024;

/// Rounds that a starting write spins for readers inside a non-blocking call before it queues instead. Such a
/// call lasts about a microsecond; a thread that was preempted is not worth waiting for.
pub(crate) const DRAIN_SPIN_ROUNDS: u32 = if cfg!(folio_loom) { 1 } else { 256 };

/// Rounds that an idle worker spins for work before it parks. Waking a parked thread costs 10 to 80 µs, about
/// what these rounds last, so a caller that returns at once finds the worker awake.
pub(crate) const WORKER_SPIN_ROUNDS: u32 = if cfg!(folio_loom) { 1 } else { 1_000 };

/// Rounds after which a spinning worker yields its core to another thread, if there is one. The kernel tends to
/// put a woken caller on the core of the worker that woke it, where it would wait for the end of the spinning.
/// Yielding to no other thread costs half a microsecond.
pub(crate) const WORKER_SPIN_ROUNDS_PER_YIELD: u32 = 16;

/// Idle workers that may spin at once: one catches the next job, more only burn cores.
pub(crate) const WORKERS_SPINNING_MAX: usize = 1;

/// Time in one job after which a worker counts as stuck while others wait: far longer than most calls last, and
/// short for a request that waits behind them. It is at most twice as long until the sweep notices.
pub(crate) const WORKER_STUCK_AFTER: Duration = Duration::from_millis(100);

/// Stuck requests about paths beside which others go on in the lane of those whose device is unknown. One that hangs could
/// otherwise take every slot.
pub(crate) const LANE_STUCK_MAX: usize = 256;

/// Waiting operations of one file that are examined for starting. Bounds the cost of a scan, not the queue.
pub(crate) const ORDER_WINDOW_OPS: usize = 256;

/// Gaps that a line may have besides as many as it has items. Closing them costs as much as moving all items.
pub(crate) const LINE_GAPS_MAX: usize = 32;

/// Rounds that a caller spins for its answer before its task sleeps: about 10 µs, as long as a read in place
/// may take.
pub(crate) const ANSWER_SPIN_ROUNDS: u32 = 400;

/// Bytes of the largest operation worth spinning for: what a worker copies within those rounds.
pub(crate) const ANSWER_SPIN_BYTES_MAX: usize = 32 * 1024;

/// Consecutive answers that may be missed before the callers of a file stop spinning.
pub(crate) const SPIN_CREDIT_MAX: i32 = 8;

/// Operations that are then skipped before the next attempt, counted from below zero: one attempt in 64
/// operations costs the callers of a slow device 0.2 µs each.
pub(crate) const SPIN_CREDIT_MIN: i32 = -64;

/// Entries of such a queue whose memory is kept for reuse once it is empty: about a hundred bytes each.
pub(crate) const FAIR_ENTRIES_KEPT_MAX: usize = 4_096;

/// Bytes that an operation counts for in the turns of files and callers, besides its own: what a worker copies in
/// the time of a system call and the hop to it.
pub(crate) const FAIR_BYTES_PER_OPERATION: u64 = 16 * 1024;

/// Turns that a more urgent class gets for one of the next: enough that the latter is hardly noticed, and few enough
/// that it goes on.
pub(crate) const PRIORITY_WEIGHT: u64 = 8;

/// The share of the permits that is left to more urgent operations by those in the background, as a divisor. It is for
/// what comes suddenly; a scan needs few.
pub(crate) const BACKGROUND_LEAVES_PERMITS: u64 = 4;

/// The share of a device's workers that is left to more urgent operations, as a divisor.
pub(crate) const BACKGROUND_LEAVES_WORKERS: usize = 2;

/// Operations merged into one system call. The kernel takes 1,024 buffers (`IOV_MAX`); half of that still
/// makes the call's own cost invisible.
pub(crate) const MERGE_OPS_MAX: usize = 512;

/// Bytes merged into one system call, so that one batch does not occupy a worker for milliseconds.
pub(crate) const MERGE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Batches of one file that a worker runs in a row before it returns to the queue, so that a busy file does not
/// keep a worker from other files.
pub(crate) const BATCHES_IN_A_ROW_MAX: u32 = 16;

/// Messages in a file actor's mailbox. Operations of handles are admitted first and then bypass it; this bounds
/// the number of messages of other actors that wait for permits, whatever their size. It also bounds a burst,
/// so that endless messages do not keep the actor from posted operations.
pub(crate) const MAILBOX_MESSAGES_MAX: usize = 256;

/// Actors of one file to which an operation is sent before it bypasses their mailboxes. One may be stopped just
/// then; if the next one is too, the program wants that, or their runtime is ending.
pub(crate) const ACTORS_TRIED_MAX: usize = 3;

/// Bytes that the buffer pool keeps for reuse, over all sizes.
pub(crate) const POOLED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Largest single buffer worth keeping, in bytes.
pub(crate) const POOLED_BUFFER_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of a file up to which its descriptor may be closed in place, whatever the close entails: freeing the
/// blocks of an unlinked file takes up to 150 µs for as many, and writing back a truncated one up to 120 µs.
/// Ten times as many take milliseconds.
pub(crate) const CLOSE_IN_PLACE_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes that one write by tokio's traits accepts: the most that a caller may have under way unwritten, and
/// that its poll copies. tokio's own files take as much (docs/decisions/0024).
pub(crate) const POLLED_WRITE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Bytes that a worker reads for one read by tokio's traits if they are not cached.
pub(crate) const POLLED_READ_BYTES_MAX: usize = IN_PLACE_BYTES_MAX;

/// Peeks that one poll takes before it lets other tasks run.
pub(crate) const POLLED_PEEKS_MAX: u32 = 4;

/// How long a reservation is kept for a caller by polls that has not returned. A live task returns within
/// microseconds; one that was dropped must not block the others.
pub(crate) const RESERVATION_MAX: Duration = Duration::from_millis(100);

/// Age up to which bytes of a peek are delivered without asking the file system again, since another process
/// may have changed the file. It doubles with each peek that is fetched too late, so that a busy task gets its
/// bytes, and halves again when polls are in time.
pub(crate) const PEEK_AGE_MAX: Duration = Duration::from_millis(1);

/// Doublings of that age: a task whose polls are a second late reads the state at its request.
pub(crate) const LATENESS_MAX: u32 = 10;

/// Finished changes of a file whose ranges are remembered, so that a peek stays current beside writes elsewhere in
/// the file. A caller by polls fetches its peek within a few operations of others.
pub(crate) const CHANGES_REMEMBERED_MAX: usize = 16;

/// Rounds that a task yields for a file's actor and worker to drop a file whose descriptor is to be handed
/// over: they take about ten microseconds unless they were preempted.
pub(crate) const HAND_OVER_ROUNDS: usize = 1_000;

/// Pauses of a millisecond after that, for a thread that was preempted; then a second descriptor is handed over
/// and the first closed.
pub(crate) const HAND_OVER_PAUSES: usize = 1_000;

/// Threads that wait at once for locks of holders outside of the engine, one for each file. Each sleeps in the
/// kernel until the lock is free, even if no waiter is left; beyond them, attempts are repeated.
pub(crate) const LOCK_THREADS_MAX: usize = 16;

/// Pause after which a waiter for a lock of the same engine tries again without a notification: only for
/// programs that release it behind the engine's back, by the number of the descriptor.
pub(crate) const LOCK_RECHECK_PAUSE: Duration = Duration::from_secs(1);

/// Longest pause between attempts at a lock that no thread can wait for. Each costs a worker a few
/// microseconds, and the gaps of a holder that locks often must be met between two of them.
pub(crate) const LOCK_RETRY_PAUSE_MAX: Duration = Duration::from_millis(5);

/// First pause between attempts at such a lock, and first pause at a FIFO that has no reader yet.
pub(crate) const RETRY_PAUSE_MIN: Duration = Duration::from_millis(1);
/// Longest pause at a FIFO that has no reader yet.
pub(crate) const RETRY_PAUSE_MAX: Duration = Duration::from_millis(50);

/// How long a request waits for a descriptor, from its first refusal, before it gets the error: far longer than any burst uses
/// all of them, and short enough to show a leak.
pub(crate) const DESCRIPTOR_WAIT_MAX: Duration = Duration::from_secs(10);

/// How long the end of the process waits for buffered bytes and for removals: long enough for a slow disk,
/// short enough for an operator who stops a service whose disk hangs.
pub(crate) const EXIT_FLUSH_MAX: Duration = Duration::from_secs(5);

/// Processes of one chain of forks that may each have a default engine: a daemon has two, and a longer chain is
/// a program that forks from child to child. Each costs the statics a few words.
pub(crate) const FORKS_MAX: usize = 16;

/// Pause between the supervisor's sweeps for stuck operations.
pub(crate) const SWEEP_PAUSE: Duration = Duration::from_millis(500);

/// Descriptors that the removal of a tree holds at once, and a copy of one on each side. Deeper than nearly
/// every tree, so that few directories are opened twice, and far below the limit of a process.
pub(crate) const TREE_OPEN_MAX: usize = 32;

/// Entries of a tree that one job copies, so that a big tree does not keep a worker from other requests, nor a
/// caller that gave up from stopping the copy. Copying one takes about 50 µs, the hop to the next job a fifth
/// of that.
pub(crate) const COPY_TREE_ENTRIES_MAX: usize = 128;

/// Bytes of contents after which a job that copies a tree ends, for the same reason: about ten milliseconds.
pub(crate) const COPY_TREE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Names that are tried for the temporary copy of a move, and for the new contents of a file that is replaced. A single one is taken only if it was foreseen, or by
/// 2^64 others.
pub(crate) const BESIDE_NAMES_MAX: u32 = 8;

/// Bytes in a path, including its NUL, as in the kernel (`PATH_MAX`).
pub(crate) const PATH_BYTES_MAX: usize = 4096;

/// Bytes of a path between two directories that are held open on the way to a file deeper than `PATH_MAX`, and
/// at most twice as many from the last: one name of any length, or a few microseconds of names of one byte.
pub(crate) const DEEP_DIR_STEP_BYTES: usize = 256;

/// Such directories held at once. Those above are looked up again on the way back, which is rare.
pub(crate) const DEEP_DIRS_MAX: usize = 16;

/// Bytes of paths at which a batch of a walk is full, however few entries it has: long paths need memory.
pub(crate) const WALK_BATCH_BYTES_MAX: usize = 1024 * 1024;

/// Bytes that a writable pipe accepts without blocking (`PIPE_BUF`).
pub(crate) const PIPE_BUF_BYTES: usize = 4096;

/// Bytes of names that one call reads: a thousand names of usual length, as many as most directories have.
pub(crate) const LISTING_BYTES: usize = 32 * 1024;

/// Names that are read at a time where the system does not say how many bytes they take.
#[cfg_attr(all(target_os = "linux", not(folio_portable)), allow(dead_code))]
pub(crate) const LISTING_NAMES_MAX: usize = 1024;

/// Attempts to look a name up again because another file has taken it meanwhile.
pub(crate) const EXCHANGED_LOOKS_MAX: usize = 8;

/// Symbolic links followed for one path, as in the kernel.
pub(crate) const LOOKUP_LINKS_MAX: usize = 40;

/// Directories visited for one path. Links that repeat a long path forty times could otherwise keep a worker
/// for minutes; no ordinary path comes near it.
pub(crate) const LOOKUP_STEPS_MAX: usize = 1 << 16;

/// Attempts repeated because of a rename during the lookup of a `..`; after them the user-space walker takes
/// over, which no rename disturbs.
pub(crate) const LOOKUP_TRIES_MAX: usize = 32;

/// Buffers that one system call accepts (`IOV_MAX`).
pub(crate) const VECTORED_BUFFERS_MAX: usize = 1_024;

/// Maximum bytes of a value or a list of names from the kernel (`XATTR_SIZE_MAX`, `XATTR_LIST_MAX`), so that
/// one call is enough.
pub(crate) const XATTR_BYTES_MAX: usize = 64 * 1024;

/// Bytes carried through memory at a time if the kernel cannot copy by itself: eight times the buffer of
/// `io::copy`, since each step is two system calls.
pub(crate) const CARRIED_BYTES_MAX: usize = 64 * 1024;

/// Bytes requested of one `copy_file_range`. Below the kernel's own limit on every architecture.
pub(crate) const COPIED_BYTES_MAX: u64 = 1 << 30;

/// Parts of a path, from its end, that are looked for in memory to find out its device. Directories are cached as long as
/// anything below them is, so that the first or the second usually answers.
pub(crate) const CACHED_PARTS_MAX: usize = 8;

/// Devices cached at once. Machines mount a few dozen; beyond the limit all of them are queried again.
pub(crate) const DEVICES_MAX: usize = 256;

/// Bytes of a block in `st_blocks`, whatever the file system's own block size is.
pub(crate) const STAT_BLOCK_BYTES: u64 = 512;

/// Entries listed ahead of a walk: a few batches of it.
pub(crate) const ENTRIES_AHEAD_MAX: usize = 8 * 1024;

/// Entries of one directory that are listed ahead; the walk continues where that stopped.
pub(crate) const ENTRIES_AHEAD_OF_ONE_MAX: usize = 4 * 1024;

/// Directories planned at once. The walk lists any others itself.
pub(crate) const LISTINGS_PLANNED_MAX: usize = 1024;

/// Listings that a walk has under way ahead of itself on a storage whose calls answer later. Each is a request of tens of
/// milliseconds, and a connection.
pub(crate) const LISTINGS_LATER_MAX: usize = 16;

/// Entries of a directory that such a walk lists ahead; a longer one it lists itself. Most stores list as many at a time.
pub(crate) const ENTRIES_LATER_MAX: usize = 1024;

/// Entries of a directory among which such a walk looks for the next directories.
pub(crate) const LISTINGS_LATER_SEEN_MAX: usize = 1024;

/// Bytes of a file that a worker reads as a whole without a permit for them: as many in all as there are workers.
/// The length of a longer one is found out first, and then it waits for a permit of that many bytes.
pub(crate) const WHOLE_BYTES_UNCOUNTED: u64 = 1024 * 1024;

/// Bytes allocated for a file without a known length: most files of `/proc` fit.
pub(crate) const FIRST_ROOM_BYTES: u64 = 8 * 1024;

/// Maximum bytes allocated for a length alone: the length of a sparse file may be any number.
pub(crate) const FIRST_ROOM_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Names fetched in one job. Such a batch is worth its hop to a worker, and fills about one `getdents64`
/// buffer.
pub const NAMES_BATCH_MAX: usize = 512;

/// Directories that may be created for one path, which has at most half as many parts as bytes (4,096), each of
/// them tried twice: before its parent exists and after.
pub(crate) const CREATES_MAX: usize = 4096;

/// Bytes of an overlong path that are looked up at a time: half of what the kernel accepts, so that a name of
/// any length ends within them.
pub(crate) const WAY_STEP_BYTES: usize = PATH_BYTES_MAX / 2;

/// Entries and errors in the first batch of a walk, so that the first entry comes soon.
pub const WALK_BATCH_MIN: usize = 128;

/// Entries and errors in one batch, to which batches grow by doubling. Waking a worker and its caller then
/// costs a few hundredths of finding the entries, and a batch stays below 1 MiB unless paths are long.
pub const WALK_BATCH_MAX: usize = 2048;

/// Entries visited in one job, whether the walk yields them or not. A filter that refuses a whole tree must not
/// occupy a worker until its end, nor keep a caller that gave up from stopping it.
pub const WALK_STEPS_MAX: usize = 8 * WALK_BATCH_MAX;

/// Listings that hold a descriptor at once; the rest of older ones is read into memory. Deeper than most trees,
/// and far below the limit of a process.
pub const WALK_OPEN_MAX: usize = 16;

/// Bytes in a name, as in nearly every file system.
pub(crate) const NAME_BYTES_MAX: usize = 255;

/// Entries fetched in one job. Such a batch fills about one `getdents64` buffer (32 KiB), and the hop to the
/// worker costs less than finding its entries.
pub const ENTRIES_BATCH_MAX: usize = 128;

/// The limits of one engine, set through its builder.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum number of worker threads. Workers block in the kernel, so this is the queue depth that devices
    /// see, not a number of cores. Default: 16.
    pub workers_max: usize,
    /// Worker threads that may be started beside stuck ones, while these last. A thread takes about 20 KiB of
    /// memory. Default: 496, so that there are at most 512.
    pub spare_workers_max: usize,
    /// How long a worker without work waits before its thread ends. Default: 10 s.
    pub worker_idle_max: Duration,
    /// Workers that one device's lane may hold at once. Default: three quarters of `workers_max`, at least one,
    /// so that a stuck device leaves workers to the others.
    pub lane_workers_max: usize,
    /// Operations admitted at once, over all files. Default: 4,096. Chunks of write buffers that other
    /// operations wait for, or that remain after the last drop, are not counted: at most two per file, bounded
    /// by its buffer.
    pub ops_max: usize,
    /// Bytes of admitted operations at once. An operation larger than this is admitted alone. Default: 256 MiB.
    pub bytes_max: usize,
    /// Operations admitted at once for one device. Default: 3,072.
    pub lane_ops_max: usize,
    /// Bytes admitted at once for one device. Default: 192 MiB.
    pub lane_bytes_max: usize,
    /// Age at which a running operation is reported as stuck. Default: 30 s.
    pub stuck_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            workers_max: 16,
            spare_workers_max: 496,
            worker_idle_max: Duration::from_secs(10),
            lane_workers_max: 12,
            ops_max: 4_096,
            bytes_max: 256 * 1024 * 1024,
            lane_ops_max: 3_072,
            lane_bytes_max: 192 * 1024 * 1024,
            stuck_after: Duration::from_secs(30),
        }
    }
}

/// Symbolic links that a file to be replaced may be behind: as many as the kernel follows.
pub(crate) const REPLACE_LINKS_MAX: u32 = 40;
