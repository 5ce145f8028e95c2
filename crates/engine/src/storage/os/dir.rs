//! One open directory of the operating system.
//!
//! [`Beneath`] finds the file, or the directory that holds its name, below the root; the call itself uses the result.

use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{
    AtFlags, FileType, Mode as Bits, OFlags, fstat, linkat, mkdirat, openat, readlinkat, renameat, statat,
    symlinkat, unlinkat,
};
use rustix::io::{Errno, FdFlags, fcntl_setfd};

use super::beneath::Beneath;
use super::file::OsFile;
use super::open::{self, Seen};
use super::platform::devices::Devices;
use super::platform::found::{Found, path_of};
use super::platform::{PATH, names};
use super::stat::{bits, kind};
use super::{attributes, copy, tree};
use crate::error::Worded;
use crate::storage::{
    Clearing, IfTaken, Links, Listed, Metadata, Mode, NameListing, Names, OpenRequest, Opened, Stamps,
    StorageDir,
};

/// Default permission bits of a new directory, before the umask.
const DIR_BITS: u32 = 0o777;

/// Default permission bits of a new file, before the umask.
const FILE_BITS: u32 = 0o666;

/// A directory that was opened without read permission, where the system can do that. Calls that need the permission
/// open it once more.
#[derive(Debug)]
pub(super) struct OsDir {
    root: OwnedFd,
    beneath: Arc<Beneath>,
    devices: Arc<Devices>,
}

/// A name and the directory that holds it.
struct Place<'a> {
    /// `None` for the root itself.
    parent: Option<OwnedFd>,
    root: BorrowedFd<'a>,
    name: &'a OsStr,
    /// Whether a slash follows the name, which requires a directory.
    slash: bool,
}

impl Place<'_> {
    fn parent(&self) -> BorrowedFd<'_> {
        self.parent.as_ref().map_or(self.root, AsFd::as_fd)
    }

    /// Refuses a slash after a name that is no directory.
    fn check_slash(&self) -> Result<(), Errno> {
        if !self.slash {
            return Ok(());
        }
        let stat = statat(self.parent(), self.name, AtFlags::SYMLINK_NOFOLLOW)?;
        let is_dir = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        if is_dir { Ok(()) } else { Err(Errno::NOTDIR) }
    }
}

impl OsDir {
    /// Opens a directory by a path of the process.
    pub(super) fn open_root(path: &Path, beneath: Arc<Beneath>, devices: Arc<Devices>) -> io::Result<Self> {
        let flags = PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(path, flags, Bits::empty())?;
        Ok(OsDir { root, beneath, devices })
    }

    /// Takes over an open directory, and returns it with a path for messages.
    pub(super) fn adopt(
        root: OwnedFd,
        beneath: Arc<Beneath>,
        devices: Arc<Devices>,
    ) -> io::Result<(Self, PathBuf)> {
        if FileType::from_raw_mode(fstat(&root)?.st_mode) != FileType::Directory {
            return Err(Errno::NOTDIR.into());
        }
        fcntl_setfd(&root, FdFlags::CLOEXEC)?;
        let path = path_of(&root).unwrap_or_else(|| "<directory>".into());
        Ok((OsDir { root, beneath, devices }, path))
    }

    fn find(&self, path: &Path, links: Links) -> io::Result<Found> {
        self.beneath.find(self.root.as_fd(), path, links).map_err(refused)
    }

    fn dir(&self, path: &Path, links: Links) -> io::Result<OwnedFd> {
        self.beneath.dir(self.root.as_fd(), path, links).map_err(refused)
    }

    /// Opens the file at a path below the root.
    fn reach(&self, path: &Path, flags: OFlags, bits: Bits, links: Links) -> io::Result<OwnedFd> {
        self.beneath.open(self.root.as_fd(), path, flags, bits, links).map_err(refused)
    }

    /// Finds the directory that holds a name. A single name needs no look-up.
    fn place<'a>(&'a self, path: &'a Path) -> io::Result<Place<'a>> {
        let bytes = path.as_os_str().as_bytes();
        let len = bytes.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
        let (bytes, slash) = (&bytes[..len], len < bytes.len());
        if bytes.is_empty() {
            return Err(refused(if slash { Errno::XDEV } else { Errno::NOENT }));
        }
        let (parent, name) = match bytes.iter().rposition(|byte| *byte == b'/') {
            None => (None, bytes),
            Some(at) => (Some(OsStr::from_bytes(&bytes[..=at])), &bytes[at + 1..]),
        };
        let parent = match parent {
            None => None,
            Some(parent) => Some(self.dir(Path::new(parent), Links::Follow)?),
        };
        if name == b"." || name == b".." {
            return Err(Errno::INVAL.into());
        }
        Ok(Place { parent, root: self.root.as_fd(), name: OsStr::from_bytes(name), slash })
    }

    /// Opens the root once more, for reading.
    fn readable(&self) -> Result<OwnedFd, Errno> {
        openat(&self.root, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Bits::empty())
    }
}

impl Names for OsDir {
    fn open(&self, path: &Path, request: &OpenRequest) -> io::Result<Opened> {
        let mut flags = open::flags(request) | OFlags::NONBLOCK | OFlags::NOCTTY;
        if flags.intersects(PATH) {
            // `open` ignores all others beside it, `openat2` refuses them.
            flags &= PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        }
        let bits = bits(request.mode.unwrap_or(FILE_BITS));
        let file = File::from(self.reach(path, flags, bits, Links::Follow)?);
        let seen = Seen::of(&file)?;
        let remote = self.devices.ask_if_remote(seen.device, &file);
        Ok(seen.into_opened(OsFile::new(file, request, remote), remote))
    }

    fn open_dir(&self, path: &Path, links: Links) -> io::Result<Box<dyn StorageDir>> {
        let root = self.dir(path, links)?;
        let (beneath, devices) = (self.beneath.clone(), self.devices.clone());
        Ok(Box::new(OsDir { root, beneath, devices }))
    }

    fn metadata(&self, path: &Path, links: Links) -> io::Result<Metadata> {
        self.find(path, links)?.metadata()
    }

    fn access(&self, path: &Path, mode: Mode) -> io::Result<()> {
        self.find(path, Links::Follow)?.access(mode)
    }

    fn create_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        let place = self.place(path)?;
        let bits = bits(mode.unwrap_or(DIR_BITS));
        Ok(mkdirat(place.parent(), place.name, bits)?)
    }

    fn remove_dir(&self, path: &Path, recursive: bool) -> io::Result<()> {
        let place = self.place(path)?;
        place.check_slash()?;
        if recursive {
            tree::clear::tree(place.parent(), place.name, Clearing::default())
        } else {
            Ok(unlinkat(place.parent(), place.name, AtFlags::REMOVEDIR)?)
        }
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let place = self.place(path)?;
        place.check_slash()?;
        Ok(unlinkat(place.parent(), place.name, AtFlags::empty())?)
    }

    fn rename(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<()> {
        self.rename_with(from, target, to, IfTaken::Replace)
    }

    fn rename_with(&self, from: &Path, target: &dyn Names, to: &Path, if_taken: IfTaken) -> io::Result<()> {
        let (old, new) = (self.place(from)?, os(target)?.place(to)?);
        old.check_slash()?;
        if new.slash && !old.slash {
            let stat = statat(old.parent(), old.name, AtFlags::SYMLINK_NOFOLLOW)?;
            if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
                return Err(Errno::NOTDIR.into());
            }
        }
        let (from, to) = ((old.parent(), Path::new(old.name)), (new.parent(), Path::new(new.name)));
        match if_taken {
            IfTaken::Replace => Ok(renameat(from.0, from.1, to.0, to.1)?),
            IfTaken::Refuse => names::rename_noclobber(from, to),
            IfTaken::Exchange => names::exchange(from, to),
        }
    }

    fn hard_link(&self, original: &Path, target: &dyn Names, link: &Path) -> io::Result<()> {
        let (old, new) = (self.place(original)?, os(target)?.place(link)?);
        old.check_slash()?;
        refuse_slash(&new)?;
        Ok(linkat(old.parent(), old.name, new.parent(), new.name, AtFlags::empty())?)
    }

    fn symlink(&self, original: &Path, link: &Path) -> io::Result<()> {
        let place = self.place(link)?;
        refuse_slash(&place)?;
        Ok(symlinkat(original, place.parent(), place.name)?)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        let place = self.place(path)?;
        if place.slash {
            return Err(Errno::INVAL.into());
        }
        let contents = readlinkat(place.parent(), place.name, Vec::new())?;
        Ok(OsString::from_vec(contents.into_bytes()).into())
    }

    fn xattr(&self, path: &Path, name: &OsStr, links: Links) -> io::Result<Option<Vec<u8>>> {
        self.find(path, links)?.xattr(name)
    }

    fn xattrs(&self, path: &Path, links: Links) -> io::Result<Vec<OsString>> {
        self.find(path, links)?.xattrs()
    }

    fn set_permissions(&self, path: &Path, permissions: Permissions) -> io::Result<()> {
        self.find(path, Links::Follow)?.set_permissions(permissions)
    }

    fn set_times(&self, path: &Path, times: &Stamps, links: Links) -> io::Result<()> {
        if links == Links::Follow {
            return self.find(path, Links::Follow)?.set_times(times);
        }
        let place = self.place(path)?;
        place.check_slash()?;
        attributes::set_times(place.parent(), Path::new(place.name), times, false)
    }

    fn make_fifo(&self, path: &Path, mode: u32) -> io::Result<()> {
        let place = self.place(path)?;
        refuse_slash(&place)?;
        Ok(names::make_fifo(place.parent(), place.name, bits(mode))?)
    }

    fn copy(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<u64> {
        let target = os(target)?;
        let no_wait = OFlags::NONBLOCK | OFlags::NOCTTY;
        let reader = self.reach(from, no_wait | OFlags::RDONLY, Bits::empty(), Links::Follow)?;
        copy::between(&File::from(reader), |mode| {
            let flags = no_wait | OFlags::WRONLY | OFlags::CREATE;
            target.reach(to, flags, bits(mode), Links::Follow).map(File::from)
        })
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        Beneath::way(self.root.as_fd(), path).map_err(refused)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl StorageDir for OsDir {
    fn names(&self) -> io::Result<NameListing> {
        Ok(Box::new(DirNames(rustix::fs::Dir::new(self.readable()?)?)))
    }

    fn to_fd(&self) -> io::Result<OwnedFd> {
        self.root.try_clone()
    }

    fn to_std(&self) -> io::Result<File> {
        Ok(File::from(self.readable()?))
    }

    fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(self.readable()?)?)
    }
}

/// Explains the `EXDEV` of a look-up below a directory, which has nothing to do with devices.
fn refused(errno: Errno) -> io::Error {
    match errno {
        Errno::XDEV => Worded::error(errno.raw_os_error(), "the path leads out of the directory"),
        _ => errno.into(),
    }
}

/// The target as a directory of this storage; `EXDEV` for any other.
fn os(dir: &dyn Names) -> Result<&OsDir, Errno> {
    dir.as_any().downcast_ref().ok_or(Errno::XDEV)
}

/// Refuses to create anything but a directory at a name with a slash after it.
fn refuse_slash(place: &Place<'_>) -> Result<(), Errno> {
    if place.slash { Err(Errno::NOTDIR) } else { Ok(()) }
}

/// A listing that finds an entry's kind by a call if the directory does not keep it.
struct DirNames(rustix::fs::Dir);

impl Iterator for DirNames {
    type Item = io::Result<Listed>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = match self.0.read()? {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error.into())),
            };
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let kind = kind(entry.file_type()).or_else(|| {
                let stat = statat(self.0.fd().ok()?, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW).ok()?;
                kind(FileType::from_raw_mode(stat.st_mode))
            });
            let name = OsStr::from_bytes(name).to_owned();
            return Some(Ok(Listed { name, kind, ino: entry.ino() }));
        }
    }
}
