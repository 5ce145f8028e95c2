//! How a file's descriptor is given up: in place, by a worker, or into the hands of the program.
//!
//! Whoever gives it up has first made sure that nothing of the file is running and that nothing will be: behind the
//! closed gate, with the readers gone and the state closed. From then on other handles, the actor and workers may
//! keep the opening for as long as they like.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::error::{Cause, Error, Operation};
use crate::file::{Footprint, Trust, WriteBuffer};
use crate::file_op::{Close, FileOp};
use crate::open_file::file::OpenFile;
use crate::open_file::final_flush::{CloseJob, FinalFlush, GivenUp};
use crate::open_file::final_write_guard::FinalWriteGuard;
use crate::open_file::state::FileState;
use crate::stats::add;

/// What an operation touches that nothing may run beside.
pub(crate) fn everything() -> Footprint {
    Close.footprint(0, u64::MAX)
}

impl OpenFile {
    /// Closes the file for whatever comes, if nothing is queued, running or kept back; says whether it did.
    pub(crate) fn shut(&self, state: &mut FileState) -> bool {
        if state.core.is_closed() || !state.is_free(&everything()) {
            return false;
        }
        // Never opened again: reads in place find a closed file on the slow way.
        self.turn.close_gate(1);
        let drained = self.turn.drain();
        if drained {
            state.core.close();
        } else {
            self.turn.open_gate(1);
        }
        drained
    }

    /// Shuts the file if nothing is under way and giving the descriptor up cannot block.
    pub(crate) fn shut_if_quick(&self) -> bool {
        let mut state = self.turn.take();
        !state.core.is_closed()
            && state.is_free(&everything())
            && self.closes_quickly()
            && self.shut(&mut state)
    }

    /// Whether giving the descriptor up cannot block. Only asked while nothing else can give it up.
    fn closes_quickly(&self) -> bool {
        !self.access.slow_to_close
            || (!self.access.remote && !self.access.alone && self.file.closes_at_once())
    }

    /// Ends a file that is shut. What something before it owes is reported first, then what closing itself
    /// reports; the descriptor is gone in any case.
    pub(crate) fn end(&self) -> Result<(), Cause> {
        if !self.access.write {
            return self.give_up().map_err(|error| Cause::Io(Arc::new(error)));
        }
        let owed = match self.inode.with_health(|health| health.settle()) {
            Trust::Sound => return self.give_up().map_err(|error| self.latch(error)),
            Trust::Poisoned(error) => Cause::Poisoned(error),
            Trust::Owed(error) => Cause::EarlierWrite(error),
        };
        self.given_up.store(true, Ordering::Relaxed);
        if let Err(error) = self.file.abandon() {
            self.note_unheard(error);
        }
        drop(self.given_up_guard());
        Err(owed)
    }

    /// Gives the descriptor of a shut file up, or finds that somebody has.
    fn give_up(&self) -> io::Result<()> {
        // Whoever shut the file is alone, so this only tells the drop, which comes after: Relaxed is enough.
        self.given_up.store(true, Ordering::Relaxed);
        let gone = self.given_up_guard();
        let closed = self.file.close();
        drop(gone);
        closed
    }

    fn given_up_guard(&self) -> GivenUp {
        GivenUp { context: self.context.clone(), inode: self.inode.clone(), holder: self.holder() }
    }

    /// Ends a shut file that nobody waits for.
    pub(crate) fn end_unheard(&self) {
        if let Err(error) = self.give_up() {
            self.note_unheard(error);
        }
    }

    /// Nobody hears of it but the next sync, the counter and the log.
    fn note_unheard(&self, error: io::Error) {
        let error = Arc::new(error);
        // Latched before it is counted: whoever sees the count finds the other openings poisoned.
        if self.access.write {
            self.inode.with_health(|health| health.poison(error.clone()));
        }
        add(&self.context.stats.unobserved_errors, 1);
        let error = Error::new(Operation::Close, Cause::Io(error)).at_path(self.path.clone());
        tracing::warn!(%error, "nobody was left to hear of a failure");
    }

    /// Notes that the descriptor goes to the program: the drop has nothing left to close.
    pub(crate) fn hand_over(&self) {
        self.inode.locks.lost(self.holder());
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// Gives up the descriptor of a shut file whose opening the program has by another: where that may take time,
    /// whoever drops the opening sees to it.
    pub(crate) fn end_for_another(&self) {
        if self.closes_quickly() {
            self.end_unheard();
        } else {
            self.given_up.store(false, Ordering::Relaxed);
        }
    }

    /// Lets a shut file in again, whose descriptor could not be handed over.
    pub(crate) fn reopen(&self) {
        self.given_up.store(false, Ordering::Relaxed);
        self.turn.take().core.reopen();
        self.turn.open_gate(1);
    }

    /// Gives up the descriptor of an opening that nobody has any more: where that may take time, a worker does it.
    pub(crate) fn depart(&mut self) {
        if *self.given_up.get_mut() || self.leaves_at_once() {
            return;
        }
        let (open, buffered) = self.take_buffered();
        // An object has to be ended even if nothing was written.
        let changed = self.written.load(Ordering::Relaxed) || self.access.alone || !buffered.is_empty();
        let last = (!buffered.is_empty()).then(|| FinalFlush::of(self, buffered));
        let job = CloseJob {
            file: self.file.clone(),
            path: self.path.clone(),
            inode: self.inode.clone(),
            context: self.context.clone(),
            report: open && changed,
            last,
            _given_up: self.given_up_guard(),
        };
        // Late: a worker may have been the last to let go of the file, and the engine have gone with it.
        drop(self.context.pool.submit_late(self.device.lane, Box::new(job)));
    }

    /// Gives the descriptor up on this thread if that cannot block and nothing is kept back.
    fn leaves_at_once(&self) -> bool {
        let buffered = self.turn.take().write_buffer.as_deref().is_some_and(WriteBuffer::is_dirty);
        let quick = !buffered && self.closes_quickly();
        if quick {
            self.end_unheard();
        }
        quick
    }

    /// Whether the file was still open, and what it had kept back then. Closing has reported what it could not
    /// write, so that is nobody's any more.
    fn take_buffered(&self) -> (bool, Vec<crate::file::Chunk>) {
        let mut state = self.turn.take();
        let open = !state.core.is_closed();
        let buffered = state.write_buffer.take().filter(|_| open);
        (open, buffered.map_or(Vec::new(), |mut write_buffer| write_buffer.take_chunks()))
    }

    /// Told when the last handle goes: has whoever asks for this file wait for what is under way, or kept back.
    pub(crate) fn leave(&self) {
        if self.turn.share().is_none() && !self.turn.take().core.is_closed() {
            self.leaving.get_or_init(|| FinalWriteGuard::begin(&self.context, &self.inode));
        }
    }
}

impl Drop for OpenFile {
    /// Never blocks: where giving the descriptor up may take time, a worker does it.
    fn drop(&mut self) {
        if !self.is_here() {
            // The parent has the same file, and writes what it has accepted.
            return;
        }
        let stats = &self.context.stats;
        add(&stats.in_place, self.in_place.load(Ordering::Relaxed));
        add(&stats.bytes_read, self.bytes_in_place.load(Ordering::Relaxed));
        add(&stats.writes_buffered, self.writes_buffered.load(Ordering::Relaxed));
        add(&stats.closed, 1);
        self.depart();
        self.context.registry.forget(&self.inode);
    }
}
