//! Whether a file has positions or is a stream, and what only one of the two supports.

use std::io;
use std::os::fd::RawFd;

use folio_engine::{FileHandle, Handle};

use crate::{Buffering, Error, File, OpenMode, Operation, Result};

/// `EISDIR`: the path leads to a directory.
const IS_A_DIRECTORY: i32 = 21;

impl File {
    /// The file, if it has positions; a stream refuses the operation like the kernel.
    pub(crate) fn plain(&self, operation: Operation) -> Result<&FileHandle> {
        match &self.handle {
            Handle::Plain(file) => Ok(file),
            Handle::Stream(stream) if needs_position(operation) => stream.no_position(operation),
            Handle::Stream(stream) => stream.unsupported(operation),
        }
    }

    /// Whether it is driven by readiness.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self.handle, Handle::Stream(_))
    }

    pub(crate) fn is_terminal(&self) -> bool {
        match &self.handle {
            Handle::Plain(_) => false,
            Handle::Stream(stream) => stream.is_terminal(),
        }
    }

    /// The number of its descriptor, if its storage has descriptors.
    pub(crate) fn descriptor(&self) -> Option<RawFd> {
        match &self.handle {
            Handle::Plain(file) => file.descriptor(),
            Handle::Stream(stream) => stream.descriptor(),
        }
    }

    /// Refuses files that Python's `open` refuses although the kernel opens them: directories, and buffered streams for
    /// both reading and writing.
    pub(crate) async fn check_nature(&self, mode: OpenMode, buffering: Buffering) -> Result<()> {
        let refuse = |error: Error| Err(error.at_path(self.path()));
        if self.is_stream() {
            return match mode.reads() && mode.writes() && buffering != Buffering::Unbuffered {
                true => refuse(Error::unsupported(Operation::Open, "File or stream is not seekable.")),
                false => Ok(()),
            };
        }
        let seen = match &self.handle {
            Handle::Plain(file) => file.is_directory(),
            Handle::Stream(_) => Some(false),
        };
        let directory = match seen {
            Some(directory) => directory,
            None => self.metadata().await?.is_dir(),
        };
        match directory {
            true => refuse(Error::io(Operation::Open, io::Error::from_raw_os_error(IS_A_DIRECTORY))),
            false => Ok(()),
        }
    }
}

/// Whether the kernel refuses the operation on a stream with `ESPIPE`; it refuses others with `EINVAL`.
fn needs_position(operation: Operation) -> bool {
    use Operation::{Advise, Allocate, Append, Read, Seek, Write};

    matches!(operation, Read | Write | Append | Seek | Allocate | Advise)
}
