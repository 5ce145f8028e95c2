//! `object_store::ObjectStore` on [folio](https://docs.rs/folio): local files for DataFusion, parquet, Lance, delta and
//! whatever else reads and writes by `object_store`.
//!
//! ```
//! use folio_object_store::FolioStore;               // was: object_store::local::LocalFileSystem
//! use object_store::{ObjectStore, ObjectStoreExt, PutMode, path::Path};
//!
//! # async fn example() -> object_store::Result<()> {
//! let store = FolioStore::new_with_prefix("/var/lib/tables")?;
//! let first = Path::from("events/1.parquet");
//! store.put_opts(&first, "columns".into(), PutMode::Create.into()).await?;
//! let pages = store.get_ranges(&first, &[0..3, 3..7]).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! Each call is one request to a folio engine. What is cached is read within the caller's own poll: open, read, close,
//! without a change of thread. Everything else is carried out by one worker as a whole: a put is a
//! file beside the object, written, closed and renamed there. Ranges of one call that lie close together are read as one,
//! and short ranges of one object that are asked for in the same turn of the executor share one opening of its file.
//!
//! Work is bounded as everything on the engine: operations and bytes are admitted before they begin, and a call that is
//! dropped before it begins does nothing.
//!
//! # What it has of `LocalFileSystem`
//!
//! The rules of names, the ETags, the errors and the files on the disk are the same, so that both may be used on one
//! directory, at the same time too. `name#1` is an object that is being written, and is not listed. What is
//! refused is the same too: `PutMode::Update`, because a file has no version that could be compared and replaced in one step, and
//! attributes. Copies are hard links.
//!
//! # Where it differs
//!
//! * `get` answers with a stream and never with an open file: the bytes come by the engine.
//! * `MultipartUpload::complete` fails if a part was not written, where `LocalFileSystem` publishes an object with a hole.
//! * A copy onto itself leaves no `name#0`.
//! * A FIFO or a socket is an error, where `LocalFileSystem` waits for a peer.
//! * No tokio runtime is needed, and outside of one nothing blocks.
//!
//! # When not to use it
//!
//! For stores that are not local: this crate is about files.
//!
//! # Cancellation
//!
//! A call that is dropped before it began does nothing; after that it finishes in the background, and an object is there as
//! a whole or not at all. An upload that is dropped leaves nothing.

mod copy;
mod delete;
mod error;
mod gather;
mod get;
mod got;
mod limits;
mod list;
mod meta;
mod names;
mod put;
mod ranges;
mod read;
mod staged;
mod store;
mod upload;

pub use store::FolioStore;
