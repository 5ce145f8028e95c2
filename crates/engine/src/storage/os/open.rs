//! Opening without waiting for a peer, and telling from one `fstat` what was opened.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FileType, OFlags, Stat, fstat, major, minor};
use rustix::io::Errno;

use crate::storage::{Nature, OpenRequest, Opened, StorageFile};

/// Major number of Linux's memory devices.
const MEMORY_MAJOR: u32 = 1;

/// Their minor numbers that never wait: null, zero, full, random and urandom. Not `mem`, `port` and `kmsg`:
/// those reach hardware, or wait for messages.
const MEMORY_MINORS: [u32; 5] = [3, 5, 7, 8, 9];

/// Refuses to follow a symbolic link in the last part of a path (`O_NOFOLLOW`), whose number differs by machine.
pub const NOFOLLOW: i32 = OFlags::NOFOLLOW.bits() as i32;

/// What `O_TMPFILE` fails with where it is not known, by kernel or file system.
const NOT_UNNAMED: [Errno; 3] = [Errno::OPNOTSUPP, Errno::ISDIR, Errno::NOENT];

/// Opens like std, plus `O_NONBLOCK` (a FIFO would hold the worker until a peer comes) and `O_NOCTTY` (a
/// terminal must not become the controlling one of a server).
pub(super) fn without_waiting(path: &Path, request: &OpenRequest) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    match options(request, flags).open(path) {
        Err(error) if is_lease_conflict(&error, path, request) => {
            options(request, OFlags::NOCTTY.bits() as i32).open(path)
        }
        result => result,
    }
}

impl From<&OpenRequest> for fs::OpenOptions {
    /// Makes the options that std opens the same way by; a buffer is the engine's affair.
    fn from(request: &OpenRequest) -> Self {
        options(request, 0)
    }
}

fn options(request: &OpenRequest, flags: i32) -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options
        .read(request.read)
        .write(request.write)
        .append(request.append)
        .truncate(request.truncate)
        .create(request.create)
        .create_new(request.create_new)
        .custom_flags(request.custom_flags | flags);
    if let Some(mode) = request.mode {
        options.mode(mode);
    }
    options
}

/// The `O_*` flags that std means by the same options.
pub(super) fn flags(request: &OpenRequest) -> OFlags {
    let access = match (request.read, request.write || request.append) {
        (true, true) => OFlags::RDWR,
        (false, true) => OFlags::WRONLY,
        (true | false, false) => OFlags::RDONLY,
    };
    let options = [
        (request.append, OFlags::APPEND),
        (request.truncate && !request.create_new, OFlags::TRUNC),
        (request.create || request.create_new, OFlags::CREATE),
        (request.create_new, OFlags::EXCL),
    ];
    let set = options.iter().filter(|(set, _)| *set);
    let custom = OFlags::from_bits_retain(request.custom_flags as u32) - OFlags::RWMODE;
    set.fold(access | custom, |flags, (_, flag)| flags | *flag)
}

/// Opens the file of a descriptor once more, whatever became of its names: for reading, or as it was opened itself
/// where that is forbidden. (Closing what was open for writing would be a message to those who watch for that.)
pub(super) fn open_again(file: &File) -> io::Result<(File, OpenRequest)> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let reading = OpenRequest { read: true, ..OpenRequest::default() };
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    match options(&reading, flags).open(&path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let request = OpenRequest { custom_flags: 0, ..access_of(file)? };
            Ok((options(&request, flags).open(&path)?, request))
        }
        opened => Ok((opened?, reading)),
    }
}

/// Creates a file without a name; `None` where that cannot be done (kernel before 3.11, NFS and others).
pub(super) fn unnamed(dir: &Path, mode: u32) -> Option<io::Result<File>> {
    // Without `O_EXCL`, its owner can give it a name by `linkat`.
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).mode(mode).custom_flags(OFlags::TMPFILE.bits() as i32);
    match options.open(dir) {
        Err(error) if Errno::from_io_error(&error).is_some_and(|errno| NOT_UNNAMED.contains(&errno)) => None,
        result => Some(result),
    }
}

/// Whether another process holds a lease (`F_SETLEASE`), which a non-blocking open refuses to wait for. The
/// kernel bounds that wait (`/proc/sys/fs/lease-break-time`); the check for a regular file keeps the retry
/// away from FIFOs, whose waits have no bound.
fn is_lease_conflict(error: &io::Error, path: &Path, request: &OpenRequest) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
        && !asks_nonblocking(request)
        && fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Whether the user wants `O_NONBLOCK` for himself.
pub(crate) fn asks_nonblocking(request: &OpenRequest) -> bool {
    request.custom_flags & OFlags::NONBLOCK.bits() as i32 != 0
}

/// The flags of `open(2)` that a request means, for whoever makes that call himself.
pub(crate) fn open_flags(request: &OpenRequest) -> i32 {
    let access = match (request.read, request.write || request.append) {
        (true, true) => OFlags::RDWR,
        (false, true) => OFlags::WRONLY,
        (true | false, false) => OFlags::RDONLY,
    };
    let further = [
        (request.append, OFlags::APPEND),
        (request.truncate, OFlags::TRUNC),
        (request.create || request.create_new, OFlags::CREATE),
        (request.create_new, OFlags::EXCL),
    ];
    let asked = further.into_iter().filter(|(asked, _)| *asked);
    let flags = asked.fold(access | OFlags::CLOEXEC, |all, (_, flag)| all | flag);
    flags.bits() as i32 | request.custom_flags
}

/// The access that a descriptor was opened with.
pub(super) fn access_of(file: &File) -> io::Result<OpenRequest> {
    let flags = rustix::fs::fcntl_getfl(file)?;
    let mode = flags & OFlags::RWMODE;
    Ok(OpenRequest {
        read: mode != OFlags::WRONLY,
        write: mode != OFlags::RDONLY,
        append: flags.contains(OFlags::APPEND),
        custom_flags: (flags & (OFlags::NONBLOCK | OFlags::DIRECT)).bits() as i32,
        ..OpenRequest::default()
    })
}

/// What one `fstat` tells about an opened file.
pub(super) struct Seen {
    pub(super) device: u64,
    inode: u64,
    len: u64,
    nature: Nature,
}

impl Seen {
    pub(super) fn of(file: &File) -> io::Result<Seen> {
        let stat = fstat(file)?;
        let len = match FileType::from_raw_mode(stat.st_mode) {
            FileType::BlockDevice => super::file::end_of(file)?,
            _ => stat.st_size as u64,
        };
        let nature = if is_in_order(file, &stat) { Nature::Stream } else { nature(&stat) };
        Ok(Seen { device: stat.st_dev, inode: stat.st_ino, len, nature })
    }

    /// Whether somebody at the other end notices that the file was opened.
    pub(super) fn has_peer(&self) -> bool {
        self.nature == Nature::Stream
    }

    /// Whether both are one file.
    pub(super) fn is_same_as(&self, other: &Seen) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    pub(super) fn into_opened(self, file: impl StorageFile, remote: bool) -> Opened {
        let Seen { device, inode, len, nature } = self;
        Opened { file: Box::new(file), device, inode, len, nature, remote }
    }
}

/// Whether it is no stream by its type and yet gives and takes bytes in their order only: eventfds, timerfds and
/// their kin, which have no type at all, and files that a pseudo file system makes up, which are empty by their
/// length. No disk has such files, so those on one cost no further call.
fn is_in_order(file: &File, stat: &Stat) -> bool {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Unknown => true,
        FileType::RegularFile if stat.st_size == 0 && major(stat.st_dev) == 0 => {
            rustix::fs::tell(file) == Err(Errno::SPIPE)
        }
        FileType::RegularFile
        | FileType::BlockDevice
        | FileType::CharacterDevice
        | FileType::Directory
        | FileType::Fifo
        | FileType::Socket
        | FileType::Symlink => false,
    }
}

fn nature(stat: &Stat) -> Nature {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Fifo | FileType::Socket => Nature::Stream,
        FileType::CharacterDevice => {
            let never_waits =
                major(stat.st_rdev) == MEMORY_MAJOR && MEMORY_MINORS.contains(&minor(stat.st_rdev));
            if never_waits { Nature::Memory } else { Nature::Stream }
        }
        // Directories and symbolic links (`O_PATH`) refuse reads and writes at once, as std's do.
        FileType::RegularFile
        | FileType::BlockDevice
        | FileType::Directory
        | FileType::Symlink
        | FileType::Unknown => Nature::Plain,
    }
}
