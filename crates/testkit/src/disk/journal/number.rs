//! Numbers that the journal orders and names things by.

/// Orders all changes of a disk.
pub(in crate::disk) type Serial = u64;

/// Number of an inode.
pub(in crate::disk) type Ino = u64;

/// Number of the root directory.
pub(in crate::disk) const ROOT: Ino = 1;
