//! tokio's `AsyncRead`, `AsyncWrite` and `AsyncSeek` for `File`.
//!
//! Each handle has at most one operation under way by these traits. What the page cache holds is read in the
//! poll itself; anything else becomes a future that the handle keeps until it is done, so that a caller who
//! goes away and comes back finds its bytes.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use folio_engine::Handle;
use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use crate::{File, Result};

/// Bytes one poll reads in place: readers by trait come back at once, so each unit of their task's budget
/// stands for as much copying as elsewhere.
const POLL_BYTES_MAX: usize = 64 * 1024;

type Job<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// What a handle has under way. The lock is never taken: `get_mut` is all that is used. It makes the futures
/// inside shareable between threads, which they need not be by themselves.
#[derive(Default)]
pub(super) struct Pending {
    state: Mutex<State>,
}

#[derive(Default)]
enum State {
    /// Nothing.
    #[default]
    Idle,
    /// A read that could not be answered in place.
    Reading(Job<Bytes>),
    /// Bytes that were read for a larger buffer than the last one brought.
    Left(Bytes),
    /// A write and the bytes it was given, by which a repeated poll is told from a new write.
    Writing(Job<usize>, Bytes),
    /// A seek.
    Seeking(Job<u64>),
    /// A flush of what the file keeps back.
    Flushing(Job<()>),
}

impl Pending {
    fn state(&mut self) -> &mut State {
        self.state.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    /// Finishes what the handle has under way; bytes that were read and not fetched are taken back.
    fn poll_settle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = match self.pending.state() {
            State::Idle => return Poll::Ready(Ok(())),
            // Dropping the future gives the bytes back to the cursor.
            State::Reading(_) => Ok(()),
            State::Left(_) => Ok(()),
            State::Writing(job, _) => ready!(job.as_mut().poll(cx)).map(|_| ()),
            State::Seeking(job) => ready!(job.as_mut().poll(cx)).map(|_| ()),
            State::Flushing(job) => ready!(job.as_mut().poll(cx)),
        };
        *self.pending.state() = State::Idle;
        Poll::Ready(result.map_err(io::Error::from))
    }

    /// Puts what is left of the last read, and of `bytes`, where the caller wants it.
    fn deliver(&mut self, mut bytes: Bytes, buf: &mut ReadBuf<'_>) {
        let count = bytes.len().min(buf.remaining());
        buf.put_slice(&bytes[..count]);
        bytes.advance(count);
        *self.pending.state() = if bytes.is_empty() { State::Idle } else { State::Left(bytes) };
    }

    /// How far the cursor is ahead of what the caller has seen.
    fn unseen(&mut self) -> u64 {
        match self.pending.state() {
            State::Left(bytes) => bytes.len() as u64,
            State::Idle | State::Reading(_) | State::Writing(..) | State::Seeking(_) | State::Flushing(_) => {
                0
            }
        }
    }

    fn poll_put(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &dyn Fn() -> Bytes,
        is_same: &dyn Fn(&Bytes) -> bool,
    ) -> Poll<io::Result<usize>> {
        let repeated = matches!(self.pending.state(), State::Writing(_, given) if is_same(given));
        if !repeated {
            let back = self.unseen();
            ready!(self.poll_settle(cx))?;
            let (file, given) = (self.clone(), bytes());
            let payload = given.clone();
            let job: Job<usize> = Box::pin(async move {
                if back > 0 {
                    file.seek(SeekFrom::Current(0i64.saturating_sub_unsigned(back))).await?;
                }
                let len = payload.len();
                file.write_bytes(payload).await.map(|()| len)
            });
            *self.pending.state() = State::Writing(job, given);
        }
        let State::Writing(job, _) = self.pending.state() else { return Poll::Ready(Ok(0)) };
        let result = ready!(job.as_mut().poll(cx));
        *self.pending.state() = State::Idle;
        Poll::Ready(result.map_err(io::Error::from))
    }
}

impl AsyncRead for File {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !matches!(this.pending.state(), State::Idle | State::Reading(_) | State::Left(_)) {
            ready!(this.poll_settle(cx))?;
        }
        if let State::Left(bytes) = this.pending.state() {
            let bytes = std::mem::take(bytes);
            this.deliver(bytes, buf);
            return Poll::Ready(Ok(()));
        }
        if let (State::Idle, Handle::Plain(file)) = (this.pending.state(), this.handle.clone()) {
            let progress = ready!(tokio::task::coop::poll_proceed(cx));
            let room = buf.remaining().min(POLL_BYTES_MAX);
            if let Some(count) = file.read_now(buf.initialize_unfilled_to(room))? {
                progress.made_progress();
                buf.advance(count);
                return Poll::Ready(Ok(()));
            }
        }
        if let State::Idle = this.pending.state() {
            let (file, len) = (this.clone(), buf.remaining());
            *this.pending.state() = State::Reading(Box::pin(async move { file.read_bytes(len).await }));
        }
        let State::Reading(job) = this.pending.state() else { return Poll::Ready(Ok(())) };
        let result = ready!(job.as_mut().poll(cx));
        *this.pending.state() = State::Idle;
        this.deliver(result?, buf);
        Poll::Ready(Ok(()))
    }
}

/// A write is acknowledged when it is written. If a caller drops its write future and then writes other bytes,
/// the first write is finished before the second begins.
impl AsyncWrite for File {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_put(cx, &|| Bytes::copy_from_slice(buf), &|given| given == buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let gather = || bufs.iter().flat_map(|buf| buf.iter().copied()).collect::<Bytes>();
        self.poll_put(cx, &gather, &|given| *given == gather())
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.pending.state() {
            State::Writing(..) | State::Seeking(_) => ready!(self.poll_settle(cx))?,
            State::Flushing(_) | State::Idle | State::Reading(_) | State::Left(_) => {}
        }
        // What was read ahead stays: a flush moves no cursor.
        let flushes = matches!(&self.handle, Handle::Plain(file) if file.is_buffered());
        if flushes && let State::Idle = self.pending.state() {
            let file = self.clone();
            *self.pending.state() = State::Flushing(Box::pin(async move { file.flush().await }));
        }
        match self.pending.state() {
            State::Flushing(_) => self.poll_settle(cx),
            State::Writing(..) | State::Seeking(_) | State::Idle | State::Reading(_) | State::Left(_) => {
                Poll::Ready(Ok(()))
            }
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl AsyncSeek for File {
    fn start_seek(mut self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        let unseen = self.unseen();
        let to = match to {
            // The caller means what it has seen, not what was read ahead for it.
            SeekFrom::Current(delta) => SeekFrom::Current(delta.saturating_sub_unsigned(unseen)),
            SeekFrom::Start(_) | SeekFrom::End(_) => to,
        };
        if let State::Writing(..) | State::Seeking(_) | State::Flushing(_) = self.pending.state() {
            return Err(io::Error::other(
                "another operation of this handle is pending; poll_complete it first",
            ));
        }
        let file = self.clone();
        *self.pending.state() = State::Seeking(Box::pin(async move { file.seek(to).await }));
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = &mut *self;
        if let State::Writing(..) | State::Flushing(_) = this.pending.state() {
            ready!(this.poll_settle(cx))?;
        }
        if let State::Idle | State::Reading(_) | State::Left(_) = this.pending.state() {
            let unseen = this.unseen();
            let file = this.clone();
            let position: Job<u64> =
                Box::pin(async move { Ok(file.stream_position().await?.saturating_sub(unseen)) });
            if let State::Idle = this.pending.state() {
                *this.pending.state() = State::Seeking(position);
            } else {
                return Poll::Ready(Ok(0));
            }
        }
        let State::Seeking(job) = this.pending.state() else { return Poll::Ready(Ok(0)) };
        let result = ready!(job.as_mut().poll(cx));
        *this.pending.state() = State::Idle;
        Poll::Ready(result.map_err(io::Error::from))
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}
