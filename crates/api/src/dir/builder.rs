//! `DirBuilder`: options to create directories with.

use std::path::Path;

use folio_engine::Engine;
use folio_engine::op::tree::{self, Creation};

use crate::checked;
use crate::{Operation, Result};

/// Creates directories with given permissions or with their missing parents.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::DirBuilder::new().recursive(true).mode(0o700).create("private/keys").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Cancellation
///
/// A call that is dropped before it began does nothing; after that it finishes in the background.
#[derive(Clone, Debug, Default)]
pub struct DirBuilder {
    pub(super) how: Creation,
}

impl DirBuilder {
    /// Returns a builder for one directory with the permissions `0o777` before the umask.
    pub fn new() -> Self {
        DirBuilder::default()
    }

    /// Sets whether missing parents are created too; off unless set. If on, an existing directory is not an error.
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.how.recursive = recursive;
        self
    }

    /// Sets the permission bits of every directory created, before the umask.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.how.mode = Some(mode);
        self
    }

    /// Sets whether `Ok` says that the directory survives a power cut: the directories that hold it and its parents are
    /// synced then, also where they exist already.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// folio::fs::DirBuilder::new().recursive(true).durable(true).create("data/log").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn durable(&mut self, durable: bool) -> &mut Self {
        self.how.durable = durable;
        self
    }

    /// Creates the directory.
    ///
    /// # Errors
    ///
    /// If [`recursive`](DirBuilder::recursive) is off and the path exists or its parent is missing; if a parent is not a
    /// directory. With
    /// [`durable`](DirBuilder::durable) also if a sync fails; what was created then stays.
    pub async fn create(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = checked::path(Operation::CreateDir, path)?;
        Engine::current()?.call(tree::create_dir(path, self.how)).await
    }
}
