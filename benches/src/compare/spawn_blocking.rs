//! What a careful user writes without a library: `tokio::task::spawn_blocking` around `std::fs::File` and
//! `FileExt`, the buffer moved in and back so that nothing is allocated or copied.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::mem;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::contender::Column;
use crate::rival::{Access, AsyncFile, Rival};

/// `spawn_blocking` around std; files are shared through an `Arc`, with no mutex.
#[derive(Debug)]
pub(crate) struct SpawnBlocking;

impl Rival for SpawnBlocking {
    const COLUMN: Column = Column::SpawnBlocking;
    type Own = Blocking;
    type Shared = Blocking;

    async fn open(path: &Path, access: Access) -> io::Result<Blocking> {
        access.options().open(path).map(|file| Blocking(Arc::new(file)))
    }

    fn share(file: Blocking) -> Blocking {
        file
    }

    async fn open_read_close(path: &Path, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let path = path.to_owned();
        with(buffer, move |buffer| File::open(path)?.read(buffer)).await
    }
}

/// A shared `std::fs::File`.
#[derive(Clone, Debug)]
pub(crate) struct Blocking(Arc<File>);

impl AsyncFile for Blocking {
    async fn read_at(&mut self, buffer: &mut Vec<u8>, offset: u64) -> io::Result<usize> {
        let file = Arc::clone(&self.0);
        with(buffer, move |buffer| file.read_at(buffer, offset)).await
    }

    async fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let file = Arc::clone(&self.0);
        with(buffer, move |buffer| (&*file).read(buffer)).await
    }

    async fn seek(&mut self, offset: u64) -> io::Result<u64> {
        (&*self.0).seek(SeekFrom::Start(offset))
    }

    async fn write_all(&mut self, data: &mut Vec<u8>) -> io::Result<()> {
        let file = Arc::clone(&self.0);
        with(data, move |data| (&*file).write_all(data)).await
    }

    async fn append_and_sync(&mut self, record: &mut Vec<u8>) -> io::Result<()> {
        let file = Arc::clone(&self.0);
        with(record, move |record| {
            (&*file).write_all(record)?;
            file.sync_data()
        })
        .await
    }
}

/// Lends `buffer` to `call` on a blocking thread.
async fn with<T, C>(buffer: &mut Vec<u8>, call: C) -> io::Result<T>
where
    T: Send + 'static,
    C: FnOnce(&mut Vec<u8>) -> io::Result<T> + Send + 'static,
{
    let mut lent = mem::take(buffer);
    #[expect(clippy::disallowed_methods, reason = "this is the rival that the library is measured against")]
    let (back, result) = spawn_blocking(move || {
        let result = call(&mut lent);
        (lent, result)
    })
    .await?;
    *buffer = back;
    result
}
