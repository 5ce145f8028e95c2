//! Listings of one level, a page at a time.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use folio_engine::storage::{AsyncLister, Kind, Later, Listed};
use futures::StreamExt;
use futures::stream::ReadyChunks;
use opendal::options::ListOptions;
use opendal::{Entry, EntryMode, Lister};

use crate::error::Failed;
use crate::key::Key;
use crate::limits::LISTED_MAX;
use crate::look_up::is_no_dir;
use crate::store::Store;

/// A listing under way.
pub(crate) struct Pages {
    store: Arc<Store>,
    dir: Key,
    /// What is there is given out together; waiting for the next page is left to the next call. `None` after a failure: a layer
    /// may count a listing as a request until it has ended.
    entries: Option<ReadyChunks<Lister>>,
    /// The page that was fetched in order to see that there is a directory.
    first: Option<Vec<Listed>>,
    /// What ended the listing. Every further call returns it, so that no listing that broke off looks complete.
    failed: Option<Failed>,
    /// A key that no path can name, which is reported at the end.
    unnamed: Option<io::Error>,
}

/// Starts a listing.
pub(crate) async fn list(store: &Arc<Store>, dir: Key) -> io::Result<Box<dyn AsyncLister>> {
    store.require(store.can.list, "list", "list")?;
    let options =
        ListOptions { limit: store.can.list_with_limit.then_some(LISTED_MAX), ..ListOptions::default() };
    let lister = match store.operator.lister_options(&dir.dir(), options).await {
        Ok(lister) => lister,
        Err(failed) => return Err(Failed::of(failed).into()),
    };
    let entries = Some(lister.ready_chunks(LISTED_MAX));
    let mut pages = Pages { store: store.clone(), dir, entries, first: None, failed: None, unnamed: None };
    match pages.page().await {
        Some(page) => {
            let is_no_dir = page.first().is_some_and(|first| first.as_ref().is_err_and(is_no_dir));
            pages.first = Some(pages.sorted(page));
            if is_no_dir {
                store.require_dir(&pages.dir).await?;
            }
        }
        // Nothing is below it. Some stores have empty directories and do not list them in themselves.
        None => store.require_dir(&pages.dir).await?,
    }
    Ok(Box::new(pages))
}

impl Pages {
    async fn page(&mut self) -> Option<Vec<opendal::Result<Entry>>> {
        self.entries.as_mut()?.next().await
    }

    async fn next(&mut self) -> io::Result<Vec<Listed>> {
        loop {
            let listed = match self.first.take() {
                Some(first) => first,
                None => match &self.failed {
                    Some(failed) => return Err(failed.clone().into()),
                    None => match self.page().await {
                        Some(page) => self.sorted(page),
                        None => return self.unnamed.take().map_or(Ok(Vec::new()), Err),
                    },
                },
            };
            if !listed.is_empty() {
                return Ok(listed);
            }
        }
    }

    /// Takes the entries of a page up to its first error.
    fn sorted(&mut self, page: Vec<opendal::Result<Entry>>) -> Vec<Listed> {
        let mut listed = Vec::with_capacity(page.len());
        for entry in page {
            match entry.map(|entry| self.entry(&entry)) {
                Ok(Ok(Some(entry))) => listed.push(entry),
                // The directory itself.
                Ok(Ok(None)) => {}
                Ok(Err(unnamed)) => self.unnamed = Some(unnamed),
                Err(failed) => {
                    (self.failed, self.entries) = (Some(Failed::of(failed)), None);
                    break;
                }
            }
        }
        listed
    }

    fn entry(&self, entry: &Entry) -> io::Result<Option<Listed>> {
        let Some(name) = self.dir.name_of(entry.path())? else { return Ok(None) };
        let kind = match entry.metadata().mode() {
            EntryMode::DIR => Kind::Dir,
            // What is neither for OpenDAL (a FIFO, a device) has to be something.
            EntryMode::FILE | EntryMode::Unknown => Kind::File,
        };
        let ino = self.store.number_in(&self.dir, name.as_bytes());
        Ok(Some(Listed { name, kind: Some(kind), ino }))
    }
}

impl AsyncLister for Pages {
    fn more(&mut self) -> Later<'_, Vec<Listed>> {
        Box::pin(self.next())
    }
}
