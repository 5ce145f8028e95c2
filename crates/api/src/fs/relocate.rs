//! Moving whatever has a name, wherever to.

use std::path::Path;

use folio_engine::op::relocate::{self, Moving};

use crate::checked;
use crate::{Operation, Result};
use folio_engine::Engine;

/// Moves a file, symbolic link, FIFO or directory, to another file system if need be.
///
/// Within one file system it is [`rename`](super::rename). To another, a copy is made beside `to`, under a random name
/// and readable by its owner alone; it takes the name `to` in one step, and only then the original is
/// removed. A move to another file system keeps
///
/// * permissions, times of access and change, extended attributes and access lists,
/// * owner and group, where this user may give them; without them the set-ID bits are left out,
/// * holes, and hard links among the files of a directory.
///
/// What the other file system has no place for is left out. Before the original is removed, the copy is on its device
/// and has been closed without an error, and the original is looked at once more: what was changed or added while it was
/// copied is not removed.
///
/// # Errors
///
/// Those of [`rename`](super::rename). To another file system also those of copying, and if the original was changed
/// meanwhile (`EBUSY`): the original is then untouched, what `to` named is still there, and nothing is left beside it.
/// Sockets and devices are refused, in a directory too, and directories that a file system is mounted in. If the original
/// cannot be removed in the end, all of the copy is there, and of the original what could not be removed. What was in the
/// way in a directory is the error's [`entry`](crate::Error::entry).
///
/// # Cancellation
///
/// While it copies, the original stays and what was copied is removed; later it finishes in the background.
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
