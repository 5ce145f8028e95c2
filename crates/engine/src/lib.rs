//! The engine under `folio`.
#![allow(dead_code)]

mod buffer;
mod error;
mod limits;
mod reply;
pub mod storage;
mod sync;

pub use error::{Error, Operation, Result};
pub use limits::Limits;
