//! The error numbers that the engine itself returns or checks. Some differ by system.

use std::io;

use rustix::io::Errno;

/// `EINVAL`: the request makes no sense for this file.
pub(crate) const INVALID: i32 = Errno::INVAL.raw_os_error();

/// `EBADF`: the file is not open for this.
pub(crate) const NOT_OPEN_FOR: i32 = Errno::BADF.raw_os_error();

/// `EISDIR`: it is a directory.
pub(crate) const IS_A_DIRECTORY: i32 = Errno::ISDIR.raw_os_error();

/// `ETXTBSY`: the file is being executed, or swapped to.
pub(crate) const TEXT_BUSY: i32 = Errno::TXTBSY.raw_os_error();

/// `EFBIG`: longer than the file system, the process or the format allows.
pub(crate) const FILE_TOO_BIG: i32 = Errno::FBIG.raw_os_error();

/// `ESPIPE`: a stream has no position.
pub(crate) const NO_POSITION: i32 = Errno::SPIPE.raw_os_error();

/// `ENXIO`: a FIFO without a reader was opened for writing; or a socket, or a device that is not there.
pub(crate) const NO_READER: i32 = Errno::NXIO.raw_os_error();

/// `EPERM`: the operation is not permitted on this file, for any user.
pub(crate) const NOT_PERMITTED: i32 = Errno::PERM.raw_os_error();

/// `ELOOP`: symbolic links lead in a circle.
pub(crate) const LINKS_IN_A_CIRCLE: i32 = Errno::LOOP.raw_os_error();

/// `ENAMETOOLONG`: a path is longer than can be looked up.
pub(crate) const NAME_TOO_LONG: i32 = Errno::NAMETOOLONG.raw_os_error();

/// `ENOENT`: nothing has the name.
pub(crate) const MISSING: i32 = Errno::NOENT.raw_os_error();

/// `EEXIST`: the name is taken.
pub(crate) const NAME_TAKEN: i32 = Errno::EXIST.raw_os_error();

/// `EOPNOTSUPP`: the file system has no such thing.
pub(crate) const NOT_SUPPORTED: i32 = Errno::OPNOTSUPP.raw_os_error();

/// `EMFILE`: the process has reached its limit of descriptors.
pub(crate) const PROCESS_TABLE_FULL: i32 = Errno::MFILE.raw_os_error();

/// `ENFILE`: the system has reached its limit of open files.
pub(crate) const SYSTEM_TABLE_FULL: i32 = Errno::NFILE.raw_os_error();

/// Whether this error means that readiness of the file cannot be watched: epoll returns `EPERM`, kqueue one of the others.
pub(crate) fn cannot_be_waited_for(error: &io::Error) -> bool {
    [Errno::PERM, Errno::INVAL, Errno::NODEV].contains(&Errno::from_io_error(error).unwrap_or(Errno::IO))
}

/// The error with this number.
pub(crate) fn error(errno: i32) -> io::Error {
    io::Error::from_raw_os_error(errno)
}

/// The error for an offset or a length that direct I/O cannot use. It says more than `EINVAL`.
pub(crate) fn misaligned(align: usize) -> io::Error {
    let why = format!(
        "the file is open for direct I/O, whose offsets and lengths have to be multiples of {align} bytes"
    );
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
