//! The journal: a value without locks that changes step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::change::{Change, FileLog};
use super::inode::{Body, Inode};
use super::names::{NameChange, NameLog, PendingName};
use super::number::{Ino, ROOT, Serial};
use crate::disk::attributes::Attributes;

/// Inodes beyond those that the last sweep left, before the next one: often enough for memory, seldom enough for time.
const INODES_BETWEEN_SWEEPS: usize = 4096;

/// One thing that happened to the disk.
#[derive(Clone, Debug)]
pub(in crate::disk) enum Step {
    /// An inode was made, under no name yet.
    Born { ino: Ino, inode: Arc<Inode> },
    /// Bytes or the length of a file changed.
    Data { ino: Ino, change: Arc<Change> },
    /// Mode, owner or extended attributes changed.
    Traits { ino: Ino, traits: Arc<Attributes> },
    /// Names changed, all in one operation.
    Names(Arc<[NameChange]>),
    /// A sync that began after `upto` succeeded; `all` if it covered more than the data.
    Synced { ino: Ino, upto: Serial, all: bool },
    /// A sync that began after `upto` failed.
    SyncFailed { ino: Ino, upto: Serial },
    /// A test put a name there, durable.
    Placed(NameChange),
}

impl Step {
    /// Whether a power cut may leave something else afterwards.
    pub(in crate::disk) fn is_seen(&self) -> bool {
        match self {
            Step::Born { .. } => false,
            Step::Data { .. }
            | Step::Traits { .. }
            | Step::Names(_)
            | Step::Synced { .. }
            | Step::SyncFailed { .. }
            | Step::Placed(_) => true,
        }
    }
}

/// What is durable, and the changes that wait for a sync. Clones share what neither has changed.
#[derive(Clone, Debug, Default)]
pub(in crate::disk) struct Journal {
    pub(in crate::disk) inodes: BTreeMap<Ino, Arc<Inode>>,
    pub(in crate::disk) names: NameLog,
    /// A journaling file system has committed every change of metadata up to here.
    pub(in crate::disk) committed: Serial,
    pub(in crate::disk) last: Serial,
    /// Steps that are seen, so far.
    pub(in crate::disk) moment: u64,
    swept: usize,
}

impl Journal {
    /// A disk with these inodes, all durable.
    pub(in crate::disk) fn durable(inodes: BTreeMap<Ino, Arc<Inode>>) -> Journal {
        Journal { swept: inodes.len(), inodes, ..Journal::default() }
    }

    pub(in crate::disk) fn step(&mut self, step: &Step) {
        self.moment += u64::from(step.is_seen());
        match step {
            Step::Born { ino, inode } => drop(self.inodes.insert(*ino, Arc::clone(inode))),
            Step::Data { ino, change } => {
                let serial = self.next();
                self.file(*ino, |log| log.record(serial, Arc::clone(change)));
            }
            Step::Traits { ino, traits } => {
                let serial = self.next();
                if let Some(inode) = self.inode(*ino) {
                    inode.traits.pending.push((serial, Arc::clone(traits)));
                }
            }
            Step::Names(changes) => {
                let serial = self.next();
                for change in changes.iter() {
                    self.names.push(PendingName { serial, change: change.clone() });
                }
                while let Some(oldest) = self.names.take_surplus() {
                    self.set_durable(oldest.change);
                }
            }
            Step::Synced { ino, upto, all } => self.settle(*ino, *upto, *all),
            Step::SyncFailed { ino, upto } => self.file(*ino, |log| log.lose(*upto)),
            Step::Placed(change) => {
                self.names.forget(change.dir, &change.name);
                self.set_durable(change.clone());
            }
        }
    }

    /// Returns the bytes of a file that syncs have covered.
    pub(in crate::disk) fn durable_bytes(&self, ino: Ino) -> Vec<u8> {
        match self.inodes.get(&ino).map(|inode| &inode.body) {
            Some(Body::File(log)) => log.settled(),
            Some(Body::Dir(_) | Body::Link(_)) | None => Vec::new(),
        }
    }

    /// Returns the inodes that some name, durable or waiting, leads to.
    pub(in crate::disk) fn named(&self) -> BTreeSet<Ino> {
        let durable = self.inodes.values().filter_map(|inode| match &inode.body {
            Body::Dir(names) => Some(names.values().copied()),
            Body::File(_) | Body::Link(_) => None,
        });
        let waiting = self.names.iter().filter_map(|pending| pending.change.ino);
        durable.flatten().chain(waiting).chain([ROOT]).collect()
    }

    /// Drops inodes that nothing can lead to any more: no name, no opening. Not for a journal that is replayed, whose
    /// later steps may still name them.
    pub(in crate::disk) fn sweep(&mut self) {
        if self.inodes.len() < self.swept + INODES_BETWEEN_SWEEPS {
            return;
        }
        let named = self.named();
        self.inodes.retain(|ino, inode| named.contains(ino) || inode.live.strong_count() > 0);
        self.swept = self.inodes.len();
    }

    fn next(&mut self) -> Serial {
        self.last += 1;
        self.last
    }

    fn inode(&mut self, ino: Ino) -> Option<&mut Inode> {
        self.inodes.get_mut(&ino).map(Arc::make_mut)
    }

    fn file(&mut self, ino: Ino, change: impl FnOnce(&mut FileLog)) {
        match self.inode(ino).map(|inode| &mut inode.body) {
            Some(Body::File(log)) => change(log),
            Some(Body::Dir(_) | Body::Link(_)) | None => {}
        }
    }

    fn set_durable(&mut self, change: NameChange) {
        let Some(Body::Dir(names)) = self.inode(change.dir).map(|inode| &mut inode.body) else { return };
        let names = Arc::make_mut(names);
        match change.ino {
            Some(ino) => drop(names.insert(change.name, ino)),
            None => drop(names.remove(&change.name)),
        }
    }

    fn settle(&mut self, ino: Ino, upto: Serial, all: bool) {
        self.committed = self.committed.max(self.last_metadata(ino, upto, all));
        for settled in self.names.take(ino, upto) {
            self.set_durable(settled);
        }
        let Some(inode) = self.inode(ino) else { return };
        if all {
            inode.traits.settle(upto);
        }
        match &mut inode.body {
            Body::File(log) => log.settle(upto),
            Body::Dir(_) | Body::Link(_) => {}
        }
    }

    /// The last change of metadata up to `upto` that this inode took part in: a journaling file system commits its log
    /// as far as that when the inode is synced, and need not go farther.
    fn last_metadata(&self, ino: Ino, upto: Serial, all: bool) -> Serial {
        let names = self.names.iter().filter(|pending| pending.change.touches(ino));
        let names = names.map(|pending| pending.serial);
        let inode = self.inodes.get(&ino);
        let traits =
            inode.into_iter().flat_map(|inode| inode.traits.pending.iter().map(|(serial, _)| *serial));
        let data = inode.into_iter().flat_map(|inode| match &inode.body {
            Body::File(log) => log.metadata(all),
            Body::Dir(_) | Body::Link(_) => Vec::new(),
        });
        names.chain(traits.filter(|_| all)).chain(data).filter(|serial| *serial <= upto).max().unwrap_or(0)
    }
}
