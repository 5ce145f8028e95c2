//! What a task may do before others of its thread get their turn: the only file that names tokio's budget.
//!
//! tokio gives a task 128 units for each poll. Whatever is answered in the caller's own poll is paid for by its size:
//! one unit before it begins, which is the only place to wait for another turn, and the rest when its size is known.
//! Nothing waits between a read and its delivery, so a caller that is dropped loses nothing.
//!
//! Outside of tokio's tasks the budget has no end, and nothing here waits.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker, ready};

use tokio::task::coop;

use crate::limits::{IN_PLACE_BYTES_PER_UNIT, TURN_UNITS};

pub(crate) use coop::{poll_proceed, unconstrained};

/// Spends one unit; waits for the task's next turn if there is none.
///
/// # Cancellation
///
/// Nothing happens.
pub async fn spend() {
    coop::consume_budget().await;
}

/// Polls for one unit, which is then spent: `Pending` until the task's next turn if there is none.
pub fn poll_spend(cx: &mut Context<'_>) -> Poll<()> {
    ready!(coop::poll_proceed(cx)).made_progress();
    Poll::Ready(())
}

/// Charges for work that is done, as far as units are left. What follows waits for the next turn if none is.
pub fn charge(units: usize) {
    for _ in 0..units.min(TURN_UNITS) {
        // Without the question a task without units would be scheduled once more than it needs.
        if !coop::has_budget_remaining() {
            return;
        }
        if let Poll::Ready(progress) = coop::poll_proceed(&mut Context::from_waker(Waker::noop())) {
            progress.made_progress();
        }
    }
}

/// Charges for bytes that were copied, beyond those that the first unit has paid for.
pub fn charge_bytes(bytes: usize) {
    charge(bytes / IN_PLACE_BYTES_PER_UNIT);
}

/// What small steps have cost since a unit was spent for them, such as lines and entries that were read before: a unit
/// for each would be too much, and nothing for all of them lets a task go on for ever.
#[derive(Debug)]
pub struct Unpaid {
    amount: usize,
    per_unit: usize,
}

impl Unpaid {
    /// Returns an account on which this amount costs one unit.
    pub const fn new(per_unit: usize) -> Self {
        Unpaid { amount: 0, per_unit }
    }

    /// Adds what a step costs.
    #[inline]
    pub fn add(&mut self, amount: usize) {
        self.amount += amount;
    }

    /// Pays before the next step, if a unit is due; `Pending` until the task's next turn if there is none left.
    #[inline]
    pub fn poll_pay(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.amount >= self.per_unit {
            ready!(poll_spend(cx));
            charge(self.amount / self.per_unit - 1);
            self.amount %= self.per_unit;
        }
        Poll::Ready(())
    }

    /// Pays before the next step, if a unit is due; waits for the task's next turn if there is none left.
    ///
    /// # Cancellation
    ///
    /// Nothing happens.
    #[inline]
    pub async fn pay(&mut self) {
        if self.amount >= self.per_unit {
            poll_fn(|cx| self.poll_pay(cx)).await;
        }
    }
}
