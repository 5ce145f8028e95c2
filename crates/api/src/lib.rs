//! Ordinary files for async Rust.

pub mod fs;

pub use folio_engine::{Error, Operation, Result};
