//! What the callers, the actor and the workers of one open file share, and how a batch is carried out.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Waker;
use std::time::Instant;

use tokio::sync::Notify;

use crate::actor::registry::Inode;
use crate::actor::services::{Device, Services};
use crate::admission::Permit;
use crate::error::{Cause, Error, Operation};
use crate::file::{Arrival, Batch, Bell, CursorMove, Footprint, Merge, Ordered, State, Ticket, Trust, Turn};
use crate::limits::{BATCHES_IN_A_ROW_MAX, CLOSE_IN_PLACE_BYTES_MAX};
use crate::op::{Answer, Failure, Op, write};
use crate::pool::Job;
use crate::reply::Replier;
use crate::stats::add;
use crate::storage::{Opened, OpenRequest, StorageFile};

/// How an operation ended.
pub(crate) type Outcome = Result<Answer, Error>;

/// See the module.
pub(crate) struct Shared {
    pub(crate) turn: Turn<Desk, Nudge>,
    pub(crate) file: Arc<dyn StorageFile>,
    pub(crate) path: Arc<Path>,
    pub(crate) services: Arc<Services>,
    pub(crate) device: Arc<Device>,
    inode: Arc<Inode>,
    /// Operations that finished in place; kept here, beside the turn, so that counting them costs no other
    /// cache line. Added to the engine's counter when the file goes.
    pub(crate) in_place: AtomicU64,
    /// Bytes they read.
    pub(crate) bytes_in_place: AtomicU64,
    pub(crate) access: Access,
    /// Set by the first write; decides how the descriptor is given up.
    written: AtomicBool,
}

/// How the file was opened, as far as later operations depend on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) append: bool,
    pub(crate) write: bool,
    /// Calls cannot be promised not to block, so nothing is done in place.
    pub(crate) remote: bool,
    /// Giving the descriptor up may free many blocks or flush, so a worker does it.
    slow_to_close: bool,
}

/// The file's state and what its running batches are, all behind the turn.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) state: State<Queued>,
    pub(crate) running: Vec<Running>,
}

/// One running batch, for snapshots and sweeps.
#[derive(Debug)]
pub(crate) struct Running {
    ticket: Ticket,
    /// The batch itself until a worker begins it: kept here and not in the worker's job, so that those who
    /// give up get their permits and payloads back though every worker is stuck.
    batch: Option<Batch<Queued>>,
    pub(crate) operation: Operation,
    pub(crate) since: Instant,
    /// How many operations it carries out.
    pub(crate) operations: u64,
    /// A sweep has said that it is stuck.
    pub(crate) reported: bool,
}

/// Wakes the file's actor from wherever a batch ended. Its own channel, never the mailbox.
#[derive(Debug, Default)]
pub(crate) struct Nudge {
    pub(crate) notify: Notify,
}

impl Bell for Nudge {
    fn ring(&self) {
        self.notify.notify_one();
    }
}

/// One operation with all that travels with it.
pub(crate) struct Queued {
    pub(crate) op: Op,
    pub(crate) reply: Reply,
    pub(crate) permit: Permit,
    pub(crate) arrived: Instant,
}

/// Where an answer goes.
pub(crate) enum Reply {
    /// To a caller's future.
    Slot(Replier<Outcome>),
    /// To whoever asked the actor by a message.
    Ask(Box<dyn FnOnce(Outcome) + Send>),
}

impl Reply {
    /// Whether someone still wants it; from then on the operation counts as begun.
    fn begin(&self) -> bool {
        match self {
            Reply::Slot(replier) => replier.begin(),
            Reply::Ask(_) => true,
        }
    }

    /// Whether the asker has gone away before the operation began.
    pub(crate) fn is_cancelled(&self) -> bool {
        match self {
            Reply::Slot(replier) => replier.is_cancelled(),
            Reply::Ask(_) => false,
        }
    }

    /// Answers without waking the asker; the outcome comes back if nobody hears it.
    fn put(self, outcome: Outcome) -> Result<Option<Waker>, Outcome> {
        match self {
            Reply::Slot(replier) => replier.put(outcome),
            Reply::Ask(answer) => {
                answer(outcome);
                Ok(None)
            }
        }
    }

    /// Answers; the outcome comes back if nobody hears it.
    pub(crate) fn send(self, outcome: Outcome) -> Result<(), Outcome> {
        self.put(outcome).map(|waker| waker.into_iter().for_each(Waker::wake))
    }
}

impl Ordered for Queued {
    fn footprint(&self, cursor: u64, room: u64) -> Footprint {
        self.op.footprint(cursor, room)
    }

    fn merge(&self) -> Merge {
        self.op.merge()
    }

    fn bytes(&self) -> u64 {
        self.op.bytes()
    }
}

impl Shared {
    /// Makes a file that has just been opened known to its engine.
    pub(crate) fn new(opened: Opened, request: &OpenRequest, path: Arc<Path>, services: Arc<Services>) -> Arc<Shared> {
        add(&services.stats.opened, 1);
        let write = request.write || request.append;
        let access = Access {
            append: request.append,
            write,
            remote: opened.remote,
            slow_to_close: write || opened.remote || opened.len > CLOSE_IN_PLACE_BYTES_MAX,
        };
        let device = services.device(opened.device);
        let registry = services.registry.clone();
        registry.open(opened.device, opened.inode, |inode| {
            Arc::new(Shared {
                turn: Turn::new(Desk::default(), Nudge::default()),
                file: opened.file.into(),
                path,
                services,
                device,
                inode,
                in_place: AtomicU64::new(0),
                bytes_in_place: AtomicU64::new(0),
                access,
                written: AtomicBool::new(false),
            })
        })
    }

    /// Names the operation and this file's path in an error.
    pub(crate) fn error(&self, operation: Operation, cause: Cause) -> Error {
        Error::new(operation, cause).at_path(self.path.clone())
    }

    /// Lets an operation run at once if nothing is in its way. Otherwise it comes back, counted as mailed, to
    /// be sent to the actor inside a [`Mail`].
    pub(crate) fn arrive(self: &Arc<Self>, queued: Queued) -> Option<Mail> {
        let mut desk = self.turn.take();
        if desk.state.is_closed() {
            drop(desk);
            self.refuse(queued, Cause::Closed);
            return None;
        }
        if queued.op.footprint(0, u64::MAX).span.closes_gate() {
            self.turn.close_gate(1);
        }
        match desk.state.arrive(queued, || self.turn.drain()) {
            Arrival::Start(batch) => {
                let ticket = desk.start(batch);
                drop(desk);
                self.submit(ticket);
                None
            }
            Arrival::Wait(queued) => {
                add(&self.services.stats.messages, 1);
                Some(Mail { queued: Some(queued), shared: self.clone() })
            }
        }
    }

    /// Queues an operation that came to the actor by a message of its own.
    pub(crate) fn push(self: &Arc<Self>, queued: Queued) {
        let mut desk = self.turn.take();
        if desk.state.is_closed() {
            drop(desk);
            return self.refuse(queued, Cause::Closed);
        }
        if queued.op.footprint(0, u64::MAX).span.closes_gate() {
            self.turn.close_gate(1);
        }
        desk.state.push(queued);
    }

    /// Answers an operation that will not be carried out.
    fn refuse(&self, queued: Queued, cause: Cause) {
        let error = self.error(queued.op.operation(), cause).begun(false);
        // Nobody left to hear of a refusal means nobody was refused.
        let _ = queued.reply.send(Err(error));
    }

    /// Starts everything that may start now. Called by whoever changed something.
    pub(crate) fn pump(self: &Arc<Self>) {
        let ready = self.ready(&mut self.turn.take());
        ready.into_iter().for_each(|ticket| self.submit(ticket));
    }

    fn ready(&self, desk: &mut Desk) -> Vec<Ticket> {
        let mut ready = Vec::new();
        while desk.state.has_waiting() {
            let Some(batch) = desk.state.next(self.turn.has_readers()) else { break };
            ready.push(desk.start(batch));
        }
        ready
    }

    fn submit(self: &Arc<Self>, ticket: Ticket) {
        add(&self.services.stats.jobs, 1);
        let job = FileJob { ticket: Some(ticket), shared: self.clone() };
        // A refused job comes back and dies here, which answers its callers: the engine has stopped.
        drop(self.services.pool.submit(self.device.lane, Box::new(job)));
    }

    /// Books the end of a batch and returns what may start now.
    fn finish(&self, ticket: Ticket, moved: CursorMove, closers: u64) -> Vec<Ticket> {
        self.book(&mut self.turn.take(), ticket, moved, closers)
    }

    /// Ends a cursor read. Whether its caller gets the bytes and whether the cursor moves is one step under
    /// the turn: a caller that gave up and reads on at once would otherwise get later bytes first.
    fn finish_read(&self, ticket: Ticket, moved: CursorMove, reply: Reply, mut outcome: Outcome) -> (Vec<Ticket>, Result<Option<Waker>, Outcome>) {
        let mut desk = self.turn.take();
        if let Ok(Answer::Read(_, Some(taken))) = &mut outcome {
            desk.state.stamp(taken);
        }
        let heard = reply.put(outcome);
        let moved = if heard.is_ok() { moved } else { CursorMove::Stay };
        (self.book(&mut desk, ticket, moved, 0), heard)
    }

    fn book(&self, desk: &mut Desk, ticket: Ticket, moved: CursorMove, closers: u64) -> Vec<Ticket> {
        desk.running.retain(|running| running.ticket != ticket);
        desk.state.finish(ticket, moved);
        self.turn.open_gate(closers);
        self.ready(desk)
    }

    /// Takes care of an outcome that nobody heard: bytes go back before the cursor, an error becomes sticky.
    pub(crate) fn orphan(&self, operation: Operation, outcome: Outcome) {
        match outcome {
            Ok(Answer::Read(buffer, Some(taken))) => {
                self.turn.take().state.give_back(taken, buffer.as_ref().len() as u64);
            }
            Ok(_) => {}
            Err(error) => {
                if let Cause::Io(source) = error.cause() {
                    add(&self.services.stats.unobserved_errors, 1);
                    tracing::warn!(%error, "nobody was left to hear of a failed {operation}");
                    if error.operation() != Operation::Read {
                        self.inode.with_health(|health| health.owe(source.clone()));
                    }
                }
            }
        }
    }

    /// Takes out and drops what no worker has begun and whose caller is gone, so that its permits are free
    /// again; what waited for it may start.
    pub(crate) fn purge(self: &Arc<Self>) {
        let mut desk = self.turn.take();
        let mut gone = desk.state.remove_unless(|queued| !queued.reply.is_cancelled());
        gone.append(&mut desk.recall());
        self.turn.open_gate(closers(&gone));
        let ready = self.ready(&mut desk);
        drop(desk);
        add(&self.services.stats.cancelled, gone.len() as u64);
        drop(gone);
        ready.into_iter().for_each(|ticket| self.submit(ticket));
    }

    /// Drops everything that waits, which answers its callers.
    pub(crate) fn abandon(&self) {
        let mut desk = self.turn.take();
        let waiting = desk.state.remove_unless(|_| false);
        self.turn.open_gate(closers(&waiting));
        drop(desk);
    }

    /// The failed sync of this inode, if there was one.
    fn poison(&self) -> Option<Cause> {
        self.inode.with_health(|health| health.poisoned()).map(Cause::Poisoned)
    }
}

fn closers(queued: &[Queued]) -> u64 {
    queued.iter().filter(|queued| queued.op.footprint(0, u64::MAX).span.closes_gate()).count() as u64
}

impl Desk {
    fn start(&mut self, batch: Batch<Queued>) -> Ticket {
        let first = &batch.items[0];
        let (ticket, operation, since) = (batch.ticket, first.op.operation(), first.arrived);
        let operations = batch.items.len() as u64;
        self.running.push(Running { ticket, batch: Some(batch), operation, since, operations, reported: false });
        ticket
    }

    /// Hands a batch to its worker, once.
    fn take(&mut self, ticket: Ticket) -> Option<Batch<Queued>> {
        self.running.iter_mut().find(|running| running.ticket == ticket)?.batch.take()
    }

    /// Takes those whose callers are gone out of the batches that no worker has begun, and ends a batch of
    /// which nothing is left.
    fn recall(&mut self) -> Vec<Queued> {
        let mut gone = Vec::new();
        for running in &mut self.running {
            let Some(batch) = &mut running.batch else { continue };
            let (cancelled, kept) = std::mem::take(&mut batch.items).into_iter().partition(|queued| queued.reply.is_cancelled());
            batch.items = kept;
            batch.closers -= closers(&cancelled);
            running.operations -= cancelled.len() as u64;
            gone.extend(cancelled);
        }
        let state = &mut self.state;
        self.running.retain(|running| {
            let empty = running.batch.as_ref().is_some_and(|batch| batch.items.is_empty());
            if empty {
                state.finish(running.ticket, CursorMove::Stay);
            }
            !empty
        });
        gone
    }
}

impl Drop for Shared {
    /// Never blocks: where giving the descriptor up may take time, a worker does it.
    fn drop(&mut self) {
        self.services.registry.forget(&self.inode);
        let stats = &self.services.stats;
        add(&stats.in_place, self.in_place.load(Ordering::Relaxed));
        add(&stats.bytes_read, self.bytes_in_place.load(Ordering::Relaxed));
        add(&stats.closed, 1);
        if self.access.slow_to_close {
            let report = self.written.load(Ordering::Relaxed) && !self.turn.take().state.is_closed();
            let job = CloseJob { file: self.file.clone(), path: self.path.clone(), services: self.services.clone(), report };
            drop(self.services.pool.submit(self.device.lane, Box::new(job)));
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("path", &self.path).field("access", &self.access).finish_non_exhaustive()
    }
}

impl fmt::Debug for Queued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued").field("op", &self.op).finish_non_exhaustive()
    }
}

/// Gives a descriptor up on a worker after the last handle was dropped.
struct CloseJob {
    file: Arc<dyn StorageFile>,
    path: Arc<Path>,
    services: Arc<Services>,
    /// Whether something was written and nobody has asked for the errors of closing.
    report: bool,
}

impl Job for CloseJob {
    fn run(self: Box<Self>) {
        if !self.report {
            return;
        }
        if let Err(error) = self.file.close() {
            add(&self.services.stats.unobserved_errors, 1);
            let error = Error::io(Operation::Close, error).at_path(self.path.clone());
            tracing::warn!(%error, "nobody was left to hear of a failed close");
        }
    }
}

/// An operation in the actor's mailbox. If the message is lost, the books are put right.
pub(crate) struct Mail {
    queued: Option<Queued>,
    shared: Arc<Shared>,
}

impl Mail {
    /// Moves the operation from the mailbox into the order, unless its caller is gone.
    pub(crate) fn deliver(mut self) {
        let Some(queued) = self.queued.take() else { return };
        if queued.reply.is_cancelled() {
            add(&self.shared.services.stats.cancelled, 1);
            self.queued = Some(queued);
            return;
        }
        self.shared.turn.take().state.receive(queued);
    }
}

impl Drop for Mail {
    fn drop(&mut self) {
        let Some(queued) = self.queued.take() else { return };
        let mut desk = self.shared.turn.take();
        desk.state.lose_mail();
        self.shared.turn.open_gate(closers(std::slice::from_ref(&queued)));
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("queued", &self.queued).finish_non_exhaustive()
    }
}

/// One batch on its way through a lane.
struct FileJob {
    shared: Arc<Shared>,
    /// `None` once it has run.
    ticket: Option<Ticket>,
}

impl Job for FileJob {
    /// Runs the batch, then those of the same file that it was holding up, as long as others need not wait
    /// too long for this worker: the file's state is warm here, and nobody has to be woken.
    fn run(mut self: Box<Self>) {
        for _ in 0..BATCHES_IN_A_ROW_MAX {
            let Some(ticket) = self.ticket.take() else { return };
            let mut next = self.shared.carry_out(ticket).into_iter();
            self.ticket = next.next();
            next.for_each(|ticket| self.shared.submit(ticket));
        }
        if let Some(ticket) = self.ticket.take() {
            self.shared.submit(ticket);
        }
    }
}

impl Drop for FileJob {
    /// A job that never ran must not leave its file blocked.
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        let Some(batch) = self.shared.turn.take().take(ticket) else { return };
        let next = self.shared.finish(ticket, CursorMove::Stay, batch.closers);
        // Each of these meets the same fate or runs; its callers are answered either way.
        next.into_iter().for_each(|ticket| self.shared.submit(ticket));
    }
}

/// How the operations of one batch ended, in their order.
struct Ran {
    outcomes: Vec<Result<Answer, Failed>>,
    moved: CursorMove,
}

/// Why an operation of a batch failed.
enum Failed {
    /// The storage said so.
    Storage(Failure),
    /// Something before it forbids it.
    Cause(Cause),
}

impl Shared {
    /// Carries a batch out, books its end, answers its callers; returns what may start now.
    fn carry_out(&self, ticket: Ticket) -> Vec<Ticket> {
        let begun = Instant::now();
        // Nothing is there if every caller has given up.
        let Some(batch) = self.turn.take().take(ticket) else { return Vec::new() };
        let stats = &self.services.stats;
        let asked = batch.items.len();
        let live: Vec<Queued> = batch.items.into_iter().filter(|queued| queued.reply.begin()).collect();
        add(&stats.cancelled, (asked - live.len()) as u64);
        add(&stats.hops, live.len() as u64);
        let facts: Vec<Fact> = live.iter().map(Fact::of).collect();
        let (ops, rest): (Vec<Op>, Vec<_>) =
            live.into_iter().map(|queued| (queued.op, (queued.reply, queued.permit))).unzip();
        let reads_cursor = facts.iter().any(|fact| fact.cursor_read);
        let ran = self.run_guarded(ops, batch.cursor, batch.room);
        let mut next = if reads_cursor { Vec::new() } else { self.finish(ticket, ran.moved, batch.closers) };
        let ended = Instant::now();
        for ((outcome, (reply, permit)), fact) in ran.outcomes.into_iter().zip(rest).zip(facts) {
            stats.waited.record(begun.saturating_duration_since(fact.arrived));
            stats.served.record(ended.saturating_duration_since(begun));
            stats.note_duration(fact.operation, &self.path, ended.saturating_duration_since(fact.arrived));
            drop(permit);
            let outcome = outcome.map_err(|failed| self.describe(&fact, failed));
            let heard = if reads_cursor {
                let (ready, heard) = self.finish_read(ticket, ran.moved, reply, outcome);
                next = ready;
                heard
            } else {
                reply.put(outcome)
            };
            match heard {
                Ok(waker) => waker.into_iter().for_each(Waker::wake),
                Err(unheard) => self.orphan(fact.operation, unheard),
            }
        }
        next
    }

    fn describe(&self, fact: &Fact, failed: Failed) -> Error {
        let error = match failed {
            Failed::Storage(failure) => {
                let cause = match failure.error.kind() {
                    std::io::ErrorKind::WriteZero => Cause::WriteZero,
                    _ => Cause::Io(failure.error),
                };
                self.error(fact.operation, cause).after_bytes(failure.bytes_done)
            }
            Failed::Cause(cause) => self.error(fact.operation, cause),
        };
        match fact.offset {
            Some(offset) => error.at_offset(offset),
            None => error,
        }
    }

    /// Runs the operations; a panic inside becomes every one's failure, and nothing else is hurt.
    fn run_guarded(&self, ops: Vec<Op>, cursor: u64, room: u64) -> Ran {
        let count = ops.len();
        catch_unwind(AssertUnwindSafe(|| self.run(ops, cursor, room))).unwrap_or_else(|panic| {
            add(&self.services.stats.panics, count as u64);
            let text = panic_text(&*panic);
            let outcomes = (0..count).map(|_| Err(Failed::Cause(Cause::Panicked(text.clone())))).collect();
            Ran { outcomes, moved: CursorMove::Stay }
        })
    }

    fn run(&self, ops: Vec<Op>, cursor: u64, room: u64) -> Ran {
        let Some(first) = ops.first() else { return Ran { outcomes: Vec::new(), moved: CursorMove::Stay } };
        if let (true, Some(cause)) = (first.needs_trust(), self.poison()) {
            let outcomes = ops.iter().map(|_| Err(Failed::Cause(cause.clone()))).collect();
            return Ran { outcomes, moved: CursorMove::Stay };
        }
        match first {
            Op::Write(_) | Op::Append(_) => self.run_writes(&ops, cursor),
            Op::Sync(_) => self.run_syncs(&ops),
            Op::Close => self.run_close(),
            Op::Read(_) | Op::Seek(_) | Op::Describe(_) | Op::Lock(_) | Op::Run(_) => self.run_alone(ops, cursor, room),
        }
    }

    fn run_writes(&self, ops: &[Op], cursor: u64) -> Ran {
        self.written.store(true, Ordering::Relaxed);
        let writes: Vec<_> = ops.iter().filter_map(|op| if let Op::Write(write) = op { Some(write) } else { None }).collect();
        let appends: Vec<_> = ops.iter().filter_map(|op| if let Op::Append(append) = op { Some(append) } else { None }).collect();
        let written = if appends.is_empty() {
            write::write_all(&writes, &*self.file, cursor)
        } else {
            write::append_all(&appends, &*self.file)
        };
        let stats = &self.services.stats;
        add(&stats.writes_asked, ops.len() as u64);
        add(&stats.write_calls, written.calls);
        add(&stats.bytes_written, ops.iter().map(Ordered::bytes).sum());
        for outcome in &written.outcomes {
            if let Err(failure) = outcome {
                self.inode.with_health(|health| health.owe(failure.error.clone()));
            }
        }
        let outcomes = written.outcomes.into_iter().map(|outcome| outcome.map_err(Failed::Storage)).collect();
        Ran { outcomes, moved: written.moved }
    }

    /// One system call answers them all, unless something failed that they would have to vouch for.
    fn run_syncs(&self, ops: &[Op]) -> Ran {
        let stats = &self.services.stats;
        add(&stats.syncs_asked, ops.len() as u64);
        let all = ops.iter().any(|op| matches!(op, Op::Sync(sync) if sync.all));
        let result = match self.inode.with_health(|health| health.settle()) {
            Trust::Poisoned(error) => Err(Cause::Poisoned(error)),
            Trust::Owed(error) => Err(Cause::EarlierWrite(error)),
            Trust::Sound => {
                add(&stats.syncs_issued, 1);
                self.file.sync(all).map_err(|error| self.latch(error))
            }
        };
        let outcomes = ops.iter().map(|_| result.clone().map(|()| Answer::Done).map_err(Failed::Cause)).collect();
        Ran { outcomes, moved: CursorMove::Stay }
    }

    fn run_close(&self) -> Ran {
        self.turn.take().state.close();
        // Never opened again: reads in place find a closed file on the slow way.
        self.turn.close_gate(1);
        let result = match self.inode.with_health(|health| health.settle()) {
            Trust::Poisoned(error) => Err(Cause::Poisoned(error)),
            Trust::Owed(error) => Err(Cause::EarlierWrite(error)),
            Trust::Sound => self.file.close().map_err(|error| self.latch(error)),
        };
        Ran { outcomes: vec![result.map(|()| Answer::Done).map_err(Failed::Cause)], moved: CursorMove::Stay }
    }

    /// From now on nothing can be vouched for.
    fn latch(&self, error: std::io::Error) -> Cause {
        let error = Arc::new(error);
        self.inode.with_health(|health| health.poison(error.clone()));
        tracing::error!(path = %self.path.display(), %error, "the file is poisoned: a sync or close failed");
        Cause::Io(error)
    }

    fn run_alone(&self, ops: Vec<Op>, cursor: u64, room: u64) -> Ran {
        let mut moved = CursorMove::Stay;
        let mut outcomes = Vec::with_capacity(1);
        for op in ops {
            if matches!(op, Op::Run(_)) {
                self.written.store(true, Ordering::Relaxed);
            }
            let changes = op.needs_trust();
            let (outcome, step) = op.execute(&*self.file, &self.services.buffers, cursor, room);
            moved = step;
            if let Ok(Answer::Read(buffer, _)) = &outcome {
                add(&self.services.stats.bytes_read, buffer.as_ref().len() as u64);
            }
            if let (true, Err(failure)) = (changes, &outcome) {
                self.inode.with_health(|health| health.owe(failure.error.clone()));
            }
            outcomes.push(outcome.map_err(Failed::Storage));
        }
        Ran { outcomes, moved }
    }
}

/// What has to be known of an operation after it was handed to the storage.
struct Fact {
    operation: Operation,
    offset: Option<u64>,
    arrived: Instant,
    cursor_read: bool,
}

impl Fact {
    fn of(queued: &Queued) -> Self {
        Fact {
            operation: queued.op.operation(),
            offset: queued.op.offset(),
            arrived: queued.arrived,
            cursor_read: queued.op.reads_at_cursor(),
        }
    }
}

/// The message of a panic, as far as it is text.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
