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

/// The mark of the file's state before a read, and the read.
type Reading = (u64, Pin<Box<dyn Future<Output = Result<Bytes>> + Send + Sync>>);

/// Reads a range of a file with its own cursor, independent of other readers.
pub struct Reader {
    file: File,
    position: u64,
    end: u64,
    reading: Option<Reading>,
    /// Consecutive reads whose bytes had changed before they were returned.
    stale_reads: u32,
}

impl File {
    /// Returns a reader of the bytes in `range` with its own cursor.
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
        Reader { file: self.clone(), position, end, reading: None, stale_reads: 0 }
    }
}

impl Reader {
    /// Returns the offset in bytes at which the next read starts.
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
        // A dropped read by the trait may have started at another position.
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
            // At the end, or without room; a pending read is left to a poll with room.
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
            // The read may belong to a poll that was dropped long ago, so its bytes must still be current. In a file that
            // changes all the time, no read is, so the last one is returned.
            if this.file.is_as_marked(mark, this.position, bytes.len().max(1))
                || this.stale_reads >= STALE_LOOKS_MAX
            {
                // This poll's buffer may be smaller than the one that the read was started for; the rest is read again.
                let count = bytes.len().min(buf.remaining());
                buf.put_slice(&bytes[..count]);
                this.position += count as u64;
                this.stale_reads = 0;
                return Poll::Ready(Ok(()));
            }
            this.stale_reads += 1;
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
