//! Models of the quota: what is released reaches a caller that waits, and is never granted twice.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use loom::future::block_on;
use loom::thread;

use super::{QUEUED, Quota};
use crate::fair::Flow;
use crate::mutants::{assert_caught, explore};
use crate::priority::Priority;
use crate::sync::{AtomicUsize, Ordering};

fn flow(file: u64) -> Flow {
    Flow { priority: Priority::Normal, file, caller: 0 }
}

/// A quota of one operation, and the number of those that have it.
#[derive(Clone)]
struct Model {
    quota: Arc<Quota>,
    inside: Arc<AtomicUsize>,
}

impl Model {
    fn new() -> Model {
        Model { quota: Arc::new(Quota::new(1, 10)), inside: Arc::new(AtomicUsize::new(0)) }
    }

    /// Takes the operation, in place or by waiting, and gives it back.
    fn pass(&self, file: u64) {
        let units = self.quota.units(1, Priority::Normal);
        if self.quota.try_take(units, Priority::Normal).is_err() {
            assert!(block_on(self.quota.take(units, flow(file))), "it is never closed");
        }
        assert_eq!(self.inside.fetch_add(1, Ordering::Relaxed), 0, "two have the one operation");
        self.inside.fetch_sub(1, Ordering::Relaxed);
        self.quota.release(units);
    }

    /// Everything is back, and no caller waits.
    fn finish(&self) {
        assert_eq!(self.quota.free.load(Ordering::Relaxed) & QUEUED, 0, "the next one needs no lock");
        assert_eq!(self.quota.try_take(self.quota.units(10, Priority::Normal), Priority::Normal), Ok(()));
    }
}

#[test]
fn a_release_meets_the_caller_that_begins_to_wait() {
    explore(|| {
        let model = Model::new();
        let other = model.clone();
        let thread = thread::spawn(move || other.pass(1));
        model.pass(2);
        thread.join().expect("the other does not panic");
        model.finish();
    });
}

#[test]
fn three_callers_all_pass() {
    explore(|| {
        let model = Model::new();
        let threads = [1, 2].map(|file| {
            let other = model.clone();
            thread::spawn(move || other.pass(file))
        });
        model.pass(3);
        threads.into_iter().for_each(|thread| thread.join().expect("the others do not panic"));
        model.finish();
    });
}

#[test]
fn one_that_gives_up_leaves_nothing_behind() {
    explore(|| {
        let model = Model::new();
        let units = model.quota.units(1, Priority::Normal);
        assert_eq!(model.quota.try_take(units, Priority::Normal), Ok(()));
        let quota = model.quota.clone();
        let thread = thread::spawn(move || quota.release(units));
        {
            let take = pin!(model.quota.take(units, flow(2)));
            if take.poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(true) {
                model.quota.release(units);
            }
        }
        thread.join().expect("the other does not panic");
        model.finish();
    });
}

/// Expects to be woken as the one of this number.
struct Numbered {
    number: usize,
    woken: Arc<AtomicUsize>,
}

impl Wake for Numbered {
    fn wake(self: std::sync::Arc<Self>) {
        assert_eq!(self.woken.fetch_add(1, Ordering::Relaxed), self.number, "woken out of turn");
    }
}

#[test]
fn callers_are_woken_in_the_order_of_their_turns() {
    explore(|| {
        let quota = Arc::new(Quota::new(2, 10));
        let units = quota.units(1, Priority::Normal);
        assert_eq!(
            [quota.try_take(units, Priority::Normal), quota.try_take(units, Priority::Normal)],
            [Ok(()), Ok(())]
        );
        let woken = Arc::new(AtomicUsize::new(0));
        let takes = [0, 1].map(|number| {
            let waker = Waker::from(std::sync::Arc::new(Numbered { number, woken: woken.clone() }));
            let mut take = quota.take(units, flow(1));
            assert!(Pin::new(&mut take).poll(&mut Context::from_waker(&waker)).is_pending());
            take
        });
        let other = quota.clone();
        let thread = thread::spawn(move || other.release(units));
        quota.release(units);
        thread.join().expect("the other does not panic");
        assert_eq!(woken.load(Ordering::Relaxed), 2, "both are woken");
        drop(takes);
        assert_eq!(quota.try_take(units, Priority::Normal), Ok(()));
    });
}

#[test]
fn each_that_comes_for_its_units_lets_the_next_come() {
    explore(|| {
        let quota = Arc::new(Quota::new(4, 10));
        let units = quota.units(1, Priority::Normal);
        // One of them goes on all the time: where nothing does, none is kept waiting.
        for _ in 0..4 {
            assert_eq!(quota.try_take(units, Priority::Normal), Ok(()));
        }
        let mut takes = [1, 2, 3].map(|file| quota.take(units, flow(file)));
        for take in &mut takes {
            assert!(Pin::new(take).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        let other = quota.clone();
        let thread = thread::spawn(move || (0..3).for_each(|_| other.release(units)));
        for take in takes {
            assert!(block_on(take), "it is never closed");
        }
        thread.join().expect("the other does not panic");
        assert_eq!(quota.free.load(Ordering::Relaxed) & QUEUED, 0, "the next one needs no lock");
    });
}

#[test]
fn the_models_catch_their_mutants() {
    for (model, mutant) in [
        ("a_release_meets_the_caller_that_begins_to_wait", "quota-release-forgets-the-queue"),
        ("a_release_meets_the_caller_that_begins_to_wait", "quota-waits-without-a-mark"),
        ("a_release_meets_the_caller_that_begins_to_wait", "quota-keeps-its-mark"),
        ("three_callers_all_pass", "quota-release-forgets-the-queue"),
        ("callers_are_woken_in_the_order_of_their_turns", "quota-wakes-in-any-order"),
        ("each_that_comes_for_its_units_lets_the_next_come", "quota-stops-after-a-few"),
        ("one_that_gives_up_leaves_nothing_behind", "quota-loses-what-no-caller-took"),
    ] {
        assert_caught(&format!("quota::loom::{model}"), mutant);
    }
}
