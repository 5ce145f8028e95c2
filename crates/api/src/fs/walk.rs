//! Walking a tree of directories: entries one by one, fetched by the batch, one batch ahead.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use folio_engine::op::walk::{self, OpenWalk, WalkBatch, WalkOrder, WalkRules};
use folio_engine::{Current, Engine};
use futures_core::Stream;

use crate::checked;
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
    /// link that dangles is an error, and so is one that leads back to a directory that the walk is inside of, those
    /// above the root among them (`ELOOP`, with that directory as
    /// [`loop_ancestor`](crate::Error::loop_ancestor)). The walk goes on.
    pub fn follow_links(mut self, follow: bool) -> Self {
        self.rules.follow_links = follow;
        self
    }

    /// Sets whether a link that cannot be followed is an entry like any other.
    pub(crate) fn keep_broken_links(mut self, keep: bool) -> Self {
        self.rules.keep_broken_links = keep;
        self
    }

    /// Sets whether a root that is a symbolic link is walked into, on unless set. Off, the link is all there is,
    /// unless all links are [followed](WalkOptions::follow_links).
    pub fn follow_root_links(mut self, follow: bool) -> Self {
        self.rules.follow_root_links = follow;
        self
    }

    /// Sets whether the walk stays on the root's file system: a directory of another is yielded and not walked
    /// into. Each directory is then asked for its device.
    pub fn same_file_system(mut self, same: bool) -> Self {
        self.rules.same_file_system = same;
        self
    }

    /// Sets the smallest depth that is yielded; the root is 0.
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
        self.rules.order = if sort { WalkOrder::ByName } else { WalkOrder::AsListed };
        self
    }

    /// Sorts the entries of each directory by their names, as [`sort(true)`](WalkOptions::sort) does.
    pub fn sort_by_file_name(self) -> Self {
        self.sort(true)
    }

    /// Sorts the entries of each directory by `compare`, which sees them as their directory lists them: links not
    /// followed. Workers call it; it should not block, and if it panics, the walk ends with an error that says so.
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

    /// Sorts the entries of each directory by what `key` makes of them; see [`sort_by`](WalkOptions::sort_by).
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

    /// Starts a walk by these rules; nothing is touched before the first call of [`next`](Walk::next).
    pub fn walk(&self, root: impl AsRef<Path>) -> Walk {
        let root = root.as_ref().to_path_buf();
        let (fetched, source) = match checked::path(Operation::ReadDir, &root) {
            Ok(checked) => {
                (VecDeque::new(), Source::Open(Box::new(OpenWalk::new(checked, self.rules.clone()))))
            }
            Err(error) => (VecDeque::from([Err(error)]), Source::Ended),
        };
        Walk { root, engine: None, fetched, yielded: Position::default(), skipped: None, source }
    }
}

/// A walk under way. At most two batches of entries are in memory: one being yielded, one being fetched; and a
/// bounded number of descriptors is held, however deep the tree. Of a tree that is deeper than the kernel takes
/// paths (4,095 bytes), entries with longer paths are yielded too: [`metadata`](WalkEntry::metadata) takes them, no other
/// function does, unless by a [`Dir`](crate::Dir) on the way.
///
/// Entries that come or go during the walk may or may not be seen. Dropping it ends it.
pub struct Walk {
    root: PathBuf,
    /// That of the first poll.
    engine: Option<Current>,
    fetched: VecDeque<Result<WalkEntry>>,
    /// What was yielded last. The room of its path is used again, so that yielding takes no memory.
    yielded: Position,
    /// The batch that is being fetched yields nothing in this directory.
    skipped: Option<Directory>,
    source: Source,
}

/// Where a walk is.
#[derive(Default)]
struct Position {
    path: PathBuf,
    depth: usize,
    /// Whether the walk is inside of it; else it is in the directory that holds it.
    is_entered: bool,
    /// Whether there is anything above it that the walk can be inside of.
    is_below: bool,
}

impl Position {
    fn follow(&mut self, met: &Result<WalkEntry>) {
        let (path, depth, is_entered) = match met {
            Ok(entry) => (entry.path(), Some(entry.depth()), entry.is_entered()),
            // Of what it is about, nothing comes any more.
            Err(error) => (error.path().unwrap_or(Path::new("")), error.depth(), true),
        };
        self.path.as_mut_os_string().clear();
        self.path.push(path);
        self.depth = depth.unwrap_or(0);
        (self.is_entered, self.is_below) = (is_entered, true);
    }

    /// The directory that the walk is inside of; the next time the one above it.
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

/// A directory on the way.
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

/// A batch that has been asked for.
type Fetch = Pin<Box<dyn Future<Output = Result<WalkBatch>> + Send + Sync>>;

/// Where the entries after the fetched ones come from.
enum Source {
    /// The next batch has not been asked for.
    Open(Box<OpenWalk>),
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

    /// Skips what is left of the current directory: the one that [`next`](Walk::next) returned last, or where that
    /// was no directory that is walked into, the one it is in. Nothing to skip before the first entry.
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
        let Some(current) = self.yielded.leave() else { return };
        while self.fetched.front().is_some_and(|met| current.holds(met)) {
            self.fetched.pop_front();
        }
        // Behind something else there is nothing more of it.
        if !self.fetched.is_empty() {
            return;
        }
        let source = &mut self.source;
        match source {
            Source::Open(walk) => walk.skip(&current.path),
            Source::Fetching(_) => self.skipped = Some(current),
            Source::Ended => {}
        }
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
            let source = &mut self.source;
            let mut batch = match std::mem::replace(source, Source::Ended) {
                Source::Fetching(batch) => batch,
                // Fetched while the one before it is being yielded.
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
                Source::Ended => return Poll::Ready(self.tell()),
            };
            if !self.fetched.is_empty() {
                *source = Source::Fetching(batch);
                return Poll::Ready(self.tell());
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

    fn tell(&mut self) -> Option<Result<WalkEntry>> {
        let met = self.fetched.pop_front()?;
        self.yielded.follow(&met);
        Some(met)
    }

    fn take(&mut self, batch: Result<WalkBatch>) {
        match batch {
            Ok(WalkBatch { met, mut next }) => {
                let mut met = met.into_iter().peekable();
                if let Some(skipped) = self.skipped.take() {
                    while met.next_if(|met| skipped.holds(met)).is_some() {}
                    if let (None, Some(next)) = (met.peek(), &mut next) {
                        next.skip(&skipped.path);
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

/// Fetches the next batch, while a second worker lists directories that come after it.
async fn fetch(engine: &Engine, walk: OpenWalk) -> Result<WalkBatch> {
    let aside = walk.aside();
    let mut batch = pin!(engine.call(walk::go_on(walk)));
    let Some(aside) = aside else { return batch.await };
    let mut aside = Some(Box::pin(engine.call(aside)));
    poll_fn(|cx| {
        // Its outcome does not matter: the walk lists what it has not listed.
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
