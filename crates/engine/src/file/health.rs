//! What a sync of one inode may still promise.
//!
//! Linux reports a failed write-back once and then marks the pages clean, so a second sync can succeed although
//! data is gone. Hence a failed sync poisons the inode for every handle in the process, until the last of them
//! closes, and no sync is ever retried. A failed write is reported by the next sync.

use std::io;
use std::sync::Arc;

/// The failures of one inode.
#[derive(Debug, Default)]
pub(crate) struct Health {
    poison: Option<Arc<io::Error>>,
    owed: Option<Arc<io::Error>>,
}

/// What a sync may promise about earlier writes.
#[derive(Debug)]
pub(crate) enum Trust {
    /// Every failure so far has been reported.
    Sound,
    /// A write failed; the next sync must fail too, which settles the debt.
    Owed(Arc<io::Error>),
    /// A sync failed; no later sync can promise anything.
    Poisoned(Arc<io::Error>),
}

impl Health {
    /// Whether a sync would fail now.
    pub(crate) fn lacks_bytes(&self) -> bool {
        self.owed.is_some() || self.poison.is_some()
    }

    /// Remembers a failed write for the next sync.
    pub(crate) fn owe(&mut self, error: Arc<io::Error>) {
        self.owed.get_or_insert(error);
    }

    /// Latches a failed sync or close.
    pub(crate) fn poison(&mut self, error: Arc<io::Error>) {
        self.poison.get_or_insert(error);
    }

    /// Decides how a sync of everything so far must answer.
    pub(crate) fn check_sync(&mut self) -> Trust {
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
