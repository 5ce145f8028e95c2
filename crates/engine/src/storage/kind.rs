//! The kinds of directory entries.

use std::os::unix::fs::FileTypeExt;

/// The kind of a directory entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A FIFO.
    Fifo,
    /// A socket.
    Socket,
    /// A block device.
    BlockDevice,
    /// A character device.
    CharDevice,
}

impl Kind {
    /// Converts std's type; `None` for a type that is unknown.
    pub fn of(file_type: std::fs::FileType) -> Option<Kind> {
        let kinds = [
            (file_type.is_file(), Kind::File),
            (file_type.is_dir(), Kind::Dir),
            (file_type.is_symlink(), Kind::Symlink),
            (file_type.is_fifo(), Kind::Fifo),
            (file_type.is_socket(), Kind::Socket),
            (file_type.is_block_device(), Kind::BlockDevice),
            (file_type.is_char_device(), Kind::CharDevice),
        ];
        kinds.into_iter().find_map(|(is, kind)| is.then_some(kind))
    }

    /// Its bits in a mode.
    pub(super) fn mode_bits(self) -> u32 {
        match self {
            Kind::File => 0o100_000,
            Kind::Dir => 0o040_000,
            Kind::Symlink => 0o120_000,
            Kind::Fifo => 0o010_000,
            Kind::Socket => 0o140_000,
            Kind::BlockDevice => 0o060_000,
            Kind::CharDevice => 0o020_000,
        }
    }
}
