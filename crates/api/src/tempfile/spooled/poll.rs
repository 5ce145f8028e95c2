//! tokio's `AsyncRead`, `AsyncWrite` and `AsyncSeek` for a spooled file: ready at once while it is in memory, those of
//! the file once it is on disk.

use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use super::{Contents, SpooledTemporaryFile, move_cursor, put, rest_of};
use crate::limits::LINE_OVERHEAD_BYTES;
use crate::{Error, Operation, Result};

impl SpooledTemporaryFile {
    fn poll_rollover(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let mut rollover = self.rollover.take();
        if rollover.is_none() {
            rollover = self.to_disk();
        }
        let Some(mut to_disk) = rollover else { return Poll::Ready(Ok(())) };
        match to_disk.as_mut().poll(cx) {
            Poll::Ready(file) => {
                self.contents = Contents::Disk(file?);
                Poll::Ready(Ok(()))
            }
            Poll::Pending => {
                self.rollover = Some(to_disk);
                Poll::Pending
            }
        }
    }
}

impl AsyncRead for SpooledTemporaryFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.unpaid.poll_pay(cx));
        let count = match self.contents_mut() {
            Contents::Memory(bytes, cursor) => {
                let rest = rest_of(bytes, *cursor);
                let count = rest.len().min(buf.remaining());
                buf.put_slice(&rest[..count]);
                *cursor += count as u64;
                count
            }
            Contents::Disk(file) => return Pin::new(file).poll_read(cx, buf),
            Contents::Closed => return Poll::Ready(Err(Error::closed(Operation::Read).into())),
        };
        self.unpaid.add(count + LINE_OVERHEAD_BYTES);
        Poll::Ready(Ok(()))
    }
}

/// A write that does not fit is pending until the contents are on disk.
impl AsyncWrite for SpooledTemporaryFile {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.unpaid.poll_pay(cx));
        if self.would_overflow(buf.len()) {
            ready!(self.poll_rollover(cx))?;
        }
        match self.contents_mut() {
            Contents::Memory(bytes, cursor) => put(bytes, cursor, buf),
            Contents::Disk(file) => return Pin::new(file).poll_write(cx, buf),
            Contents::Closed => return Poll::Ready(Err(Error::closed(Operation::Write).into())),
        }
        self.unpaid.add(buf.len() + LINE_OVERHEAD_BYTES);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.contents_mut() {
            Contents::Disk(file) => Pin::new(file).poll_flush(cx),
            Contents::Memory(..) | Contents::Closed => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl AsyncSeek for SpooledTemporaryFile {
    fn start_seek(mut self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        match self.contents_mut() {
            Contents::Memory(bytes, cursor) => Ok(move_cursor(bytes, cursor, to).map(drop)?),
            Contents::Disk(file) => Pin::new(file).start_seek(to),
            Contents::Closed => Err(Error::closed(Operation::Seek).into()),
        }
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        match self.contents_mut() {
            Contents::Memory(_, cursor) => Poll::Ready(Ok(*cursor)),
            Contents::Disk(file) => Pin::new(file).poll_complete(cx),
            Contents::Closed => Poll::Ready(Err(Error::closed(Operation::Seek).into())),
        }
    }
}
