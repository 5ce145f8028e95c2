//! What a sync of one inode may still vouch for.
//!
//! Linux reports a failed write-back once and then marks the pages clean, so a second sync can say "fine"
//! about data that is gone. Hence a failed sync poisons the inode for every handle in the process, for as long
//! as one of them is open, and no sync is ever tried again. A failed write is owed to the next sync.

use std::io;
use std::sync::Arc;

/// The memory of failures of one inode.
#[derive(Debug, Default)]
pub(crate) struct Health {
    poison: Option<Arc<io::Error>>,
    owed: Option<Arc<io::Error>>,
}

/// What may be said about what was written so far.
#[derive(Debug)]
pub(crate) enum Trust {
    /// Nothing has failed that was not reported.
    Sound,
    /// A write failed; the sync that hears of it must fail too. Hearing of it settles the debt.
    Owed(Arc<io::Error>),
    /// A sync failed; nothing can be vouched for any more.
    Poisoned(Arc<io::Error>),
}

impl Health {
    /// Remembers a failed write for the next sync.
    pub(crate) fn owe(&mut self, error: Arc<io::Error>) {
        self.owed.get_or_insert(error);
    }

    /// Latches a failed sync or close.
    pub(crate) fn poison(&mut self, error: Arc<io::Error>) {
        self.poison.get_or_insert(error);
    }

    /// Answers a sync that is about to vouch for everything so far.
    pub(crate) fn settle(&mut self) -> Trust {
        match (&self.poison, self.owed.take()) {
            (Some(error), _) => Trust::Poisoned(error.clone()),
            (None, Some(error)) => Trust::Owed(error),
            (None, None) => Trust::Sound,
        }
    }

    /// The failed sync, if there was one.
    pub(crate) fn poisoned(&self) -> Option<Arc<io::Error>> {
        self.poison.clone()
    }
}
