//! Listing a directory without an allocation for each name.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags, openat};

use super::platform::PATH;
use super::platform::found;
use super::platform::names::Reader;
use super::stat::kind;
use crate::storage::{DeepDir, Kind, Links, Lister, Metadata};

/// An open directory with a buffer for its names.
pub(super) struct Raw(Reader);

impl Raw {
    pub(super) fn open(from: BorrowedFd<'_>, path: &Path) -> io::Result<Raw> {
        Ok(Raw(Reader::open(from, path)?))
    }
}

impl Lister for Raw {
    fn more(&mut self, each: &mut dyn FnMut(&OsStr, Option<Kind>, u64)) -> io::Result<bool> {
        let more = self.0.more(|name, file_type, ino| {
            each(OsStr::from_bytes(name.to_bytes()), kind(file_type), ino);
        });
        Ok(more?)
    }
}

/// A directory where the look-up of the rest of a long path starts.
#[derive(Debug)]
pub(super) struct Above(OwnedFd);

impl Above {
    pub(super) fn open(from: BorrowedFd<'_>, path: &Path) -> io::Result<Above> {
        let flags = PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Above(openat(from, path, flags, Mode::empty())?))
    }
}

impl DeepDir for Above {
    fn list(&self, rest: &Path) -> io::Result<Box<dyn Lister>> {
        Ok(Box::new(Raw::open(self.0.as_fd(), rest)?))
    }

    fn metadata(&self, rest: &Path, links: Links) -> io::Result<Metadata> {
        found::metadata(self.0.as_fd(), rest, links.follows_last()?)
    }

    fn deep_dir(&self, rest: &Path) -> io::Result<Box<dyn DeepDir>> {
        Ok(Box::new(Above::open(self.0.as_fd(), rest)?))
    }
}
