//! The async-fs crate: a pipe to a thread of the `blocking` crate. It reads ahead, which a seek throws away.

use std::io::{self, SeekFrom};
use std::path::Path;

use async_fs::File;
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::contender::Column;
use crate::rival::{Access, AsyncFile, Locked, Rival};

/// async-fs, and for shared handles an async mutex around its file.
#[derive(Debug)]
pub(crate) struct AsyncFs;

impl Rival for AsyncFs {
    const COLUMN: Column = Column::AsyncFs;
    type Own = Piped;
    type Shared = Locked<Piped>;

    async fn open(path: &Path, access: Access) -> io::Result<Piped> {
        access.options().open(path).map(|file| Piped(File::from(file)))
    }

    fn share(file: Piped) -> Locked<Piped> {
        Locked::new(file)
    }

    async fn open_read_close(path: &Path, buffer: &mut Vec<u8>) -> io::Result<usize> {
        File::open(path).await?.read(buffer).await
    }
}

/// A file of async-fs.
#[derive(Debug)]
pub(crate) struct Piped(File);

impl AsyncFile for Piped {
    async fn read_at(&mut self, buffer: &mut Vec<u8>, offset: u64) -> io::Result<usize> {
        self.0.seek(SeekFrom::Start(offset)).await?;
        read_full(&mut self.0, buffer).await
    }

    async fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        self.0.read(buffer).await
    }

    async fn seek(&mut self, offset: u64) -> io::Result<u64> {
        self.0.seek(SeekFrom::Start(offset)).await
    }

    async fn write_all(&mut self, data: &mut Vec<u8>) -> io::Result<()> {
        self.0.write_all(data).await?;
        self.0.flush().await
    }

    async fn append_and_sync(&mut self, record: &mut Vec<u8>) -> io::Result<()> {
        self.0.write_all(record).await?;
        // Flushes first, so a flush here would only add a hop.
        self.0.sync_data().await
    }
}

/// The pipe hands out what has arrived in it, so that one read of a block may be short.
async fn read_full(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    file.read_exact(buffer).await.map(|()| buffer.len())
}
