//! Listing an open directory, in batches.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use folio_engine::Current;
use folio_engine::budget::Unpaid;
use folio_engine::op::dir::{NameBatch, OpenDir, OpenNames};
use folio_engine::storage::{Kind, Listed};
use futures_core::Stream;

use crate::Result;
use crate::limits::ENTRIES_PER_UNIT;

/// The names in an open directory, in no particular order and without `.` and `..`.
///
/// Entries that are created or removed during the listing may or may not be seen. The listing holds a descriptor until
/// the last batch has been fetched.
pub struct Entries {
    dir: OpenDir,
    engine: Current,
    fetched: VecDeque<Listed>,
    source: Source,
    /// Of the entries that were returned.
    unpaid: Unpaid,
}

/// Where the names after the fetched ones come from.
enum Source {
    /// The next batch has not been requested; `None` before the first.
    Open(Option<OpenNames>),
    /// The next batch has been requested.
    Fetching(Pin<Box<dyn Future<Output = Result<NameBatch>> + Send + Sync>>),
    /// All batches have arrived, or one failed.
    Ended,
}

impl Entries {
    pub(super) fn new(dir: OpenDir, engine: Current) -> Self {
        Entries {
            dir,
            engine,
            fetched: VecDeque::new(),
            source: Source::Open(None),
            unpaid: Unpaid::new(ENTRIES_PER_UNIT),
        }
    }

    /// Returns the next entry, or `None` at the end.
    ///
    /// # Errors
    ///
    /// If the directory, or the rest of it, cannot be read; the listing then ends.
    ///
    /// # Cancellation
    ///
    /// No entry is lost: the next call continues with the requested batch.
    ///
    /// ```
    /// # async fn example(dir: folio::Dir) -> folio::Result<()> {
    /// let first = dir.entries().next().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Result<Entry>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Entries {
    type Item = Result<Entry>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        ready!(this.unpaid.poll_pay(cx));
        loop {
            if let Some(listed) = this.fetched.pop_front() {
                this.unpaid.add(1);
                return Poll::Ready(Some(Ok(Entry { listed })));
            }
            let source = &mut this.source;
            match std::mem::replace(source, Source::Ended) {
                Source::Open(from) => {
                    let (request, engine) = (this.dir.names(from), this.engine.clone());
                    *source = Source::Fetching(Box::pin(async move { engine.call(request).await }));
                }
                Source::Fetching(mut batch) => match batch.as_mut().poll(cx) {
                    Poll::Ready(Ok(NameBatch { names, next })) => {
                        this.fetched.extend(names);
                        *source = next.map_or(Source::Ended, |next| Source::Open(Some(next)));
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                    Poll::Pending => {
                        *source = Source::Fetching(batch);
                        return Poll::Pending;
                    }
                },
                Source::Ended => return Poll::Ready(None),
            }
        }
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries")
            .field("dir", &self.dir.path())
            .field("fetched", &self.fetched.len())
            .finish_non_exhaustive()
    }
}

/// One name in an open directory, with what the listing contains. For other attributes, pass the name to the
/// [`Dir`](crate::Dir).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    listed: Listed,
}

impl Entry {
    /// Returns the name.
    pub fn file_name(&self) -> &OsStr {
        &self.listed.name
    }

    /// Returns the kind of the entry itself, even if it is a symbolic link; `None` if it was removed before its kind could
    /// be read.
    pub fn kind(&self) -> Option<Kind> {
        self.listed.kind
    }

    /// Returns the inode number.
    pub fn ino(&self) -> u64 {
        self.listed.ino
    }
}
