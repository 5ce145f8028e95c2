//! Models of lent bytes: all of them are written or none, whichever side is dropped or parked.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use loom::future::block_on;
use loom::sync::{Arc, Mutex};
use loom::thread;

use crate::file_op::lent::{Contents, Lender, Lent, Writer};
use crate::mutants::{assert_caught, explore};

/// Three pieces, the last of them short.
const BYTES: &[u8] = b"lends";

/// Writes into memory, on the thread that resumes it.
struct Collector {
    lent: std::sync::Arc<Lent>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Writer for Collector {
    fn resume(mut self: Box<Self>) {
        let lent = self.lent.clone();
        while let Some((this, piece)) = lent.next(self) {
            self = this;
            let mut written = self.written.lock().expect("nobody panics");
            written.extend_from_slice(piece.as_ref());
            if written.len() == lent.len() {
                return lent.end();
            }
        }
    }
}

/// Starts a worker that writes the lent bytes if it begins in time; returns the worker and its memory.
fn start(lender: &Lender<'_>) -> (thread::JoinHandle<bool>, Arc<Mutex<Vec<u8>>>) {
    let written = Arc::new(Mutex::new(Vec::new()));
    let collector = Box::new(Collector { lent: lender.lent(), written: written.clone() });
    let worker = thread::spawn(move || {
        let begun = collector.lent.begin();
        if begun {
            collector.resume();
        }
        begun
    });
    (worker, written)
}

#[test]
fn all_that_is_lent_is_written() {
    explore(|| {
        let mut lender = Lender::new(Contents::Borrowed(BYTES), std::sync::Arc::default());
        let (worker, written) = start(&lender);
        block_on(poll_fn(|cx| {
            lender.poll(cx);
            if lender.is_done() { Poll::Ready(()) } else { Poll::Pending }
        }));
        assert!(worker.join().expect("the worker does not panic"), "the lender is there");
        assert_eq!(*written.lock().expect("nobody panics"), BYTES);
    });
}

#[test]
fn what_has_begun_is_finished_without_its_lender() {
    explore(|| {
        let mut lender = Lender::new(Contents::Borrowed(BYTES), std::sync::Arc::default());
        let (worker, written) = start(&lender);
        lender.poll(&Context::from_waker(Waker::noop()));
        drop(lender);
        let begun = worker.join().expect("the worker does not panic");
        let expected = if begun { BYTES } else { b"" };
        assert_eq!(*written.lock().expect("nobody panics"), expected);
    });
}

#[test]
fn the_models_catch_their_mutants() {
    assert_caught("file_op::lent_loom::all_that_is_lent_is_written", "lent-fetches-without-waking");
    assert_caught("file_op::lent_loom::all_that_is_lent_is_written", "lent-resumes-nobody");
    assert_caught("file_op::lent_loom::what_has_begun_is_finished_without_its_lender", "lent-resumes-nobody");
}
