//! FIFOs, sockets and terminals: driven by readiness, so that waiting for a peer never holds a worker.
//!
//! They have no offsets, so only whole writes have to be ordered among each other, and reads among reads; two
//! fair locks do that. Reads happen in the caller's poll; bytes read beyond the request stay behind the lock
//! for the next reader. Writes run as a task of the engine, so that a cancelled caller never leaves half a
//! record behind.

use std::any::Any;
use std::fmt;
use std::io::{self, IoSlice, IsTerminal};
use std::os::fd::{AsRawFd, RawFd};
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use memchr::{memchr, memchr_iter};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::admission::Client;
use crate::budget;
use crate::context::EngineContext;
use crate::context::running::{RequestInfo, RunningRequest};
use crate::error::{Cause, Error, Operation, Result};
use crate::limits::PIECE_BYTES;
use crate::priority::Priority;
use crate::stats::add;
use crate::storage::{Metadata, OpenRequest, StorageFile, errno};
use crate::stream::ReadAhead;

/// A handle on one open FIFO, socket or terminal. Clones share it.
#[derive(Clone)]
pub struct StreamHandle {
    inner: Arc<Inner>,
}

struct Inner {
    descriptor: AsyncFd<Descriptor>,
    path: Arc<Path>,
    context: Arc<EngineContext>,
    /// What the descriptor was opened for; it cannot be polled for anything else.
    interest: Interest,
    /// Serves readers in order of arrival.
    reading: Arc<Mutex<ReadAhead>>,
    /// Keeps each write contiguous.
    writing: Arc<Mutex<()>>,
    _engine: Arc<dyn Any + Send + Sync>,
}

struct Descriptor(Box<dyn StorageFile>);

impl AsRawFd for Descriptor {
    /// Only called for files that have a descriptor; the kernel refuses -1 like any closed one.
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_std().map_or(-1, AsRawFd::as_raw_fd)
    }
}

/// What to do with bytes that reach the limit without a delimiter.
#[derive(Clone, Copy, Debug)]
enum Overlong {
    /// Return them up to the limit.
    Returned,
    /// Refuse, and leave all of them for the next reader.
    Refused,
}

impl StreamHandle {
    /// Registers the descriptor with the engine's own reactor; returns it if it cannot be polled.
    pub(crate) fn new(
        file: Box<dyn StorageFile>,
        request: &OpenRequest,
        path: Arc<Path>,
        context: Arc<EngineContext>,
        engine: Arc<dyn Any + Send + Sync>,
    ) -> std::result::Result<Self, (Box<dyn StorageFile>, io::Error)> {
        let interest = match (request.read, request.write || request.append) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (false, true) => Interest::WRITABLE,
            (true | false, false) => Interest::READABLE,
        };
        let descriptor = register(Descriptor(file), interest, &context)?;
        add(&context.stats.opened, 1);
        let (reading, writing) = (Arc::default(), Arc::default());
        let inner = Inner { descriptor, path, context, interest, reading, writing, _engine: engine };
        Ok(StreamHandle { inner: Arc::new(inner) })
    }

    /// Returns the path it was opened by.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Returns the descriptor. The engine closes it.
    pub fn descriptor(&self) -> Option<RawFd> {
        self.as_std().map(AsRawFd::as_raw_fd)
    }

    /// Returns the std file, if the storage has one, in order to lend its descriptor.
    pub fn as_std(&self) -> Option<&std::fs::File> {
        self.inner.descriptor.get_ref().0.as_std()
    }

    /// Returns whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.as_std().is_some_and(IsTerminal::is_terminal)
    }

    /// Returns whether bytes were read ahead and not delivered, or may have been because a reader is active.
    pub fn has_read_ahead(&self) -> bool {
        self.inner.reading.try_lock().map_or(true, |ahead| !ahead.bytes().is_empty())
    }

    /// Waits until the stream is readable and reads the available bytes, at most `buf.len()`; 0 means that
    /// every peer has closed.
    ///
    /// # Errors
    ///
    /// Any error of the read.
    ///
    /// # Cancellation
    ///
    /// No byte is lost: bytes are taken only in the poll that returns them.
    pub async fn read(&self, buf: &mut [u8]) -> Result<usize> {
        let inner = &*self.inner;
        let read = async {
            let mut ahead = inner.reading.lock().await;
            if !ahead.bytes().is_empty() {
                return Ok(ahead.move_to(buf));
            }
            let read = |descriptor: &Descriptor| descriptor.0.read_stream(buf);
            inner.call(Interest::READABLE, read).await.inspect(|count| budget::charge_bytes(*count))
        };
        inner.read_unless_stopped(pin!(read)).await
    }

    /// Reads up to and including the first `delimiter`, at most `limit` bytes. If the last byte is no
    /// delimiter, the limit or the end of the stream came first; empty at the end.
    ///
    /// # Errors
    ///
    /// Any error of the read; bytes that arrived before stay for the next reader.
    ///
    /// # Cancellation
    ///
    /// No byte is lost: bytes that have arrived stay for the next reader.
    pub async fn read_until(&self, delimiter: u8, limit: usize) -> Result<Bytes> {
        Ok(self.read_ahead_until(Some(delimiter), limit, Overlong::Returned).await?.unwrap_or_default())
    }

    /// Reads `len` bytes, fewer only at the end of the stream.
    ///
    /// # Errors
    ///
    /// Like [`read_until`](StreamHandle::read_until).
    ///
    /// # Cancellation
    ///
    /// Like [`read_until`](StreamHandle::read_until).
    pub async fn read_full(&self, len: usize) -> Result<Bytes> {
        Ok(self.read_ahead_until(None, len, Overlong::Returned).await?.unwrap_or_default())
    }

    /// Reads up to and including the first `delimiter`, or to the end of the stream, if that is at most `limit`
    /// bytes without the delimiter; empty at the end.
    ///
    /// # Errors
    ///
    /// [`Error::is_too_long`] if there are more bytes, all of which stay for the next reader; like
    /// [`read_until`](StreamHandle::read_until).
    ///
    /// # Cancellation
    ///
    /// Like [`read_until`](StreamHandle::read_until).
    pub async fn read_line(&self, delimiter: u8, limit: usize) -> Result<Bytes> {
        let line = self.read_ahead_until(Some(delimiter), limit.saturating_add(1), Overlong::Refused).await?;
        line.ok_or_else(|| self.inner.too_long(limit))
    }

    /// Reads everything up to the end of the stream, if no line has more than `limit` bytes before its
    /// `delimiter`.
    ///
    /// # Errors
    ///
    /// [`Error::is_too_long`] if a line has, and all bytes stay for the next reader; any error of the read.
    ///
    /// # Cancellation
    ///
    /// Like [`read_until`](StreamHandle::read_until).
    pub async fn read_lines(&self, delimiter: u8, limit: usize) -> Result<Bytes> {
        let inner = &*self.inner;
        let read = async {
            let mut ahead = inner.reading.lock().await;
            let (mut start, mut searched) = (0, 0);
            loop {
                let available = ahead.bytes();
                for at in memchr_iter(delimiter, &available[searched..]).chain([available.len() - searched]) {
                    let end = searched + at;
                    if end - start > limit {
                        return Ok(None);
                    }
                    start = if end < available.len() { end + 1 } else { start };
                }
                searched = available.len();
                if inner.fill(&mut ahead).await? == 0 {
                    return Ok(Some(ahead.take(searched)));
                }
            }
        };
        inner.read_unless_stopped(pin!(read)).await?.ok_or_else(|| inner.too_long(limit))
    }

    /// Waits until the stream is readable and returns at most `len` bytes, which stay for the next reader;
    /// empty at the end.
    ///
    /// # Errors
    ///
    /// Any error of the read.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost.
    pub async fn peek(&self, len: usize) -> Result<Bytes> {
        let inner = &*self.inner;
        let peek = async {
            let mut ahead = inner.reading.lock().await;
            if ahead.bytes().is_empty() && len > 0 {
                inner.fill(&mut ahead).await?;
            }
            let available = ahead.bytes();
            Ok(Bytes::copy_from_slice(&available[..available.len().min(len)]))
        };
        inner.read_unless_stopped(pin!(peek)).await
    }

    /// Reads up to a delimiter or the limit; `None` if that is refused.
    async fn read_ahead_until(
        &self,
        delimiter: Option<u8>,
        limit: usize,
        overlong: Overlong,
    ) -> Result<Option<Bytes>> {
        let inner = &*self.inner;
        let read = async {
            let mut ahead = inner.reading.lock().await;
            let mut searched = 0;
            loop {
                let available = ahead.bytes();
                let available = &available[..available.len().min(limit)];
                let end = delimiter.and_then(|delimiter| memchr(delimiter, &available[searched..]));
                match (end, overlong) {
                    (Some(at), Overlong::Returned | Overlong::Refused) => {
                        return Ok(Some(ahead.take(searched + at + 1)));
                    }
                    (None, Overlong::Returned) if available.len() == limit => {
                        return Ok(Some(ahead.take(limit)));
                    }
                    (None, Overlong::Refused) if available.len() == limit => return Ok(None),
                    (None, Overlong::Returned | Overlong::Refused) => {}
                }
                searched = available.len();
                if inner.fill(&mut ahead).await? == 0 {
                    return Ok(Some(ahead.take(searched)));
                }
            }
        };
        inner.read_unless_stopped(pin!(read)).await
    }

    /// Writes all of `bytes`, waiting for the peer to make room; never interleaved with another write.
    ///
    /// # Errors
    ///
    /// Any error of the write (`EPIPE` if every reader has closed), with the number of bytes written.
    ///
    /// # Cancellation
    ///
    /// Before its permit: nothing happens. Afterwards: it continues until everything is written or the peer has
    /// closed.
    pub async fn write_all(&self, bytes: Bytes) -> Result<()> {
        self.write_when_admitted(bytes.len(), || bytes).await
    }

    /// Writes the concatenated slices, like [`write_all`](StreamHandle::write_all); without `all` only their
    /// first MiB. They are copied after the admission.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancellation
    ///
    /// As there.
    pub async fn write(&self, slices: &[IoSlice<'_>], all: bool) -> Result<usize> {
        let len = slices.iter().map(|slice| slice.len()).sum();
        let len = if all { len } else { PIECE_BYTES.min(len) };
        let read = || self.inner.context.buffers.copy_slices(slices, len).into_bytes();
        self.write_when_admitted(len, read).await.map(|()| len)
    }

    async fn write_when_admitted(&self, len: usize, bytes: impl FnOnce() -> Bytes) -> Result<()> {
        self.inner.here(Operation::Write)?;
        let inner = self.inner.clone();
        let admission = &inner.context.names.admission;
        let refuse = |cause| Error::new(Operation::Write, cause).at_path(self.inner.path.clone());
        let permit = admission.admit(len, Client::of_paths(Priority::Normal)).await.map_err(refuse)?;
        let bytes = bytes();
        let runtime = inner.context.runtime.clone();
        let turn = queue_lock(&inner.writing);
        let task = runtime.spawn(async move {
            let _permit = permit;
            let running = &inner.context.running_requests;
            let info = RequestInfo { operation: Operation::Write, path: inner.path.clone(), target: None };
            let key = running.begin(RunningRequest::new(info, Instant::now()));
            let key = key.ok_or_else(|| inner.stopped(Operation::Write))?;
            let mut done = 0;
            let mut stop = inner.context.stopped.subscribe();
            let result = tokio::select! {
                biased;
                result = inner.write_in_turn(turn, &bytes, &mut done) => result,
                _ = stop.wait_for(|stopped| *stopped) => Err(inner.stopped(Operation::Write)),
            };
            running.end(key);
            result.map_err(|error| error.after_bytes(done))
        });
        task.await.unwrap_or_else(|_| Err(refuse(Cause::Stopped)))
    }

    /// Returns the attributes.
    ///
    /// # Errors
    ///
    /// Any error of `fstat`.
    pub fn metadata(&self) -> Result<Metadata> {
        let inner = &*self.inner;
        inner.descriptor.get_ref().0.metadata().map_err(|error| inner.error(Operation::Metadata, error))
    }

    /// Returns a std file of the same stream, which shares its flags.
    ///
    /// # Errors
    ///
    /// Any error of duplicating the descriptor.
    pub fn to_std(&self) -> Result<std::fs::File> {
        self.inner.descriptor.get_ref().0.to_std(0).map_err(|error| self.inner.error(Operation::Open, error))
    }

    /// Does what [`to_std`](StreamHandle::to_std) does, with the only descriptor if this is the only handle.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn into_std(self) -> Result<std::fs::File> {
        let inner = self.inner.clone();
        drop(self);
        match Arc::try_unwrap(inner) {
            Ok(Inner { descriptor, path, .. }) => {
                let file: Arc<dyn StorageFile> = descriptor.into_inner().0.into();
                let unsupported =
                    || Error::io(Operation::Open, io::ErrorKind::Unsupported.into()).at_path(path);
                file.into_std(0).ok_or_else(unsupported)
            }
            Err(inner) => StreamHandle { inner }.to_std(),
        }
    }

    /// Refuses an operation that needs an offset, as the kernel does: `ESPIPE`.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn no_position<T>(&self, operation: Operation) -> Result<T> {
        Err(self.refusal(operation, errno::NO_POSITION))
    }

    /// Refuses an operation that the kernel refuses for streams with `EINVAL`.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn unsupported<T>(&self, operation: Operation) -> Result<T> {
        Err(self.refusal(operation, errno::INVALID))
    }

    fn refusal(&self, operation: Operation, errno: i32) -> Error {
        self.inner.error(operation, errno::error(errno))
    }
}

/// What polls need: calls that are made at once or not at all, and waits.
impl StreamHandle {
    pub(crate) fn reading(&self) -> &Arc<Mutex<ReadAhead>> {
        &self.inner.reading
    }

    pub(crate) fn writing(&self) -> &Arc<Mutex<()>> {
        &self.inner.writing
    }

    pub(crate) fn context(&self) -> &Arc<EngineContext> {
        &self.inner.context
    }

    pub(crate) fn failed(&self, operation: Operation, error: io::Error) -> Error {
        self.inner.error(operation, error)
    }

    /// Refuses if the engine has stopped, or belongs to the parent process.
    pub(crate) fn check_running(&self, operation: Operation) -> Result<()> {
        self.inner.here(operation)?;
        match *self.inner.context.stopped.borrow() {
            true => Err(self.inner.stopped(operation)),
            false => Ok(()),
        }
    }

    pub(crate) fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.try_call(Interest::READABLE, |descriptor| descriptor.0.read_stream(buf))?;
        add(&self.inner.context.stats.in_place, 1);
        budget::charge_bytes(count);
        Ok(count)
    }

    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.try_call(Interest::WRITABLE, |descriptor| descriptor.0.write_stream(bytes))?;
        add(&self.inner.context.stats.bytes_written, count as u64);
        budget::charge_bytes(count);
        Ok(count)
    }

    /// Waits until another attempt makes sense.
    pub(crate) async fn ready(&self, interest: Interest) -> Result<()> {
        let operation = if interest.is_readable() { Operation::Read } else { Operation::Write };
        let mut stop = self.inner.context.stopped.subscribe();
        let ready = self.inner.descriptor.ready(interest);
        tokio::select! {
            biased;
            ready = ready => ready.map(drop).map_err(|error| self.inner.error(operation, error)),
            _ = stop.wait_for(|stopped| *stopped) => Err(self.inner.stopped(operation)),
        }
    }
}

impl Drop for StreamHandle {
    /// In a forked child the reactor's descriptor is still the parent's: deregistering a stream here would
    /// leave the parent waiting for ever, so it stays registered until the child ends.
    fn drop(&mut self) {
        if self.inner.context.here().is_err() {
            std::mem::forget(self.inner.clone());
        }
    }
}

/// A place in the queue of writers.
type QueuedLock = Pin<Box<dyn Future<Output = OwnedMutexGuard<()>> + Send>>;

/// Queues at once: a cancelled write that continues must not be overtaken by a later one.
fn queue_lock(lock: &Arc<Mutex<()>>) -> QueuedLock {
    let mut queued = Box::pin(lock.clone().lock_owned());
    match queued.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(turn) => Box::pin(std::future::ready(turn)),
        Poll::Pending => queued,
    }
}

fn register(
    descriptor: Descriptor,
    interest: Interest,
    context: &EngineContext,
) -> std::result::Result<AsyncFd<Descriptor>, (Box<dyn StorageFile>, io::Error)> {
    let _entered = context.runtime.enter();
    #[expect(
        deprecated,
        reason = "its successor is unsafe; what that asks for holds: one descriptor, kept open"
    )]
    let registered = AsyncFd::try_with_interest(descriptor, interest);
    registered.map_err(|refused| {
        let (Descriptor(file), error) = refused.into_parts();
        (file, error)
    })
}

impl Inner {
    /// Makes the call if it need not wait. A write is attempted, since some devices never report readiness. A
    /// read is not, unless there was something to read: a FIFO that has had no writer yet looks like one that
    /// all writers have closed.
    fn try_call<T>(
        &self,
        interest: Interest,
        mut call: impl FnMut(&Descriptor) -> io::Result<T>,
    ) -> io::Result<T> {
        let opened = self.is_open_for(interest);
        if !opened || interest.is_writable() {
            match call(self.descriptor.get_ref()) {
                Err(error) if opened && error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
        // Through the reactor, which then records that the stream is not ready.
        self.descriptor.try_io(interest, call)
    }

    fn is_open_for(&self, interest: Interest) -> bool {
        match interest.is_readable() {
            true => self.interest.is_readable(),
            false => self.interest.is_writable(),
        }
    }

    /// Makes the call when it need not wait; at once if the descriptor was not opened for it, since the kernel
    /// refuses it then and readiness would never come.
    async fn call<T>(
        &self,
        interest: Interest,
        mut call: impl FnMut(&Descriptor) -> io::Result<T>,
    ) -> io::Result<T> {
        budget::spend().await;
        match self.try_call(interest, &mut call) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && self.is_open_for(interest) => {}
            result => return result,
        }
        self.descriptor.async_io(interest, call).await
    }

    /// Reads ahead; the bytes are stored in the poll that read them.
    async fn fill(&self, ahead: &mut ReadAhead) -> io::Result<usize> {
        let fill = |descriptor: &Descriptor| ahead.fill(|room| descriptor.0.read_stream(room));
        self.call(Interest::READABLE, fill).await.inspect(|count| budget::charge_bytes(*count))
    }

    async fn read_unless_stopped<T>(&self, read: impl Future<Output = io::Result<T>>) -> Result<T> {
        self.here(Operation::Read)?;
        let mut stop = self.context.stopped.subscribe();
        let result = tokio::select! {
            biased;
            result = read => result,
            _ = stop.wait_for(|stopped| *stopped) => return Err(self.stopped(Operation::Read)),
        };
        add(&self.context.stats.in_place, 1);
        result.map_err(|error| self.error(Operation::Read, error))
    }

    async fn write_in_turn(&self, turn: QueuedLock, bytes: &[u8], done: &mut u64) -> Result<()> {
        let _turn = turn.await;
        let mut rest = bytes;
        while !rest.is_empty() {
            let write = |descriptor: &Descriptor| descriptor.0.write_stream(rest);
            let count = self.call(Interest::WRITABLE, write).await;
            let count = count.map_err(|error| self.error(Operation::Write, error))?;
            budget::charge_bytes(count);
            *done += count as u64;
            rest = &rest[count..];
        }
        add(&self.context.stats.bytes_written, bytes.len() as u64);
        Ok(())
    }

    fn here(&self, operation: Operation) -> Result<()> {
        let refuse = |cause| Error::new(operation, cause).at_path(self.path.clone());
        self.context.here().map_err(refuse)
    }

    fn stopped(&self, operation: Operation) -> Error {
        Error::new(operation, Cause::Stopped).at_path(self.path.clone())
    }

    fn too_long(&self, limit: usize) -> Error {
        Error::too_long(Operation::Read, limit as u64).at_path(self.path.clone())
    }

    fn error(&self, operation: Operation, error: io::Error) -> Error {
        Error::io(operation, error).at_path(self.path.clone())
    }
}

impl fmt::Debug for StreamHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamHandle").field("path", &self.path()).finish_non_exhaustive()
    }
}
