//! The Linux error numbers that plans and the simulated disk use.

/// Operation not permitted.
pub const EPERM: i32 = 1;
/// No such file or directory.
pub const ENOENT: i32 = 2;
/// Interrupted by a signal.
pub const EINTR: i32 = 4;
/// The device failed.
pub const EIO: i32 = 5;
/// Not open, or not open for this.
pub const EBADF: i32 = 9;
/// Would block.
pub const EAGAIN: i32 = 11;
/// Permission denied.
pub const EACCES: i32 = 13;
/// In use.
pub const EBUSY: i32 = 16;
/// Exists already.
pub const EEXIST: i32 = 17;
/// On another device.
pub const EXDEV: i32 = 18;
/// Not a directory.
pub const ENOTDIR: i32 = 20;
/// A directory.
pub const EISDIR: i32 = 21;
/// Invalid argument.
pub const EINVAL: i32 = 22;
/// Too many open files in this process.
pub const EMFILE: i32 = 24;
/// File too large.
pub const EFBIG: i32 = 27;
/// No space left on the device.
pub const ENOSPC: i32 = 28;
/// Read-only file system.
pub const EROFS: i32 = 30;
/// A name is too long.
pub const ENAMETOOLONG: i32 = 36;
/// Not implemented by this kernel.
pub const ENOSYS: i32 = 38;
/// The directory is not empty.
pub const ENOTEMPTY: i32 = 39;
/// A symbolic link where none may be, or too many.
pub const ELOOP: i32 = 40;
/// No extended attribute of that name.
pub const ENODATA: i32 = 61;
/// Not supported by this file.
pub const EOPNOTSUPP: i32 = 95;
/// The network file is gone.
pub const ESTALE: i32 = 116;
/// The quota is used up.
pub const EDQUOT: i32 = 122;
