//! The bytes of one file: as readers see them, and as a power cut would leave them.

use std::collections::VecDeque;

use crate::random::Random;

/// Bytes of changes that are kept waiting for a sync. Beyond it the oldest become durable by themselves, as
/// by the kernel's writeback, so that a test that never syncs does not keep every byte it ever wrote.
const UNSYNCED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// One file's contents with the changes that no sync has covered yet, in order.
#[derive(Debug, Default)]
pub(super) struct Image {
    bytes: Vec<u8>,
    durable: Vec<u8>,
    unsynced: VecDeque<(Stamp, Change)>,
    unsynced_bytes: usize,
    last: Stamp,
}

/// Orders the changes of one file.
pub(super) type Stamp = u64;

#[derive(Debug)]
enum Change {
    /// Bytes were put at an offset.
    Write(usize, Vec<u8>),
    /// The length was set.
    SetLen(usize),
}

impl Image {
    pub(super) fn durable(bytes: Vec<u8>) -> Image {
        Image { durable: bytes.clone(), bytes, ..Image::default() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn durable_bytes(&self) -> &[u8] {
        &self.durable
    }

    /// Copies what is there at `offset` into `buf` and returns how much that was.
    pub(super) fn read(&self, buf: &mut [u8], offset: usize) -> usize {
        let there = self.bytes.get(offset..).unwrap_or_default();
        let count = there.len().min(buf.len());
        buf[..count].copy_from_slice(&there[..count]);
        count
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.record(Change::Write(offset, bytes.to_vec()), bytes.len());
    }

    pub(super) fn set_len(&mut self, len: usize) {
        self.record(Change::SetLen(len), 0);
    }

    /// Returns the stamp of the last change: what a sync that begins now has to cover.
    pub(super) fn stamp(&self) -> Stamp {
        self.last
    }

    /// Makes every change up to `stamp` durable.
    pub(super) fn settle(&mut self, stamp: Stamp) {
        while let Some(change) = self.take_unsynced(stamp) {
            change.apply(&mut self.durable);
        }
    }

    /// Forgets that the changes up to `stamp` are not durable: the pages of a failed sync count as clean.
    pub(super) fn forget(&mut self, stamp: Stamp) {
        while self.take_unsynced(stamp).is_some() {}
    }

    /// Returns what a power cut leaves if each unsynced change survives with `percent` of 100.
    pub(super) fn survivor(&self, dice: &mut Random, percent: u64) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for (_, change) in &self.unsynced {
            if dice.chance(percent) {
                change.apply(&mut bytes);
            }
        }
        bytes
    }

    fn record(&mut self, change: Change, size: usize) {
        change.apply(&mut self.bytes);
        self.last += 1;
        self.unsynced.push_back((self.last, change));
        self.unsynced_bytes += size;
        while self.unsynced_bytes > UNSYNCED_BYTES_MAX {
            let Some(change) = self.take_unsynced(Stamp::MAX) else { break };
            change.apply(&mut self.durable);
        }
    }

    fn take_unsynced(&mut self, stamp: Stamp) -> Option<Change> {
        if self.unsynced.front()?.0 > stamp {
            return None;
        }
        let (_, change) = self.unsynced.pop_front()?;
        if let Change::Write(_, bytes) = &change {
            self.unsynced_bytes -= bytes.len();
        }
        Some(change)
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Write(offset, new) => {
                let end = offset + new.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*offset..end].copy_from_slice(new);
            }
            Change::SetLen(len) => bytes.resize(*len, 0),
        }
    }
}
