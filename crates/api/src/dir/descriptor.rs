//! Conversions between open directories and descriptors.

use std::os::fd::OwnedFd;

use folio_engine::Engine;
use folio_engine::op::dir;

use super::Dir;
use crate::Result;

impl Dir {
    /// Takes over an open directory, such as a [`std::fs::File`] or an inherited descriptor.
    ///
    /// It is set to close on `exec`. [`path`](Dir::path) returns its path at the time of this call, if `/proc` is mounted.
    ///
    /// # Errors
    ///
    /// `ENOTDIR` if it is not a directory; the descriptor is closed then.
    ///
    /// # Cancellation
    ///
    /// The descriptor is closed.
    ///
    /// ```
    /// # async fn example(directory: std::fs::File) -> folio::Result<()> {
    /// let data = folio::Dir::from_std_file(directory).await?;
    /// let config = data.read("config.toml").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn from_std_file(directory: impl Into<OwnedFd>) -> Result<Dir> {
        let descriptor = directory.into();
        let engine = Engine::current()?;
        let open = engine.call(dir::adopt(descriptor)).await?;
        Ok(Dir::new(open, engine))
    }

    /// Opens the directory again for reading, as a std file.
    ///
    /// # Errors
    ///
    /// `EACCES` if the directory may not be read; unsupported if the storage has no descriptors.
    ///
    /// ```
    /// # async fn example(data: folio::Dir) -> folio::Result<()> {
    /// let directory: std::fs::File = data.into_std_file().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn into_std_file(self) -> Result<std::fs::File> {
        self.engine.call(self.open.to_std()).await
    }

    /// Returns a duplicate of the directory's descriptor, for system calls like `openat`. (Those do not check whether a name
    /// leads out of the directory.) It is an `O_PATH` descriptor, unless it was taken over by
    /// [`from_std_file`](Dir::from_std_file). Does not block.
    ///
    /// # Errors
    ///
    /// If the process is out of descriptors; unsupported if the storage has none.
    ///
    /// ```
    /// # fn example(data: folio::Dir) -> folio::Result<()> {
    /// use std::os::fd::AsRawFd;
    ///
    /// println!("/proc/self/fd/{}", data.to_fd()?.as_raw_fd());
    /// # Ok(())
    /// # }
    /// ```
    pub fn to_fd(&self) -> Result<OwnedFd> {
        self.open.to_fd()
    }
}
