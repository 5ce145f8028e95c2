//! folio, called as its users call it.

use std::io::{self, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use folio::File;
use tokio::runtime::Runtime;

use crate::contender::{Column, Contender};
use crate::rival::{Access, Async, AsyncFile, Rival};

/// Returns folio's column.
pub(crate) fn contender(runtime: &Arc<Runtime>) -> Box<dyn Contender> {
    Box::new(Async::<Folio>::new(runtime))
}

/// folio; a shared file is a clone of the handle.
#[derive(Debug)]
struct Folio;

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
struct Handle(File);

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
        self.0.append(Bytes::copy_from_slice(record)).await?;
        Ok(self.0.sync_data().await?)
    }
}
