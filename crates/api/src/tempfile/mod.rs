//! Temporary files and directories: Python's `tempfile`, with files that are [`File`](crate::File)s.
//!
//! * [`NamedTemporaryFile`] has a path, which is removed when the file is closed or dropped, unless it is kept.
//! * [`TemporaryFile`] has no path until it is given one, so nothing is left even if the process is killed.
//! * [`SpooledTemporaryFile`] stays in memory until it is larger than a limit.
//! * [`TemporaryDirectory`] is removed with its contents.
//! * [`TempPath`] is the path of a temporary file without the open file.
//!
//! Each kind of file has a text form, made by `create_text` or `build_text`. The text
//! [`Options`](crate::text::Options) set its encoding, its line endings and, as one of Python's mode strings, its access.
//!
//! Files are created exclusively and with mode 0600, directories with 0700, unless set otherwise. The umask applies.
//!
//! Dropping one of these values never blocks: a worker removes the file or directory, once there is a permit for it.
//! [`Engine::shutdown`](crate::Engine::shutdown) waits for that removal, and so does, for at most five seconds, the end
//! of the process (a return from `main` or `exit`, not a signal that kills, nor `abort`). A removal that fails is logged
//! and counted in [`Counters::unobserved_errors`](crate::Counters); a path that is already gone is no failure.
//! Values that are not dropped before the process ends are not removed, and an engine that has been shut down removes
//! nothing. Where that matters, call [`close`](NamedTemporaryFile::close) or [`cleanup`](TemporaryDirectory::cleanup),
//! which also return the failure.
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
//! A call that is dropped before it began does nothing; after that it finishes in the background. A dropped call that
//! creates or opens a file or directory leaves neither a path nor a descriptor behind, even if `delete` is off.
//! Methods with another rule say so.

mod directory;
mod named;
mod naming;
mod path;
mod poll;
mod removal_guard;
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
