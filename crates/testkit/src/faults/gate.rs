//! A gate that calls wait at until the test opens it.

use std::sync::{Arc, Condvar, Mutex};

use crate::lock::lock;
use crate::wait::PATIENCE;

/// Blocks calls until the test lets them pass; the test's end of [`Trigger::wait_for`].
///
/// Dropping the gate opens it, so that a test that fails leaves no worker blocked behind.
///
/// [`Trigger::wait_for`]: crate::Trigger::wait_for
#[derive(Debug, Default)]
pub struct Gate {
    hinge: Arc<Hinge>,
}

impl Gate {
    /// Makes a closed gate.
    pub fn closed() -> Gate {
        Gate::default()
    }

    /// Lets every call pass, now and from now on.
    pub fn open(&self) {
        lock(&self.hinge.state).open = true;
        self.hinge.changed.notify_all();
    }

    /// Lets `count` calls pass: waiting ones first, later ones if fewer wait.
    pub fn release(&self, count: usize) {
        lock(&self.hinge.state).passes += count;
        self.hinge.changed.notify_all();
    }

    /// Returns how many calls wait at the gate.
    pub fn waiting(&self) -> usize {
        lock(&self.hinge.state).waiting
    }

    /// Blocks until `count` calls in all have come to the gate, whether they still wait or not.
    ///
    /// # Panics
    ///
    /// If they have not come within [`PATIENCE`].
    pub fn arrived(&self, count: u64) {
        let state = lock(&self.hinge.state);
        let missing = |state: &mut State| state.arrivals < count;
        let (state, waited) = self
            .hinge
            .changed
            .wait_timeout_while(state, PATIENCE, missing)
            .expect("no holder of a gate panics");
        assert!(!waited.timed_out(), "{} of {count} calls came to the gate", state.arrivals);
    }

    pub(super) fn hinge(&self) -> Arc<Hinge> {
        Arc::clone(&self.hinge)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

/// What the gate and its rules share.
#[derive(Debug, Default)]
pub(super) struct Hinge {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    open: bool,
    passes: usize,
    waiting: usize,
    arrivals: u64,
}

impl Hinge {
    pub(super) fn pass(&self) {
        let mut state = lock(&self.state);
        state.arrivals += 1;
        state.waiting += 1;
        self.changed.notify_all();
        let shut = |state: &mut State| !state.open && state.passes == 0;
        let mut state = self.changed.wait_while(state, shut).expect("no holder of a gate panics");
        state.waiting -= 1;
        state.passes = state.passes.saturating_sub(1);
    }
}
