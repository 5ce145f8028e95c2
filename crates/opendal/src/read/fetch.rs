//! One ranged request for bytes of one version of a file.

use std::ops::Range;
use std::sync::Arc;

use opendal::options::ReaderOptions;
use opendal::{Buffer, Metadata};

use crate::error::Failed;
use crate::key::Key;
use crate::store::Store;

/// The version that stores give to an object while they keep none.
const NO_VERSION: &str = "null";

/// The version of a file that was opened.
#[derive(Debug)]
pub(crate) struct Source {
    store: Arc<Store>,
    key: Key,
    pub(crate) len: u64,
    etag: Option<String>,
    version: Option<String>,
}

impl Source {
    pub(crate) fn new(store: Arc<Store>, key: Key, found: &Metadata) -> Source {
        let etag = found.etag().map(str::to_owned);
        let kept = found.version().filter(|version| store.can.read_with_version && *version != NO_VERSION);
        let version = kept.map(str::to_owned);
        Source { store, key, len: found.content_length(), etag, version }
    }

    /// Returns these bytes, all of them: within the length, and never those of another version as far as the store can
    /// tell them apart.
    pub(crate) async fn fetch(&self, range: Range<u64>) -> Result<Buffer, Failed> {
        let if_match = self.etag.clone().filter(|_| self.store.can.read_with_if_match);
        let options = ReaderOptions { if_match, version: self.version.clone(), ..ReaderOptions::default() };
        let reader = self.store.operator.reader_options(self.key.file(), options).await;
        let reader = reader.map_err(Failed::reading)?;
        let wanted = range.end - range.start;
        let got = reader.read(range).await;
        let is_whole = got.as_ref().is_ok_and(|got| got.len() as u64 == wanted);
        if reader.metadata().is_some_and(|seen| self.is_another(seen, is_whole)) {
            return Err(Failed::stale(self.key.file()));
        }
        let got = got.map_err(Failed::reading)?;
        match is_whole {
            true => Ok(got),
            false => Err(Failed::stale(self.key.file())),
        }
    }

    /// Whether an answer came from another version: it has another ETag; or it came short, and the file is shorter.
    fn is_another(&self, seen: &Metadata, is_whole: bool) -> bool {
        match (&self.etag, seen.etag()) {
            (Some(opened), Some(seen)) => opened != seen,
            _ => !is_whole && seen.content_length() < self.len,
        }
    }
}
