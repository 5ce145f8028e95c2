//! Every bound of this crate, with its unit and its reason.

/// Bytes that a get reads before it answers. More are read piece by piece, as they are asked for.
pub(crate) const GET_AT_ONCE_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes that a get or a set of ranges reads within the caller's poll, if they are cached: with memory that is used again, that takes
/// the executor's thread for some 100 µs, as many as 768 KiB of a file do with fresh memory.
pub(crate) const IN_PLACE_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes of a range up to which it may be read together with others that are asked for at once. For a longer one, opening the
/// file is a small part of the work.
pub(crate) const GATHERED_BYTES_MAX: u64 = 64 * 1024;

/// Gets that are carried out by one of them: what one poll may do.
pub(crate) const GATHERED_MAX: usize = 128;

/// Bytes of a read from which on its memory is kept for the next one.
pub(crate) const POOLED_FROM_BYTES: usize = 128 * 1024;

/// Bytes that a store keeps for that. A scan has some ten pieces of 1 MiB in its hands at a time.
pub(crate) const POOLED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Bytes of one piece of a long object.
pub(crate) const PIECE_BYTES_MAX: u64 = 1024 * 1024;

/// Bytes between two ranges up to which both are read at once: copying as many takes about as long as another call.
pub(crate) const GAP_BYTES_MAX: u64 = 4 * 1024;

/// Entries of a listing for which a worker is kept: what other requests may have to wait for.
pub(crate) const LISTED_MAX: usize = 1024;

/// Deletions under way at a time for one stream of locations, as many as `LocalFileSystem` has.
pub(crate) const DELETIONS_MAX: usize = 10;
