//! Operations on paths, with the names, arguments and results of `tokio::fs`.
//!
//! To move over, change the import. Differences:
//!
//! * Errors are [`Error`](crate::Error): they name the operation and the path, and `?` turns them into
//!   `std::io::Error` with the same kind and errno.
//! * What the kernel can answer from memory (attributes, existence, small files) is answered in place; the
//!   rest runs on the engine's bounded pool instead of tokio's blocking pool.
//! * Dropping a future whose operation has not begun takes the operation back; tokio runs it all the same.
//! * Waiting for a peer holds no thread: [`read`], [`write`](write()) and [`copy`] take FIFOs, pipes and terminals whole, by
//!   readiness.
//! * [`copy`] refuses to copy a file onto itself, which leaves an empty file with std and tokio, carries no set-ID bits, and
//!   reports what the close of the copy reports.
//! * [`replace`] writes a file in one step, so that neither a reader nor a power cut finds half of it; [`sync_dir`] does for
//!   names what `sync_all` does for contents.
//! * [`read_limited`] bounds what a file of unknown length may take of memory; [`walk`](walk()),
//!   [`fwalk`](fwalk()), [`glob`](glob()) and [`rglob`] go through whole trees.
//! * What lists is also a `Stream`.
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
//! Dropped before it began, a call has done nothing; after that it finishes in the background. A call that only looks
//! changes nothing. Functions with another rule say so.

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
