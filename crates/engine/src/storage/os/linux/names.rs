//! Calls on names, and files without a name.

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, MemfdFlags, Mode, OFlags, RawDir, RenameFlags, linkat, memfd_create, mkfifoat,
    openat, renameat_with,
};
use rustix::io::Errno;

use super::in_proc;
use crate::limits::LISTING_BYTES;
use crate::storage::names::NO_EXCHANGE;
use crate::storage::os::naming::{Name, by_two_names};

/// The errors of `O_TMPFILE` where kernel or file system do not support it.
const NOT_UNNAMED: [Errno; 3] = [Errno::OPNOTSUPP, Errno::ISDIR, Errno::NOENT];

/// Returns a path that opens the file of a descriptor once more, even if it was renamed; `None` if there is none.
pub(in crate::storage::os) fn again(file: &File) -> Option<PathBuf> {
    Some(in_proc(file))
}

/// Creates a file without a name; `None` where that cannot be done (kernel before 3.11, NFS and others).
pub(in crate::storage::os) fn unnamed(dir: &Path, mode: u32) -> Option<io::Result<File>> {
    // Without `O_EXCL`, so that `linkat` can give it a name.
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(mode).custom_flags(OFlags::TMPFILE.bits() as i32);
    match options.open(dir) {
        Err(error) if Errno::from_io_error(&error).is_some_and(|errno| NOT_UNNAMED.contains(&errno)) => None,
        result => Some(result),
    }
}

/// Gives an open file a name. Before Linux 6.10 only the superuser may link by descriptor, but every user through `/proc`.
pub(in crate::storage::os) fn link_unnamed(file: &File, link: &Path) -> io::Result<()> {
    match linkat(file, "", CWD, link, AtFlags::EMPTY_PATH) {
        Err(Errno::NOENT) => Ok(linkat(CWD, in_proc(file), CWD, link, AtFlags::SYMLINK_FOLLOW)?),
        result => Ok(result?),
    }
}

/// Creates an empty file that no other process opens.
pub(in crate::storage::os) fn scratch() -> io::Result<File> {
    Ok(File::from(memfd_create("folio-times", MemfdFlags::CLOEXEC)?))
}

/// Renames atomically where kernel and file system support `RENAME_NOREPLACE`, else by adding a second name and removing
/// the first.
pub(in crate::storage::os) fn rename_noclobber(from: Name<'_>, to: Name<'_>) -> io::Result<()> {
    match renameat_with(from.0, from.1, to.0, to.1, RenameFlags::NOREPLACE) {
        Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => by_two_names(from, to),
        result => Ok(result?),
    }
}

/// Exchanges two names in one step where kernel and file system can (`RENAME_EXCHANGE`).
pub(in crate::storage::os) fn exchange(from: Name<'_>, to: Name<'_>) -> io::Result<()> {
    match renameat_with(from.0, from.1, to.0, to.1, RenameFlags::EXCHANGE) {
        Err(error @ Errno::INVAL) if is_one_inside_the_other(from, to) => Err(error.into()),
        Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => {
            Err(io::Error::new(io::ErrorKind::Unsupported, NO_EXCHANGE))
        }
        result => Ok(result?),
    }
}

/// What a file system that can exchange names says `EINVAL` of.
fn is_one_inside_the_other((_, from): Name<'_>, (_, to): Name<'_>) -> bool {
    from.starts_with(to) || to.starts_with(from)
}

pub(in crate::storage::os) fn make_fifo<P: rustix::path::Arg>(
    dir: BorrowedFd<'_>,
    name: P,
    mode: Mode,
) -> Result<(), Errno> {
    mkfifoat(dir, name, mode)
}

/// An open directory with a buffer for its names.
pub(in crate::storage::os) struct Reader {
    directory: OwnedFd,
    room: Vec<u8>,
}

impl Reader {
    pub(in crate::storage::os) fn open(from: BorrowedFd<'_>, path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let directory = openat(from, path, flags, Mode::empty())?;
        Ok(Reader { directory, room: Vec::with_capacity(LISTING_BYTES) })
    }

    /// Reads the next names, and returns whether more may come.
    pub(in crate::storage::os) fn more(
        &mut self,
        each: impl FnMut(&CStr, FileType, u64),
    ) -> Result<bool, Errno> {
        fill(RawDir::new(&self.directory, self.room.spare_capacity_mut()), each)
    }
}

/// Reads names from the position of an open directory, and returns whether more may come.
pub(in crate::storage::os) fn read_on(
    dir: BorrowedFd<'_>,
    each: impl FnMut(&CStr, FileType, u64),
) -> Result<bool, Errno> {
    let mut room = Vec::with_capacity(LISTING_BYTES);
    fill(RawDir::new(dir, room.spare_capacity_mut()), each)
}

fn fill(
    mut listing: RawDir<'_, impl std::os::fd::AsFd>,
    mut each: impl FnMut(&CStr, FileType, u64),
) -> Result<bool, Errno> {
    while let Some(entry) = listing.next() {
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            each(name, entry.file_type(), entry.ino());
        }
        if listing.is_buffer_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
