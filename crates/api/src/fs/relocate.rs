//! Moving files and directories, also between file systems.

use std::path::Path;

use folio_engine::op::relocate::{self, Moving};

use crate::checked;
use crate::{Operation, Result};
use folio_engine::Engine;

/// Moves a file, symbolic link, FIFO or directory, also to another file system.
///
/// Within one file system it is [`rename`](super::rename). To another file system, the original is copied to an
/// unpredictable name beside `to` that only its owner can read; the copy is then renamed to `to` in one step, and only
/// then the original is removed. A move to another file system keeps
///
/// * permissions, times of access and modification, extended attributes and access lists,
/// * owner and group, if this user may set them; otherwise the set-ID bits are dropped,
/// * holes, and hard links among the files of a directory.
///
/// Attributes that the other file system does not support are dropped. Before the original is removed, the copy is
/// synced and closed, and the original is checked again: files that were changed or added during the copy are not
/// removed.
///
/// # Errors
///
/// Those of [`rename`](super::rename). To another file system, also those of copying, and `EBUSY` if the original was
/// changed during the copy: the original and `to` are then unchanged, and nothing is left beside `to`. Sockets and devices
/// are refused, also inside a directory, and so are directories that contain a mount point. If removing the original fails
/// in the end, the copy is complete, and some of the original remains. The error of a directory names the entry that
/// failed as [`entry`](crate::Error::entry).
///
/// # Cancellation
///
/// During the copy, the copy is removed and the original stays; after that the move finishes in the background.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::move_path("/tmp/upload", "/srv/files/upload").await?;
/// # Ok(())
/// # }
/// ```
pub async fn move_path(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    let from = checked::path(Operation::Rename, from)?;
    let to = checked::path(Operation::Rename, to)?;
    let engine = Engine::clone(&*Engine::current()?);
    let cleaner = engine.clone();
    let give_up = move |undo| cleaner.call_detached(relocate::undo(undo));
    let mut moving = engine.call(relocate::begin(from, to, give_up)).await?;
    while let Moving::More(open) = moving {
        moving = engine.call(relocate::go_on(open)).await?;
    }
    Ok(())
}
