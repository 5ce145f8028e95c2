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
    etag: Option<ETag>,
    version: Option<String>,
}

impl Source {
    pub(crate) fn new(store: Arc<Store>, key: Key, found: &Metadata) -> Source {
        let etag = found.etag().map(ETag::from);
        let kept = found.version().filter(|version| store.can.read_with_version && *version != NO_VERSION);
        let version = kept.map(str::to_owned);
        Source { store, key, len: found.content_length(), etag, version }
    }

    /// Returns these bytes, all of them: within the length, and never those of another version as far as the store can
    /// tell them apart.
    pub(crate) async fn fetch(&self, range: Range<u64>) -> Result<Buffer, Failed> {
        let condition = self.etag.as_ref().filter(|_| self.store.can.read_with_if_match);
        let if_match = condition.and_then(ETag::as_condition);
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
            (Some(opened), Some(seen)) => opened.value != ETag::from(seen).value,
            _ => !is_whole && seen.content_length() < self.len,
        }
    }
}

/// An ETag. Servers of WebDAV spell one in different ways in listings and in answers.
#[derive(Debug)]
struct ETag {
    value: String,
    /// Whether it stands for the same bytes, and not only for the same file.
    is_strong: bool,
}

impl From<&str> for ETag {
    fn from(text: &str) -> ETag {
        let (value, is_strong) = match text.strip_prefix("W/") {
            Some(value) => (value, false),
            None => (text, true),
        };
        ETag { value: value.trim_matches('"').to_owned(), is_strong }
    }
}

impl ETag {
    /// It as a condition; `None` if it is a weak one, which no condition holds for.
    fn as_condition(&self) -> Option<String> {
        self.is_strong.then(|| format!("\"{}\"", self.value))
    }
}

#[cfg(test)]
mod tests {
    use super::ETag;

    #[test]
    fn an_etag_is_the_same_in_every_spelling_and_a_condition_only_if_it_is_strong() {
        for (text, condition) in [("\"a-1\"", Some("\"a-1\"")), ("a-1", Some("\"a-1\"")), ("W/\"a-1\"", None)]
        {
            let etag = ETag::from(text);
            assert_eq!((&*etag.value, etag.as_condition().as_deref()), ("a-1", condition), "{text}");
        }
    }
}
