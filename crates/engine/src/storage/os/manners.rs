//! Using a shared description in blocking mode without waiting.

use std::fs::File;
use std::io;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use super::platform::NO_SIGNAL;
use crate::limits::PIPE_BUF_BYTES;

/// How to avoid waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manners {
    /// A flag of each call.
    Socket,
    /// A poll before each call. If another process takes the bytes in between, the call waits.
    Watched,
}

impl Manners {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let socket = FileType::from_raw_mode(fstat(file)?.st_mode) == FileType::Socket;
        Ok(if socket { Manners::Socket } else { Manners::Watched })
    }

    pub(super) fn read(self, file: &File, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Manners::Socket => {
                let (count, _) =
                    rustix::io::retry_on_intr(|| rustix::net::recv(file, &mut *buf, RecvFlags::DONTWAIT))?;
                Ok(count)
            }
            Manners::Watched => {
                watch(file, PollFlags::IN)?;
                Ok(rustix::io::retry_on_intr(|| rustix::io::read(file, &mut *buf))?)
            }
        }
    }

    pub(super) fn write(self, file: &File, buf: &[u8]) -> io::Result<usize> {
        match self {
            Manners::Socket => {
                let flags = SendFlags::DONTWAIT | NO_SIGNAL;
                Ok(rustix::io::retry_on_intr(|| rustix::net::send(file, buf, flags))?)
            }
            Manners::Watched => {
                watch(file, PollFlags::OUT)?;
                let first = &buf[..buf.len().min(PIPE_BUF_BYTES)];
                Ok(rustix::io::retry_on_intr(|| rustix::io::write(file, first))?)
            }
        }
    }
}

/// `WouldBlock` unless a call can return now, even if only with an error or the end.
fn watch(file: &File, ready: PollFlags) -> io::Result<()> {
    let mut asked = [PollFd::new(file, ready)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    match rustix::io::retry_on_intr(|| poll(&mut asked, Some(&at_once)))? {
        0 => Err(Errno::AGAIN.into()),
        _ => Ok(()),
    }
}
