//! The error numbers that the engine itself gives or looks for, as Linux has them.

use std::io;

/// `EINVAL`: the request makes no sense for this file.
pub(crate) const INVALID: i32 = 22;

/// `EBADF`: the file is not open for this.
pub(crate) const NOT_OPEN_FOR: i32 = 9;

/// `EISDIR`: it is a directory.
pub(crate) const IS_A_DIRECTORY: i32 = 21;

/// `ETXTBSY`: the file is being executed, or swapped to.
pub(crate) const TEXT_BUSY: i32 = 26;

/// `EFBIG`: longer than the file system, the process or the format allows.
pub(crate) const FILE_TOO_BIG: i32 = 27;

/// `ESPIPE`: a stream has no position.
pub(crate) const NO_POSITION: i32 = 29;

/// `ENXIO`: a FIFO that nobody reads was opened for writing.
pub(crate) const NO_READER: i32 = 6;

/// `EPERM`, which epoll answers for what cannot be waited for.
pub(crate) const NOT_PERMITTED: i32 = 1;

/// `ELOOP`: symbolic links lead in a circle.
pub(crate) const LINKS_IN_A_CIRCLE: i32 = 40;

/// `ENAMETOOLONG`: a path is longer than can be looked up.
pub(crate) const NAME_TOO_LONG: i32 = 36;

/// `EMFILE`: the process has as many descriptors as it may have.
pub(crate) const PROCESS_TABLE_FULL: i32 = 24;

/// `ENFILE`: the system has as many as it can have.
pub(crate) const SYSTEM_TABLE_FULL: i32 = 23;

/// The error with this number.
pub(crate) fn error(errno: i32) -> io::Error {
    io::Error::from_raw_os_error(errno)
}

/// The refusal of an offset or a length that direct I/O cannot do: `EINVAL` says too little of that.
pub(crate) fn misaligned(align: usize) -> io::Error {
    let why = format!(
        "the file is open for direct I/O, whose offsets and lengths have to be multiples of {align} bytes"
    );
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
