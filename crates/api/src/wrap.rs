//! Files made of a program's own objects: a gzip reader, an archive's entry, a serial port.
//!
//! Anything that is `Read`, `Write` or `Seek` becomes a [`File`] with all that a file has: an actor that orders what
//! any number of tasks ask of it, permits that bound what waits, whole writes, reads that lose nothing when they
//! are cancelled. Its calls are made one at a time, on a worker, so an object that blocks holds that one and no
//! other. They have a lane of their own, together with the closures of [`run`](crate::run).
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
//! It has no attributes, locks, length to set or std file: those calls are [unsupported](Error::is_unsupported).
//! Without `Seek` it has no positions either: seeks and positioned calls fail with `ESPIPE`. A sync is the object's
//! flush, and one that failed [poisons](Error::is_poisoned) the file as a disk's would. An object that is itself
//! non-blocking may answer `WouldBlock`, which is then the operation's error: nothing waits for it.
//!
//! An object that borrows, such as an entry borrowed from its archive, cannot be handed over; [`run`](crate::run) a closure
//! that owns both, or wrap what owns them.

use std::any::type_name;
use std::fmt;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use folio_engine::storage::wrapped::Wrapped;
use folio_engine::{Engine as Core, Handle};

use crate::engine::Engine;
use crate::{Error, File, Operation, Result};

/// An object on its way to become a [`File`].
#[must_use = "it becomes a file by `open`"]
pub struct Wrap<T> {
    object: Wrapped<T>,
    name: PathBuf,
}

/// Makes a file to read from, in order, of `object`.
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

/// Makes a file to write to, in order, of `object`. [`File::append`] returns where each record begins.
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

/// Makes a file to read from, anywhere, of `object`. The cursor begins where it stands.
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

/// Makes a file to write to, anywhere, of `object`. The cursor begins where it stands.
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

/// Makes a file to read from and write to, anywhere, of `object`. The cursor begins where it stands.
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

/// Takes the object back out of a file that was made of it, after everything asked for before; what other
/// handles ask for from then on fails. It is neither flushed nor ended.
///
/// # Errors
///
/// [`is_unsupported`](Error::is_unsupported) if the file was not made of a `T`, which changes nothing, or the
/// object is gone already; that of a closed file.
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

    /// Sets the name that errors and snapshots show; the name of its type unless set.
    pub fn named(self, name: impl AsRef<Path>) -> Self {
        Wrap { name: name.as_ref().to_owned(), ..self }
    }

    /// Sets what is done with the object when the file is closed, in place of a flush. It runs on a worker, also if
    /// the last handle is dropped instead. After a write that failed, the object is only dropped.
    ///
    /// # Errors
    ///
    /// None here: what `ending` returns, [`File::close`] returns. After a drop it is logged.
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

    /// Makes the file on the [current](Engine::current) engine.
    ///
    /// # Errors
    ///
    /// The error of an object that can seek, when its position is asked for.
    ///
    /// # Cancellation
    ///
    /// The object is dropped.
    pub async fn open(self) -> Result<File> {
        Box::pin(self.open_in(&*Core::current()?)).await
    }

    /// Makes the file, on `engine`; every operation of the file stays there.
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
