//! Replacing files in one step, and making names survive a power cut.

use std::path::Path;

use bytes::Bytes;
use folio_engine::Engine;
use folio_engine::op::{replace as op, tree};

use crate::checked;
use crate::{Operation, ReplaceOptions, Result};

/// Replaces a file by one that holds exactly `contents`, in one step and for good; creates it if it is missing.
///
/// A reader that opens the file finds the old contents or the new, even after a crash or a power cut; after `Ok` it finds
/// the new ones. `contents` are written to a file beside it, which is synced, renamed to `path`, and the
/// directory is synced. What else is kept of the old file, and how much is synced, is for [`ReplaceOptions`] to say.
/// [`File::replace`](crate::File::replace) is for contents that come piece by piece.
///
/// A symbolic link stays, and what it leads to is replaced. Who has the old file open keeps it. The directory must be
/// writable, the file need not be: one that is read-only is replaced, and is read-only still. Beside `contents` a few MiB are
/// taken at the most. Where a file system cannot sync directories at all (`EINVAL`), that step is left out.
///
/// # Errors
///
/// Those of creating, writing, syncing and renaming a file in the directory of `path`, which must be readable; if `path` is
/// a directory, a FIFO, a socket or a device. The old contents are then still there, and nothing beside them.
///
/// One failure comes later, that of syncing the directory: the error says that the new contents have the name, but may lose
/// it to the old ones in a power cut.
///
/// # Cancellation
///
/// Dropped before it began, nothing happened; after that it finishes in the background, with a copy of what is left of
/// `contents`.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::replace("settings.json", br#"{"theme": "dark"}"#).await?;
/// # Ok(())
/// # }
/// ```
pub async fn replace(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Result<()> {
    ReplaceOptions::new().replace(path, contents).await
}

/// Does what [`replace`] does, without a copy of `contents`.
///
/// # Errors
///
/// Those of [`replace`].
///
/// # Cancellation
///
/// Like [`replace`].
///
/// ```
/// # async fn example(body: bytes::Bytes) -> folio::Result<()> {
/// folio::fs::replace_bytes("page.html", body).await?;
/// # Ok(())
/// # }
/// ```
pub async fn replace_bytes(path: impl AsRef<Path>, contents: impl Into<Bytes>) -> Result<()> {
    ReplaceOptions::new().replace_bytes(path, contents).await
}

/// Removes from a directory what processes that were killed have left there of files they were replacing; returns how many
/// there were.
///
/// It is safe at any time: what a living process is writing is locked, and stays. So does what cannot be opened or locked,
/// because it is another user's or the file system has no locks. On a network file system whose locks end at the machine,
/// a sweep can take the file of a living writer elsewhere, whose commit then fails; the old contents stay.
///
/// # Errors
///
/// If the directory cannot be listed; if something in it cannot be removed, which is named as the error's
/// [`entry`](crate::Error::entry), after everything else has been.
///
/// # Cancellation
///
/// Dropped before it began, nothing happened; after that it finishes in the background.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let abandoned = folio::fs::sweep_replacements("data").await?;
/// # Ok(())
/// # }
/// ```
pub async fn sweep_replacements(dir: impl AsRef<Path>) -> Result<u64> {
    let dir = checked::path(Operation::SweepReplacements, dir)?;
    Engine::current()?.call(op::sweep(dir)).await
}

/// Makes the names in a directory survive a power cut: those that were created, renamed or removed in it before. Contents
/// of files are another matter: [`File::sync_all`](crate::File::sync_all).
///
/// # Errors
///
/// If the path is not a directory or may not be read; the device's errors.
///
/// # Cancellation
///
/// Dropped before it began, nothing happened; after that it finishes in the background.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::hard_link("7.segment", "archive/7.segment").await?;
/// folio::fs::sync_dir("archive").await?;
/// # Ok(())
/// # }
/// ```
pub async fn sync_dir(path: impl AsRef<Path>) -> Result<()> {
    let path = checked::path(Operation::SyncAll, path)?;
    Engine::current()?.call(tree::sync_dir(path)).await
}
