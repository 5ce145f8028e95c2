//! How names are changed: what becomes of one that is taken, and whether the change survives a power cut.

use std::path::Path;

use folio_engine::Engine;
use folio_engine::op::{At, PathRequest, names};
use folio_engine::storage::IfTaken;

use crate::checked;
use crate::{Operation, Result};

/// Renames in another way than [`fs::rename`](crate::fs::rename) does.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::RenameOptions::new().no_clobber(true).durable(true).rename("job.new", "job").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Cancellation
///
/// Dropped before it began, a call has done nothing; after that it finishes in the background.
#[derive(Clone, Debug, Default)]
pub struct RenameOptions {
    if_taken: IfTaken,
    durable: bool,
}

impl RenameOptions {
    /// Starts with what [`fs::rename`](crate::fs::rename) does.
    pub fn new() -> Self {
        RenameOptions::default()
    }

    /// Sets whether a new name that is taken is refused (`EEXIST`), in one step where kernel and file system can do that
    /// (`RENAME_NOREPLACE`). Elsewhere a file has both names for a moment, and a directory is refused.
    pub fn no_clobber(&mut self, no_clobber: bool) -> &mut Self {
        self.if_taken = if no_clobber { IfTaken::Refuse } else { IfTaken::Replace };
        self
    }

    /// Sets whether the two names are exchanged in one step (`RENAME_EXCHANGE`), of whatever kind they are; both have to
    /// be there. Of this and [`no_clobber`](RenameOptions::no_clobber) the one that is set last counts.
    pub fn exchange(&mut self, exchange: bool) -> &mut Self {
        self.if_taken = if exchange { IfTaken::Exchange } else { IfTaken::Replace };
        self
    }

    /// Sets whether `Ok` says that the names survive a power cut: the directories of both are synced then. What the file
    /// contains is another matter: sync it before.
    pub fn durable(&mut self, durable: bool) -> &mut Self {
        self.durable = durable;
        self
    }

    /// Renames.
    ///
    /// # Errors
    ///
    /// Those of [`fs::rename`](crate::fs::rename); unsupported where kernel or file system cannot exchange names. With
    /// [`durable`](RenameOptions::durable) also if a directory may not be read, before anything is renamed, and if syncing
    /// it fails, after that.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// folio::fs::RenameOptions::new().exchange(true).rename("blue", "green").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
        let from = checked::path(Operation::Rename, from)?;
        let to = checked::path(Operation::Rename, to)?;
        Engine::current()?.call(self.request(from.into(), to.into())).await
    }

    pub(super) fn request(&self, from: At, to: At) -> impl PathRequest<Reply = ()> + use<> {
        names::rename(from, to, self.if_taken, self.durable)
    }
}

/// Removes a file in another way than [`fs::remove_file`](crate::fs::remove_file) does.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::RemoveOptions::new().durable(true).remove_file("7.segment").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Cancellation
///
/// Dropped before it began, a call has done nothing; after that it finishes in the background.
#[derive(Clone, Debug, Default)]
pub struct RemoveOptions {
    durable: bool,
}

impl RemoveOptions {
    /// Starts with what [`fs::remove_file`](crate::fs::remove_file) does.
    pub fn new() -> Self {
        RemoveOptions::default()
    }

    /// Sets whether `Ok` says that the name stays removed after a power cut: its directory is synced then.
    pub fn durable(&mut self, durable: bool) -> &mut Self {
        self.durable = durable;
        self
    }

    /// Removes the name of a file.
    ///
    /// # Errors
    ///
    /// Those of [`fs::remove_file`](crate::fs::remove_file). With [`durable`](RemoveOptions::durable) also if the directory
    /// may not be read, before anything is removed, and if syncing it fails, after that.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// folio::fs::RemoveOptions::new().durable(true).remove_file("intent").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn remove_file(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = checked::path(Operation::RemoveFile, path)?;
        Engine::current()?.call(self.request(path.into())).await
    }

    pub(super) fn request(&self, at: At) -> impl PathRequest<Reply = ()> + use<> {
        names::remove_file(at, self.durable)
    }
}
