//! Operations on paths, with the names, arguments and results of `tokio::fs`.
//!
//! To migrate from `tokio::fs`, change the import. Differences:
//!
//! * Errors are [`Error`](crate::Error): they name the operation and the path, and `?` turns them into
//!   `std::io::Error` with the same kind and errno.
//! * What the kernel has in memory (attributes, existence, small files) is answered in place; everything else runs on the
//!   engine's bounded pool instead of tokio's blocking pool.
//! * Dropping a future whose operation has not begun cancels the operation; tokio still runs it.
//! * [`read`], [`write`](write()) and [`copy`] wait for the peer of a FIFO, pipe or terminal by readiness, without a
//!   thread.
//! * [`copy`] refuses to copy a file onto itself, which leaves an empty file with std and tokio. It drops set-ID bits and
//!   reports errors of closing the copy.
//! * [`replace`] writes a file in one step: readers and power cuts leave the old contents or the new. [`sync_dir`] does for
//!   names what `sync_all` does for contents.
//! * [`read_limited`] bounds the memory that a file of unknown length can take; [`walk`](walk()), [`fwalk`](fwalk()),
//!   [`glob`](glob()) and [`rglob`] traverse whole trees.
//! * Listings and walks are also `Stream`s.
//!
//! ```
//! use folio::fs;
//!
//! # async fn example() -> folio::Result<()> {
//! fs::create_dir_all("cache/pages").await?;
//! fs::write("cache/pages/1", b"contents").await?;
//! let mut entries = fs::read_dir("cache/pages").await?;
//! while let Some(entry) = entries.next_entry().await? {
//!     println!("{}: {} bytes", entry.path().display(), entry.metadata().await?.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Cancellation
//!
//! A call that is dropped before it began does nothing; after that it finishes in the background. Functions with another
//! rule say so.

mod attributes;
mod copy_tree;
mod fwalk;
mod glob;
mod names;
mod read_dir;
mod relocate;
mod replace;
mod tree;
mod walk;
mod whole;

pub use crate::dir::builder::DirBuilder;
pub use crate::dir::options::{RemoveOptions, RenameOptions};
pub use crate::{File, OpenOptions, ReplaceOptions, Replacement};
pub use attributes::{
    metadata, set_permissions, set_times, set_times_nofollow, symlink_metadata, try_exists,
};
pub use copy_tree::copy_dir;
pub use fwalk::{Fwalk, FwalkStep, fwalk};
pub use glob::{Glob, GlobOptions, Pattern, glob, glob_in, rglob};
pub use names::{canonicalize, hard_link, read_link, remove_file, rename, symlink};
pub use read_dir::{DirEntry, ReadDir, read_dir};
pub use relocate::move_path;
pub use replace::{replace, replace_bytes, sweep_replacements, sync_dir};
pub use tree::{create_dir, create_dir_all, remove_dir, remove_dir_all};
pub use walk::{Walk, WalkEntry, WalkOptions, walk};
pub use whole::{copy, read, read_limited, read_to_string, write, write_bytes};
