//! Ordinary files for async Rust.
//!
//! Every open file is owned by an actor that puts its reads, writes and seeks in order; blocking work runs on a
//! bounded pool; and a read that the kernel can serve from memory is answered in place, without a message and
//! without a change of thread.
//!
//! ```
//! use folio::{File, fs};
//!
//! # async fn example() -> folio::Result<()> {
//! let text = fs::read_to_string("config.toml").await?;      // tokio::fs names, errors that name the path
//! let log = File::options().append(true).create(true).open("app.log").await?;
//! let other = log.clone();                                  // same file, same actor; methods take &self
//! log.append(b"started\n").await?;                           // never interleaved; returns its offset
//! other.sync_data().await?;                                 // 64 tasks asking at once share one fsync
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! A read first tries one non-blocking system call inside the caller's own poll. An operation that cannot be done
//! that way takes a permit (operations and bytes are bounded), takes its place in the file's order, and runs on a
//! worker thread that answers the caller directly. Operations wait for each other only where they conflict;
//! contiguous writes that queue become one system call, and so do syncs.
//!
//! # Modules
//!
//! [`File`] and [`fs`] have the names and signatures of `tokio::fs`, and [`compat::fs`] is `tokio::fs` type for type, for
//! existing code: change the import, and it compiles. [`text`] adds encodings, newlines and lines; [`tempfile`]
//! temporary files and directories; [`open`] and [`BinaryFile`] are Python's, [`os`] and [`path`] what its `aiofiles`
//! has beyond that; [`Dir`] is an open directory, whose names never lead out of it. [`stdio`] is the process's own
//! input and output, for all tasks. [`wrap`] turns any `Read`, `Write` or `Seek` into a [`File`], and [`run`] carries out
//! any blocking closure. [`Engine`] is for limits, snapshots and shutdown, [`actor`] for applications built from
//! actors, [`storage`] for programs that bring their own disk.
//!
//! # Features
//!
//! | feature | adds | |
//! |---|---|---|
//! | `text` | [`text`], [`open`] | on by default |
//! | `tempfile` | [`tempfile`] | on by default |
//! | `stdio` | [`stdio`], [`stdin`] and the others; needs `text` | on by default |
//! | `actor` | [`actor`], [`File::actor`]: kameo's types in the interface, so that its version matters to yours | off |
//!
//! # When not to use it
//!
//! For memory-mapped access, for `O_DIRECT` databases that want their own ring, and in programs that are not
//! async: use `std::fs` there. Systems other than Linux do without what only Linux offers, in-place calls first of all; the
//! README has the table.
//!
//! # Cancellation
//!
//! Dropping a future before its operation began cancels the operation: no system call is made. An operation that has
//! begun finishes in the background; a failure that no caller receives is logged, counted and reported by the next
//! sync or close.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod checked;
pub mod compat;
pub mod dir;
mod engine;
mod file;
pub mod fs;
#[cfg_attr(
    not(all(feature = "stdio", feature = "tempfile", feature = "text")),
    allow(dead_code, reason = "some bound what was left out")
)]
mod limits;
mod mode;
pub mod os;
pub mod path;
mod python;
mod run;
#[cfg(feature = "stdio")]
pub mod stdio;
#[cfg(feature = "tempfile")]
pub mod tempfile;
#[cfg(feature = "text")]
pub mod text;
pub mod wrap;

pub use dir::Dir;
pub use engine::{Engine, EngineBuilder};
pub use file::{File, OpenOptions, Reader, ReplaceOptions, Replacement};
pub use folio_engine::op::replace::Durability;
pub use folio_engine::storage::{FileType, Metadata};
pub use folio_engine::{
    Abandoned, Counters, Durations, Error, FileSnapshot, LaneSnapshot, Limits, Operation, PoolSnapshot,
    Priority, Rejected, RequestSnapshot, Result, ShutdownReport, Slowest, Snapshot,
};
pub use mode::{Buffering, OpenMode};
pub use python::{BinaryFile, BinaryLines, Name};
#[cfg(feature = "text")]
pub use python::{Opened, open};
pub use run::run;
#[cfg(feature = "stdio")]
pub use stdio::{stderr, stderr_bytes, stdin, stdin_bytes, stdout, stdout_bytes};

/// Messages from other actors to a file's actor, and the version of kameo that they are written for.
#[cfg(feature = "actor")]
pub mod actor {
    pub use folio_engine::messages::{
        ActorRef, Append, FileActor, Metadata, ReadAt, SetLen, SyncAll, SyncData, WriteAt, kameo,
    };
}

/// The port to the disk, for programs that bring their own storage.
pub mod storage {
    pub use folio_engine::storage::{
        Advice, Allocation, AsyncFile, AsyncLister, AsyncStorage, Asynchronous, Attributes, Clearing, Copied,
        DeepDir, Entry, FileType, Identity, IfTaken, Kind, Later, Links, Listed, Lister, Listing, LockKind,
        Metadata, Mode, MountWatch, Mover, NameListing, Names, Nature, OpenRequest, Opened, Stamp, Stamps,
        StatVfs, Storage, StorageDir, StorageFile, TreeCopier, XattrMode, error_with_errno, os::Os, refuse,
    };
}
