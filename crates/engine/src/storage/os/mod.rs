//! The storage that makes system calls, through std where std makes the right one, else through rustix (in-place calls,
//! atomic appends, syncs that are never retried).

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
mod waits;
mod xattr;

#[cfg(all(target_os = "linux", not(folio_portable)))]
#[path = "linux/mod.rs"]
mod platform;
#[cfg(not(all(target_os = "linux", not(folio_portable))))]
#[path = "portable/mod.rs"]
mod platform;

use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD};

pub use descriptor::close;
pub use open::{LOOP, NOFOLLOW};
pub(crate) use open::{asks_nonblocking, open_flags};
pub use standard::Standard;

use super::{
    Clearing, DeepDir, Entry, IfTaken, Links, Lister, Listing, Metadata, Mode, MountWatch, Mover, Names,
    OpenRequest, Opened, Stamps, StatVfs, Storage, StorageDir, StorageFile, TreeCopier, XattrMode,
};
use crate::limits::CACHED_PARTS_MAX;
use beneath::Beneath;
use dir::OsDir;
use file::OsFile;
use platform::cached::{self, CachedPaths};
use platform::devices::Devices;
use platform::names;
use relocate::Relocation;
use tree::copy::{Plain, TreeCopy};
use waits::Waits;

/// The operating system's files.
///
/// Making one takes no system call. It learns about devices and the kernel from the calls it makes anyway, so an engine
/// keeps one value for its whole life.
#[derive(Debug, Default)]
pub struct Os {
    devices: Arc<Devices>,
    cached: CachedPaths,
    beneath: Arc<Beneath>,
}

impl Os {
    /// Whether cached paths and bytes can be read without waiting for a device. Only Linux has such calls; elsewhere a
    /// worker makes the blocking call.
    pub const IN_PLACE: bool = platform::IN_PLACE;

    /// Makes the storage without any system call.
    pub fn new() -> Self {
        Os::default()
    }

    /// Makes a storage like [`new`](Os::new) that looks up paths below an open directory part by part. Other storages do
    /// that only on kernels before 5.6, and where a filter forbids `openat2`.
    pub fn without_openat2() -> Self {
        let os = Os::default();
        os.beneath.walk();
        os
    }

    /// `Some` if the file is known to be on a local device, found without asking any server.
    fn local_in_memory(&self, named: &File) -> Option<()> {
        let device = cached::device_without_sync(named)?;
        (self.devices.known_remote(device) == Some(false)).then_some(())
    }

    /// Opens a file that was found without the disk, if it is on a local device.
    fn open_if_local(&self, found: io::Result<File>) -> Option<io::Result<File>> {
        let named = match found {
            Ok(named) => named,
            Err(error) => return Some(Err(error)),
        };
        self.local_in_memory(&named)?;
        self.cached.open_found(&named).map(Ok)
    }

    /// The attributes of a file that was found without the disk, if they are in memory too.
    fn metadata_in_memory(&self, found: io::Result<File>) -> Option<io::Result<Metadata>> {
        let named = match found {
            Ok(named) => named,
            Err(error) => return Some(Err(error)),
        };
        if self.devices.paths_wait() != Waits::Never {
            self.local_in_memory(&named)?;
        }
        let metadata = match named.metadata() {
            Ok(metadata) => metadata,
            Err(error) => return Some(Err(error)),
        };
        match self.devices.known_remote(metadata.dev()) {
            Some(false) => Some(Ok(metadata.into())),
            None | Some(true) => None,
        }
    }
}

impl Os {
    /// Takes over a descriptor that other code has opened, with its access and its position.
    ///
    /// It is closed on `exec` from now on, like every descriptor of an engine. A descriptor that may wait for a peer is
    /// switched to `O_NONBLOCK`, which affects all processes that share it.
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

    /// Opens `path` by std's options, and takes over the file. Blocks like std: on a FIFO until a peer comes.
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

    /// Opens one of the standard streams as it is at this moment, without any effect on other processes that share it.
    ///
    /// # Errors
    ///
    /// Whatever duplicating the descriptor and `fstat` return.
    pub fn standard(&self, stream: Standard) -> io::Result<(Opened, OpenRequest)> {
        standard::open(stream)
    }
}

impl Names for Os {
    fn open(&self, path: &Path, request: &OpenRequest) -> io::Result<Opened> {
        let file = open::without_waiting(path, request)?;
        let seen = open::Seen::of(&file)?;
        let remote = self.devices.ask_if_remote(seen.device, &file);
        Ok(seen.into_opened(OsFile::new(file, request, remote), remote))
    }

    fn open_dir(&self, path: &Path, links: Links) -> io::Result<Box<dyn StorageDir>> {
        if links != Links::Follow {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(Box::new(OsDir::open_root(path, self.beneath.clone(), self.devices.clone())?))
    }

    fn metadata(&self, path: &Path, links: Links) -> io::Result<Metadata> {
        let metadata = if links.follows_last()? { fs::metadata(path) } else { fs::symlink_metadata(path) }?;
        self.devices.learn(metadata.dev(), path, links);
        Ok(metadata.into())
    }

    fn access(&self, path: &Path, mode: Mode) -> io::Result<()> {
        access::of(CWD, path, mode, AtFlags::empty())
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn create_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        if let Some(mode) = mode {
            builder.mode(mode);
        }
        builder.create(path)
    }

    fn remove_dir(&self, path: &Path, recursive: bool) -> io::Result<()> {
        if recursive { removal::tree(path, Clearing::default()) } else { fs::remove_dir(path) }
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn rename(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<()> {
        one_kind(target)?;
        fs::rename(from, to)
    }

    fn rename_with(&self, from: &Path, target: &dyn Names, to: &Path, if_taken: IfTaken) -> io::Result<()> {
        one_kind(target)?;
        match if_taken {
            IfTaken::Replace => fs::rename(from, to),
            IfTaken::Refuse => names::rename_noclobber((CWD, from), (CWD, to)),
            IfTaken::Exchange => names::exchange((CWD, from), (CWD, to)),
        }
    }

    fn hard_link(&self, original: &Path, target: &dyn Names, link: &Path) -> io::Result<()> {
        one_kind(target)?;
        fs::hard_link(original, link)
    }

    fn symlink(&self, original: &Path, link: &Path) -> io::Result<()> {
        std::os::unix::fs::symlink(original, link)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        fs::read_link(path)
    }

    fn copy(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<u64> {
        one_kind(target)?;
        copy::contents_and_permissions(from, to)
    }

    fn make_fifo(&self, path: &Path, mode: u32) -> io::Result<()> {
        Ok(names::make_fifo(CWD, path, stat::bits(mode))?)
    }

    fn set_permissions(&self, path: &Path, permissions: Permissions) -> io::Result<()> {
        fs::set_permissions(path, permissions)
    }

    fn set_owner(&self, path: &Path, uid: Option<u32>, gid: Option<u32>, links: Links) -> io::Result<()> {
        attributes::set_owner(path, uid, gid, links.follows_last()?)
    }

    fn set_times(&self, path: &Path, times: &Stamps, links: Links) -> io::Result<()> {
        attributes::set_times(CWD, path, times, links.follows_last()?)
    }

    fn statvfs(&self, path: &Path) -> io::Result<StatVfs> {
        statvfs::of(path)
    }

    fn xattr(&self, path: &Path, name: &OsStr, links: Links) -> io::Result<Option<Vec<u8>>> {
        xattr::get(path, name, links.follows_last()?)
    }

    fn set_xattr(
        &self,
        path: &Path,
        name: &OsStr,
        value: &[u8],
        mode: XattrMode,
        links: Links,
    ) -> io::Result<()> {
        xattr::set(path, name, value, mode, links.follows_last()?)
    }

    fn xattrs(&self, path: &Path, links: Links) -> io::Result<Vec<OsString>> {
        xattr::list(path, links.follows_last()?)
    }

    fn remove_xattr(&self, path: &Path, name: &OsStr, links: Links) -> io::Result<()> {
        xattr::remove(path, name, links.follows_last()?)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// No system call takes both a path of the process and a name below an open directory without leaving that.
fn one_kind(target: &dyn Names) -> io::Result<()> {
    if target.as_any().is::<Os>() { Ok(()) } else { Err(io::ErrorKind::CrossesDevices.into()) }
}

impl Storage for Os {
    fn open_cached(&self, path: &Path, request: &OpenRequest) -> Option<io::Result<Opened>> {
        if !cached::is_plain_read(request) {
            return None;
        }
        let found = match self.devices.paths_wait() {
            Waits::Never => self.cached.open(path)?,
            // On a remote file system, even opening a cached path asks the server.
            Waits::AtOpen => self.open_if_local(self.cached.name(path)?)?,
            Waits::Always => return None,
        };
        let file = match found {
            Ok(file) => file,
            Err(error) => return Some(Err(error)),
        };
        let seen = match open::Seen::of(&file) {
            Ok(seen) => seen,
            Err(error) => return Some(Err(error)),
        };
        match self.devices.known_remote(seen.device) {
            Some(false) => Some(Ok(seen.into_opened(OsFile::new(file, request, false), false))),
            // A FIFO must not be closed and opened again: the first opening has woken its writer, which would then find no
            // reader. Calling it remote only forbids in-place calls.
            None | Some(true) if seen.has_peer() => {
                Some(Ok(seen.into_opened(OsFile::new(file, request, true), true)))
            }
            None | Some(true) => None,
        }
    }

    fn metadata_cached(&self, path: &Path, links: Links) -> Option<io::Result<Metadata>> {
        if self.devices.paths_wait() == Waits::Always {
            return None;
        }
        let found = match links {
            Links::Follow => self.cached.name(path)?,
            Links::NotLast => self.cached.name_itself(path)?,
            Links::Refuse => return None,
        };
        self.metadata_in_memory(found)
    }

    fn device_cached(&self, path: &Path) -> Option<u64> {
        if self.devices.paths_wait() == Waits::Always {
            return None;
        }
        path.ancestors().take(CACHED_PARTS_MAX).find_map(|part| {
            let part = if part.as_os_str().is_empty() { Path::new(".") } else { part };
            self.cached.name(part)?.ok().and_then(|named| cached::device_without_sync(&named))
        })
    }

    fn watch_mounts(&self) -> Option<Box<dyn MountWatch>> {
        platform::watch_mounts(&self.devices)
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

    fn link_unnamed(&self, file: &dyn StorageFile, link: &Path) -> io::Result<()> {
        let file = file.as_std().ok_or(io::ErrorKind::Unsupported)?;
        names::link_unnamed(file, link)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Listing> {
        Ok(Box::new(fs::read_dir(path)?.map(|entry| entry.map(Entry::from))))
    }

    fn list(&self, path: &Path) -> io::Result<Box<dyn Lister>> {
        Ok(Box::new(listing::Raw::open(CWD, path)?))
    }

    fn deep_dir(&self, path: &Path) -> io::Result<Box<dyn DeepDir>> {
        Ok(Box::new(listing::Above::open(CWD, path)?))
    }

    fn copy_tree(&self, from: &Path, to: &Path) -> io::Result<Box<dyn TreeCopier>> {
        Ok(Box::new(TreeCopy::begin(from, to, Box::new(Plain))?))
    }

    fn clear(&self, path: &Path, how: Clearing) -> io::Result<()> {
        removal::tree(path, how)
    }

    fn mover(&self, from: &Path, to: &Path) -> io::Result<Option<Box<dyn Mover>>> {
        let relocation = Relocation::begin(from, to)?;
        Ok(relocation.map(|relocation| Box::new(relocation) as Box<dyn Mover>))
    }

    fn home_dir(&self, user: Option<&OsStr>) -> io::Result<Option<PathBuf>> {
        passwd::home_dir(user)
    }

    fn adopt_dir(&self, descriptor: OwnedFd) -> io::Result<(Box<dyn StorageDir>, PathBuf)> {
        let (dir, path) = OsDir::adopt(descriptor, self.beneath.clone(), self.devices.clone())?;
        Ok((Box::new(dir), path))
    }
}
