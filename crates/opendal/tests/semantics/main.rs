//! What a file of a store does and refuses to do, asked through the port itself.

mod far;
mod listing;
mod names;
mod opening;
mod reading;
mod through_folio;
mod writing;

use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use folio_engine::storage::{AsyncFile, AsyncStorage, OpenRequest, Opened, StorageFile};
use folio_opendal::OpenDal;

/// The file behind what an opening has returned.
fn file(opened: &Opened) -> Arc<dyn AsyncFile> {
    StorageFile::asynchronous(&*opened.file).expect("it answers later").clone()
}

async fn open(storage: &OpenDal, path: &str, request: OpenRequest) -> io::Result<Arc<dyn AsyncFile>> {
    storage.open(Path::new(path), &request).await.map(|opened| file(&opened))
}

fn reads() -> OpenRequest {
    OpenRequest::default().read(true)
}

fn creates() -> OpenRequest {
    OpenRequest::default().write(true).create(true).truncate(true)
}

fn creates_new() -> OpenRequest {
    OpenRequest::default().write(true).create_new(true)
}

fn appends() -> OpenRequest {
    OpenRequest::default().append(true).create(true)
}

/// Bytes that tell where they are.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 % 251) as u8).collect()
}

/// Writes pieces one after another.
async fn write_all(file: &dyn AsyncFile, bytes: &[u8], piece: usize) -> io::Result<()> {
    for (i, piece_bytes) in bytes.chunks(piece).enumerate() {
        file.write_at(Bytes::copy_from_slice(piece_bytes), (i * piece) as u64).await?;
    }
    Ok(())
}

/// Reads to the end, each read where the one before ended.
async fn read_all(file: &dyn AsyncFile, piece: usize) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let got = file.read_at(piece, all.len() as u64).await?;
        if got.is_empty() {
            return Ok(all);
        }
        all.extend_from_slice(&got);
    }
}
