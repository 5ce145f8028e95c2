//! Whether a caller spins for its answer before it sleeps.
//!
//! A write of a page takes a worker three microseconds; putting the caller's thread to sleep and waking it
//! takes ten to eighty. So when an awake worker takes the operation at once, the caller spins for the answer
//! within its own poll, for at most as long as a read in place may take. Whether that pays depends on the
//! device and on the load, so each file learns it.

use std::sync::atomic::{AtomicI32, Ordering};

use crate::limits::{SPIN_CREDIT_MAX, SPIN_CREDIT_MIN};

/// A credit that never changes.
const NEVER: i32 = i32::MIN;

/// What a file has learned about spinning. It is a guess that may be wrong, so every access is relaxed.
#[derive(Debug)]
pub(crate) struct AdaptiveSpin {
    /// Above zero: spin. Below zero: the number of operations to skip before the next attempt.
    credit: AtomicI32,
}

impl AdaptiveSpin {
    /// On a single core a spinning caller would keep the worker from running, so it never spins there.
    pub(crate) fn new(cores: usize) -> Self {
        AdaptiveSpin { credit: AtomicI32::new(if cores > 1 { SPIN_CREDIT_MAX } else { NEVER }) }
    }

    /// Whether to spin this time.
    pub(crate) fn allows(&self) -> bool {
        let credit = self.credit.load(Ordering::Relaxed);
        if credit <= 0 && credit > NEVER {
            self.credit.store(credit + 1, Ordering::Relaxed);
        }
        credit > 0
    }

    /// Learns from whether the answer came in time. One success offsets one failure; a run of failures pauses
    /// the spinning.
    pub(crate) fn learn(&self, answered: bool) {
        let credit = self.credit.load(Ordering::Relaxed);
        let learned = match (answered, credit) {
            (true, _) => (credit + 1).min(SPIN_CREDIT_MAX),
            (false, 1) => SPIN_CREDIT_MIN,
            (false, _) => credit - 1,
        };
        self.credit.store(learned, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_device_is_not_looked_out_for_and_tried_again_later() {
        let adaptive_spin = AdaptiveSpin::new(2);
        let tried = (0..1_000)
            .filter(|_| {
                let allowed = adaptive_spin.allows();
                if allowed {
                    adaptive_spin.learn(false);
                }
                allowed
            })
            .count();
        let expected = 1_000 / SPIN_CREDIT_MIN.unsigned_abs() as usize;
        assert!((1..=expected + 2 * SPIN_CREDIT_MAX as usize).contains(&tried), "{tried} of 1,000");
    }

    #[test]
    fn a_single_core_is_never_kept_from_the_worker() {
        let adaptive_spin = AdaptiveSpin::new(1);
        assert!((0..1_000).all(|_| !adaptive_spin.allows()));
    }

    #[test]
    fn a_quick_device_stays_looked_out_for() {
        let adaptive_spin = AdaptiveSpin::new(2);
        for round in 0..1_000 {
            assert!(adaptive_spin.allows(), "round {round}");
            adaptive_spin.learn(round % 2 == 0);
        }
    }
}
