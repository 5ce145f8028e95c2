//! A file without a path.

use std::fmt;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use folio_engine::op::{PathOp, PathRequest};
use folio_engine::storage::{Opened, Storage};

use super::template::{FILE_MODE, Template, exclusively, name_setters};
use crate::engine::Engine;
use crate::{Buffering, File, Operation, Result};
use folio_engine::Engine as Core;

/// What messages call such a file, below its directory.
const SHOWN_AS: &str = "<unnamed>";

/// A new file, open for reading and writing, that no path leads to unless it is [given](TemporaryFile::persist) one.
///
/// The kernel frees it with its last handle, even when the process is killed. Where the file system cannot
/// create a file without a name, one with a name is created and that is removed at once; no name can be given then.
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
    /// Whatever creating a file there returns; the error names the directory.
    ///
    /// # Cancellation
    ///
    /// No file is left behind.
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

    /// Returns the open file alone, which is all there is.
    pub fn into_file(self) -> File {
        self.file
    }

    /// Does what [`File::close`] does: the last clone frees the file, and then its space is back when this returns.
    /// `file().clone().close_all()` does not ask for others.
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
        self.file.close().await
    }
}

/// How a [`TemporaryFile`] is to be made.
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

// The name is gone before the file is returned, but some file systems cannot create a file without one.
name_setters!(TemporaryFileBuilder, template);

impl TemporaryFileBuilder {
    /// Sets the permissions of the file, less what the umask takes; those of its owner alone (0600) unless set. For a file
    /// that is given a name, `0o666` are those that creating it would have given.
    pub fn permissions(&mut self, permissions: Permissions) -> &mut Self {
        self.mode = permissions.mode();
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
    /// Whatever creating a file in the directory returns; the error names the directory.
    ///
    /// # Cancellation
    ///
    /// No file is left behind.
    pub async fn create(&self) -> Result<TemporaryFile> {
        self.create_in(&*Core::current()?).await
    }

    /// Creates the file on `engine`; every operation of the file stays there.
    ///
    /// # Errors
    ///
    /// Like [`create`](TemporaryFileBuilder::create); an unsupported error on an engine whose storage has no
    /// descriptors.
    ///
    /// # Cancellation
    ///
    /// Like [`create`](TemporaryFileBuilder::create).
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

/// Creates a file without a name; where that is impossible, one whose name is removed at once.
fn open(storage: &dyn Storage, template: &Template, dir: &Path, mode: u32) -> io::Result<Opened> {
    if let Some(opened) = storage.open_unnamed(dir, mode) {
        return opened;
    }
    template.make(dir, |path| {
        let opened = storage.open(path, &exclusively().mode(Some(mode)))?;
        storage.remove_file(path)?;
        Ok(opened)
    })
}

impl fmt::Debug for TemporaryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemporaryFile").field("path", &self.file.path()).finish_non_exhaustive()
    }
}
