//! What the engine needs of an open file: flushing, giving up, and showing its operations.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::context::registry::{Registered, RunningBatch};
use crate::error::Cause;
use crate::file::WakeActor;
use crate::open_file::file::OpenFile;
use crate::open_file::pending::closers;
use crate::stats::{Counters, FileSnapshot};

impl Registered for OpenFile {
    fn wake_actor(&self) {
        self.turn.waker().wake_actor();
    }

    fn flush_all(self: Arc<Self>) {
        let ready = self.start_flush(&mut self.turn.take(), None);
        self.submit_all(ready);
    }

    fn stop(&self) {
        let mut state = self.turn.take();
        state.stopped = true;
        let (waiting, jobs) = state.take_all();
        self.turn.open_gate(closers(&waiting));
        drop(state);
        // Dropped outside of the turn: an answer may lead back here.
        drop(waiting);
        jobs.into_iter().for_each(|job| drop(self.context.pool.withdraw(job)));
    }

    fn abandon(&self) {
        let callers = self.turn.take().take_callers();
        for (operation, caller) in callers {
            caller.abandon(self.error(operation, Cause::Abandoned));
        }
        if let Some(waiters) = &self.flush_waiters {
            waiters.completed.notify_waiters();
        }
    }

    fn show_running(&self, show: &mut dyn FnMut(RunningBatch<'_>)) {
        for (_, running) in self.turn.take().running.iter_mut() {
            show(RunningBatch {
                operation: running.operation,
                path: &self.path,
                age: running.since.elapsed(),
                operations: running.operations,
                reported: &mut running.reported,
            });
        }
    }

    fn snapshot(&self, counters: &mut Counters) -> FileSnapshot {
        counters.in_place += self.in_place.load(Ordering::Relaxed);
        counters.bytes_read += self.bytes_in_place.load(Ordering::Relaxed);
        counters.writes_buffered += self.writes_buffered.load(Ordering::Relaxed);
        let state = self.turn.take();
        let waiting = state.waiting().map(|pending| pending.arrived);
        let oldest = state.running.iter().map(|(_, running)| running.since).chain(waiting).min();
        FileSnapshot {
            path: self.path.to_path_buf(),
            queued: state.core.queued(),
            queued_bytes: state.waiting().map(|pending| pending.op.weight() as u64).sum(),
            buffered_bytes: state.write_buffer.as_ref().map_or(0, |write_buffer| write_buffer.bytes()),
            running: state.running.len(),
            oldest: oldest.map(|since| since.elapsed()),
        }
    }
}
