//! Models of the turn: which turns may coexist, what a reader sees, and that no wake-up is lost.
//!
//! The file's bytes are a loom cell that is touched and never read: two accesses without a happens-before
//! between them fail the model, even in a schedule where they do not meet.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use super::turn::{Turn, WakeActor};
use crate::mutants::{assert_caught, explore};
use crate::sync::{AtomicUsize, Condvar, Mutex, Ordering, lock, wait_until};

/// What the one writer of a model is doing, as the file's state would know it.
#[derive(Debug, PartialEq, Eq)]
enum FileState {
    /// Nothing; a cursor operation may go ahead.
    Idle,
    /// It has come and may not start yet.
    Waiting,
    /// It is at the bytes.
    Writing,
}

/// Keeps one wake-up for the next waiter, as the actor's waker does.
struct TestWaker {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl TestWaker {
    fn wait(&self) {
        let mut woken = lock(&self.woken);
        while !*woken {
            woken = wait_until(&self.changed, woken, None);
        }
        *woken = false;
    }
}

impl WakeActor for TestWaker {
    fn wake_actor(&self) {
        *lock(&self.woken) = true;
        self.changed.notify_one();
    }
}

/// One file with its turn.
struct Model {
    turn: Turn<FileState, TestWaker>,
    bytes: UnsafeCell<()>,
    /// How many writes the bytes show. Relaxed: only the turn may make it visible.
    version: AtomicUsize,
    /// How many writes have been acknowledged. Relaxed, so that it makes nothing else visible.
    acknowledged: AtomicUsize,
}

impl Model {
    fn new() -> Arc<Model> {
        let chime = TestWaker { woken: Mutex::new(false), changed: Condvar::new() };
        Arc::new(Model {
            turn: Turn::new(FileState::Idle, chime),
            bytes: UnsafeCell::new(()),
            version: AtomicUsize::new(0),
            acknowledged: AtomicUsize::new(0),
        })
    }

    /// A positioned read in place; says whether it got in.
    fn read(&self) -> bool {
        let acknowledged = self.acknowledged.load(Ordering::Relaxed);
        let Some(_turn) = self.turn.share() else { return false };
        self.check_seen(acknowledged);
        true
    }

    /// A cursor read in place: under the exclusive turn, if no write is in its way.
    fn read_at_cursor(&self) {
        let acknowledged = self.acknowledged.load(Ordering::Relaxed);
        let state = self.turn.take();
        if *state == FileState::Idle {
            self.check_seen(acknowledged);
        }
    }

    fn check_seen(&self, acknowledged: usize) {
        self.bytes.with(|_| ());
        assert!(self.version.load(Ordering::Relaxed) >= acknowledged, "an acknowledged write is not seen");
    }

    /// A write as a caller starts it: it spins for the readers.
    fn write_after_spinning(&self) {
        self.write_once(|| self.turn.drain());
    }

    /// A write as the actor starts it: it does not spin.
    fn write(&self) {
        self.write_once(|| !self.turn.has_readers());
    }

    /// A write: at once if there is no reader, else after a wake-up that finds none.
    fn write_once(&self, drained: impl FnOnce() -> bool) {
        let mut state = self.turn.take();
        self.turn.close_gate(1);
        *state = FileState::Waiting;
        let mut drained = drained();
        while !drained {
            drop(state);
            self.turn.waker().wait();
            state = self.turn.take();
            drained = !self.turn.has_readers();
        }
        *state = FileState::Writing;
        drop(state);
        self.bytes.with_mut(|_| ());
        self.version.fetch_add(1, Ordering::Relaxed);
        let mut state = self.turn.take();
        *state = FileState::Idle;
        self.turn.open_gate(1);
        drop(state);
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }
}

fn spawn(model: &Arc<Model>, act: impl FnOnce(&Model) + 'static) -> thread::JoinHandle<()> {
    let model = model.clone();
    thread::spawn(move || act(&model))
}

#[test]
fn a_reader_and_a_writer_are_never_inside_together() {
    explore(|| {
        let model = Model::new();
        let reader = spawn(&model, |model| _ = model.read());
        model.write();
        reader.join().expect("the reader does not panic");
    });
}

#[test]
fn a_writer_that_drains_the_readers_is_not_inside_with_one() {
    explore(|| {
        let model = Model::new();
        let reader = spawn(&model, |model| _ = model.read());
        model.write_after_spinning();
        reader.join().expect("the reader does not panic");
    });
}

#[test]
fn a_writer_that_waits_for_two_readers_is_woken() {
    explore(|| {
        let model = Model::new();
        let first = spawn(&model, |model| _ = model.read());
        let second = spawn(&model, |model| _ = model.read());
        model.write();
        first.join().expect("the reader does not panic");
        second.join().expect("the reader does not panic");
    });
}

#[test]
fn a_cursor_operation_and_a_writer_are_never_inside_together() {
    explore(|| {
        let model = Model::new();
        let cursor = spawn(&model, Model::read_at_cursor);
        let reader = spawn(&model, |model| _ = model.read());
        model.write();
        cursor.join().expect("the cursor operation does not panic");
        reader.join().expect("the reader does not panic");
    });
}

#[test]
fn a_reader_that_gets_in_after_a_write_sees_it() {
    explore(|| {
        let model = Model::new();
        let writer = spawn(&model, Model::write);
        model.read();
        model.read();
        writer.join().expect("the writer does not panic");
        assert!(model.read(), "an opened gate lets readers in");
        assert_eq!(model.version.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn the_gate_stays_closed_until_the_last_of_two_writers_opens_it() {
    explore(|| {
        let model = Model::new();
        let closed_twice = spawn(&model, |model| {
            model.turn.close_gate(2);
            if model.turn.drain() {
                model.bytes.with_mut(|_| ());
                model.turn.open_gate(1);
                model.bytes.with_mut(|_| ());
            } else {
                model.turn.open_gate(1);
            }
            model.turn.open_gate(1);
        });
        model.read();
        model.read();
        closed_twice.join().expect("the writer does not panic");
    });
}

#[test]
fn the_models_catch_their_mutants() {
    for (model, mutant) in [
        ("a_reader_and_a_writer_are_never_inside_together", "turn-shares-behind-closed-gate"),
        ("a_reader_and_a_writer_are_never_inside_together", "turn-leaves-without-waking"),
        ("a_reader_and_a_writer_are_never_inside_together", "turn-leaves-without-release"),
        ("a_writer_that_drains_the_readers_is_not_inside_with_one", "turn-shares-behind-closed-gate"),
        ("a_writer_that_drains_the_readers_is_not_inside_with_one", "turn-counts-readers-without-acquire"),
        ("a_writer_that_waits_for_two_readers_is_woken", "turn-leaves-without-waking"),
        ("a_cursor_operation_and_a_writer_are_never_inside_together", "turn-shares-behind-closed-gate"),
        ("a_reader_that_gets_in_after_a_write_sees_it", "turn-shares-without-acquire"),
        ("a_reader_that_gets_in_after_a_write_sees_it", "turn-opens-without-release"),
        ("the_gate_stays_closed_until_the_last_of_two_writers_opens_it", "turn-opens-for-all"),
    ] {
        assert_caught(&format!("file::loom::{model}"), mutant);
    }
}
