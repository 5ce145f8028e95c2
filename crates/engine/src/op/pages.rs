//! Listings that are fetched in batches.

use std::collections::VecDeque;
use std::fmt;
use std::io;

use crate::exclusive::Exclusive;
use crate::storage::{AsyncLister, Listed};

/// A listing between two batches. It holds the directory's descriptor.
pub struct Pages<T> {
    items: Items<T>,
    /// The error that ended the last batch early: returned only after the items before it.
    failed: Option<io::Error>,
}

/// Where more items come from.
enum Items<T> {
    Now(Exclusive<Box<dyn Iterator<Item = io::Result<T>> + Send>>),
    /// A storage whose calls answer later, and what it has listed.
    Later(Exclusive<Box<dyn AsyncLister>>, VecDeque<Listed>),
}

impl<T> Pages<T> {
    pub(super) fn new(items: Box<dyn Iterator<Item = io::Result<T>> + Send>) -> Self {
        Pages { items: Items::Now(Exclusive::new(items)), failed: None }
    }

    /// The same, on a storage whose calls answer later.
    pub(super) fn later(listing: Box<dyn AsyncLister>) -> Self {
        Pages { items: Items::Later(Exclusive::new(listing), VecDeque::new()), failed: None }
    }

    /// Returns at most `max` items, and the rest of the listing unless this was all.
    pub(super) fn batch(mut self, max: usize) -> io::Result<(Vec<T>, Option<Self>)> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let Items::Now(items) = &mut self.items else { return Err(io::ErrorKind::Unsupported.into()) };
        let mut batch = Vec::new();
        while batch.len() < max {
            match items.get_mut().next() {
                Some(Ok(item)) => batch.push(item),
                Some(Err(error)) => {
                    self.failed = Some(error);
                    break;
                }
                None => return Ok((batch, None)),
            }
        }
        Ok((batch, Some(self)))
    }

    /// Does what [`batch`](Pages::batch) does, on a storage whose calls answer later.
    pub(super) async fn batch_later(
        mut self,
        max: usize,
        item: impl Fn(Listed) -> T,
    ) -> io::Result<(Vec<T>, Option<Self>)> {
        let Items::Later(listing, found) = &mut self.items else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        if found.is_empty() {
            *found = listing.get_mut().more().await?.into();
        }
        let batch: Vec<T> = found.drain(..found.len().min(max)).map(item).collect();
        let is_over = batch.is_empty();
        Ok((batch, (!is_over).then_some(self)))
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("failed", &self.failed).finish_non_exhaustive()
    }
}
