//! A file with a path that goes when the file goes.

use std::fmt;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use folio_engine::op::{PathOp, PathRequest};

use super::removed_on_drop::{Kind, RemovedOnDrop};
use super::template::{Template, exclusively, name_setters};
use crate::engine::Engine;
use crate::{Buffering, File, Operation, Result};
use folio_engine::Engine as Core;

/// A new file, open for reading and writing, whose path is removed when it is closed or dropped.
///
/// Clones of its [`file`](NamedTemporaryFile::file) may live longer: the path goes, the contents stay readable
/// until the last of them is gone.
pub struct NamedTemporaryFile {
    /// Before the file, so that the path is removed first and the last close frees the blocks.
    pub(super) name: RemovedOnDrop,
    pub(super) file: File,
    /// Whether closing removes the path too.
    pub(super) delete_on_close: bool,
}

impl NamedTemporaryFile {
    /// Creates a file in the directory for temporary files (`TMPDIR`, else `/tmp`).
    ///
    /// # Errors
    ///
    /// Whatever creating a file there returns; the error names the directory.
    ///
    /// # Cancellation
    ///
    /// No file is left behind.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let scratch = folio::tempfile::NamedTemporaryFile::new().await?;
    /// scratch.file().write_all(b"for another program").await?;
    /// println!("see {}", scratch.path().display());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn new() -> Result<NamedTemporaryFile> {
        NamedTemporaryFile::builder().create().await
    }

    /// Returns a builder: the prefix `tmp`, no suffix, and the path goes with the file.
    pub fn builder() -> NamedTemporaryFileBuilder {
        let template = Template::default();
        let buffering = Buffering::Unbuffered;
        let (permissions, append) = (None, false);
        NamedTemporaryFileBuilder {
            template,
            delete: true,
            delete_on_close: true,
            buffering,
            permissions,
            append,
        }
    }

    /// Returns the open file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Returns the path, which is absolute; after [`persist`](NamedTemporaryFile::persist), the one given there.
    pub fn path(&self) -> &Path {
        self.name.path()
    }

    /// Returns whether the drop removes the path.
    pub fn is_temporary(&self) -> bool {
        self.name.is_removed_on_drop()
    }

    /// Gives the file the path `to`, replacing what is there in one step, and lets it stay.
    ///
    /// Both paths must be on the same file system. The permissions stay those that it was created with: for others to read
    /// it, [ask for them then](NamedTemporaryFileBuilder::permissions). To survive a power cut, call
    /// [`sync_all`](File::sync_all) on the file before, and [`Dir::sync`](crate::dir::Dir::sync) on its directory after.
    /// [`File::path`] goes on naming the old path.
    ///
    /// # Errors
    ///
    /// Whatever the rename returns; the file is then as temporary as before.
    ///
    /// # Cancellation
    ///
    /// Before it began: nothing happens. After: it finishes, unless this value is dropped first and its
    /// removal overtakes.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use std::{fs::Permissions, os::unix::fs::PermissionsExt};
    ///
    /// // Less what the umask takes, as for every new file.
    /// let served = Permissions::from_mode(0o666);
    /// let builder = folio::tempfile::NamedTemporaryFile::builder().in_dir("www").permissions(served).clone();
    /// let mut page = builder.create().await?;
    /// page.file().write_all(b"<h1>new</h1>").await?;
    /// page.persist("www/index.html").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn persist(&mut self, to: impl AsRef<Path>) -> Result<()> {
        self.name.persist(to.as_ref()).await
    }

    /// Lets the file stay where it is, and returns it.
    ///
    /// # Errors
    ///
    /// None on Linux; elsewhere a temporary file may have to be marked as a lasting one.
    ///
    /// # Cancellation
    ///
    /// Nothing to cancel: it is done with the first poll.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let file = folio::tempfile::NamedTemporaryFile::new().await?.keep().await?;
    /// println!("left for you: {}", file.path().display());
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::unused_async, reason = "keeping is a call to the kernel on other systems")]
    pub async fn keep(mut self) -> Result<File> {
        self.name.keep();
        Ok(self.file)
    }

    /// Closes the file for every clone and removes the path, unless that was to stay or
    /// [`delete_on_close`](NamedTemporaryFileBuilder::delete_on_close) is off; a second time does nothing.
    ///
    /// # Errors
    ///
    /// Those of [`File::close_all`], and then the path is left to the drop; those of the removal.
    ///
    /// # Cancellation
    ///
    /// The file may be open or closed; dropping this value removes the path.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut scratch = folio::tempfile::NamedTemporaryFile::new().await?;
    /// scratch.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&mut self) -> Result<()> {
        match self.file.end().await {
            // The call that closed it before, by a clone or as text, has received its error.
            Err(error) if !error.is_closed() => return Err(error),
            Ok(()) | Err(_) => {}
        }
        if self.delete_on_close && self.name.is_removed_on_drop() {
            self.name.remove().await?;
        }
        Ok(())
    }
}

/// How a [`NamedTemporaryFile`] is to be made.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// use folio::tempfile::NamedTemporaryFile;
///
/// let log = NamedTemporaryFile::builder().prefix("job-").suffix(".log").delete(false).create().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct NamedTemporaryFileBuilder {
    pub(super) template: Template,
    delete: bool,
    delete_on_close: bool,
    buffering: Buffering,
    /// Permission bits; `None` for those of the owner alone.
    permissions: Option<u32>,
    append: bool,
}

name_setters!(NamedTemporaryFileBuilder, template);

impl NamedTemporaryFileBuilder {
    /// Sets whether the path goes when the file is closed or dropped; on unless set.
    pub fn delete(&mut self, delete: bool) -> &mut Self {
        self.delete = delete;
        self
    }

    /// Sets whether closing removes the path, or only the drop; on unless set.
    ///
    /// Off, it lets the file be closed and opened again by its path, by another program for instance.
    pub fn delete_on_close(&mut self, delete_on_close: bool) -> &mut Self {
        self.delete_on_close = delete_on_close;
        self
    }

    /// Sets the permissions of the file, less what the umask takes; those of the owner alone (0600) unless set.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use std::{fs::Permissions, os::unix::fs::PermissionsExt};
    ///
    /// let served = Permissions::from_mode(0o644);
    /// let mut page = folio::tempfile::NamedTemporaryFile::builder().permissions(served).create().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn permissions(&mut self, permissions: Permissions) -> &mut Self {
        self.permissions = Some(permissions.mode());
        self
    }

    /// Sets whether every write goes to the end of the file, as by
    /// [`OpenOptions::append`](crate::OpenOptions::append); off unless set.
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.append = append;
        self
    }

    /// Sets how much of what is written may be buffered; nothing is unless set. See
    /// [`OpenOptions::buffering`](crate::OpenOptions::buffering).
    pub fn buffering(&mut self, buffering: impl Into<Buffering>) -> &mut Self {
        self.buffering = buffering.into();
        self
    }

    /// Creates the file on the default engine.
    ///
    /// # Errors
    ///
    /// A prefix or suffix with a slash, before anything is touched; whatever creating a file in the directory
    /// returns, and then the error names the directory.
    ///
    /// # Cancellation
    ///
    /// No file is left behind, not even one that was to stay.
    pub async fn create(&self) -> Result<NamedTemporaryFile> {
        self.create_in(&*Core::current()?).await
    }

    /// Creates the file on `engine`; every operation of the file stays there.
    ///
    /// # Errors
    ///
    /// Like [`create`](NamedTemporaryFileBuilder::create); an unsupported error on an engine whose storage has
    /// no descriptors.
    ///
    /// # Cancellation
    ///
    /// Like [`create`](NamedTemporaryFileBuilder::create).
    pub async fn create_on(&self, engine: &Engine) -> Result<NamedTemporaryFile> {
        self.create_in(engine.core()).await
    }

    pub(crate) async fn create_in(&self, engine: &Core) -> Result<NamedTemporaryFile> {
        self.template.check(Operation::Open)?;
        let (name, file) = engine.call(self.request(engine.clone())).await?;
        let mut created = NamedTemporaryFile { name, file, delete_on_close: self.delete_on_close };
        // Not before: a caller that gives up until here must not leave the file behind.
        if !self.delete {
            created.name.keep();
        }
        Ok(created)
    }

    /// What it creates removes itself when no caller waits for it any more.
    fn request(&self, engine: Core) -> impl PathRequest<Reply = (RemovedOnDrop, File)> + use<> {
        let template = self.template.clone();
        let request = exclusively().append(self.append);
        let mode = self.permissions.or(request.mode);
        let request = request.mode(mode).buffer_bytes(self.buffering.bytes());
        PathOp::new(Operation::Open, self.template.dirs(), move |storage, dirs| {
            let (opened, name) = dirs.first(|dir| {
                template.make(dir, |path| {
                    let opened = storage.open(path, &request)?;
                    Ok((opened, RemovedOnDrop::new(&engine, path, Kind::File)))
                })
            })?;
            let handle = engine.adopt_buffered(opened.file.to_std(0)?, name.path(), request.buffer_bytes)?;
            Ok((name, File::new(handle)))
        })
    }
}

impl fmt::Debug for NamedTemporaryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedTemporaryFile").field("path", &self.path()).finish_non_exhaustive()
    }
}
