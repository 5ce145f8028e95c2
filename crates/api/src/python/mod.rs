//! What is opened as Python's `open` does, and behaves as Python's files do.

mod binary;
mod open;

pub use binary::{BinaryFile, BinaryLines, Name};
pub use open::{Opened, open};
