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
    /// Gives the file the path `to`, replacing what is there in one step: a reader that opens it finds the old contents or
    /// these, and a process that is killed before leaves nothing behind.
    ///
    /// The directory must be on the file system of the file's own: see
    /// [`in_dir`](super::TemporaryFileBuilder::in_dir). To survive a power cut, call
    /// [`sync_all`](crate::File::sync_all) on the file before. It is for its owner alone unless
    /// [others were asked for](super::TemporaryFileBuilder::permissions) when it was created.
    /// [`File::path`](crate::File::path) goes on naming none.
    ///
    /// # Errors
    ///
    /// If the directory is missing, on another file system, or may not be written; `ENOENT` where the file system
    /// cannot create a file without a name. The file is then as temporary as before.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use std::{fs::Permissions, os::unix::fs::PermissionsExt};
    ///
    /// // Less what the umask takes, as for every new file.
    /// let served = Permissions::from_mode(0o666);
    /// let builder = folio::tempfile::TemporaryFile::builder().in_dir("www").permissions(served).clone();
    /// let page = builder.create().await?;
    /// page.file().write_all(b"<h1>new</h1>").await?;
    /// page.persist("www/index.html").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn persist(&self, to: impl AsRef<Path>) -> Result<()> {
        self.name(to.as_ref(), Taken::Replaced).await
    }

    /// Like [`persist`](TemporaryFile::persist), but refuses a path that anything has (`EEXIST`).
    ///
    /// # Errors
    ///
    /// Like [`persist`](TemporaryFile::persist).
    ///
    /// # Cancellation
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
        self.name(to.as_ref(), Taken::Refused).await
    }

    async fn name(&self, to: &Path, taken: Taken) -> Result<()> {
        let to = checked::path(Operation::HardLink, to)?;
        let shown = self.file.path().to_owned();
        // What has been written before is in the file then.
        let file = self.file.plain(Operation::HardLink)?.duplicate(Operation::HardLink).await?;
        self.engine.call(request(file, shown, to, taken)).await
    }
}

/// What becomes of a path that is taken.
#[derive(Clone, Copy, Debug)]
enum Taken {
    /// It names the file from now on.
    Replaced,
    /// It stays, and the file unnamed.
    Refused,
}

fn request(
    file: Box<dyn StorageFile>,
    shown: PathBuf,
    to: PathBuf,
    taken: Taken,
) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::HardLink, (shown, to), move |storage, (_, to)| {
        match taken {
            Taken::Refused => storage.link_unnamed(&*file, &to)?,
            Taken::Replaced => replace(storage, &*file, &to)?,
        }
        // Where NFS and FUSE tell that what was written found no room, and tell it once.
        file.close()
    })
}

/// The kernel names no file by a name that is taken, so it gets another one in the same directory first.
fn replace(storage: &dyn Storage, file: &dyn StorageFile, to: &Path) -> io::Result<()> {
    let dir = to.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = Template::default().make(dir, |path| {
        storage.link_unnamed(file, path)?;
        Ok(path.to_owned())
    })?;
    let renamed = storage.rename(&beside, storage, to);
    // It is still there after a failure, and where both were names of this file already. That it is not is how
    // it should be, and that it cannot be removed is less than what went wrong before.
    drop(storage.remove_file(&beside));
    renamed
}
