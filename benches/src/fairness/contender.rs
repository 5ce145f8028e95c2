//! Who is measured: folio, and tokio's files as a program shares them.

use std::future::Future;
use std::io::{self, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use folio::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::sync::Mutex;

/// A library with files that many tasks write to.
pub(super) trait Contender: 'static {
    /// A handle of an open file.
    type File: Clone + Send + Sync + 'static;

    fn open(path: &Path) -> impl Future<Output = io::Result<Self::File>> + Send;
    fn write_at(file: &Self::File, block: &[u8], offset: u64) -> impl Future<Output = io::Result<()>> + Send;
    fn write_whole(path: &Path, contents: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
    fn close(file: Self::File) -> impl Future<Output = io::Result<()>> + Send;
}

/// folio, by clones of a handle.
#[derive(Debug)]
pub(super) struct Folio;

impl Contender for Folio {
    type File = File;

    async fn open(path: &Path) -> io::Result<File> {
        Ok(File::options().read(true).write(true).create(true).open(path).await?)
    }

    async fn write_at(file: &File, block: &[u8], offset: u64) -> io::Result<()> {
        Ok(file.write_all_at(block, offset).await?)
    }

    async fn write_whole(path: &Path, contents: &[u8]) -> io::Result<()> {
        Ok(folio::fs::write(path, contents).await?)
    }

    async fn close(file: File) -> io::Result<()> {
        Ok(file.close().await?)
    }
}

/// tokio's file behind a mutex: it has one cursor and no positions.
#[derive(Debug)]
pub(super) struct TokioFs;

impl Contender for TokioFs {
    type File = Arc<Mutex<tokio::fs::File>>;

    async fn open(path: &Path) -> io::Result<Self::File> {
        let mut options = tokio::fs::OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path).await?;
        Ok(Arc::new(Mutex::new(file)))
    }

    async fn write_at(file: &Self::File, block: &[u8], offset: u64) -> io::Result<()> {
        let mut file = file.lock().await;
        file.seek(SeekFrom::Start(offset)).await?;
        file.write_all(block).await?;
        file.flush().await
    }

    async fn write_whole(path: &Path, contents: &[u8]) -> io::Result<()> {
        tokio::fs::write(path, contents).await
    }

    async fn close(file: Self::File) -> io::Result<()> {
        file.lock().await.flush().await
    }
}
