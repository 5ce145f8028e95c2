//! Async rivals of the hot path: each supplies its operations, the laps are written once over them.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::contender::Column;
use crate::job::HotPath;

/// A library of async files.
///
/// Calls are bound statically: a lap over a rival compiles to the loop that its user would write.
pub(crate) trait Rival: Send + Sync + 'static {
    const COLUMN: Column;
    /// The file as one task holds it.
    type Own: AsyncFile;
    /// The file as many tasks hold it.
    type Shared: AsyncFile + Clone;

    fn open(path: &Path, access: Access) -> impl Future<Output = io::Result<Self::Own>> + Send;

    fn share(file: Self::Own) -> Self::Shared;

    /// Opens a file, reads it into `buffer`, closes it and returns the number of bytes read.
    fn open_read_close(path: &Path, buffer: &mut Vec<u8>) -> impl Future<Output = io::Result<usize>> + Send;

    /// Tells whether this rival takes part in `job`.
    fn takes(_job: HotPath) -> bool {
        true
    }
}

/// The operations that are timed. Buffers are `Vec`s because a rival that works on another thread has to move
/// them there and back.
pub(crate) trait AsyncFile: Send + Sized + 'static {
    /// Reads once into the whole of `buffer` from `offset`.
    fn read_at(
        &mut self,
        buffer: &mut Vec<u8>,
        offset: u64,
    ) -> impl Future<Output = io::Result<usize>> + Send;

    /// Reads once into `buffer` at the cursor; may be short.
    fn read(&mut self, buffer: &mut Vec<u8>) -> impl Future<Output = io::Result<usize>> + Send;

    /// Moves the cursor to `offset`.
    fn seek(&mut self, offset: u64) -> impl Future<Output = io::Result<u64>> + Send;

    /// Writes all of `data` at the cursor; when it returns, the system call has returned.
    fn write_all(&mut self, data: &mut Vec<u8>) -> impl Future<Output = io::Result<()>> + Send;

    /// Appends `record` to a file that was opened for appending, and makes it durable.
    fn append_and_sync(&mut self, record: &mut Vec<u8>) -> impl Future<Output = io::Result<()>> + Send;

    /// Ends a lap of writes, inside the clock: whatever was not written yet is written now.
    fn finish(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        std::future::ready(Ok(()))
    }
}

/// What a lap opens its file for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Access {
    /// An existing file, only to read.
    Read,
    /// A file that is created or emptied, to write at the cursor.
    Write,
    /// A file that is created if missing, to append.
    Append,
}

impl Access {
    /// Returns std's options for this access; the rivals that have options of their own take them from these.
    pub(crate) fn options(self) -> std::fs::OpenOptions {
        let mut options = std::fs::OpenOptions::new();
        match self {
            Access::Read => options.read(true),
            Access::Write => options.write(true).create(true).truncate(true),
            Access::Append => options.append(true).create(true),
        };
        options
    }
}

/// A file that cannot be shared, behind the async mutex that its users put around it.
#[derive(Debug)]
pub(crate) struct Locked<F>(Arc<Mutex<F>>);

impl<F> Locked<F> {
    pub(crate) fn new(file: F) -> Self {
        Self(Arc::new(Mutex::new(file)))
    }
}

impl<F> Clone for Locked<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F: AsyncFile> AsyncFile for Locked<F> {
    async fn read_at(&mut self, buffer: &mut Vec<u8>, offset: u64) -> io::Result<usize> {
        self.0.lock().await.read_at(buffer, offset).await
    }

    async fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        self.0.lock().await.read(buffer).await
    }

    async fn seek(&mut self, offset: u64) -> io::Result<u64> {
        self.0.lock().await.seek(offset).await
    }

    async fn write_all(&mut self, data: &mut Vec<u8>) -> io::Result<()> {
        self.0.lock().await.write_all(data).await
    }

    async fn append_and_sync(&mut self, record: &mut Vec<u8>) -> io::Result<()> {
        self.0.lock().await.append_and_sync(record).await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.0.lock().await.finish().await
    }
}
