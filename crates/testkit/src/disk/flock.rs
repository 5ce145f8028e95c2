//! Advisory locks of one file, held by openings.

use std::collections::BTreeSet;

use folio_engine::storage::LockKind;

/// The openings that hold a lock.
#[derive(Debug, Default)]
pub(super) struct Locks {
    shared: BTreeSet<u64>,
    exclusive: Option<u64>,
}

impl Locks {
    /// Takes or changes the lock of `opening`; `false` if another one holds a conflicting lock.
    pub(super) fn try_lock(&mut self, opening: u64, kind: LockKind) -> bool {
        let held = match kind {
            LockKind::Shared => self.shared.contains(&opening),
            LockKind::Exclusive => self.exclusive == Some(opening),
        };
        if held {
            return true;
        }
        // Linux gives the old lock up before it tries for the new one, and does not give it back.
        self.unlock(opening);
        let free = match kind {
            LockKind::Shared => self.exclusive.is_none(),
            LockKind::Exclusive => self.exclusive.is_none() && self.shared.is_empty(),
        };
        match kind {
            LockKind::Shared if free => drop(self.shared.insert(opening)),
            LockKind::Exclusive if free => self.exclusive = Some(opening),
            LockKind::Shared | LockKind::Exclusive => {}
        }
        free
    }

    pub(super) fn unlock(&mut self, opening: u64) {
        self.shared.remove(&opening);
        self.exclusive = self.exclusive.filter(|holder| *holder != opening);
    }
}
