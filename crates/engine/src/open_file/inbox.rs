//! How far a file's actor is with its messages.

use std::sync::atomic::{AtomicU8, Ordering};

/// How far the actor is with the messages it was sent. What still stands in its mailbox is not known here.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    stage: AtomicU8,
}

/// Other actors have no reference to this file's.
const UNUSED: u8 = 0;
/// Everything that was taken out of the mailbox is in the order.
const SETTLED: u8 = 1;
/// Something may be taken out and not in the order yet.
const TAKING: u8 = 2;
/// A message waits for its permit.
const WAITING: u8 = 3;

impl Inbox {
    /// Notes that others may send messages from now on.
    pub(crate) fn hand_out(&self) {
        // Relaxed: whoever sends a message has the reference from here, or from someone who has.
        let _ = self.stage.compare_exchange(UNUSED, SETTLED, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether nobody can have sent a message.
    pub(crate) fn is_unused(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == UNUSED
    }

    /// Whether everything that was taken out of the mailbox is in the order. Acquire pairs with the release in
    /// `settle`: whoever finds it so finds the order that way.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.stage.load(Ordering::Acquire), UNUSED | SETTLED)
    }

    /// Whether a message waits for its permit.
    pub(crate) fn is_waiting(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == WAITING
    }

    /// Comes before something is taken out, so that nobody finds the mailbox empty and this settled.
    pub(crate) fn take(&self) {
        self.enter(TAKING);
    }

    pub(crate) fn wait(&self) {
        self.enter(WAITING);
    }

    pub(crate) fn settle(&self) {
        self.enter(SETTLED);
    }

    /// An actor that nobody else knows has nothing to tell, and its callers look at one word less.
    fn enter(&self, stage: u8) {
        if !self.is_unused() {
            self.stage.store(stage, Ordering::Release);
        }
    }
}
