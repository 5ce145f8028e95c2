//! A file with a path that goes when the file goes.

use std::fmt;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use folio_engine::op::{PathOp, PathRequest};

use super::removal_guard::{Kind, RemovalGuard};
use super::template::{Template, create, exclusive_request, name_setters};
use crate::engine::Engine;
use crate::{Buffering, File, Operation, Result};
use folio_engine::Engine as Core;

/// A new file, open for reading and writing, whose path is removed when it is closed or dropped.
///
/// Clones of its [`file`](NamedTemporaryFile::file) may outlive the path: the contents stay readable until the last clone
/// is dropped.
pub struct NamedTemporaryFile {
    /// Before the file, so that the path is removed first and the close of the file frees its blocks.
    pub(super) guard: RemovalGuard,
    pub(super) file: File,
    /// Whether closing also removes the path.
    pub(super) delete_on_close: bool,
}

impl NamedTemporaryFile {
    /// Creates a file in the directory for temporary files (`TMPDIR`, else `/tmp`).
    ///
    /// # Errors
    ///
    /// Any error of creating the file; it names the directory.
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

    /// Returns a builder with the prefix `tmp` and no suffix; closing and dropping remove the path.
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

    /// Returns the path: an absolute one, or after [`persist`](NamedTemporaryFile::persist) the one given there.
    pub fn path(&self) -> &Path {
        self.guard.path()
    }

    /// Returns whether the drop removes the path.
    pub fn is_temporary(&self) -> bool {
        self.guard.is_armed()
    }

    /// Renames the file to `to`, replacing in one step a file that exists there, and keeps it.
    ///
    /// Both paths must be on the same file system. The permissions stay as they were when the file was created: set
    /// [`permissions`](NamedTemporaryFileBuilder::permissions) for a file that others may read. For a file that survives
    /// a power cut, call [`sync_all`](File::sync_all) on the file before, and [`Dir::sync`](crate::dir::Dir::sync) on its
    /// directory after. [`File::path`] still returns the old path.
    ///
    /// # Errors
    ///
    /// Any error of the rename; the file is then still temporary.
    ///
    /// # Cancellation
    ///
    /// A rename that has begun finishes, unless this value is dropped too and the removal of its path comes first.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use std::{fs::Permissions, os::unix::fs::PermissionsExt};
    ///
    /// // The umask applies, as for every new file.
    /// let served = Permissions::from_mode(0o666);
    /// let builder = folio::tempfile::NamedTemporaryFile::builder().in_dir("www").permissions(served).clone();
    /// let mut page = builder.create().await?;
    /// page.file().write_all(b"<h1>new</h1>").await?;
    /// page.persist("www/index.html").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn persist(&mut self, to: impl AsRef<Path>) -> Result<()> {
        self.guard.persist(to.as_ref()).await
    }

    /// Keeps the file at its path, and returns the open file.
    ///
    /// # Errors
    ///
    /// None on Linux. Other systems may need a call to mark the file as permanent.
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
        self.guard.keep();
        Ok(self.file)
    }

    /// Closes the file for every clone and removes the path, unless the path is kept or
    /// [`delete_on_close`](NamedTemporaryFileBuilder::delete_on_close) is off. A second call does nothing.
    ///
    /// # Errors
    ///
    /// Those of [`File::close_all`], after which the drop removes the path; those of the removal.
    ///
    /// # Cancellation
    ///
    /// The file may be open or closed; the drop of this value removes the path.
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
            // A clone or a text file has closed it before, and its caller has received the error.
            Err(error) if !error.is_closed() => return Err(error),
            Ok(()) | Err(_) => {}
        }
        if self.delete_on_close && self.guard.is_armed() {
            self.guard.remove().await?;
        }
        Ok(())
    }
}

/// Options to create a [`NamedTemporaryFile`] with.
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
    /// Permission bits; `None` is 0600.
    permissions: Option<u32>,
    append: bool,
}

name_setters!(NamedTemporaryFileBuilder, template);

impl NamedTemporaryFileBuilder {
    /// Sets whether the path is removed when the file is closed or dropped; on unless set.
    pub fn delete(&mut self, delete: bool) -> &mut Self {
        self.delete = delete;
        self
    }

    /// Sets whether closing removes the path; on unless set. If off, only the drop removes it.
    ///
    /// If off, the file can be closed and then opened again by its path, for instance by another program.
    pub fn delete_on_close(&mut self, delete_on_close: bool) -> &mut Self {
        self.delete_on_close = delete_on_close;
        self
    }

    /// Sets the permissions of the file, before the umask; 0600 (the owner alone) unless set.
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

    /// Sets whether every write goes to the end of the file, as with
    /// [`OpenOptions::append`](crate::OpenOptions::append); off unless set.
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.append = append;
        self
    }

    /// Sets the size of the write buffer; unbuffered unless set. See
    /// [`OpenOptions::buffering`](crate::OpenOptions::buffering).
    pub fn buffering(&mut self, buffering: impl Into<Buffering>) -> &mut Self {
        self.buffering = buffering.into();
        self
    }

    /// Creates the file on the default engine.
    ///
    /// # Errors
    ///
    /// If the prefix or suffix contains a slash, before anything is touched; any error of creating the file, which
    /// names the directory.
    pub async fn create(&self) -> Result<NamedTemporaryFile> {
        self.create_in(&*Core::current()?).await
    }

    /// Creates the file on `engine`, which also runs every operation of the file.
    ///
    /// # Errors
    ///
    /// Like [`create`](NamedTemporaryFileBuilder::create); unsupported on an engine whose storage has no descriptors.
    pub async fn create_on(&self, engine: &Engine) -> Result<NamedTemporaryFile> {
        self.create_in(engine.core()).await
    }

    pub(crate) async fn create_in(&self, engine: &Core) -> Result<NamedTemporaryFile> {
        self.template.check(Operation::Open)?;
        let (mut guard, file) = engine.call(self.request(engine.clone())).await?;
        // Only now: a caller that is dropped before this must not leave the file behind.
        if !self.delete {
            guard.keep();
        }
        Ok(NamedTemporaryFile { guard, file, delete_on_close: self.delete_on_close })
    }

    /// Its reply removes the file again if the caller has gone.
    fn request(&self, engine: Core) -> impl PathRequest<Reply = (RemovalGuard, File)> + use<> {
        let template = self.template.clone();
        let request = exclusive_request().append(self.append);
        let mode = self.permissions.or(request.mode);
        let request = request.mode(mode).buffer_bytes(self.buffering.bytes());
        PathOp::new(Operation::Open, self.template.dirs(), move |storage, dirs| {
            let (opened, guard) = dirs.first(|dir| {
                template.make(dir, |path| {
                    let opened = create(storage, path, &request)?;
                    Ok((opened, RemovalGuard::new(&engine, path, Kind::File)))
                })
            })?;
            let handle = engine.adopt_buffered(opened.file.to_std(0)?, guard.path(), request.buffer_bytes)?;
            Ok((guard, File::new(handle)))
        })
    }
}

impl fmt::Debug for NamedTemporaryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedTemporaryFile").field("path", &self.path()).finish_non_exhaustive()
    }
}
