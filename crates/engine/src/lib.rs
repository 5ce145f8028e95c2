//! The engine under `folio`.
#![allow(dead_code)]

mod buffer;
mod engine;
mod error;
mod limits;
pub mod op;
mod reply;
pub mod storage;
mod sync;

pub use engine::Engine;
pub use error::{Error, Operation, Result};
pub use limits::Limits;
