//! Walking a tree of directories: entries one by one, fetched by the batch, one batch ahead.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use folio_engine::op::walk::{OpenWalk, WalkBatch, WalkOn, WalkRules};
use folio_engine::{Current, Engine};
use futures_core::Stream;

use crate::fs::checked;
use crate::{Operation, Result};

pub use folio_engine::op::walk::WalkEntry;

/// Walks a directory and everything below it, never through a symbolic link but the root itself.
///
/// The root comes first, with depth 0. Nothing is touched before the first call of [`next`](Walk::next).
/// [`WalkOptions`] sets other rules.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let mut walk = folio::fs::walk("src");
/// while let Some(entry) = walk.next().await {
///     match entry {
///         Ok(entry) => println!("{} {}", entry.depth(), entry.path().display()),
///         Err(error) => eprintln!("{error}"),     // an unreadable directory does not end the walk
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub fn walk(root: impl AsRef<Path>) -> Walk {
    WalkOptions::new().walk(root)
}

/// Rules for a walk.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let mut sources = folio::fs::WalkOptions::new()
///     .filter(|entry| !entry.path().ends_with("target"))
///     .sort(true)
///     .walk(".");
/// let root = sources.next().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct WalkOptions {
    rules: WalkRules,
}

impl WalkOptions {
    /// Starts with no limits, no order, and links that are not followed.
    pub fn new() -> Self {
        WalkOptions::default()
    }

    /// Sets whether symbolic links to directories are walked into. An entry then has the type of its target; a
    /// link that dangles or leads back to a directory above it is an error (`ELOOP`), and the walk goes on.
    pub fn follow_links(mut self, follow: bool) -> Self {
        self.rules.follow_links = follow;
        self
    }

    /// Sets how deep an entry must be to be told of; 0 is the root.
    pub fn min_depth(mut self, depth: usize) -> Self {
        self.rules.min_depth = depth;
        self
    }

    /// Sets how deep an entry may be; directories at this depth are not opened.
    pub fn max_depth(mut self, depth: usize) -> Self {
        self.rules.max_depth = depth;
        self
    }

    /// Sets whether the entries of each directory come in the order of their names, byte by byte. Each
    /// directory is then read into memory as a whole.
    pub fn sort(mut self, sort: bool) -> Self {
        self.rules.sort = sort;
        self
    }

    /// Sets whether a directory comes after its contents instead of before.
    pub fn contents_first(mut self, contents_first: bool) -> Self {
        self.rules.contents_first = contents_first;
        self
    }

    /// Sets who is passed over: an entry that `wanted` says no to is not told of, nor what is below it. The
    /// root is not asked about. Workers call it, before the entry arrives; it should not block, and if it
    /// panics, the walk ends with an error that says so.
    pub fn filter(mut self, wanted: impl Fn(&WalkEntry) -> bool + Send + Sync + 'static) -> Self {
        self.rules.filter = Some(Arc::new(wanted));
        self
    }

    /// Starts a walk by these rules; nothing is touched before the first call of [`next`](Walk::next).
    pub fn walk(&self, root: impl AsRef<Path>) -> Walk {
        let root = root.as_ref().to_path_buf();
        let (fetched, source) = match checked::path(Operation::ReadDir, &root) {
            Ok(checked) => (VecDeque::new(), Source::Open(OpenWalk::new(checked, self.rules.clone()))),
            Err(error) => (VecDeque::from([Err(error)]), Source::Ended),
        };
        Walk { root, engine: None, fetched, source: Mutex::new(source) }
    }
}

/// A walk under way. At most two batches of entries are in memory: one being told, one being fetched; and a
/// bounded number of descriptors is held, however deep the tree.
///
/// Entries that come or go during the walk may or may not be seen. Dropping it ends it.
pub struct Walk {
    root: PathBuf,
    /// That of the first poll.
    engine: Option<Current>,
    fetched: VecDeque<Result<WalkEntry>>,
    /// Never locked, only reached through `&mut`: the mutex makes a walk `Sync`.
    source: Mutex<Source>,
}

/// A batch that has been asked for.
type Fetch = Pin<Box<dyn Future<Output = Result<WalkBatch>> + Send>>;

/// Where the entries after the fetched ones come from.
enum Source {
    /// The next batch has not been asked for.
    Open(OpenWalk),
    /// The next batch has been asked for.
    Fetching(Fetch),
    /// All batches have come, or one failed.
    Ended,
}

impl Walk {
    /// Returns the next entry, or `None` at the end.
    ///
    /// # Errors
    ///
    /// An item that is an error names the path it is about: a directory that may not be read or has vanished,
    /// a link that leads nowhere. The walk goes on behind it.
    ///
    /// # Cancellation
    ///
    /// No entry is lost: the next call goes on with the batch that was asked for.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut files = 0;
    /// let mut walk = folio::fs::walk("src");
    /// while let Some(entry) = walk.next().await {
    ///     files += usize::from(entry?.file_type().is_file());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Result<WalkEntry>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Polls for the next entry, in the manner of a stream: `Ready(None)` is the end.
    ///
    /// After `Pending`, the waker of the last call alone is woken.
    ///
    /// # Errors
    ///
    /// As [`next`](Walk::next).
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<WalkEntry>>> {
        loop {
            let source = self.source.get_mut().unwrap_or_else(PoisonError::into_inner);
            let mut batch = match std::mem::replace(source, Source::Ended) {
                Source::Fetching(batch) => batch,
                // Asked for while the one before it is being told.
                Source::Open(walk) => {
                    let engine = match &self.engine {
                        Some(engine) => engine.clone(),
                        None => match Engine::current() {
                            Ok(engine) => self.engine.insert(engine).clone(),
                            Err(error) => return Poll::Ready(Some(Err(error))),
                        },
                    };
                    let mut batch: Fetch = Box::pin(async move { fetch(&engine, walk).await });
                    match batch.as_mut().poll(cx) {
                        Poll::Ready(batch) => {
                            self.take(batch);
                            continue;
                        }
                        Poll::Pending => batch,
                    }
                }
                Source::Ended => return Poll::Ready(self.fetched.pop_front()),
            };
            if let Some(entry) = self.fetched.pop_front() {
                *source = Source::Fetching(batch);
                return Poll::Ready(Some(entry));
            }
            match batch.as_mut().poll(cx) {
                Poll::Ready(batch) => self.take(batch),
                Poll::Pending => {
                    *source = Source::Fetching(batch);
                    return Poll::Pending;
                }
            }
        }
    }

    fn take(&mut self, batch: Result<WalkBatch>) {
        match batch {
            Ok(batch) => {
                self.fetched.extend(batch.met);
                self.source = Mutex::new(batch.next.map_or(Source::Ended, Source::Open));
            }
            Err(error) => self.fetched.push_back(Err(error)),
        }
    }
}

impl Stream for Walk {
    type Item = Result<WalkEntry>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Walk::poll_next(self.get_mut(), cx)
    }
}

/// Fetches the next batch, while a second worker lists directories that come after it.
async fn fetch(engine: &Engine, walk: OpenWalk) -> Result<WalkBatch> {
    let aside = walk.aside();
    let mut batch = pin!(engine.call(WalkOn { walk }));
    let Some(aside) = aside else { return batch.await };
    let mut aside = Some(Box::pin(engine.call(aside)));
    poll_fn(|cx| {
        // How it ends is no concern: what it has not listed, the walk does.
        if aside.as_mut().is_some_and(|aside| aside.as_mut().poll(cx).is_ready()) {
            aside = None;
        }
        batch.as_mut().poll(cx)
    })
    .await
}

impl fmt::Debug for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk")
            .field("root", &self.root)
            .field("fetched", &self.fetched.len())
            .finish_non_exhaustive()
    }
}
