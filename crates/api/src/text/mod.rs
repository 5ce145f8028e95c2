//! Text files: encodings, ends of lines, and lines as a stream.
//!
//! [`open`] reads UTF-8 with universal newlines, as Python's `open` does; [`Options`] has everything else.
//!
//! ```
//! # async fn example() -> folio::Result<()> {
//! let mut file = folio::text::open("big.csv").await?;
//! while let Some(line) = file.next_line().await? {
//!     println!("{line}");
//! }
//! # Ok(())
//! # }
//! ```

pub mod codec;
mod file;
mod io;
mod lines;
mod newline;
mod options;
mod position;
mod read;
mod read_ahead;
mod seek;
mod write;

use std::path::Path;

use crate::Result;

pub use codec::{DecodeError, Decoder, EncodeError, Encoder, Encoding, Errors, NameError};
pub use file::TextFile;
#[cfg(feature = "tempfile")]
pub(crate) use io::Below;
pub use io::TextIo;
pub use lines::Lines;
pub use newline::{Newline, Reading, Seen};
pub use options::Options;

/// Opens a file for reading as UTF-8 with universal newlines.
///
/// # Errors
///
/// If the path is missing or may not be read; any other failure of opening.
///
/// # Cancellation
///
/// No descriptor is left behind.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let config = folio::text::open("config.toml").await?.read_to_string().await?;
/// # Ok(())
/// # }
/// ```
pub async fn open(path: impl AsRef<Path>) -> Result<TextFile> {
    Options::new().read(true).open(path).await
}
