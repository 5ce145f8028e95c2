//! Copying below open directories, and resolving names.

use std::path::{Path, PathBuf};

use folio_engine::op::names;

use super::Dir;
use crate::checked;
use crate::{Operation, Result};

impl Dir {
    /// Copies contents and permissions of a file to a name below `target`, which may be this directory, creating or
    /// overwriting it; returns the number of bytes copied. Set-ID bits are dropped. Symbolic links are followed at both ends,
    /// unless they lead out of the directory.
    ///
    /// # Errors
    ///
    /// Like [`fs::copy`](crate::fs::copy); if either name leads out.
    ///
    /// ```
    /// # async fn example(data: folio::Dir, backup: folio::Dir) -> folio::Result<()> {
    /// let bytes = data.copy("report", &backup, "report.1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn copy(&self, from: impl AsRef<Path>, target: &Dir, to: impl AsRef<Path>) -> Result<u64> {
        let from = checked::path(Operation::Copy, from)?;
        let to = checked::path(Operation::Copy, to)?;
        self.engine.call(self.open.copy(from, &target.open, to)).await
    }

    /// Returns the path relative to this directory of what a name leads to, without symbolic links and dots; `.` for the
    /// directory itself.
    ///
    /// The answer may be outdated when it arrives. Use it to show or compare paths; it adds no safety, since every
    /// method of `Dir` checks its names itself.
    ///
    /// # Errors
    ///
    /// If the name is missing or leads out.
    ///
    /// ```
    /// # async fn example(releases: folio::Dir) -> folio::Result<()> {
    /// println!("{}", releases.canonicalize("current/../latest").await?.display());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn canonicalize(&self, name: impl AsRef<Path>) -> Result<PathBuf> {
        let name = checked::path(Operation::Canonicalize, name)?;
        self.engine.call(names::canonicalize(self.open.at(name))).await
    }
}
