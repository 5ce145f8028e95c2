//! One open file as its callers see it: the way of an operation from the call to the answer.

use std::any::Any;
use std::fmt;
use std::fs::{File as StdFile, FileTimes, Metadata, Permissions};
use std::io::{IoSlice, SeekFrom};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use kameo::actor::ActorRef;

use crate::actor::file::{FileActor, Submit};
use crate::actor::shared::{Outcome, Queued, Reply, Shared};
use crate::admission::Permit;
use crate::error::{Cause, Error, Operation, Result};
use crate::file::{CursorMove, Footprint, Ordered, Span};
use crate::limits::{IN_PLACE_BYTES_MAX, RETRY_PAUSE_MAX, RETRY_PAUSE_MIN};
use crate::op::{Answer, Op, Place, describe::Describe, lock::Lock, read::Read, run::Run, seek, seek::Seek, sync::Sync, write::{Append, Payload, Write}};
use crate::reply::{self, Asker, Cancelled};
use crate::storage::LockKind;

/// A handle on one open plain file. Clones share the file: one actor, one cursor.
#[derive(Clone)]
pub struct FileHandle {
    inner: Arc<Inner>,
    /// How long an operation of this handle may take; not shared with clones made before it was set.
    time_limit: Option<Duration>,
    /// Whether an operation is refused instead of waiting for a permit.
    refuse: bool,
}

struct Inner {
    shared: Arc<Shared>,
    /// Started by the first operation that has to queue; most files never need it.
    actor: OnceLock<ActorRef<FileActor>>,
    /// Keeps the engine running as long as a file is open.
    _engine: Arc<dyn Any + Send + std::marker::Sync>,
}

/// An operation that was refused or failed, with the payload if no byte of it was taken.
#[derive(Debug)]
pub struct Rejected {
    /// Why.
    pub error: Error,
    /// The payload, if the operation was refused before it began.
    pub payload: Option<Bytes>,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Rejected {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Error {
        rejected.error
    }
}

impl FileHandle {
    pub(crate) fn new(shared: Arc<Shared>, engine: Arc<dyn Any + Send + std::marker::Sync>) -> Self {
        let inner = Arc::new(Inner { shared, actor: OnceLock::new(), _engine: engine });
        FileHandle { inner, time_limit: None, refuse: false }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// Puts the cursor of a file that was taken over where its kernel cursor stands.
    pub(crate) fn start_at(&self, position: u64) {
        self.shared().turn.take().state.shift(CursorMove::To(position));
    }

    /// Returns the path the file was opened by.
    pub fn path(&self) -> &Path {
        &self.shared().path
    }

    /// Returns whether writes always go to the end.
    pub fn is_append(&self) -> bool {
        self.shared().access.append
    }

    /// Returns a handle whose operations fail with a timeout after `limit`, saying whether they had begun.
    #[must_use]
    pub fn with_time_limit(&self, limit: Duration) -> Self {
        FileHandle { time_limit: Some(limit), ..self.clone() }
    }

    /// Returns a handle whose operations are refused where they would wait for a permit.
    #[must_use]
    pub fn refusing(&self) -> Self {
        FileHandle { refuse: true, ..self.clone() }
    }

    /// Returns the file's actor, starting it if no operation has needed it yet.
    pub fn actor(&self) -> ActorRef<FileActor> {
        self.inner.actor.get_or_init(|| FileActor::start(self.shared().clone())).clone()
    }
}

/// Reading.
impl FileHandle {
    /// Reads at `offset` into `buf`; at most 64 KiB where the kernel has them at hand.
    ///
    /// # Errors
    ///
    /// Whatever the read returns; [`Error::is_closed`] after a close.
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: a positioned read changes nothing.
    pub async fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        tokio::task::consume_budget().await;
        if let Some(count) = self.read_at_in_place(buf, offset) {
            return count;
        }
        let op = Op::Read(Read { place: Place::At(offset), len: buf.len() });
        Box::pin(self.read_into(op, buf)).await
    }

    /// Reads at the cursor into `buf` and moves the cursor; at most 64 KiB where the kernel has them at hand.
    ///
    /// # Errors
    ///
    /// Like [`read_at`](FileHandle::read_at).
    ///
    /// # Cancellation
    ///
    /// No byte is lost: the cursor counts a byte as read only when this returns it.
    pub async fn read(&self, buf: &mut [u8]) -> Result<usize> {
        tokio::task::consume_budget().await;
        if let Some(count) = self.read_in_place(buf) {
            return count;
        }
        let op = Op::Read(Read { place: Place::Cursor, len: buf.len() });
        Box::pin(self.read_into(op, buf)).await
    }

    /// Reads at most `len` bytes at `offset` (or at the cursor) into bytes of its own.
    ///
    /// # Errors
    ///
    /// Like [`read_at`](FileHandle::read_at).
    ///
    /// # Cancellation
    ///
    /// Like [`read`](FileHandle::read): no byte is lost.
    pub async fn read_bytes(&self, len: usize, offset: Option<u64>) -> Result<Bytes> {
        tokio::task::consume_budget().await;
        let wanted = len.min(IN_PLACE_BYTES_MAX);
        let mut buffer = self.shared().services.buffers.take(wanted);
        let room = buffer.room(wanted);
        let in_place = match offset {
            Some(offset) => self.read_at_in_place(room, offset),
            None => self.read_in_place(room),
        };
        if let Some(count) = in_place {
            buffer.fill(count?);
            return Ok(buffer.into_bytes());
        }
        drop(buffer);
        let place = offset.map_or(Place::Cursor, Place::At);
        match Box::pin(self.submit(Op::Read(Read { place, len }))).await? {
            Answer::Read(buffer, _) => Ok(buffer.into_bytes()),
            other => unexpected(&other),
        }
    }

    async fn read_into(&self, op: Op, buf: &mut [u8]) -> Result<usize> {
        match self.submit(op).await? {
            Answer::Read(buffer, _) => {
                let bytes = buffer.as_ref();
                buf[..bytes.len()].copy_from_slice(bytes);
                Ok(bytes.len())
            }
            other => unexpected(&other),
        }
    }

    fn read_at_in_place(&self, buf: &mut [u8], offset: u64) -> Option<Result<usize>> {
        let shared = self.shared();
        if shared.access.remote {
            return None;
        }
        let len = buf.len().min(IN_PLACE_BYTES_MAX);
        let result = if let Some(_turn) = shared.turn.share() {
            shared.file.read_now(&mut buf[..len], offset)?
        } else {
            let desk = shared.turn.take();
            let span = Span::Read(offset..offset.saturating_add(len as u64));
            if desk.state.is_closed() || !desk.state.is_free(&Footprint { span, cursor: false }) {
                return None;
            }
            shared.file.read_now(&mut buf[..len], offset)?
        };
        Some(self.count_in_place(result, offset))
    }

    fn read_in_place(&self, buf: &mut [u8]) -> Option<Result<usize>> {
        let shared = self.shared();
        if shared.access.remote {
            return None;
        }
        let mut desk = shared.turn.take();
        let offset = desk.state.position();
        let room = usize::try_from(desk.state.room()).unwrap_or(usize::MAX);
        let len = buf.len().min(IN_PLACE_BYTES_MAX).min(room);
        let span = Span::Read(offset..offset.saturating_add(len as u64));
        if desk.state.is_closed() || !desk.state.is_free(&Footprint { span, cursor: true }) {
            return None;
        }
        let result = shared.file.read_now(&mut buf[..len], offset)?;
        if let Ok(count) = &result {
            desk.state.shift(CursorMove::Read { offset, len: *count as u64 });
        }
        drop(desk);
        Some(self.count_in_place(result, offset))
    }

    fn count_in_place(&self, result: std::io::Result<usize>, offset: u64) -> Result<usize> {
        let shared = self.shared();
        shared.in_place.fetch_add(1, Ordering::Relaxed);
        match result {
            Ok(count) => {
                shared.bytes_in_place.fetch_add(count as u64, Ordering::Relaxed);
                Ok(count)
            }
            Err(error) => Err(Error::io(Operation::Read, error).at_path(shared.path.clone()).at_offset(offset)),
        }
    }
}

/// Writing.
impl FileHandle {
    /// Writes `bytes` at `offset`, or at the cursor and moves it. With `all` it either writes everything or
    /// fails; without, it may write a prefix.
    ///
    /// # Errors
    ///
    /// Whatever the write returns, with the bytes that did reach the file; [`Error::is_poisoned`] after a
    /// failed sync.
    ///
    /// # Cancellation
    ///
    /// Before it began: nothing happens. After: it finishes, and an error is reported by the next sync.
    pub async fn write(&self, bytes: &[u8], offset: Option<u64>, all: bool) -> Result<usize> {
        tokio::task::consume_budget().await;
        let payload = Payload::Copied(self.shared().services.buffers.copy(bytes));
        self.write_payload(payload, offset, all).await
    }

    /// Like [`write`](FileHandle::write), without a copy.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancellation
    ///
    /// As there.
    pub async fn write_bytes(&self, bytes: Bytes, offset: Option<u64>, all: bool) -> Result<usize> {
        self.write_payload(Payload::Shared(bytes), offset, all).await
    }

    /// Like [`write`](FileHandle::write), gathering from several slices.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancellation
    ///
    /// As there.
    pub async fn write_vectored(&self, slices: &[IoSlice<'_>], offset: Option<u64>, all: bool) -> Result<usize> {
        let payload = Payload::Copied(self.shared().services.buffers.gather(slices));
        self.write_payload(payload, offset, all).await
    }

    async fn write_payload(&self, payload: Payload, offset: Option<u64>, all: bool) -> Result<usize> {
        if payload.as_ref().is_empty() {
            return Ok(0);
        }
        let op = match offset {
            // Linux appends even positioned writes to such a file, so the offset would be a lie.
            Some(_) if self.is_append() => {
                let why = "a file opened for appending has no positioned writes";
                return Err(Error::invalid(Operation::Write, why).at_path(self.shared().path.clone()));
            }
            Some(offset) => Op::Write(Write { place: Place::At(offset), payload, all }),
            None if self.is_append() => Op::Append(Append { payload, moves_cursor: true, wants_offset: false }),
            None => Op::Write(Write { place: Place::Cursor, payload, all }),
        };
        match self.submit(op).await? {
            Answer::Written(count) => Ok(count),
            other => unexpected(&other),
        }
    }

    /// Adds `record` at the end in one piece and returns the offset where it begins.
    ///
    /// # Errors
    ///
    /// Like [`write`](FileHandle::write).
    ///
    /// # Cancellation
    ///
    /// Like [`write`](FileHandle::write).
    pub async fn append(&self, record: Bytes) -> Result<u64> {
        let op = Op::Append(Append { payload: Payload::Shared(record), moves_cursor: false, wants_offset: true });
        position(self.submit(op).await?)
    }

    /// Like [`append`](FileHandle::append), but refused at once where it would wait for a permit.
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the payload if it was refused, without if it failed.
    ///
    /// # Cancellation
    ///
    /// Like [`write`](FileHandle::write).
    pub async fn try_append(&self, record: Bytes) -> std::result::Result<u64, Rejected> {
        let kept = record.clone();
        let op = Op::Append(Append { payload: Payload::Shared(record), moves_cursor: false, wants_offset: true });
        let answer = self.try_submit(op, kept).await?;
        Ok(position(answer)?)
    }

    /// Like [`write_bytes`](FileHandle::write_bytes) with `all`, but refused at once where it would wait for a
    /// permit.
    ///
    /// # Errors
    ///
    /// [`Rejected`] with the payload if it was refused, without if it failed.
    ///
    /// # Cancellation
    ///
    /// Like [`write`](FileHandle::write).
    pub async fn try_write_at(&self, bytes: Bytes, offset: u64) -> std::result::Result<(), Rejected> {
        let kept = bytes.clone();
        let op = Op::Write(Write { place: Place::At(offset), payload: Payload::Shared(bytes), all: true });
        self.try_submit(op, kept).await.map(|_| ())
    }

    async fn try_submit(&self, op: Op, payload: Bytes) -> std::result::Result<Answer, Rejected> {
        match self.refusing().submit(op).await {
            Ok(answer) => Ok(answer),
            Err(error) if error.is_overloaded() => Err(Rejected { error, payload: Some(payload) }),
            Err(error) => Err(Rejected { error, payload: None }),
        }
    }
}

impl From<Error> for Rejected {
    fn from(error: Error) -> Self {
        Rejected { error, payload: None }
    }
}

/// Cursor, length, attributes, durability, locks.
impl FileHandle {
    /// Moves the cursor; arithmetic unless something is queued before it.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a position before the start or beyond `i64::MAX`.
    ///
    /// # Cancellation
    ///
    /// The cursor has moved or not; nothing else happens.
    pub async fn seek(&self, to: SeekFrom) -> Result<u64> {
        tokio::task::consume_budget().await;
        if let Some(result) = self.seek_in_place(to) {
            return result;
        }
        position(Box::pin(self.submit(Op::Seek(Seek { to }))).await?)
    }

    fn seek_in_place(&self, to: SeekFrom) -> Option<Result<u64>> {
        let shared = self.shared();
        let mut desk = shared.turn.take();
        let op = Seek { to };
        let asks_storage = matches!(to, SeekFrom::End(_));
        if desk.state.is_closed() || (asks_storage && shared.access.remote) || !desk.state.is_free(&op.footprint()) {
            return None;
        }
        shared.in_place.fetch_add(1, Ordering::Relaxed);
        match seek::target(to, desk.state.position(), || shared.file.len()) {
            Ok(position) => {
                desk.state.shift(op.leads(position));
                Some(Ok(position))
            }
            Err(error) => Some(Err(Error::io(Operation::Seek, error).at_path(shared.path.clone()))),
        }
    }

    /// Returns the attributes, in place where no write before it is still under way.
    ///
    /// # Errors
    ///
    /// Whatever `fstat` returns.
    ///
    /// # Cancellation
    ///
    /// Nothing happens.
    pub async fn metadata(&self) -> Result<Metadata> {
        tokio::task::consume_budget().await;
        if let Some(result) = self.metadata_in_place() {
            return result;
        }
        match Box::pin(self.submit(Op::Describe(Describe::Metadata))).await? {
            Answer::Metadata(metadata) => Ok(*metadata),
            other => unexpected(&other),
        }
    }

    fn metadata_in_place(&self) -> Option<Result<Metadata>> {
        let shared = self.shared();
        let desk = shared.turn.take();
        let footprint = Footprint { span: Span::LOOK, cursor: false };
        if shared.access.remote || desk.state.is_closed() || !desk.state.is_free(&footprint) {
            return None;
        }
        shared.in_place.fetch_add(1, Ordering::Relaxed);
        let path = || shared.path.clone();
        Some(shared.file.metadata().map_err(|error| Error::io(Operation::Metadata, error).at_path(path())))
    }

    /// Sets the length: cuts, or extends with zeros.
    ///
    /// # Errors
    ///
    /// Whatever `ftruncate` returns.
    ///
    /// # Cancellation
    ///
    /// Before it began: nothing happens. After: it finishes.
    pub async fn set_len(&self, len: u64) -> Result<()> {
        self.submit(Op::Describe(Describe::SetLen(len))).await.map(|_| ())
    }

    /// Changes the permissions.
    ///
    /// # Errors
    ///
    /// Whatever `fchmod` returns.
    ///
    /// # Cancellation
    ///
    /// Like [`set_len`](FileHandle::set_len).
    pub async fn set_permissions(&self, permissions: Permissions) -> Result<()> {
        self.submit(Op::Describe(Describe::SetPermissions(permissions))).await.map(|_| ())
    }

    /// Changes the timestamps.
    ///
    /// # Errors
    ///
    /// Whatever `futimens` returns.
    ///
    /// # Cancellation
    ///
    /// Like [`set_len`](FileHandle::set_len).
    pub async fn set_times(&self, times: FileTimes) -> Result<()> {
        self.submit(Op::Describe(Describe::SetTimes(times))).await.map(|_| ())
    }

    /// Makes everything acknowledged before it, on any clone, survive a power cut. Syncs that queue together
    /// cost one system call.
    ///
    /// # Errors
    ///
    /// The device's; that of an earlier write that failed; [`Error::is_poisoned`] after a failed sync.
    ///
    /// # Cancellation
    ///
    /// Before it began: nothing happens. After: it finishes, and a failure poisons the file.
    pub async fn sync(&self, all: bool) -> Result<()> {
        self.submit(Op::Sync(Sync { all })).await.map(|_| ())
    }

    /// Takes the advisory lock, waiting without a worker while someone else holds it.
    ///
    /// # Errors
    ///
    /// Whatever `flock` returns.
    ///
    /// # Cancellation
    ///
    /// The lock is not taken, or taken and released when the file closes, if the call was just then made.
    pub async fn lock(&self, kind: LockKind) -> Result<()> {
        let mut pause = RETRY_PAUSE_MIN;
        while !self.try_lock(kind).await? {
            self.shared().services.pause(pause).await;
            pause = (pause * 2).min(RETRY_PAUSE_MAX);
        }
        Ok(())
    }

    /// Takes the advisory lock if nobody else holds a conflicting one; says whether it did.
    ///
    /// # Errors
    ///
    /// Whatever `flock` returns.
    ///
    /// # Cancellation
    ///
    /// Like [`lock`](FileHandle::lock).
    pub async fn try_lock(&self, kind: LockKind) -> Result<bool> {
        match self.submit(Op::Lock(Lock::Try(kind))).await? {
            Answer::Locked(taken) => Ok(taken),
            other => unexpected(&other),
        }
    }

    /// Releases the advisory lock.
    ///
    /// # Errors
    ///
    /// Whatever `flock` returns.
    ///
    /// # Cancellation
    ///
    /// Like [`set_len`](FileHandle::set_len).
    pub async fn unlock(&self) -> Result<()> {
        self.submit(Op::Lock(Lock::Release)).await.map(|_| ())
    }

    /// Runs `closure` over the std file on a worker, while no other operation of this file runs.
    ///
    /// # Errors
    ///
    /// [`Error::is_panicked`] if it panics; an unsupported error if the storage has no std file.
    ///
    /// # Cancellation
    ///
    /// Before it began: it never runs. After: it finishes and its result is dropped.
    pub async fn run<T: Send + 'static>(&self, closure: impl FnOnce(&StdFile) -> T + Send + 'static) -> Result<T> {
        match self.submit(Op::Run(Run::new(closure))).await? {
            Answer::Value(value) => match value.downcast::<T>() {
                Ok(value) => Ok(*value),
                Err(_) => unreachable!("the closure's own type comes back"),
            },
            other => unexpected(&other),
        }
    }

    /// Waits for everything before it, then returns a std file of the same opening, its position included.
    ///
    /// # Errors
    ///
    /// Whatever duplicating the descriptor returns.
    ///
    /// # Cancellation
    ///
    /// Nothing happens.
    pub async fn to_std(&self) -> Result<StdFile> {
        self.run(|_| ()).await?;
        let shared = self.shared();
        let position = shared.turn.take().state.position();
        let path = || shared.path.clone();
        shared.file.to_std(position).map_err(|error| Error::io(Operation::Open, error).at_path(path()))
    }

    /// Reads at the cursor if that can be done now, without waiting for anything.
    ///
    /// # Errors
    ///
    /// Like [`read`](FileHandle::read).
    pub fn read_now(&self, buf: &mut [u8]) -> Result<Option<usize>> {
        self.read_in_place(buf).transpose()
    }

    /// Reads at `offset` if that can be done now, without waiting for anything.
    ///
    /// # Errors
    ///
    /// Like [`read_at`](FileHandle::read_at).
    pub fn read_at_now(&self, buf: &mut [u8], offset: u64) -> Result<Option<usize>> {
        self.read_at_in_place(buf, offset).transpose()
    }

    /// Waits for everything before it, then closes the file for every clone.
    ///
    /// # Errors
    ///
    /// What closing reports, and every failure that no caller has heard.
    ///
    /// # Cancellation
    ///
    /// Before it began: the file stays open. After: it is closed, and an error is logged.
    pub async fn close(&self) -> Result<()> {
        if self.close_in_place() {
            return Ok(());
        }
        self.submit(Op::Close).await.map(|_| ())
    }

    /// A file that cannot have changed has nothing to report, so closing it only shuts the door.
    fn close_in_place(&self) -> bool {
        let shared = self.shared();
        let mut desk = shared.turn.take();
        let footprint = Op::Close.footprint(0, u64::MAX);
        if shared.access.write || shared.access.remote || desk.state.is_closed() || !desk.state.is_free(&footprint) {
            return false;
        }
        shared.turn.close_gate(1);
        let drained = shared.turn.drain();
        if drained {
            desk.state.close();
        } else {
            shared.turn.open_gate(1);
        }
        drained
    }
}

/// The slow way.
impl FileHandle {
    /// Admits, queues and awaits one operation.
    async fn submit(&self, op: Op) -> Result<Answer> {
        let operation = op.operation();
        let Some(limit) = self.time_limit else {
            let asker = self.send(op).await?;
            return Pending { asker, shared: self.shared(), operation }.answer().await;
        };
        let late = |begun| self.shared().error(operation, Cause::TimedOut(limit)).begun(begun);
        let alarm = self.shared().services.pause(limit);
        tokio::pin!(alarm);
        let asker = tokio::select! {
            biased;
            asker = self.send(op) => asker?,
            () = &mut alarm => return Err(late(false)),
        };
        let mut pending = Pending { asker, shared: self.shared(), operation };
        tokio::select! {
            biased;
            answer = pending.answer() => return answer,
            () = alarm => {}
        }
        match pending.asker.cancel() {
            Cancelled::BeforeBegin => {
                self.shared().purge();
                Err(late(false))
            }
            Cancelled::Begun => Err(late(true)),
            Cancelled::Done(outcome) => outcome,
            Cancelled::Nothing => Err(self.shared().error(operation, Cause::Stopped)),
        }
    }

    /// Takes a permit and lets the operation take its place in the order.
    async fn send(&self, op: Op) -> Result<Asker<Outcome>> {
        let permit = self.admit(op.operation(), op.weight()).await?;
        let (replier, asker) = reply::channel();
        let queued = Queued { op, reply: Reply::Slot(replier), permit, arrived: Instant::now() };
        if let Some(mail) = self.shared().arrive(queued) {
            // A mailbox that is gone hands the mail back, and its drop answers the asker.
            drop(self.actor().tell(Submit(mail)).send().await);
        }
        Ok(asker)
    }

    async fn admit(&self, operation: Operation, weight: usize) -> Result<Permit> {
        let shared = self.shared();
        let admission = &shared.device.admission;
        let admitted =
            if self.refuse { admission.try_admit(weight) } else { admission.admit(weight).await };
        admitted.map_err(|cause| {
            if matches!(cause, Cause::Overloaded(_)) {
                crate::stats::add(&shared.services.stats.refusals, 1);
            }
            shared.error(operation, cause)
        })
    }
}

/// An operation under way. Dropping it gives up: what comes of it is taken care of.
struct Pending<'a> {
    asker: Asker<Outcome>,
    shared: &'a Arc<Shared>,
    operation: Operation,
}

impl Pending<'_> {
    async fn answer(&mut self) -> Result<Answer> {
        let outcome = (&mut self.asker).await;
        outcome.unwrap_or_else(|| Err(self.shared.error(self.operation, Cause::Stopped)))
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        match self.asker.cancel() {
            Cancelled::BeforeBegin => self.shared.purge(),
            Cancelled::Done(outcome) => self.shared.orphan(self.operation, outcome),
            Cancelled::Begun | Cancelled::Nothing => {}
        }
    }
}

fn position(answer: Answer) -> Result<u64> {
    match answer {
        Answer::Position(position) => Ok(position),
        other => unexpected(&other),
    }
}

/// Every operation has one kind of answer; another one is a bug in this crate.
fn unexpected<T>(answer: &Answer) -> T {
    unreachable!("an operation got the answer of another: {answer:?}")
}

impl fmt::Debug for FileHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileHandle").field("path", &self.path()).finish_non_exhaustive()
    }
}
