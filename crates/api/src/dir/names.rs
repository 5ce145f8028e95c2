//! Changing the names in an open directory, and reading and writing whole files by name.

use std::fs::Permissions;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use folio_engine::Contents;
use folio_engine::op::tree::{self, Creation};
use folio_engine::op::{attributes, names};
use folio_engine::storage::{Links, Stamp, Stamps};

use super::Dir;
use super::builder::DirBuilder;
use super::options::RenameOptions;
use crate::checked;
use crate::{Error, Operation, Result};

/// Names and whole files.
impl Dir {
    /// Creates one directory.
    ///
    /// # Errors
    ///
    /// If the name exists, its parent is missing, or the way to it leads out.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// cache.create_dir("pages").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_dir(&self, name: impl AsRef<Path>) -> Result<()> {
        let name = checked::path(Operation::CreateDir, name)?;
        self.engine.call(tree::create_dir(self.open.at(name), Creation::default())).await
    }

    /// Creates a directory with the options of a [`DirBuilder`].
    ///
    /// # Errors
    ///
    /// Like [`create_dir`](Dir::create_dir) or [`create_dir_all`](Dir::create_dir_all).
    ///
    /// ```
    /// # async fn example(data: folio::Dir) -> folio::Result<()> {
    /// data.create_dir_with("keys", folio::fs::DirBuilder::new().mode(0o700)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_dir_with(&self, name: impl AsRef<Path>, builder: &DirBuilder) -> Result<()> {
        let name = checked::path(Operation::CreateDir, name)?;
        self.engine.call(tree::create_dir(self.open.at(name), builder.how)).await
    }

    /// Creates a directory and every missing parent; an existing directory is not an error.
    ///
    /// # Errors
    ///
    /// If something on the way exists and is not a directory, or leads out. Parents that were created before the
    /// failure stay.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// cache.create_dir_all("pages/2026/07").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_dir_all(&self, name: impl AsRef<Path>) -> Result<()> {
        let name = checked::path(Operation::CreateDir, name)?;
        self.engine
            .call(tree::create_dir(self.open.at(name), Creation { recursive: true, ..Creation::default() }))
            .await
    }

    /// Removes the name of a file or a symbolic link.
    ///
    /// # Errors
    ///
    /// If the name is missing or a directory, or the way to it leads out.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// cache.remove_file("pages/1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn remove_file(&self, name: impl AsRef<Path>) -> Result<()> {
        let name = checked::path(Operation::RemoveFile, name)?;
        self.engine.call(names::remove_file(self.open.at(name), false)).await
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    ///
    /// If the name is missing, not a directory, or not empty, or the way to it leads out.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// cache.remove_dir("pages").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn remove_dir(&self, name: impl AsRef<Path>) -> Result<()> {
        let name = checked::path(Operation::RemoveDir, name)?;
        self.engine.call(tree::remove_dir(self.open.at(name), false)).await
    }

    /// Removes a directory and its contents. Symbolic links are removed and never followed, even if one replaces a
    /// directory during the removal.
    ///
    /// # Errors
    ///
    /// If the name is missing or not a directory, the way to it leads out, or something in it cannot be removed.
    /// What was removed before the failure is gone.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// cache.remove_dir_all("pages").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn remove_dir_all(&self, name: impl AsRef<Path>) -> Result<()> {
        let name = checked::path(Operation::RemoveDir, name)?;
        self.engine.call(tree::remove_dir(self.open.at(name), true)).await
    }

    /// Renames to a name below `target`, which may be this directory, replacing in one step a file that has it.
    ///
    /// # Errors
    ///
    /// Like [`fs::rename`](crate::fs::rename); if the way to either name leads out.
    ///
    /// ```
    /// # async fn example(inbox: folio::Dir, archive: folio::Dir) -> folio::Result<()> {
    /// inbox.rename("message", &archive, "2026/message").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn rename(&self, from: impl AsRef<Path>, target: &Dir, to: impl AsRef<Path>) -> Result<()> {
        self.rename_with(from, target, to, &RenameOptions::new()).await
    }

    /// Gives a file a second name below `target`, which may be this directory.
    ///
    /// # Errors
    ///
    /// Like [`fs::hard_link`](crate::fs::hard_link); if the way to either name leads out.
    ///
    /// ```
    /// # async fn example(data: folio::Dir, backup: folio::Dir) -> folio::Result<()> {
    /// data.hard_link("report", &backup, "report").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn hard_link(
        &self,
        original: impl AsRef<Path>,
        target: &Dir,
        link: impl AsRef<Path>,
    ) -> Result<()> {
        let original = checked::path(Operation::HardLink, original)?;
        let link = checked::path(Operation::HardLink, link)?;
        self.engine.call(names::hard_link(self.open.at(original), target.open.at(link))).await
    }

    /// Creates the symbolic link `link` containing `original`, which need not exist and may be any path: it is checked when
    /// the link is followed.
    ///
    /// # Errors
    ///
    /// If `link` exists, `original` is empty, or the way to the link leads out.
    ///
    /// ```
    /// # async fn example(releases: folio::Dir) -> folio::Result<()> {
    /// releases.symlink("7", "current").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn symlink(&self, original: impl AsRef<Path>, link: impl AsRef<Path>) -> Result<()> {
        let original = checked::path(Operation::Symlink, original)?;
        let link = checked::path(Operation::Symlink, link)?;
        self.engine.call(self.open.symlink(original, link)).await
    }

    /// Returns the path that a symbolic link contains, unresolved.
    ///
    /// # Errors
    ///
    /// If the name is missing or not a symbolic link, or the way to it leads out.
    ///
    /// ```
    /// # async fn example(releases: folio::Dir) -> folio::Result<()> {
    /// let current = releases.read_link("current").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_link(&self, name: impl AsRef<Path>) -> Result<PathBuf> {
        let name = checked::path(Operation::ReadLink, name)?;
        self.engine.call(names::read_link(self.open.at(name))).await
    }

    /// Changes the permissions of what a name leads to.
    ///
    /// # Errors
    ///
    /// If the name is missing or leads out, or this process does not own the file; unsupported if `/proc` is not mounted.
    ///
    /// ```
    /// # async fn example(keys: folio::Dir) -> folio::Result<()> {
    /// use std::{fs::Permissions, os::unix::fs::PermissionsExt};
    ///
    /// keys.set_permissions("key.pem", Permissions::from_mode(0o600)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_permissions(&self, name: impl AsRef<Path>, permissions: Permissions) -> Result<()> {
        let name = checked::path(Operation::SetPermissions, name)?;
        self.engine.call(attributes::set_permissions(self.open.at(name), permissions)).await
    }

    /// Sets the times of last access and modification of what a name leads to.
    ///
    /// # Errors
    ///
    /// Like [`os::utime`](crate::os::utime); if the name leads out; unsupported if `/proc` is not mounted.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// use folio::os::Stamp;
    ///
    /// cache.set_times("pages/1", Stamp::Now, Stamp::Now).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_times(
        &self,
        name: impl AsRef<Path>,
        accessed: impl Into<Stamp>,
        modified: impl Into<Stamp>,
    ) -> Result<()> {
        self.stamp(name.as_ref(), accessed.into(), modified.into(), Links::Follow).await
    }

    /// Like [`set_times`](Dir::set_times) for a name itself, even if it is a symbolic link.
    ///
    /// # Errors
    ///
    /// Like [`os::lutime`](crate::os::lutime); if the way to the name leads out.
    ///
    /// ```
    /// # async fn example(releases: folio::Dir) -> folio::Result<()> {
    /// use folio::os::Stamp;
    ///
    /// releases.set_symlink_times("current", Stamp::Keep, Stamp::Now).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn set_symlink_times(
        &self,
        name: impl AsRef<Path>,
        accessed: impl Into<Stamp>,
        modified: impl Into<Stamp>,
    ) -> Result<()> {
        self.stamp(name.as_ref(), accessed.into(), modified.into(), Links::NotLast).await
    }

    async fn stamp(&self, name: &Path, accessed: Stamp, modified: Stamp, links: Links) -> Result<()> {
        let name = checked::path(Operation::SetTimes, name)?;
        self.engine
            .call(attributes::set_times(self.open.at(name), Stamps { accessed, modified }, links))
            .await
    }

    /// Creates a FIFO with the permission bits `mode` before the umask.
    ///
    /// # Errors
    ///
    /// If the name exists, its parent is missing, or the way to it leads out.
    ///
    /// ```
    /// # async fn example(run: folio::Dir) -> folio::Result<()> {
    /// run.mkfifo("control", 0o600).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn mkfifo(&self, name: impl AsRef<Path>, mode: u32) -> Result<()> {
        let name = checked::path(Operation::MakeFifo, name)?;
        self.engine.call(names::make_fifo(self.open.at(name), mode)).await
    }

    /// Reads a file from its beginning to its end.
    ///
    /// # Errors
    ///
    /// Like [`fs::read`](crate::fs::read); if the name leads out.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// let page: Vec<u8> = cache.read("pages/1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&self, name: impl AsRef<Path>) -> Result<Vec<u8>> {
        let name = checked::path(Operation::Read, name)?;
        self.engine.read_whole_below(&self.open, name).await
    }

    /// Reads a file of UTF-8 text.
    ///
    /// # Errors
    ///
    /// Like [`read`](Dir::read); and if the contents are not UTF-8.
    ///
    /// ```
    /// # async fn example(settings: folio::Dir) -> folio::Result<()> {
    /// let text: String = settings.read_to_string("app.toml").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_to_string(&self, name: impl AsRef<Path>) -> Result<String> {
        let bytes = self.read(name.as_ref()).await?;
        let path = || self.path().join(name.as_ref());
        String::from_utf8(bytes).map_err(|_| Error::not_utf8(Operation::Read).at_path(path()))
    }

    /// Replaces the contents of a file, creating it if it is missing. The write is not atomic.
    ///
    /// # Errors
    ///
    /// Like [`fs::write`](crate::fs::write()); if the name leads out.
    ///
    /// ```
    /// # async fn example(cache: folio::Dir) -> folio::Result<()> {
    /// cache.write("pages/1", "contents").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write(&self, name: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Result<()> {
        let name = checked::path(Operation::Write, name)?;
        self.engine.write_whole(&name, Some(&self.open), Contents::Borrowed(contents.as_ref())).await
    }

    /// Like [`write`](Dir::write), without a copy of `contents`.
    ///
    /// # Errors
    ///
    /// Those of [`write`](Dir::write).
    ///
    /// ```
    /// # async fn example(cache: folio::Dir, page: bytes::Bytes) -> folio::Result<()> {
    /// cache.write_bytes("pages/1", page).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_bytes(&self, name: impl AsRef<Path>, contents: impl Into<Bytes>) -> Result<()> {
        let name = checked::path(Operation::Write, name)?;
        self.engine.write_whole(&name, Some(&self.open), Contents::Owned(contents.into())).await
    }
}
