//! Every bound of the engine, with its unit and its reason.

use std::time::Duration;

/// Bytes one in-place read may copy; a longer read is a short read. Copying them keeps the executor's thread
/// for 35 to 100 µs. Less would be kinder, but a third of it makes large cursor reads a third slower than std's
/// (docs/decisions/0011).
pub(crate) const IN_PLACE_BYTES_MAX: usize = 768 * 1024;

/// Bytes of an in-place read that cost its task one unit of tokio's cooperative budget: about 5 µs of copying,
/// as much as other things that cost a unit.
pub(crate) const IN_PLACE_BYTES_PER_UNIT: usize = 64 * 1024;

/// Bytes of a caller's own that are copied at a time, on their way to a worker or from one: longer writes go
/// piece by piece, longer reads are short reads. A buffer of this size is kept for reuse.
pub(crate) const PIECE_BYTES: usize = 1024 * 1024;

/// Bytes that the buffers of direct I/O are aligned to: a page, which every device is content with.
pub(crate) const DIRECT_ALIGN_BYTES: usize = 4096;

/// Bytes of the first look for a delimiter: most lines of text are shorter, and copying them costs less than
/// the system call that does it.
pub(crate) const LINE_BYTES_USUAL: usize = 1024;

/// Bytes a read up to a delimiter counts for while it is queued, since its length is not known before. Lines
/// beyond that are rare, and each takes a worker while it is read.
pub(crate) const LINE_BYTES_ADMITTED: usize = 64 * 1024;

/// Bytes of the longest line that is read in one step. Beyond that it is gathered in several, so that a worker
/// that looks for a delimiter where there is none comes back, and its caller can give up.
pub(crate) const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes that a line may have unless told otherwise, without its end. The longest lines of files that people have
/// are of some mebibytes (an index for searching, a table in one line of JSON); a file of zeros has one without end,
/// which must not take all the memory there is. A line takes memory as it is read, whatever it might have
/// (docs/decisions/0041).
pub const LINE_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of the first buffer of a read that goes on until it has all it was asked for; a file may be shorter
/// than what its reader would take.
pub(crate) const WHOLE_BYTES_USUAL: usize = 1024 * 1024;

/// Bytes one call of the storage is asked for by a worker; a longer read is a short read. Some milliseconds of
/// copying, and few enough to make room for on the word of whoever asks.
pub(crate) const READ_ONCE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Bytes of room that are taken from the system without asking whether it has them, since most machines do and
/// the pages are made only as they are read into.
pub(crate) const ROOM_BYTES_TRUSTED: usize = 256 * 1024 * 1024;

/// By how much such a buffer grows when it is full: copied once for every three bytes it gains.
pub(crate) const READ_GROWTH: usize = 4;

/// Bytes of a stream read at a time beyond those that were asked for: what a pipe holds unless told otherwise.
pub(crate) const READ_AHEAD_BYTES: usize = 64 * 1024;

/// Rounds a starting write waits for readers that are inside a non-blocking call before it queues instead.
/// Such a call lasts about a microsecond; a thread that lost its core is not worth waiting for.
pub(crate) const DRAIN_SPIN_ROUNDS: u32 = if cfg!(folio_loom) { 1 } else { 256 };

/// Rounds an idle worker looks for work before it parks. Waking a parked thread costs 10 to 80 µs, about
/// what these rounds last, so a caller that comes back at once finds the worker awake.
pub(crate) const WORKER_SPIN_ROUNDS: u32 = if cfg!(folio_loom) { 1 } else { 1_000 };

/// Rounds after which a spinning worker gives way to another thread of its core, if there is one. The kernel
/// likes to put a woken caller on the core of the worker that woke it, where it would wait for the spinning
/// to end. Giving way to nobody costs half a microsecond.
pub(crate) const WORKER_SPIN_ROUNDS_PER_YIELD: u32 = 16;

/// Idle workers that may spin at a time: one is enough to catch the next job, more only burn cores.
pub(crate) const WORKERS_SPINNING_MAX: usize = 1;

/// PendingOp operations of one file that are looked at for starting. Bounds the cost of a scan, not the queue.
pub(crate) const ORDER_WINDOW_OPS: usize = 256;

/// Rounds a caller looks out for its answer before its task goes to sleep: about 10 µs, what a read in place
/// may take too.
pub(crate) const ANSWER_SPIN_ROUNDS: u32 = 400;

/// Bytes of the largest operation worth looking out for: what a worker copies within those rounds.
pub(crate) const ANSWER_SPIN_BYTES_MAX: usize = 32 * 1024;

/// Answers that may be missed in a row before a file's callers stop looking out for them.
pub(crate) const SPIN_CREDIT_MAX: i32 = 8;

/// Operations that then go by before it is tried again, counted from below zero: a try every 64 operations
/// costs a slow device's callers 0.2 µs each.
pub(crate) const SPIN_CREDIT_MIN: i32 = -64;

/// Operations merged into one system call. The kernel takes 1,024 buffers (`IOV_MAX`); half of that still
/// makes the call's own cost invisible.
pub(crate) const MERGE_OPS_MAX: usize = 512;

/// Bytes merged into one system call, so that one batch does not hold a worker for milliseconds.
pub(crate) const MERGE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Batches of one file a worker runs in a row before it returns to the queue, so that one busy file cannot
/// keep a worker from the others.
pub(crate) const BATCHES_IN_A_ROW_MAX: u32 = 16;

/// Messages in a file actor's mailbox. Operations of handles are admitted before they are posted, past it; this
/// bounds what other actors' messages pile up while they wait for permits: their number, whatever they hold. It
/// also bounds a burst, so that messages without end do not keep the actor from what was posted.
pub(crate) const MAILBOX_MESSAGES_MAX: usize = 256;

/// Actors of one file that an operation is sent to before it goes past their mailboxes. One may be ended as it is
/// sent; that the next one is, too, is somebody's wish, or the end of the runtime they live on.
pub(crate) const ACTORS_TRIED_MAX: usize = 3;

/// Bytes the buffer pool keeps for reuse, over all sizes.
pub(crate) const POOLED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Largest single buffer worth keeping, in bytes.
pub(crate) const POOLED_BUFFER_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of a file up to which its descriptor may be closed in place whatever the close brings about: freeing the
/// blocks of one that has no name left takes up to 150 µs for as many, and sending off what was written to one that
/// had been cut to nothing, up to 120 µs. Ten times as many take milliseconds.
pub(crate) const CLOSE_IN_PLACE_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes that one write by tokio's traits accepts: what a caller may have under way without having been told that
/// it is written, and what is copied in its poll. tokio's own files take as much (docs/decisions/0024).
pub(crate) const POLLED_WRITE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Bytes that one read by tokio's traits has fetched for it where they are not at hand.
pub(crate) const POLLED_READ_BYTES_MAX: usize = IN_PLACE_BYTES_MAX;

/// Looks that one poll takes before it lets other tasks run.
pub(crate) const POLLED_PEEKS_MAX: u32 = 4;

/// How long a permit or a lock is kept for a caller who was in line for it by polls and has not come back. A task
/// that is alive comes within microseconds; one that was given up must not keep the others waiting.
pub(crate) const RESERVATION_MAX: Duration = Duration::from_millis(100);

/// Age up to which bytes that were fetched for a poll are handed out without asking again, since another process
/// may have changed the file. It doubles with each look that came too late, so that a busy task gets its bytes, and
/// halves again when polls come in time.
pub(crate) const PEEK_AGE_MAX: Duration = Duration::from_millis(1);

/// Doublings of that age: a task whose polls come a second late reads what was true when it asked.
pub(crate) const LATENESS_MAX: u32 = 10;

/// Looks in a row after which an operation beside them no longer makes them void: whoever reads a file that
/// others write without a pause would otherwise never get its bytes.
pub(crate) const PEEKS_STALE_MAX: u32 = 3;

/// Times a task gives way for a file's actor and worker to let go of a file whose descriptor is to be handed over: they
/// take some ten microseconds unless they have lost their core.
pub(crate) const HAND_OVER_ROUNDS: usize = 1_000;

/// Pauses of a millisecond that it waits after that, for one that has lost its core; then a second descriptor
/// is handed over and the first closed.
pub(crate) const HAND_OVER_PAUSES: usize = 1_000;

/// Threads that wait at a time for locks held by others than the engine's own openings, one for each such file. Each
/// sleeps in the kernel until the lock is free, even if nobody waits any more; beyond them, attempts are repeated.
pub(crate) const LOCK_THREADS_MAX: usize = 16;

/// Pause after which a waiter whose lock one of the engine's openings is known to hold looks again without being
/// called: only for programs that release it past the engine, by the descriptor's number.
pub(crate) const LOCK_RECHECK_PAUSE: Duration = Duration::from_secs(1);

/// Longest pause between attempts at a lock that no thread can wait for. Each costs a worker some microseconds, and
/// whoever holds a lock for a moment now and then must be caught between two of them.
pub(crate) const LOCK_RETRY_PAUSE_MAX: Duration = Duration::from_millis(5);

/// First pause between attempts at such a lock, and first and longest at a FIFO that has no reader yet.
pub(crate) const RETRY_PAUSE_MIN: Duration = Duration::from_millis(1);
/// See [`RETRY_PAUSE_MIN`].
pub(crate) const RETRY_PAUSE_MAX: Duration = Duration::from_millis(50);

/// How long the front of the line waits for a descriptor before it is told that there is none: far longer than
/// any burst keeps them all, and short enough for a leak to show.
pub(crate) const DESCRIPTOR_WAIT_MAX: Duration = Duration::from_secs(10);

/// How long the end of the process waits for what buffered files have accepted and for what is to be removed: long enough for a slow disk,
/// short enough for who stops a service whose disk hangs.
pub(crate) const EXIT_FLUSH_MAX: Duration = Duration::from_secs(5);

/// Processes of one line of forks that may each have a default engine: a daemon has two, and what lies deeper is a
/// program that forks from child to child. Each costs the statics a few words.
pub(crate) const FORKS_MAX: usize = 16;

/// Pause between the supervisor's sweeps for stuck operations and idle workers.
pub(crate) const SWEEP_PAUSE: Duration = Duration::from_millis(500);

/// Descriptors that the removal of a tree holds at a time, and a copy of one on each side. Deeper than nearly every
/// tree, so that few directories are opened twice, and far below what a process may open.
pub(crate) const TREE_OPEN_MAX: usize = 32;

/// Entries of a tree that one job copies, so that a big tree does not keep a worker from everybody else, nor a caller
/// that gave up from stopping the copy. Copying one takes some 50 µs, the hop to the next job a fifth of that.
pub(crate) const COPY_TREE_ENTRIES_MAX: usize = 128;

/// Bytes of contents after which a job that copies a tree ends, for the same reason: some ten milliseconds.
pub(crate) const COPY_TREE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Names that are tried for the copy of a move beside one that is taken. That a single one is taken takes a name that was
/// foreseen, or 2^64 of them.
pub(crate) const BESIDE_NAMES_MAX: u32 = 8;

/// Bytes in a path, the NUL behind it included, as the kernel has it (`PATH_MAX`).
pub(crate) const PATH_BYTES_MAX: usize = 4096;

/// Bytes of a path between two directories that are held on the way to what is deeper than a path is long, and at
/// most twice as many from the last: one name of any length, and a few microseconds if each name has one byte.
pub(crate) const FOOTHOLD_BYTES: usize = 256;

/// Such directories held at a time. What is above them is looked up once more when one comes back to it, which is far
/// away.
pub(crate) const FOOTHOLDS_MAX: usize = 16;

/// Bytes of paths in one batch of a walk beyond which it is full, however few entries it has: where paths are long,
/// memory counts.
pub(crate) const WALK_BATCH_BYTES_MAX: usize = 1024 * 1024;

/// Bytes that a pipe takes without waiting once it can be written at all (`PIPE_BUF`).
pub(crate) const PIPE_BUF_BYTES: usize = 4096;

/// Bytes that one call fills with names: a thousand names of usual length, as many as most directories have.
pub(crate) const LISTING_BYTES: usize = 32 * 1024;

/// Times a name is looked at again because somebody has exchanged what has it.
pub(crate) const EXCHANGED_LOOKS_MAX: usize = 8;

/// Symbolic links followed for one path, as the kernel has it.
pub(crate) const LOOKUP_LINKS_MAX: usize = 40;

/// Directories looked into for one path. Links that repeat a long way forty times could otherwise keep a worker
/// for minutes; no honest path comes near it.
pub(crate) const LOOKUP_STEPS_MAX: usize = 1 << 16;

/// Calls made again because something was renamed while a `..` was looked up; after them the walker, which no
/// rename disturbs, does it.
pub(crate) const LOOKUP_TRIES_MAX: usize = 32;

/// Buffers one system call takes (`IOV_MAX`).
pub(crate) const VECTORED_BUFFERS_MAX: usize = 1_024;

/// Most bytes that the kernel returns as the value or as the list of names (`XATTR_SIZE_MAX`, `XATTR_LIST_MAX`),
/// so that one call is enough.
pub(crate) const XATTR_BYTES_MAX: usize = 64 * 1024;

/// Bytes carried through memory at a time where the kernel does not copy by itself. As `io::copy` would use,
/// times eight: each step is two system calls.
pub(crate) const CARRIED_BYTES_MAX: usize = 64 * 1024;

/// Bytes asked of one `copy_file_range`. Below the kernel's own limit on every architecture.
pub(crate) const COPIED_BYTES_MAX: u64 = 1 << 30;

/// Devices remembered at a time. Machines mount a few dozen; past the limit everything is asked again.
pub(crate) const DEVICES_MAX: usize = 256;

/// Bytes of a block in `st_blocks`, whatever the file system's own are.
pub(crate) const STAT_BLOCK_BYTES: u64 = 512;

/// Entries held for a walk that it has not come to: a few batches of it.
pub(crate) const ENTRIES_AHEAD_MAX: usize = 8 * 1024;

/// Entries of one directory that are listed ahead; the walk reads on where that stopped.
pub(crate) const ENTRIES_AHEAD_OF_ONE_MAX: usize = 4 * 1024;

/// Directories planned at a time. What does not fit is listed when the walk comes to it.
pub(crate) const LISTINGS_PLANNED_MAX: usize = 1024;

/// Room made for a file that does not tell its length, in bytes: most files of `/proc` fit.
pub(crate) const FIRST_ROOM_BYTES: u64 = 8 * 1024;

/// Most room made on the word of the length alone, in bytes: the length of a sparse file may be any number.
pub(crate) const FIRST_ROOM_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Names fetched in one job. A batch is then worth its hop to a worker, and fills about one `getdents64` buffer.
pub const NAMES_BATCH_MAX: usize = 512;

/// Directories tried to make for one path, which has at most half as many parts as bytes (4,096) and each of
/// whose parts is tried twice: before its parent is there and after.
pub(crate) const CREATES_MAX: usize = 4096;

/// Bytes that are looked up at a time of a way that is too long for the kernel: half of what it takes, so that a name of
/// any length ends within them.
pub(crate) const WAY_STEP_BYTES: usize = PATH_BYTES_MAX / 2;

/// Entries and errors found in the first job of a walk, so that the first entry comes soon.
pub const WALK_BATCH_MIN: usize = 128;

/// Entries and errors found in one job, to which batches grow by doubling. Waking a worker and its caller
/// then costs a few hundredths of what finding the entries costs, and a batch stays below 1 MiB unless paths
/// are long.
pub const WALK_BATCH_MAX: usize = 2048;

/// Entries looked at in one job, told of or not. A filter that refuses a whole tree must not keep a worker
/// until the end of it, nor keep a caller that gave up from stopping it.
pub const WALK_STEPS_MAX: usize = 8 * WALK_BATCH_MAX;

/// Listings that hold a descriptor at a time; what is left of older ones is read into memory. Deeper than
/// most trees, and far below what a process may open.
pub const WALK_OPEN_MAX: usize = 16;

/// Bytes in a name, as nearly every file system has it.
pub(crate) const NAME_BYTES_MAX: usize = 255;

/// Entries fetched in one job. A batch then fills about one `getdents64` buffer (32 KiB), and the hop to the
/// worker is spread over enough entries to cost less than the entries do.
pub const ENTRIES_BATCH_MAX: usize = 128;

/// The limits of one engine, set through its builder.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Worker threads at the most. Workers block in the kernel, so this is the depth of queue that devices
    /// see, not a number of cores. Default: 16.
    pub workers_max: usize,
    /// How long a worker stays without work before its thread ends. Default: 10 s.
    pub worker_idle_max: Duration,
    /// Workers that one device's lane may hold at a time. Default: three quarters of `workers_max`, at least
    /// one, so that a stuck device leaves workers to the others.
    pub lane_workers_max: usize,
    /// Operations admitted at a time, over all files. Default: 4,096. What buffered files write out for other
    /// operations, or after the last drop, comes on top: at most two portions a file, bounded by its buffer.
    pub ops_max: usize,
    /// Bytes of admitted operations at a time. An operation larger than this is admitted alone.
    /// Default: 256 MiB.
    pub bytes_max: usize,
    /// Operations admitted at a time for one device. Default: 3,072.
    pub lane_ops_max: usize,
    /// Bytes admitted at a time for one device. Default: 192 MiB.
    pub lane_bytes_max: usize,
    /// Age at which a running operation is reported as stuck. Default: 30 s.
    pub stuck_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            workers_max: 16,
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
