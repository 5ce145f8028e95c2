//! Walking a tree entry by entry. Entries are fetched in batches, one batch ahead.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use folio_engine::budget::Unpaid;
use folio_engine::op::walk::{self, OpenWalk, WalkBatch, WalkOrder, WalkRules};
use folio_engine::{Current, Engine};
use futures_core::Stream;

use crate::checked;
use crate::limits::ENTRIES_PER_UNIT;
use crate::{Operation, Result};

pub use folio_engine::op::walk::WalkEntry;

/// Walks a directory and everything below it. Symbolic links are not followed, except the root itself.
///
/// The root comes first, with depth 0. No I/O happens before the first call of [`next`](Walk::next).
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
    /// Returns options without limits and without an order; links are not followed.
    pub fn new() -> Self {
        WalkOptions::default()
    }

    /// Sets whether symbolic links are followed; off unless set. The entry of a link then has the type of its target. A
    /// dangling link is an error. A link to a directory that contains it, even to one above the root, is an error
    /// (`ELOOP`, with that directory as [`loop_ancestor`](crate::Error::loop_ancestor)). The walk continues after errors.
    pub fn follow_links(mut self, follow: bool) -> Self {
        self.rules.follow_links = follow;
        self
    }

    /// Sets whether a link that cannot be followed is an entry instead of an error.
    pub(crate) fn keep_broken_links(mut self, keep: bool) -> Self {
        self.rules.keep_broken_links = keep;
        self
    }

    /// Sets whether a root that is a symbolic link is followed; on unless set. If off, the link is the only entry, unless
    /// [`follow_links`](WalkOptions::follow_links) is on.
    pub fn follow_root_links(mut self, follow: bool) -> Self {
        self.rules.follow_root_links = follow;
        self
    }

    /// Sets whether the walk stays on the root's file system; off unless set. A directory of another file system is then
    /// returned but not walked into. This takes a system call for each directory.
    pub fn same_file_system(mut self, same: bool) -> Self {
        self.rules.same_file_system = same;
        self
    }

    /// Sets the smallest depth of entries that are returned; the root has depth 0.
    pub fn min_depth(mut self, depth: usize) -> Self {
        self.rules.min_depth = depth;
        self
    }

    /// Sets the largest depth of entries; directories at this depth are not opened.
    pub fn max_depth(mut self, depth: usize) -> Self {
        self.rules.max_depth = depth;
        self
    }

    /// Sets whether the entries of each directory are sorted by name, byte by byte; off unless set. Each directory is then
    /// read into memory as a whole.
    pub fn sort(mut self, sort: bool) -> Self {
        self.rules.order = if sort { WalkOrder::ByName } else { WalkOrder::AsListed };
        self
    }

    /// Sorts the entries of each directory by their names, as [`sort(true)`](WalkOptions::sort) does.
    pub fn sort_by_file_name(self) -> Self {
        self.sort(true)
    }

    /// Sorts the entries of each directory by `compare`, which sees symbolic links themselves, even if they are followed.
    /// Workers call it, so it should not block. If it panics, the walk ends with an error that says so.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let options = folio::fs::WalkOptions::new().sort_by(|one, other| other.ino().cmp(&one.ino()));
    /// let first = options.walk(".").next().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sort_by(
        mut self,
        compare: impl Fn(&WalkEntry, &WalkEntry) -> Ordering + Send + Sync + 'static,
    ) -> Self {
        self.rules.order = WalkOrder::By(Arc::new(compare));
        self
    }

    /// Sorts the entries of each directory by the keys that `key` returns; see [`sort_by`](WalkOptions::sort_by).
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// // Directories first.
    /// let options = folio::fs::WalkOptions::new().sort_by_key(|entry| !entry.file_type().is_dir());
    /// let first = options.walk(".").next().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sort_by_key<K: Ord>(self, key: impl Fn(&WalkEntry) -> K + Send + Sync + 'static) -> Self {
        self.sort_by(move |one, other| key(one).cmp(&key(other)))
    }

    /// Sets whether a directory comes after its contents instead of before.
    pub fn contents_first(mut self, contents_first: bool) -> Self {
        self.rules.contents_first = contents_first;
        self
    }

    /// Skips entries for which `wanted` returns `false`, and everything below them. The
    /// root is not asked about. Workers call it, before the entry arrives; it should not block, and if it
    /// panics, the walk ends with an error that says so.
    pub fn filter(mut self, wanted: impl Fn(&WalkEntry) -> bool + Send + Sync + 'static) -> Self {
        self.rules.filter = Some(Arc::new(wanted));
        self
    }

    /// Starts a walk with these options; no I/O happens before the first call of [`next`](Walk::next).
    pub fn walk(&self, root: impl AsRef<Path>) -> Walk {
        let root = root.as_ref().to_path_buf();
        let (fetched, source) = match checked::path(Operation::ReadDir, &root) {
            Ok(checked) => {
                (VecDeque::new(), Source::Open(Box::new(OpenWalk::new(checked, self.rules.clone()))))
            }
            Err(error) => (VecDeque::from([Err(error)]), Source::Ended),
        };
        Walk {
            root,
            engine: None,
            fetched,
            current: Position::default(),
            skipping: None,
            source,
            unpaid: Unpaid::new(ENTRIES_PER_UNIT),
        }
    }
}

/// A walk by entries. It keeps at most two batches of entries in memory, one being returned and one being fetched, and a
/// bounded number of descriptors at any depth. Entries whose paths are longer than the kernel accepts (4,095 bytes) are
/// returned too; [`metadata`](WalkEntry::metadata) works for them, but other functions need a [`Dir`](crate::Dir) above
/// them.
///
/// Entries that are created or removed during the walk may or may not be seen. Dropping it ends the walk.
pub struct Walk {
    root: PathBuf,
    /// The current engine of the first poll.
    engine: Option<Current>,
    fetched: VecDeque<Result<WalkEntry>>,
    /// The position of the entry returned last. Its path buffer is reused, so returning an entry allocates nothing.
    current: Position,
    /// Entries of this directory in the batch being fetched are skipped.
    skipping: Option<Directory>,
    source: Source,
    /// Of the entries that were returned.
    unpaid: Unpaid,
}

/// Where a walk is.
#[derive(Default)]
struct Position {
    path: PathBuf,
    depth: usize,
    /// Whether the walk is inside of `path`; otherwise it is in its parent.
    is_entered: bool,
    /// Whether the walk is still in a directory, so that there is one to skip.
    is_below: bool,
}

impl Position {
    fn follow(&mut self, met: &Result<WalkEntry>) {
        let (path, depth, is_entered) = match met {
            Ok(entry) => (entry.path(), Some(entry.depth()), entry.is_entered()),
            // No entries below the failed path follow.
            Err(error) => (error.path().unwrap_or(Path::new("")), error.depth(), true),
        };
        self.path.as_mut_os_string().clear();
        self.path.push(path);
        self.depth = depth.unwrap_or(0);
        (self.is_entered, self.is_below) = (is_entered, true);
    }

    /// Leaves the current directory and returns it; the next call leaves its parent.
    fn leave(&mut self) -> Option<Directory> {
        let Position { path, depth, is_entered, is_below } = self;
        if !*is_entered {
            *is_below &= *depth > 0 && path.pop();
            *depth = depth.saturating_sub(1);
        }
        *is_entered = false;
        is_below.then(|| Directory { path: path.clone(), depth: *depth })
    }
}

/// A directory whose entries are skipped.
struct Directory {
    path: PathBuf,
    depth: usize,
}

impl Directory {
    fn holds(&self, met: &Result<WalkEntry>) -> bool {
        match met {
            Ok(entry) => entry.depth() > self.depth && entry.path().starts_with(&self.path),
            Err(error) => error.path().is_some_and(|path| path.starts_with(&self.path)),
        }
    }
}

/// A batch that has been requested.
type Fetch = Pin<Box<dyn Future<Output = Result<WalkBatch>> + Send + Sync>>;

/// Where the entries after the fetched ones come from.
enum Source {
    /// The next batch has not been requested.
    Open(Box<OpenWalk>),
    /// The next batch has been requested.
    Fetching(Fetch),
    /// All batches have arrived, or one failed.
    Ended,
}

impl Walk {
    /// Returns the next entry, or `None` at the end.
    ///
    /// # Errors
    ///
    /// If a directory may not be read or has vanished, or a link is dangling; the error names the path. The next call
    /// continues after it.
    ///
    /// # Cancellation
    ///
    /// No entry is lost: the next call continues with the requested batch.
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

    /// Skips the rest of the current directory: the directory that [`next`](Walk::next) returned last, or the parent of
    /// the entry if that was not a directory being walked into. Does nothing before the first entry.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut walk = folio::fs::walk("project");
    /// while let Some(entry) = walk.next().await {
    ///     let entry = entry?;
    ///     if entry.file_type().is_dir() && entry.file_name() == "target" {
    ///         walk.skip_current_dir();
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn skip_current_dir(&mut self) {
        let Some(current) = self.current.leave() else { return };
        while self.fetched.front().is_some_and(|met| current.holds(met)) {
            self.fetched.pop_front();
        }
        // The directory has ended if an entry outside of it follows.
        if !self.fetched.is_empty() {
            return;
        }
        let source = &mut self.source;
        match source {
            Source::Open(walk) => walk.skip(&current.path),
            Source::Fetching(_) => self.skipping = Some(current),
            Source::Ended => {}
        }
    }

    /// Polls for the next entry like a stream: `Ready(None)` is the end.
    ///
    /// After `Pending`, only the waker of the last call is woken.
    ///
    /// # Errors
    ///
    /// As [`next`](Walk::next).
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<WalkEntry>>> {
        ready!(self.unpaid.poll_pay(cx));
        loop {
            let source = &mut self.source;
            let mut batch = match std::mem::replace(source, Source::Ended) {
                Source::Fetching(batch) => batch,
                // Fetched while the batch before it is being returned.
                Source::Open(walk) => {
                    let engine = match &self.engine {
                        Some(engine) => engine.clone(),
                        None => match Engine::current() {
                            Ok(engine) => self.engine.insert(engine).clone(),
                            Err(error) => return Poll::Ready(Some(Err(error))),
                        },
                    };
                    let mut batch: Fetch = Box::pin(async move { fetch(&engine, *walk).await });
                    match batch.as_mut().poll(cx) {
                        Poll::Ready(batch) => {
                            self.take(batch);
                            continue;
                        }
                        Poll::Pending => batch,
                    }
                }
                Source::Ended => return Poll::Ready(self.pop()),
            };
            if !self.fetched.is_empty() {
                *source = Source::Fetching(batch);
                return Poll::Ready(self.pop());
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

    fn pop(&mut self) -> Option<Result<WalkEntry>> {
        let met = self.fetched.pop_front()?;
        self.current.follow(&met);
        self.unpaid.add(1);
        Some(met)
    }

    fn take(&mut self, batch: Result<WalkBatch>) {
        match batch {
            Ok(WalkBatch { met, mut next }) => {
                let mut met = met.into_iter().peekable();
                if let Some(skipping) = self.skipping.take() {
                    while met.next_if(|met| skipping.holds(met)).is_some() {}
                    if let (None, Some(next)) = (met.peek(), &mut next) {
                        next.skip(&skipping.path);
                    }
                }
                self.fetched.extend(met);
                self.source = next.map_or(Source::Ended, |next| Source::Open(Box::new(next)));
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

/// Fetches the next batch while a second worker lists the directories after it.
async fn fetch(engine: &Engine, walk: OpenWalk) -> Result<WalkBatch> {
    let aside = walk.aside();
    let mut batch = pin!(engine.call(walk::go_on(walk)));
    let Some(aside) = aside else { return batch.await };
    let mut aside = Some(Box::pin(engine.call(aside)));
    poll_fn(|cx| {
        // Its outcome does not matter: the walk lists the directories that it has not listed.
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
