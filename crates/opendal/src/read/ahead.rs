//! Bytes that are read ahead of reads that go on one after another.
//!
//! The second read that begins where the one before ended fetches a window. As soon as a read enters the last window, the
//! next one is fetched, twice as long. All other reads fetch what they ask for.

use std::collections::VecDeque;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::Shared;
use opendal::Buffer;
use tokio::task::JoinHandle;

use crate::budget::{Budget, Share};
use crate::error::Failed;
use crate::limits::{READ_AHEAD_BYTES_MIN, UNCOPIED_BYTES_MIN};
use crate::read::fetch::Source;

/// The windows of one open file.
#[derive(Debug)]
pub(crate) struct ReadAhead {
    source: Arc<Source>,
    /// 0 if nothing is read ahead.
    bytes_max: u64,
    budget: Arc<Budget>,
    windows: Mutex<Windows>,
}

#[derive(Debug, Default)]
struct Windows {
    /// Where the latest read ended; `None` before the first.
    next: Option<u64>,
    /// The one that is read, and the one that is fetched meanwhile.
    fetched: VecDeque<Arc<Window>>,
}

/// Bytes that are fetched, or have been.
#[derive(Debug)]
pub(crate) struct Window {
    range: Range<u64>,
    bytes: Shared<Fetching>,
    _share: Share,
}

impl ReadAhead {
    pub(crate) fn new(source: Arc<Source>, bytes_max: u64, budget: Arc<Budget>) -> ReadAhead {
        ReadAhead { source, bytes_max, budget, windows: Mutex::default() }
    }

    /// Returns the window that this read has to take its bytes from; `None` if it has to fetch them alone.
    pub(crate) fn window_for(&self, wanted: &Range<u64>) -> Option<Arc<Window>> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let is_sequential = windows.next == Some(wanted.start);
        let len = wanted.end - wanted.start;
        let window = match windows.enter(wanted.start) {
            Some(entered) if is_sequential && windows.fetched.len() == 1 => {
                let next = self.fetch(entered.range.end, 2 * (entered.range.end - entered.range.start));
                windows.fetched.extend(next);
                Some(entered)
            }
            Some(entered) => Some(entered),
            // A read as long as the longest window gains nothing from one.
            None if is_sequential && len < self.bytes_max => {
                windows.fetched.clear();
                let first = self.fetch(wanted.start, READ_AHEAD_BYTES_MIN.max(len));
                windows.fetched.extend(first.clone());
                first
            }
            None => None,
        };
        let end = window.as_ref().map_or(wanted.end, |window| wanted.end.min(window.range.end));
        windows.next = Some(end);
        window
    }

    /// Begins a window, unless the file or the budget ends there.
    fn fetch(&self, start: u64, len: u64) -> Option<Arc<Window>> {
        let left = self.source.len.checked_sub(start).filter(|left| *left > 0)?;
        let share = self.budget.take(len.min(self.bytes_max).min(left))?;
        let range = start..start + share.bytes();
        let (source, wanted) = (self.source.clone(), range.clone());
        let task = tokio::spawn(async move { source.fetch(wanted).await });
        Some(Arc::new(Window { range, bytes: Fetching(task).shared(), _share: share }))
    }

    /// Forgets a window that could not be fetched, so that the next read tries again.
    pub(crate) fn forget(&self, failed: &Arc<Window>) {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.fetched.retain(|window| !Arc::ptr_eq(window, failed));
    }
}

impl Windows {
    /// Returns the window that `offset` is in, and drops those before it: they have been read.
    fn enter(&mut self, offset: u64) -> Option<Arc<Window>> {
        let at = self.fetched.iter().position(|window| window.range.contains(&offset))?;
        self.fetched.drain(..at);
        self.fetched.front().cloned()
    }
}

impl Window {
    /// Returns what it has of these bytes, which begin in it: at least one.
    pub(crate) async fn read(&self, wanted: &Range<u64>) -> Result<Bytes, Failed> {
        let buffer = self.bytes.clone().await?;
        let start = (wanted.start - self.range.start) as usize;
        let end = (wanted.end.min(self.range.end) - self.range.start) as usize;
        let wanted = buffer.slice(start..end);
        let first = wanted.current();
        let is_enough = first.len() == wanted.len() || first.len() >= UNCOPIED_BYTES_MIN;
        Ok(if is_enough { first } else { wanted.to_bytes() })
    }
}

/// A fetch under way, given up when it is dropped.
#[derive(Debug)]
struct Fetching(JoinHandle<Result<Buffer, Failed>>);

impl Future for Fetching {
    type Output = Result<Buffer, Failed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let fetched = std::task::ready!(self.0.poll_unpin(cx));
        Poll::Ready(fetched.unwrap_or_else(|_| Err(Failed::ended())))
    }
}

impl Drop for Fetching {
    fn drop(&mut self) {
        self.0.abort();
    }
}
