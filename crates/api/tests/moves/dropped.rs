//! Moves dropped after each of their polls: the original is there or the target is, whole, and nothing else is left.

use std::fs;

use folio::Engine;
use folio::fs::move_path;
use folio_testkit::polling::poll_then_drop;
use folio_testkit::wait::settled;

use crate::ground::{Rooms, names, untouched};

/// Polls after which a move must be done.
const POLLS_MAX: usize = 200;

/// Each number of polls is tried so often: how far a worker is by the drop is a matter of luck.
const ROUNDS: usize = 2;

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
                let done = tokio::task::unconstrained(async {
                    poll_then_drop(moving, polls, round % 2 == 0).is_some()
                })
                .await;
                settled(|| engine.snapshot()).await;
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
