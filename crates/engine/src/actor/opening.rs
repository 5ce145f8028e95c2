//! One opening of a file: what its callers, its actor and its workers share.

use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Waker;
use std::time::Instant;

use tokio::sync::Notify;

use crate::actor::buffered::Buffered;
use crate::actor::job::{FileJob, Leaving};
use crate::actor::letters::Inbox;
use crate::actor::locks::Holder;
use crate::actor::patience::Patience;
use crate::actor::queued::{Arrived, Outcome, Queued, Reply, closers};
use crate::actor::registry::Inode;
use crate::actor::services::{Device, Services};
use crate::buffer::Buffers;
use crate::error::{Cause, Error, Operation};
use crate::file::{Arrival, Batch, Behind, Bell, CursorMove, Footprint, State, Ticket, Turn};
use crate::limits::CLOSE_IN_PLACE_BYTES_MAX;
use crate::op::Answer;
use crate::origin::Origin;
use crate::pool::Pickup;
use crate::stats::add;
use crate::storage::{Nature, OpenRequest, Opened, StorageFile};

/// See the module.
pub(crate) struct Opening {
    pub(crate) turn: Turn<Desk, Nudge>,
    pub(crate) file: Arc<dyn StorageFile>,
    pub(crate) path: Arc<Path>,
    pub(crate) services: Arc<Services>,
    pub(crate) device: Arc<Device>,
    pub(crate) inode: Arc<Inode>,
    /// Operations that finished in place; kept here, beside the turn, so that counting them costs no other
    /// cache line. Added to the engine's counter when the file goes.
    pub(crate) in_place: AtomicU64,
    /// Bytes they read.
    pub(crate) bytes_in_place: AtomicU64,
    /// Writes that were kept back.
    pub(crate) kept: AtomicU64,
    pub(crate) access: Access,
    /// The engine's, kept here for the same reason as the counters.
    origin: Origin,
    pub(crate) patience: Patience,
    /// Set by the first write; decides how the descriptor is given up.
    pub(crate) written: AtomicBool,
    /// Whether the descriptor was given up, or is another's to close.
    pub(crate) given_up: AtomicBool,
    /// There if the file keeps writes back.
    pub(crate) buffered: Option<Box<Buffered>>,
    pub(crate) inbox: Inbox,
    /// There once the last handle has gone, if something was still to be written then.
    leaving: OnceLock<Leaving>,
}

/// Tells whoever waits for a descriptor, or for the file's lock, when the descriptor has been given up.
pub(crate) struct GivenUp {
    pub(crate) services: Arc<Services>,
    pub(crate) inode: Arc<Inode>,
    pub(crate) holder: Holder,
}

impl Drop for GivenUp {
    fn drop(&mut self) {
        if self.services.here().is_ok() {
            self.services.descriptors.free_one();
            self.inode.locks.lost(self.holder);
        }
    }
}

/// How the file was opened, as far as later operations depend on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) append: bool,
    pub(crate) write: bool,
    /// Calls cannot be promised not to block, so nothing is done in place.
    pub(crate) remote: bool,
    /// Operations run one at a time, whatever they touch.
    pub(crate) alone: bool,
    /// Bytes come and go in their order: nothing is done at an offset.
    pub(crate) sequential: bool,
    /// Giving the descriptor up may free many blocks or flush, unless the storage knows better.
    pub(crate) slow_to_close: bool,
}

/// The file's state and what its running batches are, all behind the turn.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) state: State<Queued>,
    /// What callers have posted to the actor, first come first. The state counts it as mailed.
    pub(crate) post: VecDeque<Queued>,
    pub(crate) running: Vec<Running>,
    /// What a buffered file keeps back.
    pub(crate) behind: Option<Box<Behind>>,
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

impl Opening {
    /// Makes a file that has just been opened known to its engine.
    pub(crate) fn new(
        opened: Opened,
        request: &OpenRequest,
        path: Arc<Path>,
        services: Arc<Services>,
    ) -> Arc<Opening> {
        add(&services.stats.opened, 1);
        let write = request.write || request.append;
        let access = Access {
            append: request.append || opened.file.appends(),
            write,
            remote: opened.remote,
            alone: matches!(opened.nature, Nature::Object { .. }),
            sequential: opened.nature == Nature::Object { seekable: false },
            slow_to_close: write || opened.remote || opened.len > CLOSE_IN_PLACE_BYTES_MAX,
        };
        let device = services.device(opened.device);
        let (registry, cores) = (services.registry.clone(), services.cores);
        let keeps = write && request.buffer_bytes > 0;
        if keeps {
            services.keep_until_exit();
        }
        let behind = keeps.then(|| Box::new(Behind::new(request.buffer_bytes, access.append)));
        let mut desk = Desk { behind, ..Desk::default() };
        desk.state.note_len(opened.len);
        let origin = services.origin.clone();
        registry.open(opened.device, opened.inode, |inode| {
            Arc::new(Opening {
                turn: Turn::new(desk, Nudge::default()),
                file: opened.file.into(),
                path,
                services,
                device,
                inode,
                in_place: AtomicU64::new(0),
                bytes_in_place: AtomicU64::new(0),
                kept: AtomicU64::new(0),
                access,
                origin,
                patience: Patience::new(cores),
                written: AtomicBool::new(false),
                given_up: AtomicBool::new(false),
                buffered: keeps.then(Box::default),
                inbox: Inbox::default(),
                leaving: OnceLock::new(),
            })
        })
    }

    /// Told when the last handle goes: has whoever asks for this file wait for what is under way, or kept back.
    pub(crate) fn leave(&self) {
        if self.turn.share().is_none() && !self.turn.take().state.is_closed() {
            self.leaving.get_or_init(|| Leaving::begin(&self.services, &self.inode));
        }
    }

    /// Whether the engine's threads are in this process. If not, nothing here may be locked: see [`Origin`].
    pub(crate) fn is_here(&self) -> bool {
        self.origin.is_here()
    }

    /// Names the operation and this file's path in an error.
    pub(crate) fn error(&self, operation: Operation, cause: Cause) -> Error {
        Error::new(operation, cause).at_path(self.path.clone())
    }

    /// Where its operations take their buffers from.
    pub(crate) fn buffers(&self) -> &Arc<Buffers> {
        if self.file.is_direct() { &self.services.aligned } else { &self.services.buffers }
    }

    /// Lets an operation run at once if nothing is in its way. Otherwise it is posted to the actor.
    pub(crate) fn arrive(self: &Arc<Self>, queued: Queued) -> Arrived {
        let mut desk = self.turn.take();
        if desk.state.is_closed() {
            drop(desk);
            self.refuse(queued, Cause::Closed);
            return Arrived::Started(Pickup::Later);
        }
        let sent_ahead = self.make_way(&mut desk, &queued);
        if queued.closes_gate() {
            self.turn.close_gate(1);
        }
        let arrival = desk.state.arrive(queued, || self.turn.drain());
        let arrived = match arrival {
            Arrival::Start(batch) => Some(desk.start(batch)),
            Arrival::Wait(queued) => {
                desk.post.push_back(queued);
                None
            }
        };
        drop(desk);
        self.submit_all(sent_ahead);
        match arrived {
            Some(ticket) => Arrived::Started(self.submit(ticket)),
            None => {
                add(&self.services.stats.messages, 1);
                Arrived::Posted
            }
        }
    }

    /// Queues an operation that came to the actor by a message, behind what was posted before.
    pub(crate) fn push(self: &Arc<Self>, queued: Queued) {
        let mut desk = self.turn.take();
        if desk.state.is_closed() {
            drop(desk);
            return self.refuse(queued, Cause::Closed);
        }
        let gone = self.empty_post(&mut desk);
        let sent_ahead = self.make_way(&mut desk, &queued);
        if queued.closes_gate() {
            self.turn.close_gate(1);
        }
        desk.state.push(queued);
        drop(desk);
        add(&self.services.stats.cancelled, gone.len() as u64);
        drop(gone);
        self.submit_all(sent_ahead);
    }

    /// Moves what was posted into the order; returns those whose callers are gone.
    pub(crate) fn empty_post(&self, desk: &mut Desk) -> Vec<Queued> {
        let mut gone = Vec::new();
        while let Some(queued) = desk.post.pop_front() {
            if queued.reply.is_cancelled() {
                desk.state.lose_mail();
                gone.push(queued);
            } else {
                desk.state.receive(queued);
            }
        }
        self.turn.open_gate(closers(&gone));
        gone
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
        self.submit_all(ready);
    }

    pub(crate) fn ready(&self, desk: &mut Desk) -> Vec<Ticket> {
        let mut ready = Vec::new();
        while desk.state.has_waiting() {
            let Some(batch) = desk.state.next(self.turn.has_readers()) else { break };
            ready.push(desk.start(batch));
        }
        ready
    }

    /// Sends a worker for the batch.
    pub(crate) fn submit(self: &Arc<Self>, ticket: Ticket) -> Pickup {
        add(&self.services.stats.jobs, 1);
        let job = FileJob::new(ticket, self.clone());
        // A refused job comes back and dies here, which answers its callers: the engine has stopped.
        self.services.pool.submit(self.device.lane, Box::new(job)).unwrap_or(Pickup::Later)
    }

    pub(crate) fn submit_all(self: &Arc<Self>, tickets: impl IntoIterator<Item = Ticket>) {
        for ticket in tickets {
            self.submit(ticket);
        }
    }

    /// Books the end of a batch and returns what may start now.
    pub(crate) fn finish(&self, ticket: Ticket, moved: CursorMove, closers: u64) -> Vec<Ticket> {
        self.book(&mut self.turn.take(), ticket, moved, closers)
    }

    /// Ends a cursor read. Whether its caller gets the bytes and whether the cursor moves is one step under
    /// the turn: a caller that gave up and reads on at once would otherwise get later bytes first.
    pub(crate) fn finish_read(
        &self,
        ticket: Ticket,
        moved: CursorMove,
        reply: Reply,
        mut outcome: Outcome,
    ) -> (Vec<Ticket>, Result<Option<Waker>, Outcome>) {
        let mut desk = self.turn.take();
        if let Ok(Answer::Read(_, Some(taken))) = &mut outcome {
            desk.state.stamp(taken);
        }
        // Unheard bytes have not left the cursor, so there is nothing to give back to it.
        let heard = reply.put(outcome).map_err(|unheard| {
            unheard.map(|answer| {
                self.take_back(&answer);
                Answer::Done
            })
        });
        let moved = if heard.is_ok() { moved } else { CursorMove::Stay };
        (self.book(&mut desk, ticket, moved, 0), heard)
    }

    /// Books the end of a batch and returns what may start now.
    pub(crate) fn book(
        &self,
        desk: &mut Desk,
        ticket: Ticket,
        moved: CursorMove,
        closers: u64,
    ) -> Vec<Ticket> {
        desk.running.retain(|running| running.ticket != ticket);
        desk.state.finish(ticket, moved);
        desk.state.note_changes(closers);
        self.turn.open_gate(closers);
        self.ready(desk)
    }

    /// Takes care of an outcome that nobody heard: bytes go back before the cursor, an error becomes sticky.
    pub(crate) fn orphan(&self, outcome: Outcome) {
        match outcome {
            Ok(answer @ Answer::Read(_, Some(taken))) => {
                let mut desk = self.turn.take();
                let len = self.take_back(&answer);
                desk.state.give_back(taken, len);
            }
            Ok(_) => {}
            Err(error) => self.orphan_error(&error),
        }
    }

    /// Gives bytes that nobody saw back to the storage, which may be unable to read them twice.
    fn take_back(&self, answer: &Answer) -> u64 {
        let Answer::Read(buffer, Some(taken)) = answer else { return 0 };
        self.file.take_back(buffer.as_ref(), taken.offset());
        buffer.as_ref().len() as u64
    }

    fn orphan_error(&self, error: &Error) {
        match error.cause() {
            Cause::Io(_) | Cause::EarlierWrite(_) | Cause::Panicked(_) | Cause::WriteZero => {
                self.remember(error)
            }
            // Nothing has happened, and whoever asked for it has given up.
            Cause::Overloaded(_)
            | Cause::Closed
            | Cause::Poisoned(_)
            | Cause::TimedOut(_)
            | Cause::Stopped
            | Cause::Forked
            | Cause::Invalid(_)
            | Cause::Unsupported(_)
            | Cause::Codec(_)
            | Cause::TooLong(_)
            | Cause::UnexpectedEof
            | Cause::NotUtf8 => {}
        }
    }

    /// Takes care of a failure that nobody hears: the next sync does, it is counted, and it is logged.
    pub(crate) fn remember(&self, error: &Error) {
        if let Some(source) = self.owed_unheard(error) {
            self.inode.with_health(|health| health.owe(source));
        }
        add(&self.services.stats.unobserved_errors, 1);
        tracing::warn!(%error, "nobody was left to hear of a failure");
    }

    /// Takes out and drops what no worker has begun and whose caller is gone, so that its permits are free
    /// again; what waited for it may start.
    pub(crate) fn purge(self: &Arc<Self>) {
        let mut desk = self.turn.take();
        let mut gone = desk.unpost(|queued| queued.reply.is_cancelled());
        gone.append(&mut desk.state.remove_unless(|queued| !queued.reply.is_cancelled()));
        gone.append(&mut desk.recall());
        self.turn.open_gate(closers(&gone));
        let ready = self.ready(&mut desk);
        drop(desk);
        add(&self.services.stats.cancelled, gone.len() as u64);
        drop(gone);
        self.submit_all(ready);
    }

    /// Drops everything that waits, which answers its callers.
    pub(crate) fn abandon(&self) {
        let mut desk = self.turn.take();
        let mut waiting = desk.unpost(|_| true);
        waiting.append(&mut desk.state.remove_unless(|_| false));
        self.turn.open_gate(closers(&waiting));
        drop(desk);
    }

    /// Waits for what earlier openings of the same file have still to write.
    pub(crate) async fn wait_for_parting(&self) {
        self.services.parting.wait_while(|| self.inode.parting.load(Ordering::Acquire) > 0).await;
    }

    /// The failed sync of this inode, if there was one.
    pub(crate) fn poison(&self) -> Option<Cause> {
        self.inode.with_health(|health| health.poisoned()).map(Cause::Poisoned)
    }
}

impl Desk {
    /// Whether something with this footprint may act in place: it overtakes nothing, and finds in the file
    /// whatever was accepted before it.
    pub(crate) fn is_free(&self, footprint: &Footprint) -> bool {
        self.state.is_free(footprint)
            && !self.behind.as_ref().is_some_and(|behind| behind.precedes(footprint))
    }

    /// Takes out of the post what satisfies `goes`.
    fn unpost(&mut self, goes: impl Fn(&Queued) -> bool) -> Vec<Queued> {
        let (gone, kept) = std::mem::take(&mut self.post).into_iter().partition(|queued| goes(queued));
        self.post = kept;
        let gone: VecDeque<Queued> = gone;
        gone.iter().for_each(|_| self.state.lose_mail());
        gone.into()
    }

    /// What waits for its start, first come first.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Queued> {
        self.state.waiting().chain(&self.post)
    }

    fn start(&mut self, batch: Batch<Queued>) -> Ticket {
        let first = &batch.items[0];
        let (ticket, operation, since) = (batch.ticket, first.op.operation(), first.arrived);
        let operations = batch.items.len() as u64;
        self.running.push(Running {
            ticket,
            batch: Some(batch),
            operation,
            since,
            operations,
            reported: false,
        });
        ticket
    }

    /// Hands a batch to its worker, once.
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<Batch<Queued>> {
        self.running.iter_mut().find(|running| running.ticket == ticket)?.batch.take()
    }

    /// Takes those whose callers are gone out of the batches that no worker has begun, and ends a batch of
    /// which nothing is left.
    fn recall(&mut self) -> Vec<Queued> {
        let mut gone = Vec::new();
        for running in &mut self.running {
            let Some(batch) = &mut running.batch else { continue };
            let (cancelled, kept) =
                std::mem::take(&mut batch.items).into_iter().partition(|queued| queued.reply.is_cancelled());
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

impl Drop for Opening {
    /// Never blocks: where giving the descriptor up may take time, a worker does it.
    fn drop(&mut self) {
        if !self.is_here() {
            // The parent has the same file, and writes what it has accepted.
            return;
        }
        let stats = &self.services.stats;
        add(&stats.in_place, self.in_place.load(Ordering::Relaxed));
        add(&stats.bytes_read, self.bytes_in_place.load(Ordering::Relaxed));
        add(&stats.writes_kept, self.kept.load(Ordering::Relaxed));
        add(&stats.closed, 1);
        self.depart();
        self.services.registry.forget(&self.inode);
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening")
            .field("path", &self.path)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}
