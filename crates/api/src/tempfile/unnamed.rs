//! A file without a path.

use std::fmt;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use folio_engine::op::{PathOp, PathRequest};
use folio_engine::storage::{Opened, Storage};

use super::template::{FILE_MODE, Template, create, exclusive_request, name_setters};
use crate::engine::Engine;
use crate::{Buffering, File, Operation, Result};
use folio_engine::Engine as Core;

/// Stands for the file's name in messages, below its directory.
const SHOWN_AS: &str = "<unnamed>";

/// A new file without a path, open for reading and writing. [`persist`](TemporaryFile::persist) gives it a path.
///
/// The kernel frees it with its last handle, even if the process is killed. On a file system that cannot create files
/// without a name, the file is created with one, which is removed at once; such a file cannot be persisted.
#[derive(Clone)]
pub struct TemporaryFile {
    pub(super) file: File,
    pub(super) engine: Core,
}

impl TemporaryFile {
    /// Creates a file in the directory for temporary files (`TMPDIR`, else `/tmp`).
    ///
    /// # Errors
    ///
    /// Any error of creating the file; it names the directory.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let sorted = folio::tempfile::TemporaryFile::new().await?;
    /// sorted.file().write_all(b"runs to be merged").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn new() -> Result<TemporaryFile> {
        TemporaryFile::builder().create().await
    }

    /// Returns a builder.
    pub fn builder() -> TemporaryFileBuilder {
        TemporaryFileBuilder {
            template: Template::default(),
            buffering: Buffering::Unbuffered,
            mode: FILE_MODE,
        }
    }

    /// Returns the open file. Its [`path`](File::path) is for messages only.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Returns the open file.
    pub fn into_file(self) -> File {
        self.file
    }

    /// Closes this handle like [`File::close`]. The close of the last clone frees the file, and its space is free when this
    /// returns. `file().clone().close_all()` closes all clones.
    ///
    /// # Errors
    ///
    /// Those of [`File::close`].
    ///
    /// # Cancellation
    ///
    /// Like [`File::close`].
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// folio::tempfile::TemporaryFile::new().await?.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(self) -> Result<()> {
        Box::pin(self.file.close()).await
    }
}

/// Options to create a [`TemporaryFile`] with.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let file = folio::tempfile::TemporaryFile::builder().in_dir("/var/tmp").create().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct TemporaryFileBuilder {
    pub(super) template: Template,
    buffering: Buffering,
    mode: u32,
}

// No user sees the name, but some file systems cannot create a file without one.
name_setters!(TemporaryFileBuilder, template);

impl TemporaryFileBuilder {
    /// Sets the permissions of the file, before the umask; 0600 (the owner alone) unless set. `0o666` gives a file that is
    /// persisted the permissions of any new file.
    pub fn permissions(&mut self, permissions: Permissions) -> &mut Self {
        self.mode = permissions.mode();
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
    /// Any error of creating the file; it names the directory.
    pub async fn create(&self) -> Result<TemporaryFile> {
        self.create_in(&*Core::current()?).await
    }

    /// Creates the file on `engine`, which also runs every operation of the file.
    ///
    /// # Errors
    ///
    /// Like [`create`](TemporaryFileBuilder::create); unsupported on an engine whose storage has no descriptors.
    pub async fn create_on(&self, engine: &Engine) -> Result<TemporaryFile> {
        self.create_in(engine.core()).await
    }

    pub(crate) async fn create_in(&self, engine: &Core) -> Result<TemporaryFile> {
        self.template.check(Operation::Open)?;
        let file = engine.call(self.request(engine.clone())).await?;
        Ok(TemporaryFile { file, engine: engine.clone() })
    }

    fn request(&self, engine: Core) -> impl PathRequest<Reply = File> + use<> {
        let (template, mode, buffer_bytes) = (self.template.clone(), self.mode, self.buffering.bytes());
        PathOp::new(Operation::Open, self.template.dirs(), move |storage, dirs| {
            let open = |dir: &Path| Ok((open(storage, &template, dir, mode)?, dir.join(SHOWN_AS)));
            let (opened, shown) = dirs.first(open)?;
            let handle = engine.adopt_buffered(opened.file.to_std(0)?, shown, buffer_bytes)?;
            Ok(File::new(handle))
        })
    }
}

/// Creates a file without a name. If the file system cannot, creates one with a name and removes the name at once.
fn open(storage: &dyn Storage, template: &Template, dir: &Path, mode: u32) -> io::Result<Opened> {
    if let Some(opened) = storage.open_unnamed(dir, mode) {
        return opened;
    }
    template.make(dir, |path| {
        let opened = create(storage, path, &exclusive_request().mode(Some(mode)))?;
        storage.remove_file(path)?;
        Ok(opened)
    })
}

impl fmt::Debug for TemporaryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporaryFile").field("path", &self.file.path()).finish_non_exhaustive()
    }
}
