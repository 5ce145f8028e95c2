//! A file written as a whole from bytes that its caller lends: opened, written piece by piece, closed.

use std::future::{Future, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::admission::{Client, Permit};
use crate::budget;
use crate::context::descriptors::are_used_up;
use crate::context::panics::{self as context_panics, panic_text};
use crate::context::paused_clock::HoldsClock;
use crate::context::running::{RequestInfo, RunningRequest};
use crate::context::{Device, EngineContext};
use crate::error::{Cause, Operation, Result};
use crate::file_op::Payload;
use crate::file_op::lent::{Contents, Lender, Lent, Writer};
use crate::limits::PIECE_BYTES;
use crate::oneshot;
use crate::op::PathRequest;
use crate::op::whole::{Begun, Overwrite, Whole};
use crate::path::call::{EitherJob, PendingCall, Unstarted, place, record_unreported};
use crate::path::descriptor_wait::DescriptorWait;
use crate::pool::Job;
use crate::priority::Priority;
use crate::stats::add;
use crate::storage::AsyncStorage;

impl EngineContext {
    /// Replaces the contents of the file that `open` opens; returns a stream without writing to it.
    pub(crate) async fn write_whole<R: PathRequest<Reply = Begun>>(
        self: &Arc<Self>,
        mut open: R,
        contents: Contents<'_>,
        priority: Priority,
    ) -> Result<Whole<()>> {
        budget::spend().await;
        self.here().map_err(|cause| RequestInfo::of(&open).refusal(cause))?;
        if self.names.admission.is_stopping() {
            return Err(RequestInfo::of(&open).refusal(Cause::Stopped));
        }
        if self.final_writes.is_any() {
            open = Box::pin(self.wait_for_final_writes(open, priority)).await?;
        }
        let mut wait = DescriptorWait::default();
        loop {
            let again = open.again();
            match (self.write_whole_once(open, contents.clone(), priority).await, again) {
                (Err(error), Some(again)) if are_used_up(&error) => {
                    if !self.wait_for_descriptor(&mut wait).await {
                        return Err(error);
                    }
                    open = again;
                }
                (outcome, _) => return outcome,
            }
        }
    }

    async fn write_whole_once<R: PathRequest<Reply = Begun>>(
        self: &Arc<Self>,
        open: R,
        contents: Contents<'_>,
        priority: Priority,
    ) -> Result<Whole<()>> {
        let (info, device) = (RequestInfo::of(&open), self.device_for(&open));
        let admitted = device.admission.admit(contents.len(), Client::of_paths(priority)).await;
        let permit = admitted.map_err(|cause| info.refusal(cause))?;
        let contents_len = contents.len();
        let mut lender = Lender::new(contents, self.buffers.clone());
        let (sender, receiver) = oneshot::channel();
        let unstarted = Arc::new(Mutex::new(Some((open, permit))));
        let job = WholeJob {
            unstarted: unstarted.clone(),
            sender,
            lent: lender.lent(),
            context: self.clone(),
            device: device.clone(),
            arrived: Instant::now(),
            priority,
        };
        // If this future is dropped, the lender leaves a copy of the remaining bytes.
        let job = self.start(place(&device, contents_len, priority), job);
        let mut pending = PendingCall { receiver, unstarted, job, context: self };
        let outcome = poll_fn(|cx| {
            lender.poll(cx);
            Pin::new(&mut pending.receiver).poll(cx)
        });
        let outcome = HoldsClock::new(outcome).await;
        outcome.unwrap_or_else(|lost| Err(info.refusal(self.cause_of(lost))))
    }
}

struct WholeJob<R> {
    unstarted: Arc<Unstarted<R>>,
    sender: oneshot::Sender<Result<Whole<()>>>,
    lent: Arc<Lent>,
    context: Arc<EngineContext>,
    device: Arc<Device>,
    arrived: Instant,
    priority: Priority,
}

impl<R: PathRequest<Reply = Begun>> WholeJob<R> {
    /// Begins, unless the caller has given up, and returns what opens the file.
    fn start(self) -> Option<(R, Box<WholeWrite>)> {
        let WholeJob { unstarted, sender, lent, context, device, arrived, priority } = self;
        if !sender.begin() {
            return None;
        }
        let begun = unstarted.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (open, permit) = begun.expect("only a caller that gave up before the beginning takes it back");
        if !lent.begin() {
            // The caller gave up in between: nothing has been done, and no caller is left.
            return None;
        }
        let (info, begun) = (RequestInfo::of(&open), Instant::now());
        let running = RunningRequest::new(info.clone(), begun).of(sender.abandoner());
        let Some(request) = context.running_requests.begin(running) else {
            lent.end();
            // A caller that is gone needs no refusal.
            let _ = sender.send(Err(info.refusal(Cause::Stopped)));
            return None;
        };
        let end = Some(WriteEnd { sender, permit, info, request });
        let writing =
            WholeWrite { context, device, lent, priority, arrived, begun, file: None, done: 0, end };
        Some((open, Box::new(writing)))
    }
}

impl<R: PathRequest<Reply = Begun>> EitherJob for WholeJob<R> {
    async fn run_later(self, storage: Arc<dyn AsyncStorage>) {
        let Some((open, mut writing)) = self.start() else { return };
        let opened = guarded_later(async move { open.execute_later(storage).await }).await;
        if writing.has_file(opened) {
            writing.write_on_later().await;
        }
    }
}

impl<R: PathRequest<Reply = Begun>> Job for WholeJob<R> {
    fn run(self: Box<Self>) {
        let Some((open, mut writing)) = self.start() else { return };
        let opened = guarded(|| open.execute(&*writing.context.storage));
        if writing.has_file(opened) {
            writing.write_on();
        }
    }
}

/// A write of a whole file under way.
struct WholeWrite {
    context: Arc<EngineContext>,
    /// In whose lane its pieces wait.
    device: Arc<Device>,
    lent: Arc<Lent>,
    priority: Priority,
    arrived: Instant,
    begun: Instant,
    /// `None` once it is closed, or could not be opened.
    file: Option<Overwrite>,
    /// Number of bytes written.
    done: usize,
    /// `None` once it has ended.
    end: Option<WriteEnd>,
}

/// What is used up by its end.
struct WriteEnd {
    sender: oneshot::Sender<Result<Whole<()>>>,
    permit: Permit,
    info: RequestInfo,
    request: u64,
}

impl WholeWrite {
    /// Takes the file that was opened; ends if there is none to be written.
    fn has_file(&mut self, opened: std::result::Result<Begun, Cause>) -> bool {
        match opened {
            Ok(Ok(file)) => self.file = Some(file),
            Ok(Err(stream)) => self.end(Ok(Whole::Stream(stream))),
            Err(cause) => self.end(Err(cause)),
        }
        self.file.is_some()
    }

    /// Writes the queued pieces, and is parked if more are to come.
    fn write_on(self: Box<Self>) {
        let lent = self.lent.clone();
        let mut this = self;
        while this.done < lent.len() {
            let Some((mut writing, piece)) = lent.next(this) else { return };
            if let Err(cause) = writing.write(&piece) {
                return writing.end(Err(cause));
            }
            this = writing;
        }
        let closed = match this.file.take() {
            Some(file) => guarded(|| file.close()),
            None => Ok(()),
        };
        this.end(closed.map(Whole::Done));
    }

    fn write(&mut self, piece: &Payload) -> std::result::Result<(), Cause> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let result = guarded(|| file.write(piece.as_ref()));
        self.done = file.len();
        result
    }

    /// Does what [`write_on`](WholeWrite::write_on) does, on a storage whose calls answer later.
    async fn write_on_later(self: Box<Self>) {
        let lent = self.lent.clone();
        let mut this = self;
        while this.done < lent.len() {
            let Some((mut writing, piece)) = lent.next(this) else { return };
            if let Err(cause) = writing.write_later(piece).await {
                if let Some(file) = writing.file.take() {
                    drop(context_panics::guarded(file.abandon_later()).await);
                }
                return writing.end(Err(cause));
            }
            this = writing;
        }
        let closed = match this.file.take() {
            Some(file) => guarded_later(file.close_later()).await,
            None => Ok(()),
        };
        this.end(closed.map(Whole::Done));
    }

    async fn write_later(&mut self, piece: Payload) -> std::result::Result<(), Cause> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let result = guarded_later(file.write_later(piece.into_bytes())).await;
        self.done = file.len();
        result
    }

    fn end(&mut self, result: std::result::Result<Whole<()>, Cause>) {
        let Some(WriteEnd { sender, permit, info, request }) = self.end.take() else { return };
        if let Some(file) = self.file.take() {
            file.give_up();
        }
        self.lent.end();
        let context = &self.context;
        context.running_requests.end(request);
        let stats = &context.stats;
        if let Err(Cause::Panicked(_)) = result {
            add(&stats.panics, 1);
        }
        stats.waited.record(self.begun.saturating_duration_since(self.arrived));
        stats.served.record(self.begun.elapsed());
        stats.note_duration(info.operation, &info.path, self.arrived.elapsed());
        add(&stats.hops, 1);
        add(&stats.jobs, 1);
        drop(permit);
        // What a replacement has written is in no file that anybody sees.
        let done = if info.operation == Operation::Replace { 0 } else { self.done as u64 };
        let outcome = result.map_err(|cause| info.refusal(cause).after_bytes(done));
        if !matches!(outcome, Ok(Whole::Stream(_))) && !outcome.as_ref().is_err_and(are_used_up) {
            context.descriptors.free_one();
        }
        if let Err(unreported) = sender.send(outcome) {
            record_unreported(context, &unreported);
        }
    }
}

impl Job for WholeWrite {
    fn run(self: Box<Self>) {
        self.write_on();
    }
}

impl Writer for WholeWrite {
    fn resume(self: Box<Self>) {
        let (context, device, priority) = (self.context.clone(), self.device.clone(), self.priority);
        if context.storage.asynchronous().is_some() {
            return context.spawn(self.write_on_later());
        }
        // A refused job is dropped here, which answers its caller: the engine has stopped.
        drop(context.pool.submit(place(&device, PIECE_BYTES, priority), self));
    }
}

impl Drop for WholeWrite {
    /// A write that was dropped early is no running request any more, and its descriptor is free.
    fn drop(&mut self) {
        if let Some(WriteEnd { request, .. }) = self.end.take() {
            self.lent.end();
            drop(self.file.take());
            self.context.running_requests.end(request);
            self.context.descriptors.free_one();
        }
    }
}

/// Awaits a call of a storage that answers later; a panic counts as a failure.
async fn guarded_later<T>(call: impl Future<Output = io::Result<T>>) -> std::result::Result<T, Cause> {
    context_panics::guarded(call).await?.map_err(|error| Cause::Io(Arc::new(error)))
}

/// Calls the storage; a panic counts as a failure.
fn guarded<T>(calls: impl FnOnce() -> io::Result<T>) -> std::result::Result<T, Cause> {
    match catch_unwind(AssertUnwindSafe(calls)) {
        Ok(result) => result.map_err(|error| Cause::Io(Arc::new(error))),
        Err(panic) => Err(Cause::Panicked(panic_text(&*panic))),
    }
}
