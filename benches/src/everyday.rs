//! Rivals of everyday work: each supplies what its users would call, the laps are written once over it.

use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::contender::Column;
use crate::job::Everyday;

/// A library's ways with whole files, names and trees. std's futures are ready at once, so that its laps compile to
/// plain loops.
///
/// What a rival does not take part in need not be written.
pub(crate) trait EverydayRival: Send + Sync + 'static {
    const COLUMN: Column;
    /// A file that writes are buffered for.
    type Sink: Sink;

    /// Tells whether this rival takes part in `job`.
    fn takes(job: Everyday) -> bool;

    /// Creates or empties a file, to write blocks to.
    fn create(_path: &Path) -> impl Future<Output = io::Result<Self::Sink>> + Send {
        not_taken()
    }

    /// Reads a text and shows each line, as the `String` that its users get, without its end.
    fn lines(_path: &Path, _see: impl FnMut(&str) + Send) -> impl Future<Output = io::Result<()>> + Send {
        not_taken()
    }

    /// Reads a text and shows each line, and asks behind each where it ends; returns the last of these places.
    fn tell(
        _path: &Path,
        _encoding: &'static str,
        _see: impl FnMut(&str) + Send,
    ) -> impl Future<Output = io::Result<u64>> + Send {
        not_taken()
    }

    /// Reads a whole file.
    fn read(_path: &Path) -> impl Future<Output = io::Result<Vec<u8>>> + Send {
        not_taken()
    }

    /// Returns a path's attributes.
    fn metadata(_path: &Path) -> impl Future<Output = io::Result<Metadata>> + Send {
        not_taken()
    }

    /// Tells whether a path names anything.
    fn try_exists(_path: &Path) -> impl Future<Output = io::Result<bool>> + Send {
        not_taken()
    }

    /// Shows everything from `root` downwards, itself included, and whether it is a directory.
    fn walk(
        _root: &Path,
        _see: impl FnMut(&Path, bool) + Send,
    ) -> impl Future<Output = io::Result<()>> + Send {
        not_taken()
    }

    /// Replaces a file in one step, so that it survives a power cut.
    fn replace(_path: &Path, _contents: &[u8]) -> impl Future<Output = io::Result<()>> + Send {
        not_taken()
    }

    /// Copies a file.
    fn copy(_from: &Path, _to: &Path) -> impl Future<Output = io::Result<u64>> + Send {
        not_taken()
    }
}

/// A file that writes are buffered for.
pub(crate) trait Sink: Send {
    /// Accepts all of `block`.
    fn write_all(&mut self, block: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// Writes what is buffered; when it returns, every system call has returned.
    fn flush(&mut self) -> impl Future<Output = io::Result<()>> + Send;
}

/// What a job answers that its rival said no to.
fn not_taken<T: Send>() -> impl Future<Output = io::Result<T>> + Send {
    std::future::ready(Err(ErrorKind::Unsupported.into()))
}
