//! folio, called as its users call it.

use std::fs::Metadata;
use std::io::{self, SeekFrom};
use std::path::Path;

use folio::{Buffering, File, fs, text};

use crate::contender::Column;
use crate::everyday::{EverydayRival, Sink};
use crate::job::Everyday;
use crate::rival::{Access, AsyncFile, Rival};

/// folio; a shared file is a clone of the handle.
#[derive(Debug)]
pub(crate) struct Folio;

impl Rival for Folio {
    const COLUMN: Column = Column::Ours;
    type Own = Handle;
    type Shared = Handle;

    async fn open(path: &Path, access: Access) -> io::Result<Handle> {
        let opened = match access {
            Access::Read => File::options().read(true).open(path).await,
            Access::Write => File::options().write(true).create(true).truncate(true).open(path).await,
            Access::Append => File::options().append(true).create(true).open(path).await,
        };
        Ok(Handle(opened?))
    }

    fn share(file: Handle) -> Handle {
        file
    }

    async fn open_read_close(path: &Path, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let file = File::open(path).await?;
        let read = file.read(buffer).await?;
        file.close().await?;
        Ok(read)
    }
}

/// A handle of folio.
#[derive(Clone, Debug)]
pub(crate) struct Handle(File);

impl AsyncFile for Handle {
    async fn read_at(&mut self, buffer: &mut Vec<u8>, offset: u64) -> io::Result<usize> {
        Ok(self.0.read_at(buffer, offset).await?)
    }

    async fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        Ok(self.0.read(buffer).await?)
    }

    async fn seek(&mut self, offset: u64) -> io::Result<u64> {
        Ok(self.0.seek(SeekFrom::Start(offset)).await?)
    }

    async fn write_all(&mut self, data: &mut Vec<u8>) -> io::Result<()> {
        Ok(self.0.write_all(data).await?)
    }

    async fn append_and_sync(&mut self, record: &mut Vec<u8>) -> io::Result<()> {
        self.0.append(record).await?;
        Ok(self.0.sync_data().await?)
    }
}

impl EverydayRival for Folio {
    const COLUMN: Column = Column::Ours;
    type Sink = File;

    fn takes(_job: Everyday) -> bool {
        true
    }

    async fn create(path: &Path) -> io::Result<File> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true).buffering(Buffering::Default);
        Ok(options.open(path).await?)
    }

    async fn lines(path: &Path, mut see: impl FnMut(&str) + Send) -> io::Result<()> {
        let mut lines = text::open(path).await?.lines();
        while let Some(line) = lines.next().await {
            see(&line?);
        }
        Ok(())
    }

    async fn tell(path: &Path, encoding: &'static str, mut see: impl FnMut(&str) + Send) -> io::Result<u64> {
        let mut file = text::Options::new().python_mode("r").encoding_name(encoding).open(path).await?;
        let mut end = 0;
        while let Some(line) = file.next_line().await? {
            see(&line);
            end = file.tell().await?;
        }
        Ok(end)
    }

    async fn read(path: &Path) -> io::Result<Vec<u8>> {
        Ok(fs::read(path).await?)
    }

    async fn metadata(path: &Path) -> io::Result<Metadata> {
        Ok(fs::metadata(path).await?.into_std().expect("the operating system answered"))
    }

    async fn try_exists(path: &Path) -> io::Result<bool> {
        Ok(fs::try_exists(path).await?)
    }

    async fn walk(root: &Path, mut see: impl FnMut(&Path, bool) + Send) -> io::Result<()> {
        let mut walk = fs::walk(root);
        while let Some(entry) = walk.next().await {
            let entry = entry?;
            see(entry.path(), entry.file_type().is_dir());
        }
        Ok(())
    }

    async fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
        Ok(fs::replace(path, contents).await?)
    }

    async fn copy(from: &Path, to: &Path) -> io::Result<u64> {
        Ok(fs::copy(from, to).await?)
    }
}

impl Sink for File {
    async fn write_all(&mut self, block: &[u8]) -> io::Result<()> {
        Ok(File::write_all(self, block).await?)
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(File::flush(self).await?)
    }
}
