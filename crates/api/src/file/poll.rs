//! tokio's `AsyncRead`, `AsyncWrite` and `AsyncSeek` for `File`.
//!
//! The engine implements the polling; this module passes it the handle's state, and makes the handle's methods wait for
//! operations that the traits have begun.

use std::future::poll_fn;
use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use folio_engine::Handle;
use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use crate::{File, Operation, Result};

impl File {
    /// Waits for this handle's pending operations by the traits, so that a method comes after them.
    ///
    /// Returns their failure, as that of an earlier write, unless a caller has received it already.
    pub(super) async fn settle(&self, operation: Operation) -> Result<()> {
        match self.pending.is_busy() {
            true => {
                let settled = Box::pin(self.settle_polled()).await;
                settled.map_err(|error| error.of_earlier_write(operation))
            }
            false => Ok(()),
        }
    }

    /// Like [`settle`](File::settle), but returns the failure unchanged.
    pub(super) async fn settle_polled(&self) -> Result<()> {
        let Handle::Plain(file) = &self.handle else { return Ok(()) };
        if !self.pending.is_busy() {
            return Ok(());
        }
        let _alone = self.pending.settling.lock().await;
        let settled = poll_fn(|cx| {
            let mut polled = self.pending.lock();
            let Some(polled) = &mut *polled else { return Poll::Ready(Ok(())) };
            ready!(file.poll_sought(polled, cx))?;
            file.poll_settled(polled, cx)
        });
        let settled = settled.await;
        let busy = self.pending.lock().as_ref().is_some_and(|polled| polled.is_busy());
        self.pending.busy.store(busy, Ordering::Relaxed);
        settled
    }

    /// Waits for this handle's pending operations by the traits before a sync or close. The caller continues after a failure
    /// too, and returns it: it is owed to this caller, not to the next one.
    pub(super) async fn settle_to_vouch(&self) -> Result<()> {
        match self.pending.is_busy() {
            true => Box::pin(self.settle_polled()).await,
            false => Ok(()),
        }
    }

    /// Waits for this handle's pending seek by the traits.
    pub(super) async fn settle_cursor(&self) {
        if self.pending.is_busy()
            && let Handle::Plain(file) = &self.handle
        {
            let _alone = Box::pin(self.pending.settling.lock()).await;
            // A failed seek leaves the cursor where it is, and its failure belongs to its own caller.
            let sought = poll_fn(|cx| match &mut *self.pending.lock() {
                Some(polled) => file.poll_sought(polled, cx),
                None => Poll::Ready(Ok(())),
            });
            let _ = Box::pin(sought).await;
        }
    }

    /// Marks the file's current state.
    pub(super) fn mark(&self) -> Result<u64> {
        match &self.handle {
            Handle::Plain(file) => file.mark(),
            Handle::Stream(_) => Ok(0),
        }
    }

    /// Whether bytes read at `offset` after the mark are still current.
    pub(super) fn is_as_marked(&self, mark: u64, offset: u64, len: usize) -> bool {
        match &self.handle {
            Handle::Plain(file) => file.is_as_marked(mark, offset, len),
            Handle::Stream(_) => true,
        }
    }

    /// Drops the unwritten rest of an accepted write, which is not retried once the cursor or the length changes.
    pub(super) fn forget_rest(&self) {
        if self.pending.is_busy() {
            self.pending.lock().iter_mut().for_each(|polled| polled.forget_rest());
        }
    }

    fn poll_put(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let put = match &self.handle {
            Handle::Plain(file) => file.poll_write(self.pending.polled(), cx, slices),
            Handle::Stream(stream) => stream.poll_write(self.pending.polled(), cx, slices),
        };
        self.pending.note();
        put.map_err(io::Error::from)
    }
}

/// The cursor moves in the poll that returns the bytes: a read that is dropped takes nothing, and the next read, by this
/// trait, by a method or by another handle, starts where the last one ended.
impl AsyncRead for File {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let read = match &this.handle {
            Handle::Plain(file) => file.poll_read(this.pending.polled(), cx, buf),
            Handle::Stream(stream) => stream.poll_read(this.pending.polled(), cx, buf),
        };
        this.pending.note();
        ready!(read)?;
        Poll::Ready(Ok(()))
    }
}

/// `Ready(n)` means that `n` bytes were accepted and have their place in the file's order: every later read, length and
/// sync, by any handle, comes after them. They are written without another poll, and are not lost when the handle is
/// dropped or the process ends. `Pending` means that nothing was accepted.
///
/// Each handle has at most one pending write, of at most 2 MiB. If it fails after its poll has returned, the next write,
/// flush, shutdown, sync or close of this handle returns the error, once; the next write or flush after that first retries
/// the unwritten rest. A flush and a shutdown wait for the write.
impl AsyncWrite for File {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_put(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_put(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let flushed = match &this.handle {
            Handle::Plain(file) => file.poll_flush(this.pending.polled(), cx),
            // A stream's bytes are with the kernel when they are accepted.
            Handle::Stream(_) => Poll::Ready(Ok(())),
        };
        this.pending.note();
        flushed.map_err(io::Error::from)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl AsyncSeek for File {
    fn start_seek(mut self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        let this = &mut *self;
        let started = match &this.handle {
            Handle::Plain(file) => {
                file.start_seek(this.pending.polled(), to);
                Ok(())
            }
            Handle::Stream(stream) => stream.no_position(Operation::Seek),
        };
        this.pending.note();
        Ok(started?)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = &mut *self;
        let sought = match &this.handle {
            Handle::Plain(file) => file.poll_seek(this.pending.polled(), cx),
            Handle::Stream(stream) => Poll::Ready(stream.no_position(Operation::Seek)),
        };
        this.pending.note();
        sought.map_err(io::Error::from)
    }
}
