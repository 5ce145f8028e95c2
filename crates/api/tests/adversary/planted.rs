//! Files that are wrong on purpose, each in a way that was seen in the wild: the caller must find every one of them, and
//! nothing in the one that is right.

use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};

use folio_testkit::Random;
use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use crate::handle::{Answer, Calling, Closing, Handle, Method};
use crate::subject::{Can, Ending, Subject};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    None,
    /// A write is begun and answered `Pending`, and known again by equal bytes.
    TakesOnPending,
    /// A read that is given up has moved the cursor.
    MovesOnPending,
    /// What a read found is kept for the next poll, whatever happens in between.
    KeepsStale,
    /// What was accepted is written by the handle's next call, and seen by nobody before.
    WritesLate,
    /// A seek goes on from where the cursor was when it was begun.
    SeeksFromTheBeginning,
    /// A flush does not wait.
    FlushesNothing,
}

impl Fault {
    pub(crate) const ALL: [Fault; 6] = [
        Fault::TakesOnPending,
        Fault::MovesOnPending,
        Fault::KeepsStale,
        Fault::WritesLate,
        Fault::SeeksFromTheBeginning,
        Fault::FlushesNothing,
    ];
}

/// A file in memory that is sometimes pending.
struct Planted {
    plain: Arc<Mutex<Plain>>,
    fault: Fault,
    dice: Random,
    taken: Option<Vec<u8>>,
    found: Option<Vec<u8>>,
    late: Vec<u8>,
    begun: Option<(SeekFrom, u64)>,
}

#[derive(Default)]
struct Plain {
    bytes: Vec<u8>,
    cursor: u64,
}

impl Plain {
    fn write(&mut self, bytes: &[u8]) {
        let (start, end) = (self.cursor as usize, self.cursor as usize + bytes.len());
        if !bytes.is_empty() {
            let len = self.bytes.len().max(end);
            self.bytes.resize(len, 0);
            self.bytes[start..end].copy_from_slice(bytes);
            self.cursor = end as u64;
        }
    }

    fn peek(&self, len: usize) -> Vec<u8> {
        let rest = self.bytes.get(self.cursor as usize..).unwrap_or_default();
        rest[..rest.len().min(len)].to_vec()
    }

    fn read(&mut self, len: usize) -> Vec<u8> {
        let bytes = self.peek(len);
        self.cursor += bytes.len() as u64;
        bytes
    }

    fn seek(&mut self, to: SeekFrom, cursor: u64) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(delta) => cursor.checked_add_signed(delta),
            SeekFrom::End(delta) => (self.bytes.len() as u64).checked_add_signed(delta),
        };
        self.cursor = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.cursor)
    }
}

/// A file with `fault` to call.
pub(crate) fn planted(fault: Fault, seed: u64) -> Subject {
    let plain = Arc::new(Mutex::new(Plain::default()));
    let held = Arc::clone(&plain);
    let ending = Ending::AtOnce(Box::new(move || held.lock().expect("no holder panics").bytes.clone()));
    let (write, read, seek, set_len, length, twins) = (true, true, true, true, true, true);
    let can = Can { write, read, seek, set_len, length, twins, ..Can::default() };
    let handle = Box::new(Planted::new(plain, fault, seed));
    Subject { handle, bytes: Vec::new(), cursor: 0, appends: false, can, ending, kept: Box::new(()) }
}

impl Planted {
    fn new(plain: Arc<Mutex<Plain>>, fault: Fault, seed: u64) -> Planted {
        let (dice, late) = (Random::new(seed), Vec::new());
        Planted { plain, fault, dice, taken: None, found: None, late, begun: None }
    }

    fn plain(&self) -> MutexGuard<'_, Plain> {
        self.plain.lock().expect("no holder panics")
    }

    fn poll_turn(&mut self, cx: &Context<'_>) -> Poll<()> {
        let late = std::mem::take(&mut self.late);
        self.plain().write(&late);
        if self.dice.chance(50) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

impl AsyncWrite for Planted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.taken.take().is_some_and(|taken| taken == buf) {
            return Poll::Ready(Ok(buf.len()));
        }
        if self.poll_turn(cx).is_pending() {
            if self.fault == Fault::TakesOnPending {
                self.plain().write(buf);
                self.taken = Some(buf.to_vec());
            }
            return Poll::Pending;
        }
        self.begun = None;
        match self.fault {
            Fault::WritesLate | Fault::FlushesNothing => self.late = buf.to_vec(),
            Fault::None
            | Fault::TakesOnPending
            | Fault::MovesOnPending
            | Fault::KeepsStale
            | Fault::SeeksFromTheBeginning => self.plain().write(buf),
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.fault == Fault::FlushesNothing { Poll::Ready(Ok(())) } else { self.poll_turn(cx).map(Ok) }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl AsyncRead for Planted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = buf.remaining();
        if let Some(mut found) = self.found.take() {
            found.truncate(room);
            if self.fault == Fault::KeepsStale {
                self.plain().cursor += found.len() as u64;
            }
            buf.put_slice(&found);
            return Poll::Ready(Ok(()));
        }
        if self.poll_turn(cx).is_pending() {
            if self.fault == Fault::MovesOnPending {
                let found = self.plain().read(room);
                self.found = Some(found);
            } else if self.fault == Fault::KeepsStale {
                let found = self.plain().peek(room);
                self.found = Some(found);
            }
            return Poll::Pending;
        }
        self.begun = None;
        buf.put_slice(&self.plain().read(room));
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for Planted {
    fn start_seek(mut self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        let cursor = self.plain().cursor;
        self.begun = Some((to, cursor));
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        ready!(self.poll_turn(cx));
        let begun = self.begun.take();
        let mut plain = self.plain();
        let now = plain.cursor;
        Poll::Ready(match begun {
            None => Ok(now),
            Some((to, then)) if self.fault == Fault::SeeksFromTheBeginning => plain.seek(to, then),
            Some((to, _)) => plain.seek(to, now),
        })
    }
}

impl Handle for Planted {
    fn call<'a>(&'a mut self, method: &'a Method) -> Calling<'a> {
        let mut plain = self.plain();
        let cursor = plain.cursor;
        let answer = match method {
            Method::Read(len) => Ok(Answer::Bytes(plain.read(*len))),
            Method::Seek(to) => plain.seek(*to, cursor).map(Answer::Number),
            Method::Position => Ok(Answer::Number(cursor)),
            Method::Length => Ok(Answer::Number(plain.bytes.len() as u64)),
            Method::WriteAll(bytes) => {
                plain.write(bytes);
                Ok(Answer::Done)
            }
            Method::SetLen(len) => {
                plain.bytes.resize(*len as usize, 0);
                Ok(Answer::Done)
            }
            Method::Flush => Ok(Answer::Done),
            Method::ReadAt(..) | Method::WriteAt(..) | Method::Append(_) | Method::Sync => {
                unreachable!("it has no {method:?}")
            }
        };
        Box::pin(std::future::ready(answer))
    }

    fn twin(&self) -> Option<Box<dyn Handle>> {
        Some(Box::new(Planted::new(Arc::clone(&self.plain), self.fault, self.dice.clone().bits())))
    }

    fn close(self: Box<Self>) -> Closing {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// What was accepted is not lost by a drop: a caller who sees nothing else wrong must find the fault by itself.
impl Drop for Planted {
    fn drop(&mut self) {
        let late = std::mem::take(&mut self.late);
        self.plain().write(&late);
    }
}
