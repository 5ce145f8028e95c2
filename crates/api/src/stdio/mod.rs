//! The process's own input, output and error stream, as text and as bytes, for all tasks at once.
//!
//! Handles cost nothing, and all handles of a stream share it: the bytes of one write stay together, and no two reads
//! return the same bytes. That holds between text and bytes too.
//!
//! ```
//! # async fn example() -> folio::Result<()> {
//! while let Some(line) = folio::stdin().next_line().await? {
//!     folio::stdout().write_line(&line).await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! No thread waits for pipes, sockets and terminals, so a pending read never delays the end of the program, and a
//! dropped read has taken nothing. Workers read and write anything else (such as a file that the shell redirects to) at
//! the descriptor's own position: the shell's next program continues from there.
//!
//! Nothing is buffered: `Ok` from a write means that its bytes are written. `EPIPE` means that the reader has gone.
//!
//! The streams are the one thing here that belongs to the process and not to an engine, as its descriptors do.
//! Their first use opens them on the default engine, whatever engine is the current one; redirecting descriptor 0, 1 or
//! 2 after that changes nothing. The buffers of std's `print` and `read_line` are separate.
//!
//! # When not to use it
//!
//! Where other processes write to the same pipe, records above 4,096 bytes (`PIPE_BUF`) may be mixed with theirs:
//! no program can prevent that.
//!
//! # Cancellation
//!
//! Dropped before it began, a call has done nothing; after that it finishes in the background. A call that only looks
//! changes nothing. Methods with another rule say so.

mod input;
mod kept;
mod output;

use folio_engine::storage::os::Standard;

use crate::File;
use kept::Kept;

pub use input::{Input, InputBytes};
pub use output::{Output, OutputBytes};

static OUTPUT: Kept<File> = Kept::new(Standard::Output);
static ERROR: Kept<File> = Kept::new(Standard::Error);

/// Returns the process's input as text: UTF-8, strict.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let name = folio::stdin().next_line().await?;
/// # Ok(())
/// # }
/// ```
pub fn stdin() -> Input {
    Input::new()
}

/// Returns the process's input as bytes.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let header = folio::stdin_bytes().read_bytes(512).await?;
/// # Ok(())
/// # }
/// ```
pub fn stdin_bytes() -> InputBytes {
    InputBytes::new()
}

/// Returns the process's output as text: UTF-8.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::stdout().write_line("done").await?;
/// # Ok(())
/// # }
/// ```
pub fn stdout() -> Output {
    Output::new(&OUTPUT)
}

/// Returns the process's output as bytes.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::stdout_bytes().write_all(&[0x1f, 0x8b]).await?;
/// # Ok(())
/// # }
/// ```
pub fn stdout_bytes() -> OutputBytes {
    OutputBytes::new(&OUTPUT)
}

/// Returns the process's error stream as text: UTF-8.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::stderr().write_line("out of paper").await?;
/// # Ok(())
/// # }
/// ```
pub fn stderr() -> Output {
    Output::new(&ERROR)
}

/// Returns the process's error stream as bytes.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::stderr_bytes().write_all(b"\x1b[31mout of paper\x1b[0m\n").await?;
/// # Ok(())
/// # }
/// ```
pub fn stderr_bytes() -> OutputBytes {
    OutputBytes::new(&ERROR)
}
