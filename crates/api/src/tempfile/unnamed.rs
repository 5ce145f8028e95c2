//! A file without a path.

use std::io;
use std::path::{Path, PathBuf};

use folio_engine::op::PathRequest;
use folio_engine::storage::Storage;

use super::template::{Template, exclusively};
use crate::{Engine, File, Operation, Result};

/// What messages call such a file, below its directory.
const SHOWN_AS: &str = "<unnamed>";

/// A new file, open for reading and writing, that no path leads to and none ever will.
///
/// The kernel frees it with its last handle, even when the process is killed. Where the file system cannot
/// create a file without a name, one with a name is created and that is removed at once.
#[derive(Clone, Debug)]
pub struct TemporaryFile {
    file: File,
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
        TemporaryFileBuilder { template: Template::default() }
    }

    /// Returns the open file. Its [`path`](File::path) is for messages only.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Returns the open file alone, which is all there is.
    pub fn into_file(self) -> File {
        self.file
    }

    /// Closes the file for every clone, which frees it.
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
    template: Template,
}

impl TemporaryFileBuilder {
    /// Sets the directory, whose file system holds the file.
    pub fn in_dir(&mut self, dir: impl AsRef<Path>) -> &mut Self {
        self.template.dir = Some(dir.as_ref().to_owned());
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
        self.create_on(&*Engine::current()?).await
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
        self.template.check(Operation::Open)?;
        let (template, dir) = (self.template.clone(), self.template.dir());
        let file = engine.call(CreateUnnamed { engine: engine.clone(), template, dir }).await?;
        Ok(TemporaryFile { file })
    }
}

/// Creates a file without a name and opens it.
struct CreateUnnamed {
    engine: Engine,
    template: Template,
    dir: PathBuf,
}

impl PathRequest for CreateUnnamed {
    type Reply = File;

    fn operation(&self) -> Operation {
        Operation::Open
    }

    fn path(&self) -> &Path {
        &self.dir
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<File> {
        let opened = match storage.open_unnamed(&self.dir) {
            Some(opened) => opened?,
            None => self.template.make(&self.dir, |path| {
                let opened = storage.open(path, &exclusively())?;
                storage.remove_file(path)?;
                Ok(opened)
            })?,
        };
        let handle = self.engine.adopt(opened.file.to_std(0)?, self.dir.join(SHOWN_AS))?;
        Ok(File::new(handle))
    }
}
