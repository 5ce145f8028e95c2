//! Binary files with the names and the behaviour of Python's.
//!
//! `open` makes them, `below_text` those below files of text; `read`, `lines`, `write` and `position` have their
//! methods. The layer is thin: the [`File`] below keeps the order that they promise.

#[cfg(feature = "text")]
mod below_text;
mod lines;
mod name;
mod open;
mod position;
mod read;
mod write;

use std::fmt;
use std::fs::File as StdFile;
use std::io;
use std::os::fd::RawFd;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use folio_engine::storage::os::close;
use folio_engine::{Handle, LINE_LIMIT_BYTES};

use crate::{Buffering, Error, File, OpenMode, Operation, Result};

pub use lines::BinaryLines;
pub use name::Name;

/// An open file of bytes that behaves as Python's do, made by [`open`](crate::open) and
/// [`OpenOptions::open_binary`](crate::OpenOptions::open_binary). Clones share it: one file, one cursor.
///
/// Methods take `&self` and may be called from any number of tasks. Each is one step of the file's order unless it
/// says otherwise: two readers never get parts of one line, and what is written at the same time is not mixed.
///
/// It has no read buffer. What the page cache holds is read in the caller's own poll, so that a `readline` costs
/// a system call and nothing else, `tell` is always exact, and reading, writing and seeking can be mixed freely.
/// (What is written is buffered, as [`Buffering`] says.)
///
/// # Failure
///
/// A call that the mode does not allow fails with [`is_unsupported`](crate::Error::is_unsupported), in CPython's words; a
/// call after [`close`](BinaryFile::close) fails with [`is_closed`](crate::Error::is_closed), a call after
/// [`detach`](BinaryFile::detach) with an error that names it. Everything else is as with [`File`].
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let file = folio::open("data.bin", "r+b").await?.binary()?;
/// let magic = file.read(Some(4)).await?;
/// file.seek(std::io::SeekFrom::Start(0)).await?;
/// file.write(b"FOLI").await?;
/// file.close().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Cancellation
///
/// Dropped before it began, a call has done nothing; after that it finishes in the background. A call that only looks
/// changes nothing. Methods with another rule say so.
#[derive(Clone)]
pub struct BinaryFile {
    inner: Arc<Inner>,
    /// Bytes that a line may have, without its end, for this handle.
    line_limit: usize,
}

struct Inner {
    held: Mutex<Held>,
    /// The name as text, for messages.
    path: Arc<Path>,
    name: Name,
    mode: OpenMode,
    buffering: Buffering,
    descriptor: Descriptor,
}

/// Where the file is.
#[derive(Debug)]
enum Held {
    /// The file is open. Methods work on a clone, so that the lock is held only while the clone is made.
    Open(File),
    /// The file is closed.
    Closed,
    /// Detached: returned as a std file.
    Detached,
}

/// Whose descriptor the file works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Descriptor {
    /// The descriptor is the file's own.
    Owned,
    /// The descriptor is a duplicate. The owner of the original goes on using it and expects its position at this
    /// file's cursor.
    Borrowed,
}

impl BinaryFile {
    async fn new(
        file: File,
        name: Name,
        mode: OpenMode,
        buffering: Buffering,
        descriptor: Descriptor,
    ) -> Result<BinaryFile> {
        file.check_nature(mode, buffering).await?;
        if mode.appends() && !file.is_stream() {
            file.seek(io::SeekFrom::End(0)).await?;
        }
        let (path, held) = (file.path().into(), Mutex::new(Held::Open(file)));
        let inner = Inner { held, path, name, mode, buffering, descriptor };
        Ok(BinaryFile { inner: Arc::new(inner), line_limit: LINE_LIMIT_BYTES })
    }

    /// Waits for everything asked for before, writes out what is buffered and closes the file for every clone; the
    /// second time, does nothing.
    ///
    /// # Errors
    ///
    /// Like [`File::close_all`]. The file is closed all the same.
    ///
    /// # Cancellation
    ///
    /// The file is closed all the same, and an error is logged.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let file = folio::open("report.bin", "wb").await?.binary()?;
    /// file.write(b"done").await?;
    /// file.close().await?;
    /// assert!(file.closed() && file.write(b"more").await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self) -> Result<()> {
        let file = {
            let mut held = self.lock();
            match std::mem::replace(&mut *held, Held::Closed) {
                Held::Open(file) => file,
                Held::Closed => return Ok(()),
                Held::Detached => {
                    *held = Held::Detached;
                    return Err(self.detached(Operation::Close));
                }
            }
        };
        let settled = match self.inner.descriptor {
            Descriptor::Owned => Ok(()),
            // A stream is put back into blocking mode by that.
            Descriptor::Borrowed => self.leave_in_place(file.clone()).await,
        };
        file.close_all().await.and(settled)
    }

    /// Writes out what is buffered and hands over the file below, its position where the cursor is. From then on
    /// every method of every clone fails.
    ///
    /// # Errors
    ///
    /// Like [`flush`](BinaryFile::flush) and [`File::into_std`]; [`is_unsupported`](crate::Error::is_unsupported)
    /// for a stream of which more was read than was given out.
    ///
    /// # Cancellation
    ///
    /// Nothing is handed over; the file is closed, or goes on for clones of what it was made of.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let file = folio::open("data.bin", "rb").await?.binary()?;
    /// let magic = file.read(Some(4)).await?;
    /// let rest: std::fs::File = file.detach().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn detach(&self) -> Result<StdFile> {
        let file = self.held(Operation::Flush)?;
        if let Handle::Stream(stream) = &file.handle
            && stream.has_read_ahead()
        {
            return Err(self.unsupported(Operation::Read, "bytes that were read ahead would be lost"));
        }
        file.flush().await?;
        drop(file);
        let taken = match std::mem::replace(&mut *self.lock(), Held::Detached) {
            Held::Open(file) => file,
            Held::Closed => {
                *self.lock() = Held::Closed;
                return Err(self.at_path(Error::closed(Operation::Flush)));
            }
            Held::Detached => return Err(self.detached(Operation::Flush)),
        };
        taken.into_std().await
    }

    /// Returns what the file was opened by.
    pub fn name(&self) -> &Name {
        &self.inner.name
    }

    /// Returns the mode, as Python names it: `rb+` for `w+b` too.
    pub fn mode(&self) -> &'static str {
        self.inner.mode.binary_name()
    }

    /// Returns whether the file is closed, or has been detached.
    pub fn closed(&self) -> bool {
        !matches!(*self.lock(), Held::Open(_))
    }

    /// Returns whether it is a terminal.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    pub fn isatty(&self) -> Result<bool> {
        self.held(Operation::Metadata).map(|file| file.is_terminal())
    }

    /// Returns whether the file has positions, which a FIFO, a socket and a terminal have not.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    pub fn seekable(&self) -> Result<bool> {
        self.held(Operation::Metadata).map(|file| !file.is_stream())
    }

    /// Returns whether the file is open for reading.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    pub fn readable(&self) -> Result<bool> {
        self.held(Operation::Metadata).map(|_| self.inner.mode.reads())
    }

    /// Returns whether the file is open for writing.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    pub fn writable(&self) -> Result<bool> {
        self.held(Operation::Metadata).map(|_| self.inner.mode.writes())
    }

    /// Returns the file below, for what Python's files do not have: reads and writes at an offset, syncs, locks.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let data = folio::open("data.bin", "rb").await?.binary()?;
    /// let magic = data.file()?.read_bytes_at(0, 4).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn file(&self) -> Result<File> {
        self.held(Operation::Metadata)
    }

    /// Returns the number of the file's descriptor, which the file goes on owning.
    ///
    /// # Errors
    ///
    /// If the file is closed; [`is_unsupported`](crate::Error::is_unsupported) if its storage has no descriptors.
    pub fn fileno(&self) -> Result<RawFd> {
        self.held(Operation::Metadata)?
            .descriptor()
            .ok_or_else(|| self.unsupported(Operation::Metadata, "fileno"))
    }

    /// Whether Python would give a `FileIO` here: one call of the system for one of ours.
    fn is_raw(&self) -> bool {
        self.inner.buffering == Buffering::Unbuffered
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.inner.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file, if it is open.
    fn held(&self, operation: Operation) -> Result<File> {
        match &*self.lock() {
            Held::Open(file) => Ok(file.clone()),
            Held::Closed => Err(self.at_path(Error::closed(operation))),
            Held::Detached => Err(self.detached(operation)),
        }
    }

    /// The file, if it is open for reading. The direction is looked at first, as CPython does.
    fn for_reading(&self, word: &'static str) -> Result<File> {
        self.in_direction(self.inner.mode.reads(), Operation::Read, word, "File not open for reading")
    }

    /// The file, if it is open for writing.
    fn for_writing(&self, operation: Operation, word: &'static str) -> Result<File> {
        self.in_direction(self.inner.mode.writes(), operation, word, "File not open for writing")
    }

    fn in_direction(
        &self,
        allowed: bool,
        operation: Operation,
        word: &'static str,
        raw: &'static str,
    ) -> Result<File> {
        if allowed || matches!(*self.lock(), Held::Detached) {
            return self.held(operation);
        }
        Err(self.unsupported(operation, if self.is_raw() { raw } else { word }))
    }

    /// Moves the position of the owner's descriptor to where this file's cursor is.
    async fn leave_in_place(&self, file: File) -> Result<()> {
        let second = file.into_std().await?;
        // The first close returns what NFS and FUSE found no room for.
        close(second).map_err(|error| self.at_path(Error::io(Operation::Close, error)))
    }

    /// Names the file in an error.
    pub(crate) fn at_path(&self, error: Error) -> Error {
        error.at_path(self.inner.path.clone())
    }

    fn unsupported(&self, operation: Operation, why: &'static str) -> Error {
        self.at_path(Error::unsupported(operation, why))
    }

    fn detached(&self, operation: Operation) -> Error {
        self.at_path(Error::invalid(operation, "raw stream has been detached"))
    }
}

impl fmt::Debug for BinaryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BinaryFile")
            .field("name", self.name())
            .field("mode", &self.mode())
            .field("closed", &self.closed())
            .finish_non_exhaustive()
    }
}
