//! Polling by hand, and an engine on a simulated disk.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use folio::{Engine, File, OpenOptions};
use folio_testkit::{Call, Disk, Fault, Gate};

/// Longer than anything takes on a busy machine: what has not come by then never comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Counts wakes and unparks the thread that waits for one.
pub(crate) struct Alarm {
    wakes: AtomicUsize,
    thread: Thread,
}

impl Alarm {
    pub(crate) fn here() -> Arc<Alarm> {
        Arc::new(Alarm { wakes: AtomicUsize::new(0), thread: thread::current() })
    }

    /// Parks until it has rung more than `seen` times; returns how often it has.
    fn wait(&self, seen: usize) -> usize {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = self.wakes.load(Ordering::Acquire);
            if now > seen {
                return now;
            }
            assert!(Instant::now() < deadline, "a future that is pending is never woken");
            thread::park_timeout(PATIENCE);
        }
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::Release);
        self.thread.unpark();
    }
}

/// Polls once, with nobody to wake.
pub(crate) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls at most `polls` times, each time after a wake, and then drops; with `until_woken` only after one more
/// wake, when the answer is there and nobody has looked. `None` if it was dropped.
pub(crate) fn poll_then_drop<F: Future>(future: F, polls: usize, until_woken: bool) -> Option<F::Output> {
    let mut future = pin!(future);
    let alarm = Alarm::here();
    let waker = Waker::from(alarm.clone());
    let mut seen = 0;
    for poll in 1..=polls {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        if poll < polls || until_woken {
            seen = alarm.wait(seen);
        }
    }
    None
}

/// Polls until it is done.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    poll_then_drop(future, usize::MAX, false).expect("it is polled until it is done")
}

/// Looks again and again, without sleeping, until `holds`.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::yield_now();
    }
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
        eventually("every permit comes back", || self.in_flight() == 0);
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
