//! `tokio::fs`, type for type: change the import, and the code compiles.
//!
//! Names, signatures, traits and texts of errors are those of tokio 1.54. What differs in the types is one thing: there is
//! no `FromRawFd`, whose method has to be `unsafe`; an `OwnedFd` or a std file becomes a [`File`] by `From`. What differs
//! in what happens is what folio is for: operations are ordered, bounded and carried out on an engine's own threads.
//!
//! ```
//! use folio::compat::fs; // was: use tokio::fs;
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # async fn example() -> std::io::Result<()> {
//! let mut file = fs::File::create("report.txt").await?;
//! file.write_all(b"done\n").await?;
//! file.flush().await?;
//! let mut text = String::new();
//! fs::File::open("report.txt").await?.read_to_string(&mut text).await?;
//! let missing: std::io::Error = fs::metadata("missing").await.unwrap_err();
//! println!("{text} {missing}");
//! # Ok(())
//! # }
//! ```
//!
//! # When not to use it
//!
//! In new code. [`crate::File`] is shared between tasks by `&self`, reads and writes at positions, appends whole records,
//! and its errors name the operation and the path; here all of that has to be left out, since tokio has no names for it.
//!
//! # Cancellation
//!
//! Dropping a future does what it does with the function or method of [`crate::fs`] and [`crate::File`] that has the same name.

mod attributes;
mod contents;
mod dir;
mod failure;
mod file;
mod names;
mod open_options;
mod read_dir;
mod times;
mod traits;

pub use attributes::{metadata, set_permissions, symlink_metadata, try_exists};
pub use contents::{copy, read, read_to_string, write};
pub use dir::{DirBuilder, create_dir, create_dir_all, remove_dir, remove_dir_all};
pub use file::File;
pub use names::{canonicalize, hard_link, read_link, remove_file, rename, symlink};
pub use open_options::OpenOptions;
pub use read_dir::{DirEntry, ReadDir, read_dir};
pub use times::FileTimes;
