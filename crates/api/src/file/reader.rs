//! An independent cursor over a range of a shared file.

use std::future::Future;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};

use crate::limits::STALE_LOOKS_MAX;
use crate::{File, Result};

/// A read under way, and the state of the file before it.
type Reading = (u64, Pin<Box<dyn Future<Output = Result<Bytes>> + Send + Sync>>);

/// Reads a range of a file from its start to its end, whatever other readers of the file do.
pub struct Reader {
    file: File,
    position: u64,
    end: u64,
    reading: Option<Reading>,
    /// Reads in a row that no longer held when they were fetched.
    void: u32,
}

impl File {
    /// Returns a reader of the bytes in `range` with a cursor of its own.
    ///
    /// ```
    /// # async fn example(file: folio::File) -> std::io::Result<()> {
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut text = String::new();
    /// file.reader(100..200).read_to_string(&mut text).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn reader(&self, range: impl RangeBounds<u64>) -> Reader {
        let position = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(last) => last.saturating_add(1),
            Bound::Excluded(end) => *end,
            Bound::Unbounded => u64::MAX,
        };
        Reader { file: self.clone(), position, end, reading: None, void: 0 }
    }
}

impl Reader {
    /// Returns the offset in bytes that the next read begins at.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Reads the next bytes into `buf`; 0 at the end of the range or of the file.
    ///
    /// # Errors
    ///
    /// Like [`File::read_at`].
    ///
    /// # Cancellation
    ///
    /// No byte is lost: the position moves when this returns.
    pub async fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        // A read by the trait that was given up began elsewhere.
        self.reading = None;
        let room = self.room(buf.len());
        let count = self.file.read_at(&mut buf[..room], self.position).await?;
        self.position += count as u64;
        Ok(count)
    }

    fn room(&self, wanted: usize) -> usize {
        let left = self.end.saturating_sub(self.position);
        usize::try_from(left).map_or(wanted, |left| left.min(wanted))
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let room = this.room(buf.remaining());
        if room == 0 {
            // The end, or no room: what is under way is for a poll that has some.
            return Poll::Ready(Ok(()));
        }
        for _ in 0..STALE_LOOKS_MAX {
            let reading = &mut this.reading;
            let (mark, future) = match reading {
                Some(reading) => reading,
                None => {
                    let (file, position) = (this.file.clone(), this.position);
                    let future = Box::pin(async move { file.read_bytes_at(position, room).await });
                    reading.insert((this.file.mark()?, future))
                }
            };
            let bytes = ready!(future.as_mut().poll(cx));
            let mark = *mark;
            *reading = None;
            let bytes = bytes?;
            // It may be of a poll that was given up long ago. A file that others change all the time has no better.
            if this.file.is_as_marked(mark, this.position, bytes.len().max(1)) || this.void >= STALE_LOOKS_MAX
            {
                // This poll may bring a smaller buffer than the one the read was started for; the rest is read again.
                let count = bytes.len().min(buf.remaining());
                buf.put_slice(&bytes[..count]);
                this.position += count as u64;
                this.void = 0;
                return Poll::Ready(Ok(()));
            }
            this.void += 1;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("file", &self.file)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
