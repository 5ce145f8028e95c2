//! Progress of a file's actor through its messages.

use std::sync::atomic::{AtomicU8, Ordering};

/// Progress of the actor through its messages. What is still in its mailbox is unknown here.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    stage: AtomicU8,
}

/// No other actor has a reference to this file's.
const UNUSED: u8 = 0;
/// Every message taken from the mailbox is in the order.
const SETTLED: u8 = 1;
/// A message may have been taken and not be in the order yet.
const TAKING: u8 = 2;
/// A message waits for its permit.
const WAITING: u8 = 3;

impl Inbox {
    /// Records that other actors may send messages from now on.
    pub(crate) fn hand_out(&self) {
        // Relaxed: a sender of messages has the reference from here, or from another that has.
        let _ = self.stage.compare_exchange(UNUSED, SETTLED, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether no message can have been sent.
    pub(crate) fn is_unused(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == UNUSED
    }

    /// Whether every message taken from the mailbox is in the order. Acquire pairs with the release in
    /// `settle`: a caller that sees `true` sees those messages in the order.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.stage.load(Ordering::Acquire), UNUSED | SETTLED)
    }

    /// Whether a message waits for its permit.
    pub(crate) fn is_waiting(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == WAITING
    }

    /// Called before a message is taken, so that an empty mailbox is never seen together with a settled inbox.
    pub(crate) fn take(&self) {
        self.enter(TAKING);
    }

    pub(crate) fn wait(&self) {
        self.enter(WAITING);
    }

    pub(crate) fn settle(&self) {
        self.enter(SETTLED);
    }

    /// The actor of an unshared file records nothing, which saves its callers a shared word.
    fn enter(&self, stage: u8) {
        if !self.is_unused() {
            self.stage.store(stage, Ordering::Release);
        }
    }
}
