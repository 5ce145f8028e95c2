//! The state of an open file and its running batches, guarded by its turn.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Notify;

use crate::error::{Cause, Error, Operation};
use crate::file::{
    Batch, BatchId, Core, CursorMove, Footprint, Line, OpPlace, Ordered, WakeActor, WriteBuffer,
};
use crate::oneshot::Abandon;
use crate::open_file::pending::{PendingOp, closers};
use crate::pool::JobId;

/// The file's state and its running batches, guarded by the turn.
#[derive(Debug, Default)]
pub(crate) struct FileState {
    pub(crate) core: Core<PendingOp>,
    /// Operations posted to the actor, oldest first. The core counts them as mailed.
    pub(crate) posted: Line<PendingOp>,
    /// How many operations have been posted.
    postings: u64,
    /// Running batches by their numbers.
    pub(crate) running: Line<Running>,
    /// The write buffer of a buffered file.
    pub(crate) write_buffer: Option<Box<WriteBuffer>>,
    /// Whether a shutdown has abandoned what was running: nothing may queue behind it any more.
    pub(crate) stopped: bool,
}

/// One running batch, for snapshots and sweeps.
pub(crate) struct Running {
    pub(crate) batch_id: BatchId,
    /// The batch itself until a worker begins it. It is here and not in the worker's job, so that cancelled
    /// callers get their permits and payloads back even if every worker is stuck.
    batch: Option<Batch<PendingOp>>,
    /// The callers of a batch that a worker has begun.
    callers: Callers,
    /// The job that waits for a worker, if all of them were busy.
    pub(crate) job: Option<JobId>,
    pub(crate) operation: Operation,
    pub(crate) since: Instant,
    /// The number of its operations.
    pub(crate) operations: u64,
    /// Whether a sweep has reported it as stuck.
    pub(crate) reported: bool,
}

/// The callers of a batch. Most batches have one, for which nothing is allocated.
#[derive(Default)]
struct Callers {
    first: Option<Arc<dyn Abandon<Error>>>,
    others: Vec<Arc<dyn Abandon<Error>>>,
}

impl Callers {
    fn of(batch: &[PendingOp]) -> Self {
        let mut callers = batch.iter().filter_map(|pending| pending.reply.abandoner());
        Callers { first: callers.next(), others: callers.collect() }
    }
}

/// Wakes the file's actor from any thread. It is a channel of its own, never the mailbox.
#[derive(Debug, Default)]
pub(crate) struct ActorWaker {
    pub(crate) notify: Notify,
}

impl WakeActor for ActorWaker {
    fn wake_actor(&self) {
        self.notify.notify_one();
    }
}

impl FileState {
    /// Returns why a batch of a buffered file may not run: bytes that were accepted before it could not be written. It
    /// reports that to its callers, if no other operation has.
    pub(crate) fn failure_before(&mut self, batch: &Batch<PendingOp>) -> Option<Cause> {
        let write_buffer = self.write_buffer.as_mut()?;
        let failure = batch.items.iter().find_map(|pending| {
            let op = &pending.op;
            let failure = match (op.operation(), op.is_acknowledged()) {
                // What ends a use of the file must not be kept from ending it.
                (Operation::Close | Operation::Lock | Operation::Unlock, _) => None,
                (_, true) => {
                    let start = op.offset().unwrap_or_default();
                    write_buffer.failure_before_chunk(&(start..start.saturating_add(op.bytes())))
                }
                (_, false) => write_buffer.failure_before(&pending.footprint(batch.cursor, batch.room)),
            };
            failure.map(|failure| (failure.clone().of_earlier_write(op.operation()), op.is_acknowledged()))
        });
        let (failure, is_chunk) = failure?;
        if !is_chunk {
            write_buffer.take_failure();
        }
        Some(failure.cause().clone())
    }

    /// Whether an operation with this footprint may act in place: it overtakes none, and finds all earlier
    /// bytes in the file.
    pub(crate) fn is_free(&self, footprint: &Footprint) -> bool {
        self.core.is_free(footprint)
            && !self
                .write_buffer
                .as_ref()
                .is_some_and(|write_buffer| write_buffer.must_flush_before(footprint))
    }

    /// Why no operation may arrive any more.
    pub(crate) fn refusal(&self) -> Option<Cause> {
        match (self.core.is_closed(), self.stopped) {
            (true, _) => Some(Cause::Closed),
            (false, true) => Some(Cause::Stopped),
            (false, false) => None,
        }
    }

    /// Posts an operation to the actor. The core counts it as mailed.
    pub(crate) fn post(&mut self, pending: PendingOp) {
        self.postings += 1;
        pending.note_place(OpPlace::Posted(self.postings));
        self.posted.push(self.postings, pending);
    }

    /// Takes everything out that no worker has begun: for a file that stops.
    pub(crate) fn take_all(&mut self) -> (Vec<PendingOp>, Vec<JobId>) {
        let mut taken = self.posted.take();
        taken.iter().for_each(|_| self.core.lose_mail());
        taken.append(&mut self.core.take_waiting());
        let started: Vec<u64> = self.running.iter().map(|(number, _)| number).collect();
        let mut jobs = Vec::new();
        for number in started {
            let (mut recalled, job) = self.recall(number, |_| true);
            taken.append(&mut recalled);
            jobs.extend(job);
        }
        (taken, jobs)
    }

    /// Takes an operation out whose caller has given it up, and others of its batch that are; also the job, if
    /// nothing is left for it to do.
    pub(crate) fn remove(&mut self, place: OpPlace) -> (Vec<PendingOp>, Option<JobId>) {
        match place {
            OpPlace::Nowhere => (Vec::new(), None),
            OpPlace::Posted(number) => {
                let removed = self.posted.remove(number);
                removed.iter().for_each(|_| self.core.lose_mail());
                (removed.into_iter().collect(), None)
            }
            OpPlace::Waiting(number) => (self.core.remove(number).into_iter().collect(), None),
            OpPlace::Started(number) => self.recall(number, |pending| pending.reply.is_cancelled()),
        }
    }

    /// Returns the waiting operations, oldest first.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &PendingOp> {
        self.core.waiting().chain(self.posted.iter().map(|(_, pending)| pending))
    }

    pub(crate) fn start(&mut self, batch: Batch<PendingOp>) -> BatchId {
        let first = &batch.items[0];
        let (batch_id, operation, since) = (batch.batch_id, first.op.operation(), first.arrived);
        let operations = batch.items.len() as u64;
        self.running.push(
            batch_id.number(),
            Running {
                batch_id,
                batch: Some(batch),
                callers: Callers::default(),
                job: None,
                operation,
                since,
                operations,
                reported: false,
            },
        );
        batch_id
    }

    /// Hands a batch to its worker, once.
    pub(crate) fn take(&mut self, batch_id: BatchId) -> Option<Batch<PendingOp>> {
        let running = self.running.get_mut(batch_id.number())?;
        let batch = running.batch.take()?;
        running.callers = Callers::of(&batch.items);
        Some(batch)
    }

    /// Returns the callers of every batch that a worker has begun, with the operation's name.
    pub(crate) fn take_callers(&mut self) -> Vec<(Operation, Arc<dyn Abandon<Error>>)> {
        let callers = self.running.iter_mut().flat_map(|(_, running)| {
            let Callers { first, others } = std::mem::take(&mut running.callers);
            first.into_iter().chain(others).map(|caller| (running.operation, caller))
        });
        callers.collect()
    }

    /// Removes operations that satisfy `selected` from a batch that has not begun. Ends it if it became empty, and
    /// then returns its job too.
    fn recall(
        &mut self,
        number: u64,
        selected: impl Fn(&PendingOp) -> bool,
    ) -> (Vec<PendingOp>, Option<JobId>) {
        let Some(running) = self.running.get_mut(number) else { return (Vec::new(), None) };
        let Some(batch) = &mut running.batch else { return (Vec::new(), None) };
        let (removed, remaining): (Vec<_>, Vec<_>) =
            std::mem::take(&mut batch.items).into_iter().partition(|pending| selected(pending));
        let empty = remaining.is_empty();
        batch.items = remaining;
        batch.closers -= closers(&removed);
        running.operations -= removed.len() as u64;
        if !empty {
            return (removed, None);
        }
        let ended = self.running.remove(number);
        ended.iter().for_each(|running| self.core.finish(running.batch_id, CursorMove::Stay));
        (removed, ended.and_then(|running| running.job))
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("operation", &self.operation)
            .field("begun", &self.batch.is_none())
            .finish_non_exhaustive()
    }
}
