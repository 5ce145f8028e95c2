//! New contents for a file, as long as they have not taken its place.

use std::fmt;
use std::ops::Deref;

use folio_engine::op::replace::Draft;
use folio_engine::{Engine as Core, FileHandle, Handle};

use crate::{File, Operation, Result};

/// New contents for a file, which take the place of the old ones when they are [committed](Replacement::commit).
///
/// It is a [`File`], open for reading and writing: what a file can do it does, and its clones may be handed to other tasks.
/// Until the commit the path of the file does not lead to it, and dropping it leaves everything as it was. Its [`path`](File::path) is that of the
/// file it replaces, for messages.
///
/// A relative path leads to the same file at the commit, wherever the process has gone meanwhile.
///
/// It lies beside that file, under a name that begins with `.folio-replace-`. A process that is killed leaves it there, for
/// [`fs::sweep_replacements`](crate::fs::sweep_replacements) to remove; its lock (`flock`) shows a sweep that its writer
/// lives. A program that unlocks it may lose it to a sweep, and then the commit fails.
///
/// ```
/// # async fn example(rows: Vec<String>) -> folio::Result<()> {
/// let report = folio::File::replace("report.csv").await?;
/// for row in rows {
///     report.write_all(row.as_bytes()).await?;        // an early return: the old report stays
/// }
/// report.commit().await?;                             // the new one, whole, whatever happens
/// # Ok(())
/// # }
/// ```
pub struct Replacement {
    file: File,
    draft: Draft,
    engine: Core,
}

impl Replacement {
    pub(super) fn new(file: FileHandle, draft: Draft, engine: Core) -> Self {
        Replacement { file: File::new(Handle::Plain(file)), draft, engine }
    }

    /// Returns the open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Makes what was written the contents of the file, in one step: a reader that opens it finds the old ones or these, even
    /// after a power cut. After `Ok` it is these, unless another [`Durability`](crate::Durability) was
    /// asked for.
    ///
    /// It covers everything that was asked for before on any clone. Then the file is closed for every clone, whose calls
    /// fail from then on with [`is_closed`](crate::Error::is_closed): what has its name cannot be changed through them.
    /// Handles that others have on the old file keep the old contents.
    ///
    /// # Errors
    ///
    /// Any failure of writing that a sync would report, and those of syncing, renaming and keeping attributes; `EEXIST` with
    /// [`create_new`](crate::ReplaceOptions::create_new). The old contents are then still there, and nothing beside them.
    ///
    /// One failure comes later, that of syncing the directory: the error says that the new contents have the name, but may
    /// lose it to the old ones in a power cut.
    ///
    /// # Cancellation
    ///
    /// Dropped before its last step began, everything is as it was; after that it finishes in the background.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let config = folio::File::replace("app.toml").await?;
    /// config.write_all(b"workers = 8\n").await?;
    /// config.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn commit(self) -> Result<()> {
        let Replacement { file, draft, engine } = self;
        let settled = file.settle_to_vouch().await;
        let handle = file.plain(Operation::Replace)?;
        settled?;
        Box::pin(engine.commit(handle, draft)).await
    }

    /// Does what dropping it does, and returns when nothing is left of it.
    ///
    /// # Errors
    ///
    /// If its name cannot be removed.
    ///
    /// # Cancellation
    ///
    /// That of dropping it.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// folio::File::replace("app.toml").await?.discard().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn discard(self) -> Result<()> {
        let Replacement { file, draft, engine } = self;
        drop(file);
        Box::pin(engine.discard(draft)).await
    }
}

impl Deref for Replacement {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl fmt::Debug for Replacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replacement").field("path", &self.file.path()).finish_non_exhaustive()
    }
}
