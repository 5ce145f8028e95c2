//! Changes of one file's bytes and length that no sync has covered yet.

use std::collections::VecDeque;
use std::sync::Arc;

use super::number::Serial;

/// Bytes of changes of one file that are kept waiting for a sync. Beyond it the oldest become durable by themselves,
/// as by the kernel's writeback, so that a test that never syncs does not keep every byte it ever wrote.
const UNSYNCED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What an event costs besides its bytes, for that limit.
const EVENT_BYTES: usize = 64;

/// One change.
#[derive(Clone, Debug)]
pub(in crate::disk) enum Change {
    /// Bytes were put at an offset of a file that was so long before.
    Write { offset: usize, bytes: Vec<u8>, len_before: usize },
    /// The length was set.
    SetLen { len: usize },
}

impl Change {
    pub(in crate::disk) fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Write { offset, bytes: new, .. } => {
                let end = offset + new.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*offset..end].copy_from_slice(new);
            }
            Change::SetLen { len } => bytes.resize(*len, 0),
        }
    }

    /// Whether it changed the length, which stands in the inode.
    pub(in crate::disk) fn resizes(&self) -> bool {
        match self {
            Change::Write { offset, bytes, len_before } => offset + bytes.len() > *len_before,
            Change::SetLen { .. } => true,
        }
    }

    fn cost(&self) -> usize {
        match self {
            Change::Write { bytes, .. } => bytes.len() + EVENT_BYTES,
            Change::SetLen { .. } => EVENT_BYTES,
        }
    }
}

/// What syncs have made of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::disk) enum Fate {
    /// No sync has covered it.
    Open,
    /// The sync that should have covered it failed. It may be on the disk, and no later sync sees to that.
    Lost,
    /// It is durable, behind one that was lost.
    Settled,
}

/// A change that may or may not be on the disk, or that stands behind such a one.
#[derive(Clone, Debug)]
pub(in crate::disk) struct Pending {
    pub(in crate::disk) serial: Serial,
    pub(in crate::disk) change: Arc<Change>,
    pub(in crate::disk) fate: Fate,
}

/// The durable bytes of a file, and the changes after them, in order.
#[derive(Clone, Debug, Default)]
pub(in crate::disk) struct FileLog {
    pub(in crate::disk) base: Arc<Vec<u8>>,
    pub(in crate::disk) pending: VecDeque<Pending>,
    cost: usize,
}

impl FileLog {
    pub(in crate::disk) fn durable(base: Arc<Vec<u8>>) -> FileLog {
        FileLog { base, ..FileLog::default() }
    }

    pub(super) fn record(&mut self, serial: Serial, change: Arc<Change>) {
        self.cost += change.cost();
        self.pending.push_back(Pending { serial, change, fate: Fate::Open });
        while self.cost > UNSYNCED_BYTES_MAX {
            self.absorb_first();
        }
    }

    pub(super) fn settle(&mut self, upto: Serial) {
        self.mark(upto, Fate::Settled);
        while self.pending.front().is_some_and(|first| first.fate == Fate::Settled) {
            self.absorb_first();
        }
    }

    /// The pages of a failed sync count as clean: no later sync covers them.
    pub(super) fn lose(&mut self, upto: Serial) {
        self.mark(upto, Fate::Lost);
    }

    /// What syncs have covered, and nothing else.
    pub(super) fn settled(&self) -> Vec<u8> {
        let mut bytes = self.base.to_vec();
        let settled = self.pending.iter().filter(|pending| pending.fate == Fate::Settled);
        settled.for_each(|pending| pending.change.apply(&mut bytes));
        bytes
    }

    /// The serials of changes that reach the inode: all, by its times, or those of its length.
    pub(super) fn metadata(&self, all: bool) -> Vec<Serial> {
        let reaching = self.pending.iter().filter(|pending| all || pending.change.resizes());
        reaching.map(|pending| pending.serial).collect()
    }

    fn mark(&mut self, upto: Serial, fate: Fate) {
        let open = self.pending.iter_mut().filter(|pending| pending.fate == Fate::Open);
        open.take_while(|pending| pending.serial <= upto).for_each(|pending| pending.fate = fate);
    }

    fn absorb_first(&mut self) {
        let Some(first) = self.pending.pop_front() else { return };
        self.cost -= first.change.cost();
        match first.fate {
            Fate::Open | Fate::Settled => first.change.apply(Arc::make_mut(&mut self.base)),
            Fate::Lost => {}
        }
    }
}
