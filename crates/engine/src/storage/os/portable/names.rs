//! Names. Only Linux can create a file without one.

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Dir, FileType, Mode, OFlags, openat};
use rustix::io::{Errno, fcntl_dupfd_cloexec};

use crate::limits::LISTING_NAMES_MAX;
use crate::storage::names::{NO_EXCHANGE, unpredictable};
use crate::storage::os::naming::Name;

pub(in crate::storage::os) fn again(_: &File) -> Option<PathBuf> {
    None
}

pub(in crate::storage::os) fn unnamed(_: &Path, _: u32) -> Option<io::Result<File>> {
    None
}

pub(in crate::storage::os) fn link_unnamed(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Creates an empty file that no other process opens.
pub(in crate::storage::os) fn scratch() -> io::Result<File> {
    let name = format!(".folio-times-{}", unpredictable());
    let path = std::env::temp_dir().join(name);
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

#[cfg(target_vendor = "apple")]
pub(in crate::storage::os) fn rename_noclobber(from: Name<'_>, to: Name<'_>) -> io::Result<()> {
    use rustix::fs::{RenameFlags, renameat_with};
    match renameat_with(from.0, from.1, to.0, to.1, RenameFlags::NOREPLACE) {
        Err(Errno::OPNOTSUPP | Errno::NOTSUP | Errno::INVAL) => {
            crate::storage::os::naming::by_two_names(from, to)
        }
        result => Ok(result?),
    }
}
#[cfg(not(target_vendor = "apple"))]
pub(in crate::storage::os) use crate::storage::os::naming::by_two_names as rename_noclobber;

#[cfg(target_vendor = "apple")]
pub(in crate::storage::os) fn exchange(from: Name<'_>, to: Name<'_>) -> io::Result<()> {
    use rustix::fs::{RenameFlags, renameat_with};
    match renameat_with(from.0, from.1, to.0, to.1, RenameFlags::EXCHANGE) {
        Err(Errno::OPNOTSUPP | Errno::NOTSUP) => Err(io::Error::new(io::ErrorKind::Unsupported, NO_EXCHANGE)),
        result => Ok(result?),
    }
}
#[cfg(not(target_vendor = "apple"))]
pub(in crate::storage::os) fn exchange(_: Name<'_>, _: Name<'_>) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, NO_EXCHANGE))
}

/// Apple's systems have a call for whole paths only, which would lead elsewhere if the directory is moved meanwhile.
#[cfg(target_vendor = "apple")]
pub(in crate::storage::os) fn make_fifo<P: rustix::path::Arg>(
    dir: BorrowedFd<'_>,
    name: P,
    mode: Mode,
) -> Result<(), Errno> {
    use std::os::fd::AsRawFd;
    if dir.as_raw_fd() != rustix::fs::CWD.as_raw_fd() {
        return Err(Errno::NOTSUP);
    }
    let mode = nix::sys::stat::Mode::from_bits_truncate(mode.bits());
    let made = name.into_with_c_str(|path| {
        nix::unistd::mkfifo(path, mode).map_err(|error| Errno::from_raw_os_error(error as i32))
    });
    made
}
#[cfg(not(target_vendor = "apple"))]
pub(in crate::storage::os) fn make_fifo<P: rustix::path::Arg>(
    dir: BorrowedFd<'_>,
    name: P,
    mode: Mode,
) -> Result<(), Errno> {
    rustix::fs::mkfifoat(dir, name, mode)
}

/// A directory that is read bit by bit.
pub(in crate::storage::os) struct Reader(Dir);

impl Reader {
    pub(in crate::storage::os) fn open(from: BorrowedFd<'_>, path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(Reader(Dir::new(openat(from, path, flags, Mode::empty())?)?))
    }

    /// Reads on, and returns whether there may be more.
    pub(in crate::storage::os) fn more(
        &mut self,
        each: impl FnMut(&CStr, FileType, u64),
    ) -> Result<bool, Errno> {
        fill(&mut self.0, LISTING_NAMES_MAX, each)
    }
}

/// Reads the names of an open directory, all at once: common calls keep what was read ahead to themselves.
pub(in crate::storage::os) fn read_on(
    dir: BorrowedFd<'_>,
    each: impl FnMut(&CStr, FileType, u64),
) -> Result<bool, Errno> {
    // A second opening would take the right to search it.
    fill(&mut Dir::new(fcntl_dupfd_cloexec(dir, 0)?)?, usize::MAX, each)
}

fn fill(
    listing: &mut Dir,
    names_max: usize,
    mut each: impl FnMut(&CStr, FileType, u64),
) -> Result<bool, Errno> {
    for _ in 0..names_max {
        let Some(entry) = listing.read() else { return Ok(false) };
        let entry = entry?;
        let name = entry.file_name();
        if name != c"." && name != c".." {
            each(name, entry.file_type(), entry.ino());
        }
    }
    Ok(true)
}
