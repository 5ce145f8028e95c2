//! How a binary file is opened: by a path, or from a descriptor that is open already.

use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};

use folio_engine::Engine as Core;

use super::{BinaryFile, Descriptor, Name};
use crate::engine::Engine;
use crate::{Error, OpenOptions, Operation, Result};

/// Binary files, as Python's `open` makes them. They are [buffered](OpenOptions::buffering) unless set
/// otherwise; a file that is opened for appending begins at its end.
impl OpenOptions {
    /// Opens `path` as a [`BinaryFile`].
    ///
    /// # Errors
    ///
    /// Like [`open`](OpenOptions::open). `EISDIR` for a directory; [`is_unsupported`](crate::Error::is_unsupported) for
    /// a FIFO, a socket or a terminal that is to be both read and written, unless it is unbuffered.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind; the file may have been created or cut.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let file = folio::OpenOptions::new().python_mode("wb").buffering(64 * 1024).open_binary("out.bin").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open_binary(&self, path: impl AsRef<Path>) -> Result<BinaryFile> {
        self.open_binary_in(&*Core::current()?, path).await
    }

    /// Opens `path` as a [`BinaryFile`] on `engine`; every operation of the file stays there.
    ///
    /// # Errors
    ///
    /// Like [`open_binary`](OpenOptions::open_binary).
    ///
    /// # Cancellation
    ///
    /// Like [`open_binary`](OpenOptions::open_binary).
    pub async fn open_binary_on(&self, engine: &Engine, path: impl AsRef<Path>) -> Result<BinaryFile> {
        self.open_binary_in(engine.core(), path).await
    }

    pub(crate) async fn open_binary_in(&self, engine: &Core, path: impl AsRef<Path>) -> Result<BinaryFile> {
        let (options, mode, buffering) = self.for_binary();
        let file = options.open_in(engine, path).await?;
        let name = Name::Path(file.path().into());
        BinaryFile::new(file, name, mode, buffering, Descriptor::Owned).await
    }

    /// Makes a [`BinaryFile`] of a descriptor that is open already (Python's `open(fd)`), its position included. It
    /// is closed with the file.
    ///
    /// The descriptor keeps the access it was opened with: what it does not allow fails when it is tried. Options
    /// that create or cut do nothing.
    ///
    /// # Errors
    ///
    /// Like [`open_binary`](OpenOptions::open_binary).
    ///
    /// # Cancellation
    ///
    /// The descriptor is closed.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let (reader, writer) = std::io::pipe().expect("there are descriptors");
    /// let pipe = folio::OpenOptions::new().python_mode("rb").open_fd(reader.into()).await?;
    /// let line = pipe.readline(None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open_fd(&self, descriptor: OwnedFd) -> Result<BinaryFile> {
        self.open_fd_in(&*Core::current()?, descriptor).await
    }

    /// Does what [`open_fd`](OpenOptions::open_fd) does on `engine`.
    ///
    /// # Errors
    ///
    /// Like [`open_fd`](OpenOptions::open_fd).
    ///
    /// # Cancellation
    ///
    /// Like [`open_fd`](OpenOptions::open_fd).
    pub async fn open_fd_on(&self, engine: &Engine, descriptor: OwnedFd) -> Result<BinaryFile> {
        self.open_fd_in(engine.core(), descriptor).await
    }

    pub(crate) async fn open_fd_in(&self, engine: &Core, descriptor: OwnedFd) -> Result<BinaryFile> {
        let number = descriptor.as_raw_fd();
        self.open_descriptor(engine, number, descriptor, Descriptor::Owned).await
    }

    /// Makes a [`BinaryFile`] of a descriptor that stays its owner's (Python's `open(fd, closefd=False)`).
    ///
    /// The file works on a duplicate. When it is flushed and when it is closed, the position of the descriptor is
    /// where the file's cursor is; in between it may be anywhere. A FIFO, socket or terminal is in non-blocking mode,
    /// for everyone who has it open, until the file is closed.
    ///
    /// # Errors
    ///
    /// Like [`open_fd`](OpenOptions::open_fd); if the descriptor cannot be duplicated.
    ///
    /// # Cancellation
    ///
    /// No descriptor is left behind.
    ///
    /// ```
    /// # async fn example(mine: std::fs::File) -> std::io::Result<()> {
    /// use std::io::Read;
    ///
    /// let file = folio::OpenOptions::new().python_mode("rb").open_borrowed(&mine).await?;
    /// let head = file.readline(None).await?;
    /// file.close().await?;
    /// let body = std::io::read_to_string(mine)?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open_borrowed(&self, descriptor: &impl AsFd) -> Result<BinaryFile> {
        self.open_borrowed_in(&*Core::current()?, descriptor).await
    }

    /// Does what [`open_borrowed`](OpenOptions::open_borrowed) does on `engine`.
    ///
    /// # Errors
    ///
    /// Like [`open_borrowed`](OpenOptions::open_borrowed).
    ///
    /// # Cancellation
    ///
    /// Like [`open_borrowed`](OpenOptions::open_borrowed).
    pub async fn open_borrowed_on(&self, engine: &Engine, descriptor: &impl AsFd) -> Result<BinaryFile> {
        self.open_borrowed_in(engine.core(), descriptor).await
    }

    pub(crate) async fn open_borrowed_in(&self, engine: &Core, descriptor: &impl AsFd) -> Result<BinaryFile> {
        let descriptor = descriptor.as_fd();
        let number = descriptor.as_raw_fd();
        let duplicate = descriptor.try_clone_to_owned();
        let duplicate =
            duplicate.map_err(|error| Error::io(Operation::Open, error).at_path(shown(number)))?;
        self.open_descriptor(engine, number, duplicate, Descriptor::Borrowed).await
    }

    async fn open_descriptor(
        &self,
        engine: &Core,
        number: RawFd,
        descriptor: OwnedFd,
        whose: Descriptor,
    ) -> Result<BinaryFile> {
        let (options, mode, buffering) = self.for_binary();
        let file = options.take_over(engine, descriptor, &shown(number)).await?;
        BinaryFile::new(file, Name::Descriptor(number), mode, buffering, whose).await
    }
}

/// What messages call a descriptor.
fn shown(number: RawFd) -> PathBuf {
    format!("<fd {number}>").into()
}
