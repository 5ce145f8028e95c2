//! Copying whole trees.

use std::path::Path;

use folio_engine::op::copy_tree::{self, Copied, Copying, OpenCopy};

use super::{canonicalize, metadata, symlink_metadata};
use crate::checked;
use crate::{Error, Operation, Result};
use folio_engine::Engine;

/// `EEXIST` on Linux.
const EXISTS: i32 = 17;

/// `ENOTDIR` on Linux.
const NOT_A_DIRECTORY: i32 = 20;

/// `EINVAL` on Linux.
const INVALID: i32 = 22;

/// Copies a directory and its contents to a path that does not exist; returns the number of bytes copied from files.
///
/// Permissions are copied, owners and times are not. Symbolic links are copied as links and never followed, even if one
/// replaces a directory during the copy; only `from` itself may be a link. Hard links become separate files. FIFOs are
/// created anew.
///
/// # Errors
///
/// If `from` is not a directory (`ENOTDIR`), `to` exists (`EEXIST`) or lies inside of `from` (`EINVAL`), before
/// anything is touched. If an entry cannot be read or written, the copy ends; the error names the entry as
/// [`entry`](crate::Error::entry), and what was copied before stays.
///
/// Sockets and devices cannot be copied. Everything else is copied, and then an error of the kind
/// [`InvalidInput`](std::io::ErrorKind::InvalidInput) counts them and names the first.
///
/// # Cancellation
///
/// The copy ends within a few hundred entries; what was copied before stays.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let bytes = folio::fs::copy_dir("template", "project").await?;
/// # Ok(())
/// # }
/// ```
pub async fn copy_dir(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<u64> {
    let from = checked::path(Operation::Copy, from)?;
    let to = checked::path(Operation::Copy, to)?;
    check_ends(&from, &to).await?;
    let engine = Engine::current()?;
    let mut copy = OpenCopy::new(from.clone(), to.clone());
    let Copied { bytes, passed_over, passed_over_first } = loop {
        match engine.call(copy_tree::go_on(copy)).await? {
            Copying::More(open) => copy = open,
            Copying::All(copied) => break copied,
        }
    };
    let Some(first) = passed_over_first else { return Ok(bytes) };
    let count =
        if passed_over == 1 { "it is".to_owned() } else { format!("it and {} more are", passed_over - 1) };
    let why = format!("{count} neither file, directory, symbolic link nor FIFO; everything else is copied");
    let error = Error::invalid(Operation::Copy, why).at_path(from).with_target(to);
    Err(error.in_the_way(first).after_bytes(bytes))
}

async fn check_ends(from: &Path, to: &Path) -> Result<()> {
    let refuse = |errno, why| Err(Error::refused(Operation::Copy, errno, why).at_path(from).with_target(to));
    if !metadata(from).await?.is_dir() {
        return refuse(NOT_A_DIRECTORY, "the source is not a directory");
    }
    if symlink_metadata(to).await.is_ok() {
        return refuse(EXISTS, "the target exists");
    }
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if canonicalize(parent).await?.starts_with(canonicalize(from).await?) {
        return refuse(INVALID, "the target lies inside of the source");
    }
    Ok(())
}
