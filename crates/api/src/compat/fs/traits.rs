//! tokio's traits for `File`: folio's own, with as many bytes at a time as the file is set to take.

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use super::File;
use super::failure::carried_in_std_words;

impl File {
    fn pinned(self: Pin<&mut Self>) -> Pin<&mut crate::File> {
        Pin::new(&mut self.get_mut().inner)
    }
}

impl AsyncRead for File {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let max = self.max_buf_size;
        if buf.remaining() <= max {
            return self.pinned().poll_read(cx, buf).map_err(carried_in_std_words);
        }
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(max));
        ready!(self.pinned().poll_read(cx, &mut part)).map_err(carried_in_std_words)?;
        let count = part.filled().len();
        buf.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for File {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let part = &buf[..buf.len().min(self.max_buf_size)];
        self.pinned().poll_write(cx, part).map_err(carried_in_std_words)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let max = self.max_buf_size;
        let polled = match cut(bufs, max) {
            None => self.pinned().poll_write_vectored(cx, bufs),
            Some(part) => self.pinned().poll_write_vectored(cx, &part),
        };
        polled.map_err(carried_in_std_words)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pinned().poll_flush(cx).map_err(carried_in_std_words)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pinned().poll_shutdown(cx).map_err(carried_in_std_words)
    }
}

impl AsyncSeek for File {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.pinned().start_seek(position).map_err(carried_in_std_words)
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.pinned().poll_complete(cx).map_err(carried_in_std_words)
    }
}

/// The first `max` bytes of `bufs`; `None` if they are no more than that.
fn cut<'a>(bufs: &'a [IoSlice<'_>], max: usize) -> Option<Vec<IoSlice<'a>>> {
    let mut room = max;
    let over = bufs.iter().position(|buf| match room.checked_sub(buf.len()) {
        Some(rest) => {
            room = rest;
            false
        }
        None => true,
    })?;
    let whole = bufs[..over].iter().map(|buf| &**buf);
    Some(whole.chain([&bufs[over][..room]]).map(IoSlice::new).collect())
}
