//! Listing a directory, in batches.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use folio_engine::budget::Unpaid;
use folio_engine::op::attributes::entry_metadata;
use folio_engine::op::tree::{self, DirBatch, ListedEntry, OpenListing};
use folio_engine::storage::Entry;
use folio_engine::{Current, Engine};
use futures_core::Stream;

use crate::checked;
use crate::limits::ENTRIES_PER_UNIT;
use crate::{FileType, Metadata, Operation, Result};

/// Opens a directory for listing and fetches its first entries.
///
/// # Errors
///
/// If the path is missing, not a directory, or may not be read.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let mut entries = folio::fs::read_dir(".").await?;
/// while let Some(entry) = entries.next_entry().await? {
///     println!("{:?}", entry.file_name());
/// }
/// # Ok(())
/// # }
/// ```
pub async fn read_dir(path: impl AsRef<Path>) -> Result<ReadDir> {
    let path = checked::path(Operation::ReadDir, path)?;
    let engine = Engine::current()?;
    let batch = engine.call(tree::read_dir(path.clone(), None)).await?;
    let mut listing = ReadDir {
        path,
        engine,
        fetched: VecDeque::new(),
        source: Source::Ended,
        unpaid: Unpaid::new(ENTRIES_PER_UNIT),
    };
    listing.take(batch);
    Ok(listing)
}

/// The entries of a directory, in no particular order and without `.` and `..`.
///
/// Entries that are created or removed during the listing may or may not be seen. The listing holds a descriptor until
/// the last batch has been fetched.
pub struct ReadDir {
    path: PathBuf,
    engine: Current,
    fetched: VecDeque<ListedEntry>,
    source: Source,
    /// Of the entries that were returned.
    unpaid: Unpaid,
}

/// Where the entries after the fetched ones come from.
enum Source {
    /// The next batch has not been requested.
    Open(OpenListing),
    /// The next batch has been requested.
    Fetching(Pin<Box<dyn Future<Output = Result<DirBatch>> + Send + Sync>>),
    /// All batches have arrived, or one failed.
    Ended,
}

impl ReadDir {
    /// Returns the next entry, or `None` at the end.
    ///
    /// # Errors
    ///
    /// If the rest of the directory cannot be read; the listing then ends.
    ///
    /// # Cancellation
    ///
    /// No entry is lost: the next call continues with the requested batch.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut entries = folio::fs::read_dir("src").await?;
    /// let first = entries.next_entry().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_entry(&mut self) -> Result<Option<DirEntry>> {
        poll_fn(|cx| self.poll_next_entry(cx)).await
    }

    /// Polls for the next entry: `Ready(Ok(None))` is the end.
    ///
    /// After `Pending`, only the waker of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`next_entry`](ReadDir::next_entry).
    pub fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<DirEntry>>> {
        ready!(self.unpaid.poll_pay(cx));
        loop {
            if let Some(listed) = self.fetched.pop_front() {
                self.unpaid.add(1);
                return Poll::Ready(Ok(Some(DirEntry::new(listed, &self.engine))));
            }
            let source = &mut self.source;
            match std::mem::replace(source, Source::Ended) {
                Source::Open(listing) => {
                    let request = tree::read_dir(self.path.clone(), Some(listing));
                    let engine = self.engine.clone();
                    *source = Source::Fetching(Box::pin(async move { engine.call(request).await }));
                }
                Source::Fetching(mut batch) => match batch.as_mut().poll(cx) {
                    Poll::Ready(batch) => self.take(batch?),
                    Poll::Pending => {
                        *source = Source::Fetching(batch);
                        return Poll::Pending;
                    }
                },
                Source::Ended => return Poll::Ready(Ok(None)),
            }
        }
    }

    fn take(&mut self, batch: DirBatch) {
        self.fetched.extend(batch.entries);
        self.source = batch.next.map_or(Source::Ended, Source::Open);
    }
}

impl Stream for ReadDir {
    type Item = Result<DirEntry>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_next_entry(cx).map(Result::transpose)
    }
}

impl fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadDir")
            .field("path", &self.path)
            .field("fetched", &self.fetched.len())
            .finish_non_exhaustive()
    }
}

/// One entry of a directory.
pub struct DirEntry {
    entry: Arc<Entry>,
    file_type: Option<FileType>,
    engine: Current,
}

impl DirEntry {
    fn new(listed: ListedEntry, engine: &Current) -> Self {
        DirEntry { entry: Arc::new(listed.entry), file_type: listed.file_type, engine: engine.clone() }
    }

    /// Returns the path given to [`read_dir`] with the entry's name joined.
    pub fn path(&self) -> PathBuf {
        self.entry.path()
    }

    /// Returns the entry's name.
    pub fn file_name(&self) -> OsString {
        self.entry.file_name()
    }

    /// Returns the inode number, which the directory contains.
    pub fn ino(&self) -> u64 {
        self.entry.ino()
    }

    /// Returns the attributes of the entry itself, even where it is a symbolic link.
    ///
    /// # Errors
    ///
    /// If the entry is gone.
    ///
    /// ```
    /// # async fn example(entry: folio::fs::DirEntry) -> folio::Result<()> {
    /// let len = entry.metadata().await?.len();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn metadata(&self) -> Result<Metadata> {
        self.engine.call(entry_metadata(self.entry.clone())).await
    }

    /// Returns the type of the entry itself, even where it is a symbolic link.
    ///
    /// Needs no system call if the file system keeps the type in the directory, as all common ones do.
    ///
    /// # Errors
    ///
    /// If the type had to be looked up and the entry is gone.
    ///
    /// ```
    /// # async fn example(entry: folio::fs::DirEntry) -> folio::Result<()> {
    /// let is_dir = entry.file_type().await?.is_dir();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn file_type(&self) -> Result<FileType> {
        match self.file_type {
            Some(known) => Ok(known),
            None => Ok(self.metadata().await?.file_type()),
        }
    }
}

impl fmt::Debug for DirEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DirEntry").field(&self.path()).finish()
    }
}
