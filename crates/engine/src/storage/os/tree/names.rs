//! The names in a directory, read in batches, and completely before its descriptor is closed.

use std::collections::VecDeque;
use std::ffi::CString;
use std::os::fd::BorrowedFd;

use rustix::fs::FileType;
use rustix::io::Errno;

use super::way::{Inside, Way};
use crate::storage::os::platform::names::read_on;

/// One name.
pub(in crate::storage::os) struct Named {
    pub(in crate::storage::os) name: CString,
    /// The kind in the directory; the entry may have been replaced since.
    pub(in crate::storage::os) kind: FileType,
}

/// The names of a directory that have not been returned yet.
pub(in crate::storage::os) struct Names {
    read: VecDeque<Named>,
    end: End,
}

/// What follows the names that have been read.
enum End {
    /// Perhaps more names.
    Unknown,
    Reached,
    /// An error that ended the reading early; returned once.
    Failed(Errno),
}

impl Names {
    /// The names of a directory that has just been opened.
    pub(in crate::storage::os) fn new() -> Names {
        Names { read: VecDeque::new(), end: End::Unknown }
    }

    /// The next name in `dir`, without `.` and `..`.
    pub(in crate::storage::os) fn next(&mut self, dir: BorrowedFd<'_>) -> Option<Result<Named, Errno>> {
        while self.read.is_empty() {
            match std::mem::replace(&mut self.end, End::Reached) {
                End::Unknown => self.read_on(dir),
                End::Reached => return None,
                End::Failed(error) => return Some(Err(error)),
            }
        }
        self.read.pop_front().map(Ok)
    }

    fn read_on(&mut self, dir: BorrowedFd<'_>) {
        let more = read_on(dir, |name, kind, _| self.read.push_back(Named { name: name.to_owned(), kind }));
        self.end = match more {
            Ok(true) => End::Unknown,
            // A directory that was removed meanwhile has no more names.
            Ok(false) | Err(Errno::NOENT) => End::Reached,
            Err(error) => End::Failed(error),
        };
    }
}

impl Way<Names> {
    /// The next name in the innermost directory. Reading may need a descriptor of its own: if the process has none left,
    /// a level is closed for it.
    pub(in crate::storage::os) fn next_name(&mut self) -> Option<Result<Named, Errno>> {
        loop {
            let (dir, names) = self.here();
            match names.next(dir) {
                Some(Err(error @ (Errno::MFILE | Errno::NFILE))) => match self.spare_one() {
                    Ok(true) => self.here().1.end = End::Unknown,
                    Ok(false) | Err(_) => return Some(Err(error)),
                },
                next => return next,
            }
        }
    }
}

impl Inside for Names {
    fn hold(&mut self, dir: BorrowedFd<'_>) {
        while matches!(self.end, End::Unknown) {
            self.read_on(dir);
        }
    }
}

/// Whether a name is worth opening as a directory.
pub(in crate::storage::os) fn may_be_dir(kind: FileType) -> bool {
    matches!(kind, FileType::Directory | FileType::Unknown)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn every_name_is_told_once_whether_its_directory_is_held_or_not() {
        let dir = tempfile::tempdir().expect("temp dir");
        for index in 0..5_000 {
            std::fs::write(dir.path().join(format!("a name of some length {index}")), b"").expect("write");
        }
        for held_after in [0, 1, 700, 4_999] {
            let opened = std::fs::File::open(dir.path()).expect("open");
            let (mut names, mut told) = (Names::new(), std::collections::BTreeSet::<CString>::new());
            for index in 0.. {
                if index == held_after {
                    names.hold(opened.as_fd());
                }
                let Some(named) = names.next(opened.as_fd()) else { break };
                let named = named.expect("it can be read");
                assert!(named.kind == FileType::RegularFile && told.insert(named.name));
            }
            assert_eq!(told.len(), 5_000);
        }
    }
}
