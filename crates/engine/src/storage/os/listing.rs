//! Listing a directory by `getdents64`, without an allocation for each name.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, RawDir, openat};

use super::dir::kind;
use crate::limits::LISTING_BYTES;
use crate::storage::{Foothold, Kind, Links, Lister, Metadata};

/// An open directory, and room for its names.
pub(super) struct Raw {
    directory: OwnedFd,
    names: Vec<u8>,
}

impl Raw {
    pub(super) fn open(from: BorrowedFd<'_>, path: &Path) -> io::Result<Raw> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let directory = openat(from, path, flags, Mode::empty())?;
        Ok(Raw { directory, names: Vec::with_capacity(LISTING_BYTES) })
    }
}

impl Lister for Raw {
    fn more(&mut self, each: &mut dyn FnMut(&OsStr, Option<Kind>, u64)) -> io::Result<bool> {
        let mut listing = RawDir::new(&self.directory, self.names.spare_capacity_mut());
        while let Some(entry) = listing.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                each(OsStr::from_bytes(name), kind(entry.file_type()), entry.ino());
            }
            if listing.is_buffer_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A directory on the way to what is deeper than a path is long, opened by its path alone (`O_PATH`).
#[derive(Debug)]
pub(super) struct Above(OwnedFd);

impl Above {
    pub(super) fn open(from: BorrowedFd<'_>, path: &Path) -> io::Result<Above> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Above(openat(from, path, flags, Mode::empty())?))
    }
}

impl Foothold for Above {
    fn list(&self, rest: &Path) -> io::Result<Box<dyn Lister>> {
        Ok(Box::new(Raw::open(self.0.as_fd(), rest)?))
    }

    fn metadata(&self, rest: &Path, links: Links) -> io::Result<Metadata> {
        let links = if links.follows_last()? { OFlags::empty() } else { OFlags::NOFOLLOW };
        let flags = OFlags::PATH | OFlags::CLOEXEC | links;
        File::from(openat(&self.0, rest, flags, Mode::empty())?).metadata().map(Metadata::from)
    }

    fn foothold(&self, rest: &Path) -> io::Result<Box<dyn Foothold>> {
        Ok(Box::new(Above::open(self.0.as_fd(), rest)?))
    }
}
