//! Moves dropped after each of their polls: the original is there or the target is, whole, and nothing else is left.

use std::fs;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use folio::Engine;
use folio::fs::move_path;

use crate::ground::{Rooms, eventually, names, settled, untouched};

/// Polls after which a move must be done.
const POLLS_MAX: usize = 200;

/// Each number of polls is tried so often: how far a worker is by the drop is a matter of luck.
const ROUNDS: usize = 2;

#[derive(Default)]
struct Alarm(AtomicUsize);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// Polls at most so often, each time after a wake, and then drops; with `until_woken` after one more wake. Says whether it
/// was done before.
async fn poll_then_drop(
    future: impl Future<Output = folio::Result<()>>,
    polls: usize,
    until_woken: bool,
) -> bool {
    let mut future = pin!(future);
    let alarm = Arc::new(Alarm::default());
    let waker = Waker::from(alarm.clone());
    for poll in 1..=polls {
        let seen = alarm.0.load(Ordering::Acquire);
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            return true;
        }
        if poll < polls || until_woken {
            eventually("a pending future is woken", || alarm.0.load(Ordering::Acquire) > seen).await;
        }
    }
    false
}

#[tokio::test]
async fn dropped_after_any_poll_a_move_leaves_one_of_both() {
    let engine = Engine::builder().start().unwrap();
    for (kind, files) in [("file", 0), ("small folder", 3), ("big folder", 300)] {
        for round in 0..ROUNDS {
            let mut polls = 1;
            loop {
                let Some(rooms) = Rooms::two() else { return };
                let (from, to) = (rooms.from("it"), rooms.to("it"));
                if files == 0 {
                    fs::write(&from, b"contents").unwrap();
                } else {
                    fs::create_dir(&from).unwrap();
                    (0..files).for_each(|n| fs::write(from.join(n.to_string()), b"contents").unwrap());
                }
                let before = untouched(&from);
                let moving = engine.scope(move_path(&from, &to));
                let done = tokio::task::unconstrained(poll_then_drop(moving, polls, round % 2 == 0)).await;
                settled(&engine).await;
                let (here, there) = (names(rooms.here.path()), names(rooms.there.path()));
                let case = format!("{kind}, {polls} polls, done {done}: {here:?} and {there:?}");
                assert_eq!(here.len() + there.len(), 1, "{case}");
                assert!(untouched(if there.is_empty() { &from } else { &to }) == before, "{case}");
                assert!(!done || here.is_empty(), "{case}");
                if done {
                    break;
                }
                polls += 1;
                assert!(polls < POLLS_MAX, "{kind} takes {polls} polls");
            }
        }
    }
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
}
