//! Open directories from and to the rest of the program.

use std::os::fd::OwnedFd;

use folio_engine::Engine;
use folio_engine::op::dir;

use super::Dir;
use crate::Result;

impl Dir {
    /// Takes over a directory that is open already, such as a [`std::fs::File`] or one that was inherited.
    ///
    /// It is closed on `exec` from now on. [`path`](Dir::path) is where it was at this moment, if `/proc` tells.
    ///
    /// # Errors
    ///
    /// `ENOTDIR` if it is something else, which is closed then.
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

    /// Opens the directory once more, for reading, for what std's file can do with one.
    ///
    /// # Errors
    ///
    /// `EACCES` if the directory may not be read; unsupported where the storage has no descriptors.
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

    /// Returns a second descriptor of the directory, to be handed to calls that look names up below one
    /// (`openat` and its kin, which do not mind where a name leads). It was opened by its path alone (`O_PATH`),
    /// unless it was taken over by [`from_std_file`](Dir::from_std_file). Does not block.
    ///
    /// # Errors
    ///
    /// If the process has no descriptor left; unsupported where the storage has none.
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
