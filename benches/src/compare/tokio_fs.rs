//! `tokio::fs::File`: every read is a seek and a read, every write is followed by a flush.
//!
//! The flush is what makes the write comparable: `write_all` alone returns when the data is in the file's buffer
//! and a thread has been asked to write it.

use std::io::{self, SeekFrom};
use std::path::Path;

use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::contender::Column;
use crate::job::HotPath;
use crate::rival::{Access, AsyncFile, Locked, Rival};

/// `tokio::fs`, and for shared handles a `tokio::sync::Mutex` around its file.
#[derive(Debug)]
pub(crate) struct TokioFs;

impl Rival for TokioFs {
    const COLUMN: Column = Column::Tokio;
    type Own = Flushed;
    type Shared = Locked<Flushed>;

    async fn open(path: &Path, access: Access) -> io::Result<Flushed> {
        OpenOptions::from(access.options()).open(path).await.map(Flushed)
    }

    fn share(file: Flushed) -> Locked<Flushed> {
        Locked::new(file)
    }

    async fn open_read_close(path: &Path, buffer: &mut Vec<u8>) -> io::Result<usize> {
        File::open(path).await?.read(buffer).await
    }
}

/// [`TokioFs`] without the flush after each write; there is one at the end of the lap.
#[derive(Debug)]
pub(crate) struct TokioFsUnflushed;

impl Rival for TokioFsUnflushed {
    const COLUMN: Column = Column::TokioUnflushed;
    type Own = Unflushed;
    type Shared = Locked<Unflushed>;

    async fn open(path: &Path, access: Access) -> io::Result<Unflushed> {
        TokioFs::open(path, access).await.map(Unflushed)
    }

    fn share(file: Unflushed) -> Locked<Unflushed> {
        Locked::new(file)
    }

    async fn open_read_close(path: &Path, buffer: &mut Vec<u8>) -> io::Result<usize> {
        TokioFs::open_read_close(path, buffer).await
    }

    fn takes(job: HotPath) -> bool {
        match job {
            HotPath::Writes | HotPath::SharedWrites => true,
            HotPath::RandomReads
            | HotPath::SharedRandomReads
            | HotPath::CursorReads
            | HotPath::BigCursorReads
            | HotPath::SyncedAppends
            | HotPath::OpenReadClose => false,
        }
    }
}

/// A file that is flushed after each write.
#[derive(Debug)]
pub(crate) struct Flushed(File);

impl AsyncFile for Flushed {
    async fn read_at(&mut self, buffer: &mut Vec<u8>, offset: u64) -> io::Result<usize> {
        self.0.seek(SeekFrom::Start(offset)).await?;
        self.0.read(buffer).await
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
        // Waits for the write itself, so a flush before it would only add a hop.
        self.0.sync_data().await
    }
}

/// A file that is flushed once, at the end.
#[derive(Debug)]
pub(crate) struct Unflushed(Flushed);

impl AsyncFile for Unflushed {
    async fn read_at(&mut self, buffer: &mut Vec<u8>, offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset).await
    }

    async fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        self.0.read(buffer).await
    }

    async fn seek(&mut self, offset: u64) -> io::Result<u64> {
        self.0.seek(offset).await
    }

    async fn write_all(&mut self, data: &mut Vec<u8>) -> io::Result<()> {
        self.0.0.write_all(data).await
    }

    async fn append_and_sync(&mut self, record: &mut Vec<u8>) -> io::Result<()> {
        self.0.append_and_sync(record).await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.0.0.flush().await
    }
}
