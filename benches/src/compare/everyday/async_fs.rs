//! The async-fs crate, which has no `try_exists`.

use std::fs::Metadata;
use std::io;
use std::path::Path;

use async_fs::File;
use futures_lite::io::BufReader;
use futures_lite::{AsyncBufReadExt, AsyncWriteExt, StreamExt};

use crate::contender::Column;
use crate::everyday::{EverydayRival, Sink};
use crate::job::Everyday;

/// async-fs; its file hands writes to another thread through a pipe.
#[derive(Debug)]
pub(crate) struct AsyncFs;

impl EverydayRival for AsyncFs {
    const COLUMN: Column = Column::AsyncFs;
    type Sink = File;

    fn takes(job: Everyday) -> bool {
        !matches!(job, Everyday::TryExists | Everyday::Tell(_) | Everyday::Replace)
    }

    async fn create(path: &Path) -> io::Result<File> {
        File::create(path).await
    }

    async fn lines(path: &Path, mut see: impl FnMut(&str) + Send) -> io::Result<()> {
        let mut lines = BufReader::new(File::open(path).await?).lines();
        while let Some(line) = lines.next().await {
            see(&line?);
        }
        Ok(())
    }

    async fn read(path: &Path) -> io::Result<Vec<u8>> {
        async_fs::read(path).await
    }

    async fn metadata(path: &Path) -> io::Result<Metadata> {
        async_fs::metadata(path).await
    }

    async fn walk(root: &Path, mut see: impl FnMut(&Path, bool) + Send) -> io::Result<()> {
        see(root, true);
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let mut entries = async_fs::read_dir(folder).await?;
            while let Some(entry) = entries.next().await {
                let entry = entry?;
                let (path, is_dir) = (entry.path(), entry.file_type().await?.is_dir());
                see(&path, is_dir);
                if is_dir {
                    folders.push(path);
                }
            }
        }
        Ok(())
    }

    async fn copy(from: &Path, to: &Path) -> io::Result<u64> {
        async_fs::copy(from, to).await
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
