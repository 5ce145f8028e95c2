//! The engine under `folio`.

mod actor;
mod admission;
mod buffer;
#[cfg(test)]
mod dice;
mod engine;
mod error;
mod file;
mod limits;
#[cfg(all(test, folio_loom))]
mod mutants;
pub mod op;
mod pool;
mod reply;
#[cfg(all(test, folio_loom))]
mod reply_loom;
mod stats;
pub mod storage;
mod sync;

pub use actor::supervisor::{Abandoned, ShutdownReport};
pub use actor::{FileHandle, Rejected, StreamHandle, messages};
pub use engine::{Engine, EngineBuilder, FileSnapshot, Handle, Snapshot};
pub use error::{Error, Operation, Result};
pub use limits::Limits;
pub use pool::{LaneSnapshot, PoolSnapshot};
pub use stats::{Counters, Durations, Slowest};
