//! Temporary files and directories: Python's `tempfile`, with files that are [`File`](crate::File)s.
//!
//! * [`NamedTemporaryFile`] has a path until it is closed or dropped, unless it is set to stay.
//! * [`TemporaryFile`] has none, so that nothing is left of it even when the process is killed, until it is given one.
//! * [`SpooledTemporaryFile`] stays in memory until it is larger than a limit.
//! * [`TemporaryDirectory`] goes with all that it holds.
//! * [`TempPath`] is a path alone that goes.
//!
//! Each kind of file has a text form, by `create_text` or `build_text`: text [`Options`](crate::text::Options) say its
//! encoding, its ends of lines and, as one of Python's mode strings, what it is opened for.
//!
//! Files are created exclusively and with mode 0600, directories with 0700, unless set otherwise, and both less what
//! the umask takes.
//!
//! What is dropped is removed by a worker and never by the thread that drops it. That removal waits for room
//! like any operation, [`Engine::shutdown`](crate::Engine::shutdown) and the end of the process (a return from `main`,
//! `exit`; not a signal that kills, nor `abort`) wait for it, the latter for five seconds, and if it fails it is logged
//! and counted in [`Counters::unobserved_errors`](crate::Counters). What is still held when the process exits stays, and
//! an engine that has been shut down removes nothing any more: where that matters, call
//! [`close`](NamedTemporaryFile::close) or [`cleanup`](TemporaryDirectory::cleanup), which also return the
//! failure. It is not an error if it is already gone.
//!
//! ```
//! use folio::tempfile::{NamedTemporaryFile, TemporaryDirectory};
//!
//! # async fn example() -> folio::Result<()> {
//! let room = TemporaryDirectory::new().await?;
//! let mut report = NamedTemporaryFile::builder().suffix(".log").in_dir(room.path()).create().await?;
//! report.file().write_all(b"done\n").await?;
//! report.persist("report.log").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Cancellation
//!
//! Dropped before it began, a call has done nothing; after that it finishes in the background. A call that only looks
//! changes nothing. Methods with another rule say so.

mod directory;
mod named;
mod naming;
mod path;
mod poll;
mod removed_on_drop;
mod spooled;
mod template;
#[cfg(feature = "text")]
mod text;
mod unnamed;

pub use directory::{TemporaryDirectory, TemporaryDirectoryBuilder};
pub use named::{NamedTemporaryFile, NamedTemporaryFileBuilder};
pub use path::TempPath;
pub use spooled::{SpooledTemporaryFile, SpooledTemporaryFileBuilder};
pub use unnamed::{TemporaryFile, TemporaryFileBuilder};
