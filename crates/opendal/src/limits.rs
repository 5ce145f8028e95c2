//! Every bound of this crate, with its unit and its reason.

/// Bytes of one part of an upload, unless set. S3 takes 10,000 parts, so that files of 80 GB are possible.
pub(crate) const PART_BYTES: usize = 8 * 1024 * 1024;

/// Parts of one upload that are sent at the same time, unless set: a connection to an object store carries about 100 MB/s.
pub(crate) const PARTS_AT_ONCE: usize = 4;

/// Bytes that are read ahead at a time, unless set: at 100 MB/s they take longer than a request does to begin.
pub(crate) const READ_AHEAD_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Bytes that are read ahead first. They double as long as reads go on one after another.
pub(crate) const READ_AHEAD_BYTES_MIN: u64 = 256 * 1024;

/// Bytes that all files of one storage together have read ahead and not given out: a thousand files that are read from start
/// to end would take 16 GB otherwise. Files beyond that read what they are asked for.
pub(crate) const READ_AHEAD_TOTAL_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Bytes of a file that a store takes only as a whole, unless set: they wait in memory until the file is closed.
pub(crate) const WHOLE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes between two ranges up to which both are one request: at 100 MB/s they take a third of a millisecond, and a request
/// takes tens.
pub(crate) const GAP_BYTES_MAX: u64 = 32 * 1024;

/// Bytes of a range up to which it waits for others that are asked for in the same turn: the request of a longer one is a
/// small part of its time.
pub(crate) const GATHERED_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes of one request for several ranges.
pub(crate) const REQUEST_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Bytes of a piece up to which it is copied behind the one before: an own allocation for each takes more memory than a
/// copy takes time.
pub(crate) const COPIED_BYTES_MAX: usize = 16 * 1024;

/// Bytes of an allocation for copied pieces.
pub(crate) const COPIES_BYTES: usize = 64 * 1024;

/// Bytes that are given out without a copy although more were asked for, if what follows them is elsewhere in memory.
pub(crate) const UNCOPIED_BYTES_MIN: usize = 64 * 1024;

/// Entries of a listing that are given out at a time: a page of most stores.
pub(crate) const LISTED_MAX: usize = 1000;

/// Orders that wait for an upload. The callers behind them wait themselves, with their bytes.
pub(crate) const ORDERS_MAX: usize = 1;
