//! Replacing files in an open directory, and names in it that survive a power cut.

use std::path::Path;

use folio_engine::Contents;
use folio_engine::op::replace;

use super::Dir;
use super::options::{RemoveOptions, RenameOptions};
use crate::checked;
use crate::{Operation, ReplaceOptions, Replacement, Result};

/// Replacing files.
///
/// # Cancellation
///
/// Dropped before it began, nothing happened; after that it finishes in the background.
impl Dir {
    /// Replaces a file by one that holds exactly `contents`, in one step and for good, as
    /// [`fs::replace`](crate::fs::replace) does.
    ///
    /// # Errors
    ///
    /// Like [`fs::replace`](crate::fs::replace); if the name, or a link it has, leads out.
    ///
    /// ```
    /// # async fn example(data: folio::Dir) -> folio::Result<()> {
    /// data.replace("index", b"7").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn replace(&self, name: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Result<()> {
        self.replace_with(name, contents, &ReplaceOptions::new()).await
    }

    /// Replaces a file by any options.
    ///
    /// # Errors
    ///
    /// Like [`replace`](Dir::replace).
    ///
    /// ```
    /// # async fn example(data: folio::Dir) -> folio::Result<()> {
    /// data.replace_with("key", b"secret", folio::ReplaceOptions::new().mode(0o600)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn replace_with(
        &self,
        name: impl AsRef<Path>,
        contents: impl AsRef<[u8]>,
        options: &ReplaceOptions,
    ) -> Result<()> {
        let name = checked::path(Operation::Replace, name)?;
        options.whole(&self.engine, self.open.at(name), Contents::Borrowed(contents.as_ref())).await
    }

    /// Begins to replace a file by any options, as [`File::replace`](crate::File::replace) does.
    ///
    /// # Errors
    ///
    /// Like [`File::replace`](crate::File::replace); if the name, or a link it has, leads out.
    ///
    /// # Cancellation
    ///
    /// Nothing is left behind.
    ///
    /// ```
    /// # async fn example(data: folio::Dir) -> folio::Result<()> {
    /// let index = data.begin_replace("index", &folio::ReplaceOptions::new()).await?;
    /// index.write_all(b"8").await?;
    /// index.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn begin_replace(
        &self,
        name: impl AsRef<Path>,
        options: &ReplaceOptions,
    ) -> Result<Replacement> {
        let name = checked::path(Operation::Replace, name)?;
        options.draft(&self.engine, self.open.at(name)).await
    }

    /// Removes from the directory itself what processes that were killed have left there, as
    /// [`fs::sweep_replacements`](crate::fs::sweep_replacements) does.
    ///
    /// # Errors
    ///
    /// Like [`fs::sweep_replacements`](crate::fs::sweep_replacements).
    ///
    /// ```
    /// # async fn example(data: folio::Dir) -> folio::Result<()> {
    /// let abandoned = data.sweep_replacements().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sweep_replacements(&self) -> Result<u64> {
        self.engine.call(replace::sweep(self.open.at(".".into()))).await
    }
}

/// Changing names by options.
///
/// # Cancellation
///
/// Dropped before it began, nothing happened; after that it finishes in the background.
impl Dir {
    /// Renames to a name below `target`, which may be this directory, by any options.
    ///
    /// # Errors
    ///
    /// Like [`RenameOptions::rename`]; if the way to either name leads out.
    ///
    /// ```
    /// # async fn example(inbox: folio::Dir, done: folio::Dir) -> folio::Result<()> {
    /// let options = folio::fs::RenameOptions::new().durable(true).clone();
    /// inbox.rename_with("message", &done, "message", &options).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn rename_with(
        &self,
        from: impl AsRef<Path>,
        target: &Dir,
        to: impl AsRef<Path>,
        options: &RenameOptions,
    ) -> Result<()> {
        let from = checked::path(Operation::Rename, from)?;
        let to = checked::path(Operation::Rename, to)?;
        self.engine.call(options.request(self.open.at(from), target.open.at(to))).await
    }

    /// Removes the name of a file or a symbolic link, by any options.
    ///
    /// # Errors
    ///
    /// Like [`RemoveOptions::remove_file`]; if the way to the name leads out.
    ///
    /// ```
    /// # async fn example(log: folio::Dir) -> folio::Result<()> {
    /// log.remove_file_with("7.segment", folio::fs::RemoveOptions::new().durable(true)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn remove_file_with(&self, name: impl AsRef<Path>, options: &RemoveOptions) -> Result<()> {
        let name = checked::path(Operation::RemoveFile, name)?;
        self.engine.call(options.request(self.open.at(name))).await
    }
}
