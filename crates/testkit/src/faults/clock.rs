//! A clock that stands still until the test moves it.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::lock::lock;
use crate::wait::PATIENCE;

/// The clock of a plan, in the hands of the test: [slow calls](crate::Trigger::takes) are done when it says so, and no
/// second passes.
///
/// While no test holds it, it runs by itself: each slow call moves it on by what the call takes, and does not wait.
/// Dropping the last one lets every call go, so that a test that fails leaves no worker blocked behind.
#[derive(Debug)]
pub struct Clock {
    hand: Arc<Hand>,
}

impl Clock {
    pub(super) fn held(hand: &Arc<Hand>) -> Clock {
        lock(&hand.state).holders += 1;
        Clock { hand: Arc::clone(hand) }
    }

    /// Returns how far the clock has moved since the plan was made.
    pub fn now(&self) -> Duration {
        lock(&self.hand.state).now
    }

    /// Moves the clock on: calls whose time has come are done.
    pub fn advance(&self, by: Duration) {
        let mut state = lock(&self.hand.state);
        state.now = state.now.saturating_add(by);
        self.hand.changed.notify_all();
    }

    /// Returns how many slow calls wait for the clock.
    pub fn waiting(&self) -> usize {
        lock(&self.hand.state).waiting.len()
    }

    /// Returns how far the clock has to move before the next call is done.
    pub fn next(&self) -> Option<Duration> {
        let state = lock(&self.hand.state);
        state.waiting.iter().min().map(|done| done.saturating_sub(state.now))
    }

    /// Blocks until `count` slow calls in all have come, whether they still wait or not.
    ///
    /// # Panics
    ///
    /// If they have not come within [`PATIENCE`].
    pub fn arrived(&self, count: u64) {
        let state = lock(&self.hand.state);
        let missing = |state: &mut State| state.arrivals < count;
        let waited = self.hand.changed.wait_timeout_while(state, PATIENCE, missing);
        let (state, waited) = waited.expect("no holder of a clock panics");
        assert!(!waited.timed_out(), "{} of {count} slow calls came", state.arrivals);
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        lock(&self.hand.state).holders -= 1;
        self.hand.changed.notify_all();
    }
}

/// What the clock and its rules share.
#[derive(Debug, Default)]
pub(super) struct Hand {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    now: Duration,
    holders: usize,
    arrivals: u64,
    /// When each waiting call is done.
    waiting: Vec<Duration>,
}

impl Hand {
    /// Waits until the clock has moved on by `takes`.
    pub(super) fn pass(&self, takes: Duration) {
        let mut state = lock(&self.state);
        let done = state.now.saturating_add(takes);
        state.arrivals += 1;
        state.waiting.push(done);
        self.changed.notify_all();
        let early = |state: &mut State| state.holders > 0 && state.now < done;
        let mut state = self.changed.wait_while(state, early).expect("no holder of a clock panics");
        state.now = state.now.max(done);
        let place = state.waiting.iter().position(|waiting| *waiting == done).expect("it was put there");
        state.waiting.swap_remove(place);
    }
}
