//! The lines of a binary file as a stream.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::BinaryFile;
use crate::Result;

type Reading = Pin<Box<dyn Future<Output = Result<Bytes>> + Send + Sync>>;

/// A stream of the lines of a file, with their ends. Made by [`BinaryFile::lines`].
///
/// An error of reading is an item, and the next item tries again. A permanent error (a line above the limit, which is
/// not consumed; a closed file) ends the stream. Dropping the stream loses no line.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let file = folio::open("access.log", "rb").await?.binary()?;
/// let mut lines = file.lines();
/// while let Some(line) = lines.next().await {
///     println!("{} bytes", line?.len());
/// }
/// # Ok(())
/// # }
/// ```
pub struct BinaryLines {
    file: BinaryFile,
    reading: Option<Reading>,
    done: bool,
}

impl BinaryLines {
    pub(super) fn new(file: BinaryFile) -> BinaryLines {
        BinaryLines { file, reading: None, done: false }
    }

    /// Sets how many bytes a line may have, without its end; unless set, as many as for the
    /// [file](BinaryFile::with_line_limit).
    #[must_use]
    pub fn line_limit(self, bytes: usize) -> BinaryLines {
        BinaryLines { file: self.file.with_line_limit(bytes), ..self }
    }

    /// Returns the next line, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Permanent errors end the stream, as [the type](BinaryLines) says; after others it goes on.
    ///
    /// # Cancellation
    ///
    /// No line is lost: the next call continues the same read.
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// let first = file.lines().next().await.transpose()?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Returns the next line, or `Ok(None)` at the end, as tokio's `Lines` does.
    ///
    /// # Errors
    ///
    /// Like [`next`](BinaryLines::next).
    ///
    /// # Cancellation
    ///
    /// Like [`next`](BinaryLines::next).
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// let mut lines = file.lines();
    /// while let Some(line) = lines.next_line().await? {
    ///     println!("{} bytes", line.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_line(&mut self) -> Result<Option<Bytes>> {
        self.next().await.transpose()
    }

    fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes>> {
        let reading = &mut self.reading;
        let future = reading.get_or_insert_with(|| {
            let file = self.file.clone();
            Box::pin(async move { file.readline(None).await })
        });
        let line = ready!(future.as_mut().poll(cx));
        *reading = None;
        Poll::Ready(line)
    }
}

impl Stream for BinaryLines {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if self.done {
            return Poll::Ready(None);
        }
        let line = ready!(self.poll_line(cx));
        self.done = match &line {
            Ok(line) => line.is_empty(),
            Err(error) => error.is_too_long() || error.is_closed() || error.is_unsupported(),
        };
        Poll::Ready(Some(line).filter(|line| !line.as_ref().is_ok_and(Bytes::is_empty)))
    }
}

impl fmt::Debug for BinaryLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BinaryLines").field("file", &self.file).finish_non_exhaustive()
    }
}
