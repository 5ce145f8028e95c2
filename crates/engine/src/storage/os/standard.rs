//! The three standard streams.
//!
//! A process shares them with others, at least with its shell, so nothing about them may be changed: `O_NONBLOCK` would
//! make reads and writes of another program fail, even after this one has ended. A stream that may block is opened a
//! second time if possible, and otherwise polled before each call. Any other file is read and written at the shared
//! position, so that other processes continue after it.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::{FileType, OFlags, fstat, major, minor};

use super::file::OsFile;
use super::open::{Seen, access_of};
use super::platform::names;
use crate::storage::wrapped::Wrapped;
use crate::storage::{Nature, OpenRequest, Opened};

/// Major and minor number of `/dev/ptmx`: opening it makes a new terminal.
const TERMINAL_MAKER: (u32, u32) = (5, 2);

/// One of the standard streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// For reading.
    Input,
    /// For results.
    Output,
    /// For messages.
    Error,
}

impl Standard {
    /// Returns its name in errors, which is Python's.
    pub fn name(self) -> &'static str {
        match self {
            Standard::Input => "<stdin>",
            Standard::Output => "<stdout>",
            Standard::Error => "<stderr>",
        }
    }

    /// Returns whether it is a terminal.
    pub fn is_terminal(self) -> bool {
        match self {
            Standard::Input => io::stdin().is_terminal(),
            Standard::Output => io::stdout().is_terminal(),
            Standard::Error => io::stderr().is_terminal(),
        }
    }

    fn request(self) -> OpenRequest {
        let read = self == Standard::Input;
        OpenRequest { read, append: !read, ..OpenRequest::default() }
    }

    fn duplicate(self) -> io::Result<File> {
        let descriptor = match self {
            Standard::Input => io::stdin().as_fd().try_clone_to_owned(),
            Standard::Output => io::stdout().as_fd().try_clone_to_owned(),
            Standard::Error => io::stderr().as_fd().try_clone_to_owned(),
        };
        descriptor.map(File::from)
    }
}

/// Opens a stream as it is at this moment.
pub(super) fn open(stream: Standard) -> io::Result<(Opened, OpenRequest)> {
    let request = stream.request();
    let shared = stream.duplicate()?;
    let seen = Seen::of(&shared)?;
    // A descriptor without this access fails at once; its readiness would never come.
    let opened = if seen.has_peer() && is_open_for(&shared, &request)? {
        let file = match open_again(&shared, &seen, &request) {
            Some(own) => OsFile::new(own, &request, true),
            None => OsFile::shared(shared, &request)?,
        };
        seen.into_opened(file, true)
    } else {
        let object = if request.read { Wrapped::reader(shared) } else { Wrapped::writer(shared) };
        let nature = Nature::Object { seekable: false };
        Opened { nature, ..seen.into_opened(object, true) }
    };
    Ok((opened, request))
}

/// Opens a description of our own; `None` where that is impossible: sockets, another user's pipe, no `/proc`.
fn open_again(shared: &File, seen: &Seen, request: &OpenRequest) -> Option<File> {
    if !can_be_opened_again(shared) {
        return None;
    }
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
    let mut options = File::options();
    options.read(request.read).write(request.append).custom_flags(flags);
    let own = options.open(names::again(shared)?).ok()?;
    Seen::of(&own).is_ok_and(|own| own.is_same_as(seen)).then_some(own)
}

/// Whether it has the access that its role needs. The wrong end of a pipe has not, and opening it again would return the
/// other end.
fn is_open_for(shared: &File, request: &OpenRequest) -> io::Result<bool> {
    let access = access_of(shared)?;
    Ok((!request.read || access.read) && (!request.append || access.write))
}

/// Opening other devices may have side effects.
fn can_be_opened_again(shared: &File) -> bool {
    let Ok(stat) = fstat(shared) else { return false };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Fifo => true,
        FileType::CharacterDevice => {
            shared.is_terminal() && (major(stat.st_rdev), minor(stat.st_rdev)) != TERMINAL_MAKER
        }
        FileType::Socket
        | FileType::RegularFile
        | FileType::Directory
        | FileType::Symlink
        | FileType::BlockDevice
        | FileType::Unknown => false,
    }
}
