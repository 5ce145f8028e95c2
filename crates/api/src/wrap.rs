//! Files made of a program's own objects: a gzip reader, an archive's entry, a serial port.
//!
//! Any object that is `Read`, `Write` or `Seek` becomes a [`File`] with the guarantees of one: an actor orders the
//! operations of all tasks, permits bound the queue, writes are whole, and cancelled reads lose nothing. The object is
//! called by one worker at a time, so an object that blocks holds only one worker. These calls have their own lane in the
//! pool, together with the closures of [`run`](crate::run).
//!
//! ```
//! use folio::wrap;
//!
//! # async fn example() -> folio::Result<()> {
//! let file = wrap::writer(std::io::BufWriter::new(std::net::TcpStream::connect("localhost:1").unwrap()))
//!     .named("audit trail")
//!     .open()
//!     .await?;
//! file.write_all(b"one record, whole\n").await?;
//! file.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What such a file cannot do
//!
//! Attributes, locks, setting the length and conversion to a std file are [unsupported](Error::is_unsupported).
//! Without `Seek`, seeks and positioned calls fail with `ESPIPE`. A sync flushes the object, and a failed sync
//! [poisons](Error::is_poisoned) the file like that of a disk. If a non-blocking object returns `WouldBlock`, that is the
//! operation's error: the engine does not wait for it.
//!
//! An object that borrows, such as an entry borrowed from its archive, cannot be wrapped. [`run`](crate::run) a closure that
//! owns both, or wrap an object that owns both.

use std::any::type_name;
use std::fmt;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use folio_engine::storage::wrapped::Wrapped;
use folio_engine::{Engine as Core, Handle};

use crate::engine::Engine;
use crate::{Error, File, Operation, Result};

/// An object that is to become a [`File`].
#[must_use = "it becomes a file by `open`"]
pub struct Wrap<T> {
    object: Wrapped<T>,
    name: PathBuf,
}

/// Wraps `object` as a file that can be read in order.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let zeros = folio::wrap::reader(std::io::repeat(0)).open().await?;
/// assert_eq!(zeros.read_bytes(2).await?, [0, 0].as_slice());
/// # Ok(())
/// # }
/// ```
pub fn reader<T: Read + Send + 'static>(object: T) -> Wrap<T> {
    Wrap::new(Wrapped::reader(object))
}

/// Wraps `object` as a file that can be written in order. [`File::append`] returns the offset of each record.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let nowhere = folio::wrap::writer(std::io::sink()).open().await?;
/// nowhere.write_all(b"gone").await?;
/// # Ok(())
/// # }
/// ```
pub fn writer<T: Write + Send + 'static>(object: T) -> Wrap<T> {
    Wrap::new(Wrapped::writer(object))
}

/// Wraps `object` as a file that can be read at any offset. The cursor starts at the object's position.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let page = folio::wrap::read_seek(std::io::Cursor::new(vec![1, 2, 3])).open().await?;
/// assert_eq!(page.read_bytes_at(2, 1).await?, [3].as_slice());
/// # Ok(())
/// # }
/// ```
pub fn read_seek<T: Read + Seek + Send + 'static>(object: T) -> Wrap<T> {
    Wrap::new(Wrapped::read_seek(object))
}

/// Wraps `object` as a file that can be written at any offset. The cursor starts at the object's position.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let page = folio::wrap::write_seek(std::io::Cursor::new(vec![0; 8])).open().await?;
/// page.write_all_at(&[7], 4).await?;
/// # Ok(())
/// # }
/// ```
pub fn write_seek<T: Write + Seek + Send + 'static>(object: T) -> Wrap<T> {
    Wrap::new(Wrapped::write_seek(object))
}

/// Wraps `object` as a file that can be read and written at any offset. The cursor starts at the object's position.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let page = folio::wrap::read_write_seek(std::io::Cursor::new(Vec::new())).open().await?;
/// page.write_all(b"written").await?;
/// page.rewind().await?;
/// assert_eq!(page.read_bytes(7).await?, "written");
/// # Ok(())
/// # }
/// ```
pub fn read_write_seek<T: Read + Write + Seek + Send + 'static>(object: T) -> Wrap<T> {
    Wrap::new(Wrapped::read_write_seek(object))
}

/// Waits for all earlier operations, then returns the object that the file wraps. Later calls by other handles fail. The
/// object is not flushed, and [`on_close`](Wrap::on_close) does not run.
///
/// # Errors
///
/// [`is_unsupported`](Error::is_unsupported) if the file does not wrap a `T`, after which the file is unchanged, or if
/// the object has been taken already; [`is_closed`](Error::is_closed) if the file is closed.
///
/// # Cancellation
///
/// Before it began: nothing happens. After: the object is dropped.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let file = folio::wrap::writer(Vec::new()).open().await?;
/// file.write_all(b"kept").await?;
/// let bytes: Vec<u8> = folio::wrap::into_inner(file).await?;
/// assert_eq!(bytes, b"kept");
/// # Ok(())
/// # }
/// ```
pub async fn into_inner<T: Send + 'static>(file: File) -> Result<T> {
    let object = match &file.handle {
        Handle::Plain(file) => file.take_object::<T>().await?,
        Handle::Stream(_) => None,
    };
    let none =
        || Error::unsupported(Operation::Run, "no object of that type is wrapped").at_path(file.path());
    object.ok_or_else(none)
}

impl<T: Send + 'static> Wrap<T> {
    fn new(object: Wrapped<T>) -> Self {
        Wrap { object, name: format!("<{}>", type_name::<T>()).into() }
    }

    /// Sets the file's name in errors and snapshots; the name of the object's type unless set.
    pub fn named(self, name: impl AsRef<Path>) -> Self {
        Wrap { name: name.as_ref().to_owned(), ..self }
    }

    /// Sets a function that gets the object when the file is closed, instead of a flush. It runs on a worker, also if the
    /// last handle is dropped. After a failed write it does not run, and the object is dropped.
    ///
    /// # Errors
    ///
    /// None here: [`File::close`] returns the error of `ending`. After a drop it is logged.
    ///
    /// ```
    /// # async fn example(encoder: std::io::BufWriter<std::fs::File>) -> folio::Result<()> {
    /// // What `flush` does not do: the data is on the disk, or `close` returns the error.
    /// let durable = |writer: std::io::BufWriter<std::fs::File>| writer.into_inner()?.sync_all();
    /// let file = folio::wrap::writer(encoder).on_close(durable).open().await?;
    /// file.write_all(b"kept").await?;
    /// file.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_close(self, ending: impl FnOnce(T) -> io::Result<()> + Send + 'static) -> Self {
        Wrap { object: self.object.on_close(ending), ..self }
    }

    /// Makes the file, on the [current](Engine::current) engine.
    ///
    /// # Errors
    ///
    /// Any error of a seekable object when its position is read.
    ///
    /// # Cancellation
    ///
    /// The object is dropped.
    pub async fn open(self) -> Result<File> {
        Box::pin(self.open_in(&*Core::current()?)).await
    }

    /// Makes the file on `engine`, which also runs every operation of the file.
    ///
    /// # Errors
    ///
    /// Like [`open`](Wrap::open).
    ///
    /// # Cancellation
    ///
    /// Like [`open`](Wrap::open).
    pub async fn open_on(self, engine: &Engine) -> Result<File> {
        self.open_in(engine.core()).await
    }

    pub(crate) async fn open_in(self, engine: &Core) -> Result<File> {
        let file = Box::pin(engine.wrap(self.object, self.name)).await?;
        Ok(File::new(Handle::Plain(file)))
    }
}

impl<T> fmt::Debug for Wrap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wrap").field("name", &self.name).finish_non_exhaustive()
    }
}
