//! Where the kernel may answer for the disk.

/// What the kernel may keep of the files of a [`FuseMount`](crate::FuseMount).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FuseCache {
    /// Pages to read from; each write goes to the disk before it returns.
    #[default]
    Through,
    /// Pages to read from and to write to: the disk gets them later, and its failures show at a sync or a close.
    Back,
    /// Pages to read from, and names and attributes for an hour: a look at what it knows needs no answer of the disk, an open does. The disk may
    /// only be changed through the mount.
    Names,
    /// Nothing: each read and write is one call of the disk's, and comes short when that does.
    None,
}
