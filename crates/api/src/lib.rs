//! Ordinary files for async Rust.
//!
//! Every open file is owned by an actor that puts its reads, writes and seeks in order; blocking work runs on a
//! bounded pool; and what the kernel can answer from memory is answered in place, without a message and
//! without a change of thread.
//!
//! ```
//! use folio::{File, fs};
//!
//! # async fn example() -> folio::Result<()> {
//! let text = fs::read_to_string("config.toml").await?;      // tokio::fs names, errors that name the path
//! let log = File::options().append(true).create(true).open("app.log").await?;
//! let other = log.clone();                                  // same file, same actor; methods take &self
//! log.append("started\n").await?;                           // never interleaved; returns its offset
//! other.sync_data().await?;                                 // 64 tasks asking at once share one fsync
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! A read first tries one non-blocking system call inside the caller's own poll. What cannot be done that way
//! takes a permit (operations and bytes are bounded), takes its place in the file's order, and runs on a
//! worker thread that answers the caller directly. Operations wait for each other only where they conflict;
//! contiguous writes that queue become one system call, and so do syncs.
//!
//! # What is where
//!
//! [`File`] and [`fs`] are `tokio::fs` by other means, and [`compat::fs`] is `tokio::fs` type for type, for code that is
//! there already: change the import, and it compiles. [`text`] adds encodings, newlines and lines; [`tempfile`]
//! temporary files and directories; [`open`] and [`BinaryFile`] are Python's, [`os`] and [`path`] what its `aiofiles`
//! has beyond that; [`Dir`] is an open directory, whose names never lead out of it. [`stdio`] is the process's own
//! input and output, for all tasks. [`wrap`] makes a file of any `Read`, `Write` or `Seek`, and [`run`] carries out
//! any blocking closure. [`Engine`] is for limits, snapshots and shutdown, [`actor`] for applications built from
//! actors, [`storage`] for those who bring their own disk.
//!
//! # When not to use it
//!
//! For memory-mapped access, for `O_DIRECT` databases that want their own ring, and in programs that are not
//! async: `std::fs` is right there. Systems other than Linux do without what only Linux offers, calls in place first of
//! all; the README has the table.
//!
//! # Cancellation
//!
//! Dropping a future before its operation began takes it back: no system call is made. After that it finishes
//! in the background; a failure that nobody hears is logged, counted and reported by the next sync or close.

mod checked;
pub mod compat;
pub mod dir;
mod engine;
mod file;
pub mod fs;
mod mode;
pub mod os;
pub mod path;
mod python;
mod run;
pub mod stdio;
pub mod tempfile;
pub mod text;
pub mod wrap;

pub use dir::Dir;
pub use engine::{Engine, EngineBuilder};
pub use file::{File, OpenOptions, Reader};
pub use folio_engine::{
    Abandoned, Counters, Durations, Error, FileSnapshot, LaneSnapshot, Limits, Operation, PoolSnapshot,
    Rejected, Result, ShutdownReport, Slowest, Snapshot,
};
pub use mode::{Buffering, OpenMode};
pub use python::{BinaryFile, BinaryLines, Name, Opened, open};
pub use run::run;
pub use stdio::{stderr, stderr_bytes, stdin, stdin_bytes, stdout, stdout_bytes};

/// Asking a file's actor from other actors: the messages, and the version of kameo that they are written for.
pub mod actor {
    pub use folio_engine::messages::{
        ActorRef, Append, FileActor, Metadata, ReadAt, SetLen, SyncAll, SyncData, WriteAt, kameo,
    };
}

/// The port to the disk, for those who bring their own.
pub mod storage {
    pub use folio_engine::storage::{
        Advice, Allocation, Kind, Links, Listed, Listing, LockKind, Mode, NameListing, Nature, OpenRequest,
        Opened, Stamp, Stamps, StatVfs, Storage, StorageDir, StorageFile, XattrMode, os::Os,
    };
}
