//! Listings that are fetched in batches.

use std::fmt;
use std::io;

use crate::exclusive::Exclusive;

/// A listing between two batches. It holds the directory's descriptor.
pub struct Pages<T> {
    items: Exclusive<Box<dyn Iterator<Item = io::Result<T>> + Send>>,
    /// The error that ended the last batch early: returned only after the items before it.
    failed: Option<io::Error>,
}

impl<T> Pages<T> {
    pub(super) fn new(items: Box<dyn Iterator<Item = io::Result<T>> + Send>) -> Self {
        Pages { items: Exclusive::new(items), failed: None }
    }

    /// Returns at most `max` items, and the rest of the listing unless this was all.
    pub(super) fn batch(mut self, max: usize) -> io::Result<(Vec<T>, Option<Self>)> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut batch = Vec::new();
        while batch.len() < max {
            match self.items.get_mut().next() {
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
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("failed", &self.failed).finish_non_exhaustive()
    }
}
