//! `tokio::fs`, and tokio's `BufReader` and `BufWriter` where its users put them.

use std::fs::Metadata;
use std::io;
use std::path::Path;

use tokio::fs::{self, File};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, BufWriter};

use super::std_fs;
use crate::contender::Column;
use crate::everyday::{EverydayRival, Sink};
use crate::job::Everyday;

/// `tokio::fs`; its file keeps one write back and has another thread write it.
#[derive(Debug)]
pub(crate) struct TokioFs;

impl EverydayRival for TokioFs {
    const COLUMN: Column = Column::Tokio;
    type Sink = File;

    fn takes(job: Everyday) -> bool {
        !matches!(job, Everyday::Tell(_))
    }

    async fn create(path: &Path) -> io::Result<File> {
        File::create(path).await
    }

    async fn lines(path: &Path, mut see: impl FnMut(&str) + Send) -> io::Result<()> {
        let mut lines = BufReader::new(File::open(path).await?).lines();
        while let Some(line) = lines.next_line().await? {
            see(&line);
        }
        Ok(())
    }

    async fn read(path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path).await
    }

    async fn metadata(path: &Path) -> io::Result<Metadata> {
        fs::metadata(path).await
    }

    async fn try_exists(path: &Path) -> io::Result<bool> {
        fs::try_exists(path).await
    }

    async fn walk(root: &Path, mut see: impl FnMut(&Path, bool) + Send) -> io::Result<()> {
        see(root, true);
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let mut entries = fs::read_dir(folder).await?;
            while let Some(entry) = entries.next_entry().await? {
                let (path, is_dir) = (entry.path(), entry.file_type().await?.is_dir());
                see(&path, is_dir);
                if is_dir {
                    folders.push(path);
                }
            }
        }
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "it is what users of tokio write")]
    async fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
        let (path, contents) = (path.to_owned(), contents.to_vec());
        tokio::task::spawn_blocking(move || std_fs::replace(&path, &contents)).await?
    }

    async fn copy(from: &Path, to: &Path) -> io::Result<u64> {
        fs::copy(from, to).await
    }
}

impl Sink for File {
    async fn write_all(&mut self, block: &[u8]) -> io::Result<()> {
        AsyncWriteExt::write_all(self, block).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        AsyncWriteExt::flush(self).await
    }
}

/// tokio's `BufWriter` around a file of `tokio::fs`.
#[derive(Debug)]
pub(crate) struct TokioBuffered;

impl EverydayRival for TokioBuffered {
    const COLUMN: Column = Column::TokioBuffered;
    type Sink = BufWriter<File>;

    fn takes(job: Everyday) -> bool {
        job == Everyday::BufferedWrites
    }

    async fn create(path: &Path) -> io::Result<BufWriter<File>> {
        File::create(path).await.map(BufWriter::new)
    }
}

impl Sink for BufWriter<File> {
    async fn write_all(&mut self, block: &[u8]) -> io::Result<()> {
        AsyncWriteExt::write_all(self, block).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        AsyncWriteExt::flush(self).await
    }
}
