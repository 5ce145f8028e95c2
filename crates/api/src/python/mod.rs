//! Python's `open`, and files that behave as Python's do.

mod binary;
#[cfg(feature = "text")]
mod open;

pub use binary::{BinaryFile, BinaryLines, Name};
#[cfg(feature = "text")]
pub use open::{Opened, open};
