//! The engine under [`folio`](https://docs.rs/folio): an actor per open file, one bounded pool of workers.
//!
//! ```text
//!   engine ── supervisor ── pool: lanes, workers
//!     │
//!     └── open file ── turn ── order, cursor          stepped by caller, actor or worker, one at a time
//!            │           └──── file actor (kameo)     orders what has to wait, and messages of other actors
//!            └── storage: the operating system, or a simulation
//! ```
//!
//! An operation is tried in place, inside its caller's own poll, if the kernel promises not to block. Otherwise
//! it takes a permit and a place in the file's order; a worker executes it and answers the caller directly.
//!
//! ```
//! use folio_engine::{Engine, Handle, storage::OpenRequest};
//!
//! # async fn example() -> folio_engine::Result<()> {
//! let engine = Engine::builder().workers_max(4).start()?;
//! let request = OpenRequest::default().read(true);
//! if let Handle::Plain(file) = engine.open("/etc/hostname", request).await? {
//!     let name = file.read_bytes(255, Some(0)).await?;
//!     println!("{name:?}, {} in place", engine.snapshot().counters.in_place);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Users want the `folio` crate; this one is for authors of handles or [`storage`]s of their own. [`Limits`]
//! are its limits. On Linux before 5.11, on other systems, and on network and user-space file systems, nothing is
//! done in place.

#[cfg(not(unix))]
compile_error!(
    "folio works on Linux, macOS and other Unix systems; Windows and WebAssembly have no storage here yet"
);

mod actor;
mod admission;
mod at_exit;
pub mod budget;
mod buffer;
mod context;
mod engine;
mod error;
mod exclusive;
mod fair;
mod file;
mod file_op;
mod handle;
mod limits;
#[cfg(all(test, folio_loom))]
mod mutants;
mod oneshot;
#[cfg(all(test, folio_loom))]
mod oneshot_loom;
pub mod op;
mod open_file;
mod origin;
mod path;
mod polled;
mod pool;
mod priority;
mod quota;
// The testkit stands above the engine; these two files of it need nothing.
#[cfg(test)]
#[path = "../../testkit/src/random.rs"]
#[expect(dead_code, unreachable_pub, reason = "written for the testkit, which has users for all of it")]
mod random;
#[cfg(test)]
#[path = "../../testkit/src/skip.rs"]
#[expect(unreachable_pub, reason = "written for the testkit")]
mod skip;
mod stats;
pub mod storage;
mod stream;
mod sync;

pub use actor::messages;
pub use actor::supervisor::{Abandoned, ShutdownReport};
pub use buffer::BufferPool;
pub use engine::{Current, Engine, EngineBuilder, Handle, Snapshot};
pub use error::{Error, Operation, Result};
#[doc(hidden)]
pub use file_op::lent::Contents;
pub use handle::{FileHandle, Rejected};
pub use limits::{LINE_LIMIT_BYTES, Limits};
pub use origin::PerProcess;
pub use polled::Polled;
pub use pool::{LaneSnapshot, PoolSnapshot};
pub use priority::Priority;
pub use stats::{Counters, Durations, FileSnapshot, RequestSnapshot, Slowest};
pub use stream::StreamHandle;
