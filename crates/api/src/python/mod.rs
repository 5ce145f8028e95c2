//! What is opened as Python's `open` does, and behaves as Python's files do.

mod binary;
#[cfg(feature = "text")]
mod open;

pub use binary::{BinaryFile, BinaryLines, Name};
#[cfg(feature = "text")]
pub use open::{Opened, open};
