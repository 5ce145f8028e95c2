//! What the engine asks of an open file: to flush, to give up, to show what it is doing.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::actor::opening::Opening;
use crate::actor::queued::closers;
use crate::actor::registry::{Registered, RunningBatch};
use crate::file::Bell;
use crate::op::Op;
use crate::stats::{Counters, FileSnapshot};

impl Registered for Opening {
    fn ring(&self) {
        self.turn.bell().ring();
    }

    fn seal_all(self: Arc<Self>) {
        let ready = self.seal(&mut self.turn.take(), None);
        self.submit_all(ready);
    }

    fn abandon(&self) {
        let mut desk = self.turn.take();
        let mut waiting = desk.unpost(|_| true);
        waiting.append(&mut desk.state.remove_unless(|_| false));
        self.turn.open_gate(closers(&waiting));
        drop(desk);
    }

    fn show_running(&self, show: &mut dyn FnMut(RunningBatch<'_>)) {
        for running in &mut self.turn.take().running {
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
        counters.writes_kept += self.kept.load(Ordering::Relaxed);
        let desk = self.turn.take();
        let waiting = desk.waiting().map(|queued| queued.arrived);
        let oldest = desk.running.iter().map(|running| running.since).chain(waiting).min();
        FileSnapshot {
            path: self.path.to_path_buf(),
            queued: desk.state.queued(),
            queued_bytes: desk.waiting().map(|queued| Op::weight(&queued.op) as u64).sum(),
            kept_bytes: desk.behind.as_ref().map_or(0, |behind| behind.bytes()),
            running: desk.running.len(),
            oldest: oldest.map(|since| since.elapsed()),
        }
    }
}
