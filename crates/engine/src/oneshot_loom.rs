//! Models of the oneshot: exactly one of a poll, a cancel and the sender gets the answer.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use loom::future::block_on;
use loom::thread;

use crate::mutants::{assert_caught, explore};
use crate::oneshot::{Cancelled, Lost, Receiver, Sender, channel};

const ANSWER: u32 = 42;

/// Result of the worker's side.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It never began, so it has no answer to get back.
    NotBegun,
    /// It began, and the channel took its answer.
    Sent,
    /// It began, and got its answer back.
    Returned,
}

fn work(sender: Sender<u32>) -> Outcome {
    if !sender.begin() {
        return Outcome::NotBegun;
    }
    match sender.send(ANSWER) {
        Ok(()) => Outcome::Sent,
        Err(ANSWER) => Outcome::Returned,
        Err(other) => panic!("{other} was never sent"),
    }
}

fn poll_once(receiver: &mut Receiver<u32>) -> Poll<Result<u32, Lost>> {
    pin!(receiver).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_cancelled_answer_is_had_by_exactly_one() {
    explore(|| {
        let (sender, receiver) = channel();
        let worker = thread::spawn(move || work(sender));
        let cancelled = receiver.cancel();
        let outcome = worker.join().expect("the worker does not panic");
        match cancelled {
            Cancelled::BeforeBegin => assert_eq!(outcome, Outcome::NotBegun),
            Cancelled::Begun => assert_eq!(outcome, Outcome::Returned),
            Cancelled::Done(answer) => assert_eq!((answer, outcome), (ANSWER, Outcome::Sent)),
            Cancelled::Nothing => panic!("no other side has taken it"),
        }
    });
}

#[test]
fn a_detached_answer_is_had_by_exactly_one_and_the_work_is_done() {
    explore(|| {
        let (sender, receiver) = channel();
        let worker = thread::spawn(move || work(sender));
        let had = receiver.detach();
        let outcome = worker.join().expect("the worker does not panic");
        match had {
            Some(answer) => assert_eq!((answer, outcome), (ANSWER, Outcome::Sent)),
            None => assert_eq!(outcome, Outcome::Returned),
        }
    });
}

#[test]
fn an_answer_that_a_poll_took_is_not_cancelled_again() {
    explore(|| {
        let (sender, mut receiver) = channel();
        let worker = thread::spawn(move || work(sender));
        let polled = poll_once(&mut receiver);
        let cancelled = receiver.cancel();
        let outcome = worker.join().expect("the worker does not panic");
        let had_by_poll = usize::from(polled == Poll::Ready(Ok(ANSWER)));
        let had_by_cancel = usize::from(cancelled == Cancelled::Done(ANSWER));
        let had_by_worker = usize::from(outcome == Outcome::Returned);
        let answers = usize::from(outcome != Outcome::NotBegun);
        assert_eq!(had_by_poll + had_by_cancel + had_by_worker, answers);
        assert_eq!(cancelled == Cancelled::BeforeBegin, answers == 0);
    });
}

#[test]
fn a_waiting_receiver_is_woken_by_the_answer() {
    explore(|| {
        let (sender, receiver) = channel();
        let worker = thread::spawn(move || work(sender));
        assert_eq!(block_on(receiver), Ok(ANSWER));
        assert_eq!(worker.join().expect("the worker does not panic"), Outcome::Sent);
    });
}

#[test]
fn a_waiting_receiver_is_woken_by_a_dropped_sender() {
    explore(|| {
        let (sender, receiver) = channel::<u32>();
        let worker = thread::spawn(move || assert!(sender.begin()));
        assert_eq!(block_on(receiver), Err(Lost { begun: true }));
        worker.join().expect("the worker does not panic");
    });
}

#[test]
fn an_abandoned_answer_is_had_by_exactly_one() {
    explore(|| {
        let (sender, receiver) = channel::<Result<u32, ()>>();
        let abandoner = sender.abandoner().expect("a fresh sender has its slot");
        let worker = thread::spawn(move || sender.begin().then(|| sender.send(Ok(ANSWER))));
        abandoner.abandon(());
        let received = block_on(receiver);
        let sent = worker.join().expect("the worker does not panic");
        match received {
            Ok(Ok(answer)) => assert_eq!((answer, sent), (ANSWER, Some(Ok(())))),
            Ok(Err(())) => assert_eq!(sent, Some(Err(Ok(ANSWER))), "an answer is lost"),
            Err(lost) => assert_eq!((lost, sent), (Lost { begun: false }, None)),
        }
    });
}

#[test]
fn the_models_catch_their_mutants() {
    let abandoned = "oneshot_loom::an_abandoned_answer_is_had_by_exactly_one";
    assert_caught(abandoned, "oneshot-abandons-what-is-answered");
    for model in
        ["a_cancelled_answer_is_had_by_exactly_one", "an_answer_that_a_poll_took_is_not_cancelled_again"]
    {
        assert_caught(&format!("oneshot_loom::{model}"), "oneshot-begins-after-cancel");
    }
}
