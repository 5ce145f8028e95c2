//! The lines of a text file as a stream.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::file::Start;
use super::read::{End, Found};
use super::{Decoder, TextFile};
use crate::{File, Result};

/// A read under way, which borrows the file's buffer and returns it.
type Fill = Pin<Box<dyn Future<Output = (Vec<u8>, Result<Filled>)> + Send + Sync>>;

/// The decoder and the skip, if this was the first read after a move, and how many bytes the read returned.
type Filled = (Option<(Decoder, u8)>, usize);

/// A stream of the lines of a file, without their ends. Made by [`TextFile::lines`].
///
/// An error of reading is an item, and the next item tries again. A permanent error (a line above the limit, invalid
/// bytes) ends the stream.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let mut lines = folio::text::open("big.csv").await?.lines();
/// while let Some(line) = lines.next().await {
///     println!("{}", line?);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Lines {
    text: TextFile,
    filling: Option<Fill>,
    done: bool,
}

impl TextFile {
    /// Returns the lines as a stream.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let lines: folio::text::Lines = folio::text::open("big.csv").await?.lines();
    /// # Ok(())
    /// # }
    /// ```
    pub fn lines(self) -> Lines {
        Lines { text: self, filling: None, done: false }
    }
}

impl Lines {
    /// Returns the next line, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Permanent errors end the stream, as [the type](Lines) says; after others it goes on.
    ///
    /// # Cancellation
    ///
    /// No line is lost: the next call continues the same read.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let first = folio::text::open("big.csv").await?.lines().next().await.transpose()?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Result<String>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Returns the next line, or `Ok(None)` at the end, as tokio's `Lines` does.
    ///
    /// # Errors
    ///
    /// Like [`next`](Lines::next).
    ///
    /// # Cancellation
    ///
    /// Like [`next`](Lines::next).
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut lines = folio::text::open("big.csv").await?.lines();
    /// while let Some(line) = lines.next_line().await? {
    ///     println!("{line}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_line(&mut self) -> Result<Option<String>> {
        self.next().await.transpose()
    }

    /// Finds a line or reads on until there is one; `None` at the end.
    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<String>>> {
        ready!(self.text.ahead.unpaid.poll_pay(cx));
        loop {
            match self.text.find_line(End::Dropped) {
                Ok(Found::Line(line)) => return Poll::Ready(Ok(Some(line))),
                Ok(Found::Nothing) => {}
                Err(error) => {
                    self.done = true;
                    return Poll::Ready(Err(error));
                }
            }
            match ready!(self.poll_fill(cx)) {
                Ok(false) => {
                    let line = self.text.last_line(End::Dropped);
                    self.done = !matches!(line, Ok(Some(_)));
                    return Poll::Ready(line);
                }
                Ok(true) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        let filling = &mut self.filling;
        if filling.is_none() {
            let start = match self.text.prepare() {
                Ok(start) => start,
                Err(error) => {
                    self.done = true;
                    return Poll::Ready(Err(error));
                }
            };
            let mut file = self.text.file.clone();
            self.text.ahead.buffer();
            let mut raw = self.text.ahead.swap_buffer(Vec::new());
            *filling = Some(Box::pin(async move {
                let filled = fill(start, &mut file, &mut raw).await;
                (raw, filled)
            }));
        }
        let Some(future) = filling else { return Poll::Pending };
        let (raw, filled) = ready!(future.as_mut().poll(cx));
        *filling = None;
        self.text.ahead.swap_buffer(raw);
        Poll::Ready(filled.map(|(started, count)| {
            if let Some(started) = started {
                self.text.started(started);
            }
            self.text.ahead.accept(count)
        }))
    }
}

async fn fill(start: Option<Start>, file: &mut File, raw: &mut [u8]) -> Result<Filled> {
    let started = match start {
        Some(start) => Some(start.make(file).await?),
        None => None,
    };
    Ok((started, file.read(raw).await?))
}

impl Stream for Lines {
    type Item = Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.done {
            return Poll::Ready(None);
        }
        self.poll_line(cx).map(Result::transpose)
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("text", &self.text).finish_non_exhaustive()
    }
}
