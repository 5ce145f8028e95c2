//! Opening without waiting for a peer, and finding the nature of the file by one `fstat`.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FileType, OFlags, Stat, fstat};
use rustix::io::Errno;

use super::platform::devices::{may_be_made_up, never_waits};
use super::platform::{DIRECT, names};
use super::stat;
use crate::storage::{Nature, OpenRequest, Opened, StorageFile};

/// The flag that refuses a symbolic link in the last part of a path (`O_NOFOLLOW`), whose value differs by machine.
pub const NOFOLLOW: i32 = OFlags::NOFOLLOW.bits() as i32;

/// The error number of circular links (`ELOOP`), which differs by system.
pub const LOOP: i32 = Errno::LOOP.raw_os_error();

/// Opens like std, plus `O_NONBLOCK` (a FIFO would hold the worker until a peer comes) and `O_NOCTTY` (a terminal must
/// not become the controlling terminal of a server).
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
    /// Makes std's equivalent options, without the engine's write buffer.
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

/// The `O_*` flags that std uses for the same options.
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

/// Opens the file of a descriptor once more, even if it was renamed: for reading, or with its own access where reading is
/// forbidden. Not always with its own access: watchers would be notified when a descriptor open for writing is closed.
pub(super) fn open_again(file: &File) -> io::Result<(File, OpenRequest)> {
    let path = names::again(file).ok_or(io::ErrorKind::Unsupported)?;
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

/// Whether another process holds a lease (`F_SETLEASE`), for which a non-blocking open does not wait. The kernel bounds
/// that wait (`/proc/sys/fs/lease-break-time`). Only regular files are retried: the wait for a FIFO has no bound.
fn is_lease_conflict(error: &io::Error, path: &Path, request: &OpenRequest) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
        && !asks_nonblocking(request)
        && fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Whether the user has set `O_NONBLOCK`.
pub(crate) fn asks_nonblocking(request: &OpenRequest) -> bool {
    request.custom_flags & OFlags::NONBLOCK.bits() as i32 != 0
}

/// The flags of `open(2)` for a request, for a user's own opener.
pub(crate) fn open_flags(request: &OpenRequest) -> i32 {
    (flags(request) | OFlags::CLOEXEC).bits() as i32
}

/// The access that a descriptor was opened with.
pub(super) fn access_of(file: &File) -> io::Result<OpenRequest> {
    let flags = rustix::fs::fcntl_getfl(file)?;
    let mode = flags & OFlags::RWMODE;
    Ok(OpenRequest {
        read: mode != OFlags::WRONLY,
        write: mode != OFlags::RDONLY,
        append: flags.contains(OFlags::APPEND),
        custom_flags: (flags & (OFlags::NONBLOCK | DIRECT)).bits() as i32,
        ..OpenRequest::default()
    })
}

/// The results of one `fstat` of an opened file.
pub(super) struct Seen {
    pub(super) device: u64,
    inode: u64,
    len: u64,
    nature: Nature,
    directory: bool,
}

impl Seen {
    pub(super) fn of(file: &File) -> io::Result<Seen> {
        let stat = fstat(file)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        let len = match kind {
            FileType::BlockDevice => stat::end_of(file)?,
            _ => stat.st_size as u64,
        };
        let nature = if is_in_order(file, &stat) { Nature::Stream } else { nature(&stat) };
        let (device, inode) = stat::identity(&stat);
        Ok(Seen { device, inode, len, nature, directory: kind == FileType::Directory })
    }

    /// Whether a peer at the other end notices that the file was opened.
    pub(super) fn has_peer(&self) -> bool {
        self.nature == Nature::Stream
    }

    /// Whether both are one file.
    pub(super) fn is_same_as(&self, other: &Seen) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    pub(super) fn into_opened(self, file: impl StorageFile, remote: bool) -> Opened {
        let Seen { device, inode, len, nature, directory } = self;
        Opened { file: Box::new(file), device, inode, len, nature, remote, directory: Some(directory) }
    }
}

/// Whether a file is a stream although its type is not: eventfds, timerfds and others, which have no type, and generated
/// files of pseudo file systems without positions, whose length is 0.
fn is_in_order(file: &File, stat: &Stat) -> bool {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Unknown => true,
        FileType::RegularFile if stat.st_size == 0 && may_be_made_up(stat) => {
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
            if never_waits(stat) {
                Nature::Memory
            } else {
                Nature::Stream
            }
        }
        // Directories and symbolic links (`O_PATH`) refuse reads and writes at once, as std's do.
        FileType::RegularFile
        | FileType::BlockDevice
        | FileType::Directory
        | FileType::Symlink
        | FileType::Unknown => Nature::Plain,
    }
}
