//! The storage that talks to the operating system, through std where std makes the right call and through
//! rustix where it does not (in-place calls, atomic appends, syncs that are never retried).

mod access;
mod attributes;
mod beneath;
mod copy;
mod descriptor;
mod dir;
mod direct;
mod file;
mod listing;
mod manners;
mod naming;
mod open;
mod passwd;
mod receive;
mod relocate;
mod removal;
mod standard;
mod stat;
mod statvfs;
#[cfg(test)]
mod tests;
mod tree;
mod xattr;

#[cfg(all(target_os = "linux", not(folio_portable)))]
#[path = "linux/mod.rs"]
mod platform;
#[cfg(not(all(target_os = "linux", not(folio_portable))))]
#[path = "portable/mod.rs"]
mod platform;

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD};

pub(crate) use attributes::stamps_of;
pub use descriptor::close;
pub use open::{LOOP, NOFOLLOW};
pub(crate) use open::{asks_nonblocking, open_flags};
pub use standard::Standard;

use super::{
    Clearing, Foothold, Links, Lister, Listing, Mode, Mover, OpenRequest, Opened, Stamps, StatVfs, Storage,
    StorageDir, TreeCopier, XattrMode,
};
use beneath::Beneath;
use dir::OsDir;
use file::OsFile;
use platform::cached::{self, CachedPaths};
use platform::devices::Devices;
use platform::names;
use relocate::Relocation;
use tree::copy::{Plain, TreeCopy};

/// The operating system's files.
///
/// Making one touches nothing; what it learns about devices and about the kernel it learns from the calls it
/// makes anyway, so an engine keeps one value for its whole life.
#[derive(Debug, Default)]
pub struct Os {
    devices: Arc<Devices>,
    cached: CachedPaths,
    beneath: Arc<Beneath>,
}

impl Os {
    /// Whether what is in memory can be found and read there without waiting for a device. Only Linux tells the one from
    /// the other; elsewhere a worker makes the call.
    pub const IN_PLACE: bool = platform::IN_PLACE;

    /// Makes the storage without any system call.
    pub fn new() -> Self {
        Os::default()
    }

    /// Makes the storage as [`new`](Os::new) does, but has paths below an open directory looked up part by part,
    /// which it does by itself on kernels before 5.6 and under filters that forbid `openat2`.
    pub fn without_openat2() -> Self {
        let os = Os::default();
        os.beneath.walk();
        os
    }

    /// `Some` if what was found is known to be on a local device, told without asking any server.
    fn local_in_memory(&self, named: &File) -> Option<()> {
        let device = cached::device_without_sync(named)?;
        (self.devices.known_remote(device) == Some(false)).then_some(())
    }

    /// The attributes of what was found without the disk, if those are in memory too.
    fn metadata_in_memory(&self, found: io::Result<File>) -> Option<io::Result<Metadata>> {
        let named = match found {
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
        Ok((seen.into_opened(OsFile::adopted(file, &request, remote), remote), request, position))
    }

    /// Has std open `path` by options of its own, and takes over what it returns. It blocks as std does: on a FIFO
    /// until a peer comes.
    ///
    /// # Errors
    ///
    /// Whatever std returns, and [`adopt`](Os::adopt).
    pub fn open_by_std(
        &self,
        path: &Path,
        options: &fs::OpenOptions,
    ) -> io::Result<(Opened, OpenRequest, u64)> {
        self.adopt(options.open(path)?)
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

    fn open_unnamed(&self, dir: &Path, mode: u32) -> Option<io::Result<Opened>> {
        let file = match names::unnamed(dir, mode)? {
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
        self.devices.learn(metadata.dev(), path, Links::Follow);
        Ok(metadata)
    }

    fn metadata_cached(&self, path: &Path) -> Option<io::Result<Metadata>> {
        self.metadata_in_memory(self.cached.name(path)?)
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<Metadata> {
        let metadata = fs::symlink_metadata(path)?;
        self.devices.learn(metadata.dev(), path, Links::NotLast);
        Ok(metadata)
    }

    fn symlink_metadata_cached(&self, path: &Path) -> Option<io::Result<Metadata>> {
        self.metadata_in_memory(self.cached.name_itself(path)?)
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

    fn list(&self, path: &Path) -> io::Result<Box<dyn Lister>> {
        Ok(Box::new(listing::Raw::open(CWD, path)?))
    }

    fn foothold(&self, path: &Path) -> io::Result<Box<dyn Foothold>> {
        Ok(Box::new(listing::Above::open(CWD, path)?))
    }

    fn copy_tree(&self, from: &Path, to: &Path) -> io::Result<Box<dyn TreeCopier>> {
        Ok(Box::new(TreeCopy::begin(from, to, Box::new(Plain))?))
    }

    fn remove_dir(&self, path: &Path, recursive: bool) -> io::Result<()> {
        if recursive { removal::tree(path, Clearing::default()) } else { fs::remove_dir(path) }
    }

    fn clear(&self, path: &Path, how: Clearing) -> io::Result<()> {
        removal::tree(path, how)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn rename_noclobber(&self, from: &Path, to: &Path) -> io::Result<()> {
        names::rename_noclobber(from, to)
    }

    fn mover(&self, from: &Path, to: &Path) -> io::Result<Option<Box<dyn Mover>>> {
        let relocation = Relocation::begin(from, to)?;
        Ok(relocation.map(|relocation| Box::new(relocation) as Box<dyn Mover>))
    }

    fn link_unnamed(&self, file: &File, link: &Path) -> io::Result<()> {
        names::link_unnamed(file, link)
    }

    fn set_permissions(&self, path: &Path, permissions: Permissions) -> io::Result<()> {
        fs::set_permissions(path, permissions)
    }

    fn access(&self, path: &Path, mode: Mode) -> io::Result<()> {
        access::of(CWD, path, mode, AtFlags::empty())
    }

    fn statvfs(&self, path: &Path) -> io::Result<StatVfs> {
        statvfs::of(path)
    }

    fn make_fifo(&self, path: &Path, mode: u32) -> io::Result<()> {
        Ok(names::make_fifo(CWD, path, stat::bits(mode))?)
    }

    fn set_owner(&self, path: &Path, uid: Option<u32>, gid: Option<u32>, follow: bool) -> io::Result<()> {
        attributes::set_owner(path, uid, gid, follow)
    }

    fn set_times(&self, path: &Path, times: &Stamps, follow: bool) -> io::Result<()> {
        attributes::set_times(CWD, path, times, follow)
    }

    fn xattr(&self, path: &Path, name: &OsStr, follow: bool) -> io::Result<Option<Vec<u8>>> {
        xattr::get(path, name, follow)
    }

    fn set_xattr(
        &self,
        path: &Path,
        name: &OsStr,
        value: &[u8],
        mode: XattrMode,
        follow: bool,
    ) -> io::Result<()> {
        xattr::set(path, name, value, mode, follow)
    }

    fn xattrs(&self, path: &Path, follow: bool) -> io::Result<Vec<OsString>> {
        xattr::list(path, follow)
    }

    fn remove_xattr(&self, path: &Path, name: &OsStr, follow: bool) -> io::Result<()> {
        xattr::remove(path, name, follow)
    }

    fn home_dir(&self, user: Option<&OsStr>) -> io::Result<Option<PathBuf>> {
        passwd::home_dir(user)
    }

    fn open_dir(&self, path: &Path) -> io::Result<Box<dyn StorageDir>> {
        Ok(Box::new(OsDir::open_root(path, self.beneath.clone(), self.devices.clone())?))
    }

    fn adopt_dir(&self, descriptor: OwnedFd) -> io::Result<(Box<dyn StorageDir>, PathBuf)> {
        let (dir, path) = OsDir::adopt(descriptor, self.beneath.clone(), self.devices.clone())?;
        Ok((Box::new(dir), path))
    }
}
