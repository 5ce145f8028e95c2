//! The three streams that a process is born with.
//!
//! It shares them with others, with its shell at the least, so nothing about them may be changed: `O_NONBLOCK`
//! would make another program's reads and writes fail, even after this one has ended. What has to be waited for
//! is opened a second time where that can be done, and asked before each call where not. What need not be waited
//! for is read and written where the shared position stands, so that others go on behind it.

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

/// Major and minor number of the device whose opening makes a new terminal (`/dev/ptmx`).
const TERMINAL_MAKER: (u32, u32) = (5, 2);

/// One of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// What is read.
    Input,
    /// Where results go.
    Output,
    /// Where messages go.
    Error,
}

impl Standard {
    /// Returns what errors call it, as Python does.
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
    // One that is not open for this says so at once; its readiness would never come.
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

/// A description of one's own; `None` where there is none to be had: sockets, another user's pipe, no `/proc`.
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

/// Whether it has the access that its part asks for. The other end of a pipe has not, and to open that again
/// would open the right end.
fn is_open_for(shared: &File, request: &OpenRequest) -> io::Result<bool> {
    let access = access_of(shared)?;
    Ok((!request.read || access.read) && (!request.append || access.write))
}

/// Other devices may begin something new when they are opened.
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
