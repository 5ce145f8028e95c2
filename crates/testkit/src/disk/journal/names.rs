//! Changes of names that no sync has covered yet.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};

use super::number::{Ino, Serial};

/// Changes of names that are kept waiting for a sync. Beyond it the oldest become durable by themselves, so that a
/// test that never syncs a directory does not keep every name it ever gave.
const UNSYNCED_NAMES_MAX: usize = 65_536;

/// One name in one directory gets another meaning, or none.
#[derive(Clone, Debug)]
pub(in crate::disk) struct NameChange {
    pub(in crate::disk) dir: Ino,
    pub(in crate::disk) name: OsString,
    pub(in crate::disk) ino: Option<Ino>,
}

impl NameChange {
    pub(super) fn touches(&self, ino: Ino) -> bool {
        self.dir == ino || self.ino == Some(ino)
    }
}

/// A change that waits for a sync of its directory. The changes of one operation have one serial.
#[derive(Clone, Debug)]
pub(in crate::disk) struct PendingName {
    pub(in crate::disk) serial: Serial,
    pub(in crate::disk) change: NameChange,
}

/// All of them, in order.
#[derive(Clone, Debug, Default)]
pub(in crate::disk) struct NameLog {
    pending: VecDeque<PendingName>,
}

impl NameLog {
    pub(in crate::disk) fn iter(&self) -> impl Iterator<Item = &PendingName> {
        self.pending.iter()
    }

    pub(super) fn push(&mut self, pending: PendingName) {
        self.pending.push_back(pending);
    }

    pub(super) fn take_surplus(&mut self) -> Option<PendingName> {
        if self.pending.len() > UNSYNCED_NAMES_MAX { self.pending.pop_front() } else { None }
    }

    /// Takes out what a sync of `dir` covers.
    pub(super) fn take(&mut self, dir: Ino, upto: Serial) -> Vec<NameChange> {
        let mut taken = Vec::new();
        self.pending.retain(|pending| {
            let covered = pending.change.dir == dir && pending.serial <= upto;
            if covered {
                taken.push(pending.change.clone());
            }
            !covered
        });
        taken
    }

    pub(super) fn forget(&mut self, dir: Ino, name: &OsStr) {
        self.pending.retain(|pending| pending.change.dir != dir || pending.change.name != name);
    }
}
