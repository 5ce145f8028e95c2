//! The storage: how it is made, and what answers each call.

use std::fmt;
use std::future::{Future, ready};
use std::io;
use std::path::Path;
use std::sync::Arc;

use folio_engine::storage::{
    AsyncLister, AsyncStorage, Asynchronous, Identity, IfTaken, Later, Metadata, OpenRequest, Opened, Storage,
};
use opendal::Operator;

use crate::key::Key;
use crate::store::{Options, Store};
use crate::{directory, list, names, open};

/// A storage over an OpenDAL operator.
///
/// ```
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use folio_opendal::OpenDal;
/// use opendal::{Operator, services::Memory};
///
/// let operator = Operator::new(Memory::default())?;
/// let storage = OpenDal::new(operator).part_bytes(64 * 1024 * 1024).parts_at_once(8).storage();
/// let engine = folio::Engine::builder().storage(storage).start()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OpenDal(Arc<Store>);

impl OpenDal {
    /// Makes a storage of everything below the operator's root. Retries, timeouts and limits are layers of the operator.
    pub fn new(operator: Operator) -> OpenDal {
        OpenDal(Arc::new(Store::new(operator, Options::default())))
    }

    /// Sets how many bytes are read ahead of sequential reads at most; 8 MiB unless set, and nothing with 0. An open file that is
    /// read from start to end takes up to twice as much memory.
    #[must_use]
    pub fn read_ahead_bytes_max(self, bytes: u64) -> Self {
        self.with(|options| options.read_ahead_bytes_max = bytes)
    }

    /// Sets the bytes of one part of an upload; 8 MiB unless set, within what the store takes. S3 takes 10,000 parts of a file.
    #[must_use]
    pub fn part_bytes(self, bytes: usize) -> Self {
        self.with(|options| options.part_bytes = bytes)
    }

    /// Sets how many parts of an upload are sent at the same time; 4 unless set. A file that is written takes the memory of two
    /// more.
    #[must_use]
    pub fn parts_at_once(self, parts: usize) -> Self {
        self.with(|options| options.parts_at_once = parts.max(1))
    }

    /// Sets the bytes of the longest file that is written to a store without parts, such as Redis; 64 MiB unless set. They wait in
    /// memory until the file is closed.
    #[must_use]
    pub fn whole_bytes_max(self, bytes: u64) -> Self {
        self.with(|options| options.whole_bytes_max = bytes)
    }

    /// Sets whether a file that is written becomes visible when it is closed, as a whole and in one step: [`fs::replace`] relies on
    /// that, and otherwise writes under another name and renames.
    ///
    /// Unless set, it is what is known of the service: object stores and databases do; file systems and servers of files do
    /// not. Set it for a service of your own, or for OpenDAL's `fs` or `hdfs` with an `atomic_write_dir`.
    ///
    /// [`fs::replace`]: https://docs.rs/folio/latest/folio/fs/fn.replace.html
    #[must_use]
    pub fn publishes_at_close(self, publishes: bool) -> Self {
        self.with(|options| options.publishes_at_close = Some(publishes))
    }

    /// Sets whether the store appends to files.
    ///
    /// Unless set, it does where OpenDAL says so, except on S3: there it says so of every server, and those that ignore where the
    /// bytes are to go keep only them. Set it for directory buckets (S3 Express One Zone).
    #[must_use]
    pub fn appends(self, appends: bool) -> Self {
        self.with(|options| options.appends = Some(appends))
    }

    /// Returns it as the storage of an engine.
    pub fn storage(self) -> Arc<dyn Storage> {
        Arc::new(Asynchronous::new(self))
    }

    fn with(self, set: impl FnOnce(&mut Options)) -> Self {
        let mut store = Arc::unwrap_or_clone(self.0);
        set(&mut store.options);
        OpenDal(Arc::new(store))
    }
}

impl fmt::Debug for OpenDal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OpenDal").field(&self.0).finish()
    }
}

/// Answers with what a future of the path's key does; a path that has none is refused.
fn at<'a, T: Send + 'a, F>(path: &Path, answer: impl FnOnce(Key) -> F) -> Later<'a, T>
where
    F: Future<Output = io::Result<T>> + Send + 'a,
{
    match Key::of(path) {
        Ok(key) => Box::pin(answer(key)),
        Err(refused) => Box::pin(ready(Err(refused))),
    }
}

impl AsyncStorage for OpenDal {
    fn identity(&self, path: &Path) -> Identity {
        self.0.identity(&Key::bytes_of(path))
    }

    fn open<'a>(&'a self, path: &'a Path, request: &'a OpenRequest) -> Later<'a, Opened> {
        at(path, |key| open::open(&self.0, key, request))
    }

    fn replace<'a>(&'a self, path: &'a Path, refuses_taken: bool) -> Later<'a, Opened> {
        at(path, |key| open::replace(&self.0, key, refuses_taken))
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> Later<'a, Metadata> {
        at(path, |key| async move { names::metadata(&self.0, &key).await })
    }

    fn list<'a>(&'a self, path: &'a Path) -> Later<'a, Box<dyn AsyncLister>> {
        at(path, |key| list::list(&self.0, key))
    }

    fn create_dir<'a>(&'a self, path: &'a Path, recursive: bool) -> Later<'a, ()> {
        at(path, move |key| async move { directory::create(&self.0, &key, recursive).await })
    }

    fn remove_dir<'a>(&'a self, path: &'a Path, recursive: bool) -> Later<'a, ()> {
        at(path, move |key| async move { directory::remove(&self.0, &key, recursive).await })
    }

    fn remove_file<'a>(&'a self, path: &'a Path) -> Later<'a, ()> {
        at(path, |key| async move { names::remove(&self.0, &key).await })
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path, if_taken: IfTaken) -> Later<'a, ()> {
        Box::pin(async move { names::rename(&self.0, &Key::of(from)?, &Key::of(to)?, if_taken).await })
    }

    fn copy<'a>(&'a self, from: &'a Path, to: &'a Path) -> Later<'a, u64> {
        Box::pin(async move { names::copy(&self.0, &Key::of(from)?, &Key::of(to)?).await })
    }
}
