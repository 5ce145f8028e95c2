//! A model of the count that the end of the process waits for.

use std::time::Instant;

use loom::sync::Arc;
use loom::thread;

use super::unfinished::Unfinished;
use crate::mutants::{assert_caught, explore};

#[test]
fn the_end_waits_until_all_is_done() {
    explore(|| {
        let unfinished = Arc::new(Unfinished::new());
        let workers: Vec<_> = (0..2)
            .map(|_| {
                unfinished.add();
                let unfinished = unfinished.clone();
                thread::spawn(move || unfinished.done())
            })
            .collect();
        // A model has no time: without a wake, this hangs.
        unfinished.wait(Instant::now());
        workers.into_iter().for_each(|worker| worker.join().expect("no worker panics"));
        assert!(unfinished.is_none(), "it was not waited for");
    });
}

#[test]
fn the_model_catches_its_mutants() {
    let model = "context::unfinished_loom::the_end_waits_until_all_is_done";
    assert_caught(model, "unfinished-ends-without-waking");
    assert_caught(model, "unfinished-sleeps-after-looking");
}
