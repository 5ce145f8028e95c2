//! An open file as tokio shows it.

use std::fmt;
use std::fs::{Metadata, Permissions};
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::time::SystemTime;

use tokio::io::AsyncWrite;

use super::FileTimes;
use super::failure::{in_std_words, std_own};
use crate::limits::COMPAT_BUFFER_BYTES;

/// An open file. Reads, writes and seeks are tokio's traits; everything else is a method.
///
/// Its cursor is the engine's, shared with those that [`try_clone`](File::try_clone) returns, and not the kernel's: who
/// moves the descriptor's own position moves nothing here. The descriptor of a FIFO, socket or terminal is non-blocking.
/// [`into_std`](File::into_std) returns a file as std has it.
///
/// # Panics
///
/// What gives the descriptor away panics if there is none, which takes an engine with a storage of its own.
pub struct File {
    pub(super) inner: crate::File,
    pub(super) max_buf_size: usize,
}

impl File {
    pub(super) fn new(inner: crate::File) -> File {
        File { inner, max_buf_size: COMPAT_BUFFER_BYTES }
    }

    /// Takes over a std file, its position included.
    pub fn from_std(std: std::fs::File) -> File {
        File::new(crate::File::from_std(std))
    }

    /// Makes data and attributes of everything written before survive a power cut.
    ///
    /// # Errors
    ///
    /// Those of [`crate::File::sync_all`], in std's words.
    pub async fn sync_all(&self) -> io::Result<()> {
        self.inner.sync_all().await.map_err(in_std_words)
    }

    /// Like [`sync_all`](File::sync_all), without the attributes that reading does not need.
    ///
    /// # Errors
    ///
    /// Those of [`crate::File::sync_data`], in std's words.
    pub async fn sync_data(&self) -> io::Result<()> {
        self.inner.sync_data().await.map_err(in_std_words)
    }

    /// Sets the length in bytes: cuts the file, or extends it with zeros. The cursor stays.
    ///
    /// # Errors
    ///
    /// Those of [`crate::File::set_len`], in std's words.
    pub async fn set_len(&self, size: u64) -> io::Result<()> {
        self.inner.set_len(size).await.map_err(in_std_words)
    }

    /// Returns the attributes.
    ///
    /// # Errors
    ///
    /// Those of [`crate::File::metadata`], in std's words.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        std_own(self.inner.metadata().await.map_err(in_std_words)?.into_std())
    }

    /// Returns another handle on the same file: one cursor, and the same limit by
    /// [`set_max_buf_size`](File::set_max_buf_size).
    ///
    /// # Errors
    ///
    /// None; the type is tokio's.
    pub async fn try_clone(&self) -> io::Result<File> {
        let inner = self.inner.try_clone().await.map_err(in_std_words)?;
        Ok(File { inner, max_buf_size: self.max_buf_size })
    }

    /// Returns a std file of the same opening, after everything asked for before is done. A failure of
    /// theirs that no caller has received is lost, as it is with tokio.
    ///
    /// # Panics
    ///
    /// If [`try_clone`](File::try_clone) made others, and the system gives no second descriptor for ten seconds.
    ///
    /// # Cancellation
    ///
    /// The file is closed, once what was asked for before is done.
    ///
    /// ```
    /// # async fn example() -> std::io::Result<()> {
    /// let std: std::fs::File = folio::compat::fs::File::open("data.bin").await?.into_std().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn into_std(self) -> std::fs::File {
        let mut file = self.inner;
        // tokio drops the error of a write under way as well: there is no place for it in what is returned.
        let _ = poll_fn(|cx| Pin::new(&mut file).poll_flush(cx)).await;
        match file.try_into_std() {
            Ok(std) => std,
            Err(busy) => Box::pin(duplicate(&busy)).await,
        }
    }

    /// Returns a std file of the same opening at once, or the handle if something is still under way.
    ///
    /// # Errors
    ///
    /// The handle itself, if an operation is queued or running.
    pub fn try_into_std(self) -> Result<std::fs::File, Self> {
        let File { inner, max_buf_size } = self;
        inner.try_into_std().map_err(|inner| File { inner, max_buf_size })
    }

    /// Changes the permissions.
    ///
    /// # Errors
    ///
    /// Those of [`crate::File::set_permissions`], in std's words.
    pub async fn set_permissions(&self, perm: Permissions) -> io::Result<()> {
        self.inner.set_permissions(perm).await.map_err(in_std_words)
    }

    /// Changes the times of the last access and modification.
    ///
    /// # Errors
    ///
    /// Those of [`crate::File::set_times`], in std's words.
    pub async fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.inner.set_times(times.into_std()).await.map_err(in_std_words)
    }

    /// Changes the time of the last modification.
    ///
    /// # Errors
    ///
    /// Like [`set_times`](File::set_times).
    pub async fn set_modified(&self, time: SystemTime) -> io::Result<()> {
        self.set_times(FileTimes::new().set_modified(time)).await
    }

    /// Sets how many bytes one read or write by tokio's traits takes at the most (2 MiB unless set).
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn set_max_buf_size(&mut self, max_buf_size: usize) {
        assert!(max_buf_size > 0, "`max_buf_size` must be greater than 0");
        self.max_buf_size = max_buf_size;
    }

    /// Returns how many bytes one read or write by tokio's traits takes at the most.
    pub fn max_buf_size(&self) -> usize {
        self.max_buf_size
    }

    fn as_std(&self) -> &std::fs::File {
        self.inner.handle.as_std().expect("a file of the operating system has a descriptor")
    }
}

/// A second descriptor of a file that has other handles, in its turn after what is under way.
async fn duplicate(file: &crate::File) -> std::fs::File {
    let refused = match file.clone().into_std().await {
        Ok(std) => return std,
        Err(error) => error,
    };
    panic!("a file with clones needs a descriptor more to become std's: {refused}")
}

impl From<std::fs::File> for File {
    fn from(std: std::fs::File) -> Self {
        File::from_std(std)
    }
}

impl From<OwnedFd> for File {
    fn from(fd: OwnedFd) -> Self {
        File::from_std(fd.into())
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.as_std().as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.as_std().as_raw_fd()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut file = f.debug_struct("folio::compat::fs::File");
        if let Some(std) = self.inner.handle.as_std() {
            file.field("std", std);
        }
        file.finish()
    }
}
