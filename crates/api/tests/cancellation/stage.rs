//! Polling by hand, and an engine on a simulated disk.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use folio::{Engine, File, OpenOptions};
use folio_testkit::polling::{poll_once, poll_then_drop};
use folio_testkit::wait::eventually_blocking;
use folio_testkit::{Call, Disk, Fault, Gate};

/// Polls until it is done.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    poll_then_drop(future, usize::MAX, false).expect("it is polled until it is done")
}

/// An engine on a simulated disk.
pub(crate) struct Stage {
    pub(crate) disk: Disk,
    pub(crate) engine: Engine,
}

impl Stage {
    pub(crate) fn new(workers_max: usize) -> Stage {
        let disk = Disk::new();
        let engine = Engine::builder().workers_max(workers_max).storage(Arc::new(disk.clone())).start();
        Stage { disk, engine: engine.expect("the engine starts") }
    }

    pub(crate) fn open(&self, path: &str, contents: &[u8]) -> File {
        self.disk.put(path, contents);
        wait(read_write().open_on(&self.engine, path)).expect("the file is there")
    }

    /// Lets no read and no opening be answered in place.
    pub(crate) fn nothing_in_place(&self) {
        self.disk.plan().on(Call::ReadNow).would_block();
        self.disk.plan().on(Call::OpenCached).would_block();
        self.disk.plan().on(Call::MetadataCached).would_block();
    }

    /// Keeps the engine's only worker in a write to another file until the gate opens.
    pub(crate) fn stick(&self) -> Stuck {
        let file = self.open("/blocker", b"");
        let gate = Gate::closed();
        let fault = self.disk.plan().on(Call::WriteAt).under("/blocker").wait_for(&gate);
        let writer = file.clone();
        let mut write = Box::pin(async move { writer.write_all_at(b"done", 0).await });
        assert!(poll_once(write.as_mut()).is_pending());
        gate.arrived(1);
        Stuck { gate, file, write, _fault: fault }
    }

    /// Polls `read` once and lets it finish without anybody looking.
    pub(crate) fn answer_unseen<F: Future + ?Sized>(&self, read: Pin<&mut F>) {
        let gate = Gate::closed();
        let fault = self.disk.plan().on(Call::ReadAt).wait_for(&gate);
        assert!(poll_once(read).is_pending());
        gate.arrived(1);
        gate.open();
        fault.lift();
        self.settle();
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.engine.snapshot().in_flight
    }

    /// Waits until nothing is under way.
    #[track_caller]
    pub(crate) fn settle(&self) {
        eventually_blocking("every permit comes back", || self.in_flight() == 0);
    }
}

/// A worker that waits at a gate.
pub(crate) struct Stuck {
    gate: Gate,
    file: File,
    write: Pin<Box<dyn Future<Output = folio::Result<()>>>>,
    _fault: Fault,
}

impl Stuck {
    /// Opens the gate and lets the write that waited there finish; returns the file, which is still open.
    pub(crate) fn free(self) -> File {
        self.gate.open();
        wait(self.write).expect("the blocker's write succeeds");
        self.file
    }
}

pub(crate) fn read_write() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    options
}
