//! The engine under `folio`.
#![allow(dead_code)]

mod buffer;
mod error;
mod limits;
#[cfg(all(test, folio_loom))]
mod mutants;
mod pool;
mod reply;
#[cfg(all(test, folio_loom))]
mod reply_loom;
pub mod storage;
mod sync;

pub use error::{Error, Operation, Result};
pub use limits::Limits;
pub use pool::{LaneSnapshot, PoolSnapshot};
