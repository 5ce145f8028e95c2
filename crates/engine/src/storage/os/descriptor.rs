//! A descriptor that can be closed while references to its file exist, so that the close's own error is known.
//!
//! A lock would cost every read in place two more atomic operations. Instead, the contract of
//! [`StorageFile::close`](crate::storage::StorageFile::close) prevents the use of a closed descriptor number: no other
//! call runs meanwhile, and none follows. The flag turns a breach of that into a panic.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, fstat};

use super::platform::devices::closes_quietly;
use crate::limits::{CLOSE_IN_PLACE_BYTES_MAX, STAT_BLOCK_BYTES};

#[derive(Debug)]
pub(super) struct Descriptor {
    /// `None` only during the drop.
    file: Option<File>,
    /// The order of the file's operations synchronises the close with all other calls, so Relaxed is enough.
    closed: AtomicBool,
}

impl Descriptor {
    pub(super) fn new(file: File) -> Self {
        Descriptor { file: Some(file), closed: AtomicBool::new(false) }
    }

    /// The file, unless it is closed.
    pub(super) fn get(&self) -> Option<&File> {
        self.file.as_ref().filter(|_| !self.closed.load(Ordering::Relaxed))
    }

    /// Closes it; a second call does nothing. Unlike std's drop, returns the error, by which NFS and FUSE report late
    /// writes. The descriptor is closed even then.
    pub(super) fn close(&self) -> io::Result<()> {
        match &self.file {
            Some(file) if !self.closed.swap(true, Ordering::Relaxed) => {
                Ok(nix::unistd::close(file.as_raw_fd())?)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The file itself, unless it is closed.
    pub(super) fn into_file(mut self) -> Option<File> {
        if *self.closed.get_mut() { None } else { self.file.take() }
    }

    /// Whether closing needs no device. `cut` says that the file may have been truncated to length 0: several file systems
    /// then write its new contents out at the close.
    pub(super) fn closes_at_once(&self, cut: bool) -> bool {
        let Some(file) = self.get() else { return true };
        let Ok(stat) = fstat(file) else { return false };
        let few = (stat.st_blocks as u64).saturating_mul(STAT_BLOCK_BYTES) <= CLOSE_IN_PLACE_BYTES_MAX;
        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
            && (few || (stat.st_nlink > 0 && !cut))
            && closes_quietly(file)
    }
}

/// Closes a file and returns the error, which std's drop ignores. May block.
///
/// # Errors
///
/// The late errors of earlier writes, on NFS and FUSE. The descriptor is closed even then.
pub fn close(file: File) -> io::Result<()> {
    Descriptor::new(file).close()
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        if *self.closed.get_mut() {
            // Its number may belong to another file by now.
            std::mem::forget(self.file.take());
        }
    }
}

impl Deref for Descriptor {
    type Target = File;

    fn deref(&self) -> &File {
        self.get().expect("nothing is asked of a file after its close")
    }
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        (**self).as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use super::Descriptor;

    #[test]
    fn a_closed_descriptor_is_not_closed_again() {
        let descriptor = Descriptor::new(tempfile::tempfile().expect("temp file"));
        descriptor.close().expect("close");
        let number = descriptor.as_raw_fd_of_closed();
        // Whatever gets the number now must survive the drop.
        let next = tempfile::tempfile().expect("temp file");
        descriptor.close().expect("a second close does nothing");
        assert!(descriptor.get().is_none());
        drop(descriptor);
        assert!(next.metadata().is_ok(), "{} and {number}", next.as_raw_fd());
    }

    #[test]
    fn handed_over_it_stays_open() {
        let file = tempfile::tempfile().expect("temp file");
        let number = file.as_raw_fd();
        let file = Descriptor::new(file).into_file().expect("it is open");
        assert_eq!(file.as_raw_fd(), number);
        assert!(file.metadata().is_ok());
    }

    impl Descriptor {
        fn as_raw_fd_of_closed(&self) -> i32 {
            self.file.as_ref().map_or(-1, AsRawFd::as_raw_fd)
        }
    }
}
