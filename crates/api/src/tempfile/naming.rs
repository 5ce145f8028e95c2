//! Giving an unnamed file a name.

use std::io;
use std::path::{Path, PathBuf};

use folio_engine::op::{PathOp, PathRequest};
use folio_engine::storage::{Storage, StorageFile};

use super::TemporaryFile;
use super::template::Template;
use crate::checked;
use crate::{Operation, Result};

impl TemporaryFile {
    /// Gives the file the path `to`, replacing in one step a file that exists there: readers of `to` see either the old
    /// contents or the new ones. A process that is killed before leaves nothing behind.
    ///
    /// `to` must be on the file system that the file was created on: see
    /// [`in_dir`](super::TemporaryFileBuilder::in_dir). For a file that survives a power cut, call
    /// [`sync_all`](crate::File::sync_all) on it before. Only its owner may read it, unless other
    /// [`permissions`](super::TemporaryFileBuilder::permissions) were set when it was created.
    /// [`File::path`](crate::File::path) still returns the placeholder.
    ///
    /// # Errors
    ///
    /// If the directory is missing, on another file system, or not writable; `ENOENT` if the file system cannot create
    /// files without a name. The file is then still unnamed.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use std::{fs::Permissions, os::unix::fs::PermissionsExt};
    ///
    /// // The umask applies, as for every new file.
    /// let served = Permissions::from_mode(0o666);
    /// let builder = folio::tempfile::TemporaryFile::builder().in_dir("www").permissions(served).clone();
    /// let page = builder.create().await?;
    /// page.file().write_all(b"<h1>new</h1>").await?;
    /// page.persist("www/index.html").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn persist(&self, to: impl AsRef<Path>) -> Result<()> {
        self.name(to.as_ref(), IfTaken::Replace).await
    }

    /// Like [`persist`](TemporaryFile::persist), but refuses a path that exists (`EEXIST`).
    ///
    /// # Errors
    ///
    /// Like [`persist`](TemporaryFile::persist).
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let message = folio::tempfile::TemporaryFile::builder().in_dir("inbox").create().await?;
    /// message.file().write_all(b"hello").await?;
    /// message.persist_noclobber("inbox/1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn persist_noclobber(&self, to: impl AsRef<Path>) -> Result<()> {
        self.name(to.as_ref(), IfTaken::Refuse).await
    }

    async fn name(&self, to: &Path, if_taken: IfTaken) -> Result<()> {
        let to = checked::path(Operation::HardLink, to)?;
        let shown = self.file.path().to_owned();
        // Duplicating comes after earlier writes in the file's order, so they are in the file by then.
        let file = self.file.plain(Operation::HardLink)?.duplicate(Operation::HardLink).await?;
        self.engine.call(request(file, shown, to, if_taken)).await
    }
}

/// What happens if the new path exists.
#[derive(Clone, Copy, Debug)]
enum IfTaken {
    /// The path names the new file instead.
    Replace,
    /// The call fails, and the file stays unnamed.
    Refuse,
}

fn request(
    file: Box<dyn StorageFile>,
    shown: PathBuf,
    to: PathBuf,
    if_taken: IfTaken,
) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::HardLink, (shown, to), move |storage, (_, to)| {
        match if_taken {
            IfTaken::Refuse => storage.link_unnamed(&*file, &to)?,
            IfTaken::Replace => replace(storage, &*file, &to)?,
        }
        // NFS and FUSE report failed writes here, and only once.
        file.close()
    })
}

/// Links the file under a temporary name and renames that, because a link cannot replace an existing name.
fn replace(storage: &dyn Storage, file: &dyn StorageFile, to: &Path) -> io::Result<()> {
    let dir = to.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = Template::default().make(dir, |path| {
        storage.link_unnamed(file, path)?;
        Ok(path.to_owned())
    })?;
    let renamed = storage.rename(&temporary, storage, to);
    // The temporary name remains after a failure, and if `to` was a name of this file already. The rename's error
    // matters more than one of this removal, which is expected to find nothing.
    drop(storage.remove_file(&temporary));
    renamed
}
