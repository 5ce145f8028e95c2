//! Every bound of the handles, with its unit and its reason. The bounds of an engine are in the engine's crate.

/// Bytes per read when the length of the input is not known.
pub(crate) const CHUNK_BYTES: usize = 64 * 1024;

/// Bytes of the first read of a whole file that was shorter when it was opened: a page, which is copied whole anyway.
pub(crate) const SHORT_BYTES: usize = 4096;

/// Bytes read for several buffers at a time.
pub(crate) const SCATTERED_BYTES_MAX: usize = 1024 * 1024;

/// Attempts to read a file without a change meanwhile; after so many, the last result is used.
pub(crate) const STALE_LOOKS_MAX: u32 = 3;

/// Bytes that a file buffers unless set otherwise: 64 writes of a page, few enough to be written
/// in well under a millisecond.
pub(crate) const FILE_BUFFER_BYTES: usize = 256 * 1024;

pub(crate) const MODE_LETTERS_MAX: usize = 4;

/// Bytes that one read or write by tokio's traits takes unless another limit is set: tokio's own.
pub(crate) const COMPAT_BUFFER_BYTES: usize = 2 * 1024 * 1024;

/// Bytes copied from a file to a stream at a time: the capacity of an empty pipe.
pub(crate) const CARRIED_BYTES_MAX: u64 = 64 * 1024;

/// Patterns without choices that one pattern with choices may expand to. Nested choices multiply, and each
/// expansion is tried on each name.
pub(crate) const GLOB_CHOICES_MAX: usize = 1024;

/// Bytes of a way that is looked up from the root, as most are: half of what the kernel takes.
pub(crate) const WAY_BYTES: usize = 2048;

/// Bytes read at a time: enough for the system call to cost nothing beside its bytes, and little enough for
/// them to be in the processor's cache still when they are decoded and cut into lines.
pub(crate) const TEXT_READ_BYTES: usize = 128 * 1024;

/// Bytes that a line counts for beside its own: what it costs to find its end and to allocate it, about 15 ns.
pub(crate) const LINE_OVERHEAD_BYTES: usize = 32;

/// Bytes of lines that cost their task one unit of tokio's budget: about 1.5 µs, as for any other unit
/// (docs/decisions/0055).
pub(crate) const LINE_BYTES_PER_UNIT: usize = 2 * 1024;

/// Bytes that cost one unit when they are decoded and stay what they are.
pub(crate) const ALIKE_BYTES_PER_UNIT: usize = 16 * 1024;

/// Bytes that cost one unit when they are converted, to text or back: a quarter to two nanoseconds a byte.
pub(crate) const CONVERTED_BYTES_PER_UNIT: usize = 2 * 1024;

/// Entries of a listing that was fetched before which cost one unit.
pub(crate) const ENTRIES_PER_UNIT: usize = 8;

/// Bytes of the first read after a seek, doubled with each read up to `TEXT_READ_BYTES`: a caller that seeks
/// often, or writes between the lines, mostly wants one line, and decoding more would be wasted.
pub(crate) const TEXT_READ_BYTES_MOVED: usize = 2 * 1024;

/// Bytes of text that are gathered from many short lines before they are written.
pub(crate) const GATHERED_BYTES: usize = 64 * 1024;

/// Bytes that a character takes at most, as UTF-8.
pub(crate) const CHAR_BYTES_MAX: usize = 4;

/// Bytes at the start of a file that show its byte order.
pub(crate) const MARK_BYTES: usize = 4;

/// Characters of one wrong sequence that a place may be behind: 31 bytes of it, each shown by four, and no escape
/// sequence is as long.
pub(crate) const TEXT_SKIP_CHARS_MAX: u8 = 127;

/// Bytes that a peek, and a read without a length, ask for: the size of CPython's buffers on most disks, up to
/// its version 3.13.
pub(crate) const PYTHON_BUFFER_BYTES: usize = 8 * 1024;

/// Bytes of lines that are written in one step.
pub(crate) const JOINED_BYTES: usize = 1024 * 1024;

/// Bytes kept in memory unless set otherwise: most uploads and intermediate results never reach the disk,
/// and a thousand of them at a time stay within a gigabyte.
pub(crate) const SPOOL_BYTES: u64 = 1024 * 1024;

/// Bytes of zeros that a hole in memory may take: a seek can go to any position.
pub(crate) const HOLE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes per read that searches for the end of a line on disk: most lines take one read.
pub(crate) const SPOOL_LOOK_BYTES: usize = 8 * 1024;

/// Bytes per read of the standard input: the capacity of a pipe.
pub(crate) const STDIN_READ_BYTES: usize = 64 * 1024;
