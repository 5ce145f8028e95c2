//! The bytes that the remaining operations expect to read, and those that they can still write.
//!
//! They keep the search small in two ways. A state is hopeless if a remaining read returned a byte that is neither in the
//! file nor written by a remaining operation. And two states are equal if they differ only in bytes that no remaining
//! read returned: such bytes must be overwritten before they are read.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::ops::Range;

use super::entry::Entry;
use crate::model::{FileModel, ModelOp, Outcome};

/// Number of values of a byte.
const VALUES: usize = 256;

#[derive(Debug)]
pub(super) struct Demand {
    /// By offset: each value that reads that are left returned there, and how many of them.
    wanted: BTreeMap<u64, Vec<(u8, u32)>>,
    /// The same for reads whose offset the history does not tell: those at the cursor.
    wanted_anywhere: [u32; VALUES],
    /// How many writes that are left put this value at this offset.
    offered: HashMap<(u64, u8), u32>,
    /// The same for writes whose offset the history does not tell.
    offered_anywhere: [u32; VALUES],
    /// Operations left that use the cursor.
    cursor_ops: u32,
    append_only: bool,
}

impl Demand {
    pub(super) fn new(entries: &[&Entry], append_only: bool) -> Demand {
        let mut demand = Demand {
            wanted: BTreeMap::new(),
            wanted_anywhere: [0; VALUES],
            offered: HashMap::new(),
            offered_anywhere: [0; VALUES],
            cursor_ops: 0,
            append_only,
        };
        entries.iter().for_each(|entry| demand.account(entry, 1));
        demand
    }

    /// Adds (1) or removes (-1) what `entry` wants or offers.
    pub(super) fn account(&mut self, entry: &Entry, by: i32) {
        let outcome = entry.returned.as_ref().map(|(_, outcome)| outcome);
        match (&entry.op, outcome) {
            (ModelOp::ReadAt { offset, .. }, Some(Outcome::Bytes(got))) => self.want(*offset, got, by),
            (ModelOp::Read { .. } | ModelOp::ReadUntil { .. }, Some(Outcome::Bytes(got))) => {
                shift(&mut self.wanted_anywhere, got, by);
            }
            (ModelOp::WriteAt { offset, bytes }, _) if !self.append_only => self.offer(*offset, bytes, by),
            (ModelOp::Append { bytes }, Some(Outcome::Offset(offset))) => self.offer(*offset, bytes, by),
            (ModelOp::WriteAt { bytes, .. } | ModelOp::Write { bytes } | ModelOp::Append { bytes }, _) => {
                shift(&mut self.offered_anywhere, bytes, by);
            }
            (ModelOp::ReadAt { .. } | ModelOp::Read { .. } | ModelOp::ReadUntil { .. }, _)
            | (ModelOp::Seek(_) | ModelOp::SetLen(_) | ModelOp::Len | ModelOp::Sync, _) => {}
        }
        let uses_cursor = match entry.op {
            ModelOp::Read { .. } | ModelOp::ReadUntil { .. } | ModelOp::Write { .. } | ModelOp::Seek(_) => {
                true
            }
            ModelOp::ReadAt { .. }
            | ModelOp::WriteAt { .. }
            | ModelOp::Append { .. }
            | ModelOp::SetLen(_)
            | ModelOp::Len
            | ModelOp::Sync => false,
        };
        if uses_cursor {
            self.cursor_ops = self.cursor_ops.wrapping_add_signed(by);
        }
    }

    /// Returns whether every byte wanted in `range` is in `state` or can still come there.
    pub(super) fn is_satisfiable(&self, state: &FileModel, range: Range<u64>) -> bool {
        let mut wanted =
            self.wanted.range(range).flat_map(|(at, values)| values.iter().map(move |v| (*at, v.0)));
        wanted.all(|(at, value)| {
            let there = state.bytes().get(at as usize) == Some(&value);
            // Zeros also come from holes and from `SetLen`.
            there || value == 0 || self.is_offered(at, value)
        })
    }

    /// Returns whether some read that is left returned one of these bytes from its place, or may have.
    pub(super) fn wants_any(&self, offset: u64, bytes: &[u8]) -> bool {
        (offset..).zip(bytes).any(|(at, value)| {
            let here = self.wanted.get(&at).is_some_and(|values| values.iter().any(|(v, _)| v == value));
            here || self.wanted_anywhere[usize::from(*value)] > 0
        })
    }

    /// Returns a number that states which nothing left can tell apart share, and others in practice do not.
    pub(super) fn fingerprint(&self, state: &FileModel) -> u64 {
        let bytes = state.bytes();
        let mut hasher = DefaultHasher::new();
        (bytes.len(), if self.cursor_ops > 0 { state.cursors() } else { &[] }).hash(&mut hasher);
        for (at, values) in &self.wanted {
            let Some(value) = bytes.get(*at as usize) else { break };
            if values.iter().any(|(wanted, _)| wanted == value) {
                (*at, *value).hash(&mut hasher);
            }
        }
        let anywhere = |value: u8| self.wanted_anywhere[usize::from(value)] > 0;
        bytes
            .iter()
            .enumerate()
            .filter(|(_, value)| anywhere(**value))
            .for_each(|pair| pair.hash(&mut hasher));
        hasher.finish()
    }

    fn is_offered(&self, at: u64, value: u8) -> bool {
        self.offered_anywhere[usize::from(value)] > 0
            || self.offered.get(&(at, value)).is_some_and(|n| *n > 0)
    }

    fn want(&mut self, offset: u64, got: &[u8], by: i32) {
        for (at, value) in (offset..).zip(got) {
            let values = self.wanted.entry(at).or_default();
            match values.iter().position(|(wanted, _)| wanted == value) {
                Some(index) => {
                    values[index].1 = values[index].1.wrapping_add_signed(by);
                    if values[index].1 == 0 {
                        values.swap_remove(index);
                    }
                }
                None => values.push((*value, 1)),
            }
        }
    }

    fn offer(&mut self, offset: u64, bytes: &[u8], by: i32) {
        for (at, value) in (offset..).zip(bytes) {
            let count = self.offered.entry((at, *value)).or_default();
            *count = count.wrapping_add_signed(by);
        }
    }
}

fn shift(counts: &mut [u32; VALUES], bytes: &[u8], by: i32) {
    for value in bytes {
        let count = &mut counts[usize::from(*value)];
        *count = count.wrapping_add_signed(by);
    }
}
