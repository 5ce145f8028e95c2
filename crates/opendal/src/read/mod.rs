//! Files that are open for reading.
//!
//! * [`ahead`]: windows of bytes that are fetched before they are asked for;
//! * [`gather`]: ranges that are asked for at once, of which neighbours are one request;
//! * [`fetch`]: one ranged request.

use std::sync::Arc;

use bytes::Bytes;
use folio_engine::storage::{AsyncFile, Later, Metadata};
use rustix::io::Errno;

use crate::attributes::{modified, of_file};
use crate::error::error;
use crate::key::Key;
use crate::store::Store;

mod ahead;
mod fetch;
mod gather;

/// A file that is open for reading. It stays at the version that it was opened with, as far as the store can tell versions
/// apart.
#[derive(Debug)]
pub(crate) struct FarFile {
    len: u64,
    metadata: Metadata,
    ahead: ahead::ReadAhead,
    gathering: Arc<gather::Gathering>,
}

impl FarFile {
    /// Opens what was found.
    pub(crate) fn new(store: Arc<Store>, key: Key, found: &opendal::Metadata) -> FarFile {
        let len = found.content_length();
        let metadata = of_file(store.identity(key.as_bytes()), len, modified(found));
        let (bytes_max, budget) = (store.options.read_ahead_bytes_max, store.ahead.clone());
        let source = Arc::new(fetch::Source::new(store, key, found));
        let ahead = ahead::ReadAhead::new(source.clone(), bytes_max, budget);
        FarFile { len, metadata, ahead, gathering: gather::Gathering::new(source) }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }
}

impl AsyncFile for FarFile {
    fn read_at(&self, len: usize, offset: u64) -> Later<'_, Bytes> {
        let end = offset.saturating_add(len as u64).min(self.len);
        Box::pin(async move {
            if offset >= end {
                return Ok(Bytes::new());
            }
            let wanted = offset..end;
            let Some(window) = self.ahead.window_for(&wanted) else {
                return Ok(self.gathering.read(wanted).await?);
            };
            let got = window.read(&wanted).await;
            if got.is_err() {
                self.ahead.forget(&window);
            }
            Ok(got?)
        })
    }

    fn write_at(&self, _: Bytes, _: u64) -> Later<'_, ()> {
        Box::pin(async { Err(error(Errno::BADF)) })
    }

    fn sync(&self) -> Later<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn metadata(&self) -> Later<'_, Metadata> {
        Box::pin(async { Ok(self.metadata.clone()) })
    }

    fn close(&self) -> Later<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
