//! The storage that talks to the operating system, through std where std makes the right call and through
//! rustix where it does not (in-place calls, atomic appends, syncs that are never retried).

mod cached;
mod copy;
mod devices;
mod file;
mod mounts;
mod open;
mod special;
mod standard;
#[cfg(test)]
mod tests;

use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

pub(crate) use open::{asks_nonblocking, open_flags};
pub use standard::Standard;

use super::{Listing, Mode, OpenRequest, Opened, StatVfs, Storage};
use cached::CachedPaths;
use devices::Devices;
use file::OsFile;

/// The operating system's files.
///
/// Making one touches nothing; what it learns about devices and about the kernel it learns from the calls it
/// makes anyway, so an engine keeps one value for its whole life.
#[derive(Debug, Default)]
pub struct Os {
    devices: Devices,
    cached: CachedPaths,
}

impl Os {
    /// Makes the storage without any system call.
    pub fn new() -> Self {
        Os::default()
    }

    /// `Some` if what was found is known to be on a local device, told without asking any server.
    fn local_in_memory(&self, named: &File) -> Option<()> {
        let device = cached::device_without_sync(named)?;
        (self.devices.known_remote(device) == Some(false)).then_some(())
    }
}

impl Os {
    /// Takes over a descriptor that someone else has opened, with the access it was opened with and the
    /// position it stands at.
    ///
    /// It is closed on `exec` from now on, like every descriptor of an engine. One that may wait for a peer is switched to `O_NONBLOCK`, for everyone who shares it.
    ///
    /// # Errors
    ///
    /// Whatever `fstat` and `fcntl` return.
    pub fn adopt(&self, file: fs::File) -> io::Result<(Opened, OpenRequest, u64)> {
        let seen = open::Seen::of(&file)?;
        let request = open::access_of(&file)?;
        rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::CLOEXEC)?;
        if seen.has_peer() {
            let flags = rustix::fs::fcntl_getfl(&file)?;
            rustix::fs::fcntl_setfl(&file, flags | rustix::fs::OFlags::NONBLOCK)?;
        }
        let position = rustix::fs::seek(&file, rustix::fs::SeekFrom::Current(0)).unwrap_or(0);
        let remote = self.devices.ask_if_remote(seen.device, &file);
        Ok((seen.into_opened(OsFile::new(file, &request, remote), remote), request, position))
    }

    /// Opens one of the streams that the process was born with, as it is at this moment, changing nothing for
    /// those who share it.
    ///
    /// # Errors
    ///
    /// Whatever duplicating the descriptor and `fstat` return.
    pub fn standard(&self, stream: Standard) -> io::Result<(Opened, OpenRequest)> {
        standard::open(stream)
    }
}

impl Storage for Os {
    fn open(&self, path: &Path, request: &OpenRequest) -> io::Result<Opened> {
        let file = open::without_waiting(path, request)?;
        let seen = open::Seen::of(&file)?;
        let remote = self.devices.ask_if_remote(seen.device, &file);
        Ok(seen.into_opened(OsFile::new(file, request, remote), remote))
    }

    fn open_cached(&self, path: &Path, request: &OpenRequest) -> Option<io::Result<Opened>> {
        if !cached::is_plain_read(request) {
            return None;
        }
        // Even an opening that finds its path in memory asks the server of a remote file system.
        if self.devices.may_be_remote() {
            match self.cached.name(path)? {
                Ok(named) => self.local_in_memory(&named)?,
                Err(error) => return Some(Err(error)),
            }
        }
        let file = match self.cached.open(path)? {
            Ok(file) => file,
            Err(error) => return Some(Err(error)),
        };
        let seen = match open::Seen::of(&file) {
            Ok(seen) => seen,
            Err(error) => return Some(Err(error)),
        };
        match self.devices.known_remote(seen.device) {
            Some(false) => Some(Ok(seen.into_opened(OsFile::new(file, request, false), false))),
            // A FIFO must not be let go to be opened again: the first opening has woken its writer, who
            // would meet a FIFO without a reader. Calling it remote only forbids in-place calls.
            None | Some(true) if seen.has_peer() => {
                Some(Ok(seen.into_opened(OsFile::new(file, request, true), true)))
            }
            None | Some(true) => None,
        }
    }

    fn open_unnamed(&self, dir: &Path) -> Option<io::Result<Opened>> {
        let file = match open::unnamed(dir)? {
            Ok(file) => file,
            Err(error) => return Some(Err(error)),
        };
        let request = OpenRequest { read: true, write: true, ..OpenRequest::default() };
        let seen = open::Seen::of(&file);
        Some(seen.map(|seen| {
            let remote = self.devices.ask_if_remote(seen.device, &file);
            seen.into_opened(OsFile::new(file, &request, remote), remote)
        }))
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let metadata = fs::metadata(path)?;
        self.devices.learn(metadata.dev(), path);
        Ok(metadata)
    }

    fn metadata_cached(&self, path: &Path) -> Option<io::Result<Metadata>> {
        let named = match self.cached.name(path)? {
            Ok(named) => named,
            Err(error) => return Some(Err(error)),
        };
        if self.devices.may_be_remote() {
            self.local_in_memory(&named)?;
        }
        let metadata = match named.metadata() {
            Ok(metadata) => metadata,
            Err(error) => return Some(Err(error)),
        };
        match self.devices.known_remote(metadata.dev()) {
            Some(false) => Some(Ok(metadata)),
            None | Some(true) => None,
        }
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<Metadata> {
        fs::symlink_metadata(path)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<u64> {
        copy::contents_and_permissions(from, to)
    }

    fn create_dir(&self, path: &Path, recursive: bool, mode: Option<u32>) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        builder.recursive(recursive);
        if let Some(mode) = mode {
            builder.mode(mode);
        }
        builder.create(path)
    }

    fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        fs::hard_link(original, link)
    }

    fn symlink(&self, original: &Path, link: &Path) -> io::Result<()> {
        std::os::unix::fs::symlink(original, link)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        fs::read_link(path)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Listing> {
        Ok(Box::new(fs::read_dir(path)?))
    }

    fn remove_dir(&self, path: &Path, recursive: bool) -> io::Result<()> {
        if recursive { fs::remove_dir_all(path) } else { fs::remove_dir(path) }
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn set_permissions(&self, path: &Path, permissions: Permissions) -> io::Result<()> {
        fs::set_permissions(path, permissions)
    }

    fn access(&self, path: &Path, mode: Mode) -> io::Result<()> {
        special::access(path, mode)
    }

    fn statvfs(&self, path: &Path) -> io::Result<StatVfs> {
        special::statvfs(path)
    }

    fn make_fifo(&self, path: &Path, mode: u32) -> io::Result<()> {
        special::make_fifo(path, mode)
    }
}
