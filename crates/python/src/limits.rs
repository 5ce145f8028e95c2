//! The bounds of the package, each with its unit and its reason.

use std::time::Duration;

/// Time for which the end of the interpreter waits for functions of Python that still run on workers: as long as the
/// engine waits at the end of the process for what it has to write.
pub(crate) const FINISH_MAX: Duration = Duration::from_secs(5);

/// Bytes that CPython decodes at a time, and that its exceptions therefore show.
pub(crate) const CHUNK_BYTES: u64 = 8192;

/// Bytes of a read for which Python's memory is made ready before it is known how many there are.
pub(crate) const READ_NOW_MAX: usize = 16 * 1024;

/// Bytes or characters of an answer that may be kept in memory until the next one: twice what programs usually read at a
/// time.
pub(crate) const SPARE_VALUE_MAX: usize = 16 * 1024;

/// Bytes taken at once from the socket that wakes a loop. There is hardly ever more than one.
pub(crate) const RINGS_BYTES: usize = 16;

/// What answers in place may cost together before the event loop gets a turn: a few hundred microseconds.
pub(crate) const TURN_BUDGET: u32 = 1024;

/// What a line that has been read ahead costs of it.
pub(crate) const LINE_COST: u32 = 1;

/// What any other answer costs of it: about as much as that many lines.
pub(crate) const CALL_COST: u32 = 8;
