//! The bytes of a file whose length stands in a journal.
//!
//! A sector has the writes to it up to one of them: writeback takes the page as it is. Which one is chosen by the atoms,
//! and raised to what the length implies: first the length, then the bytes.

use std::collections::BTreeMap;
use std::ops::Range;

use super::atom::{BLOCK_BYTES, Choice, Part, common, extent, sectors};
use super::worst::put;
use crate::disk::journal::{Change, Fate, FileLog, Pending};

/// What the length says about the blocks below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Implied {
    /// Each new block has what was written to it first.
    EveryBlock,
    /// The last block has everything written to it.
    LastBlock,
}

pub(super) fn bytes(log: &FileLog, choice: &Choice, sector_bytes: usize, implied: Implied) -> Vec<u8> {
    let mut file = File { log, choice, sector_bytes, implied, through: BTreeMap::new() };
    file.choose();
    let len = file.length();
    let mut bytes = file.written();
    bytes.resize(len, 0);
    bytes
}

struct File<'a> {
    log: &'a FileLog,
    choice: &'a Choice,
    sector_bytes: usize,
    implied: Implied,
    /// Of each sector, the last change that it has.
    through: BTreeMap<usize, usize>,
}

impl File<'_> {
    /// Takes the sectors that the choice keeps.
    fn choose(&mut self) {
        for (index, pending) in self.log.pending.iter().enumerate() {
            let Some(range) = written(pending) else { continue };
            if pending.fate != Fate::Lost {
                let keeps = |sector: &usize| self.keeps(pending, Part::Sector(*sector));
                let kept: Vec<_> = sectors(range, self.sector_bytes).filter(keeps).collect();
                kept.into_iter().for_each(|sector| self.raise(sector, index));
            }
        }
    }

    /// Decides on the length, and raises sectors to what it implies.
    fn length(&mut self) -> usize {
        let mut len = self.log.base.len();
        // Blocks below here were there before all pending changes.
        let mut old_end = len;
        let mut since = 0;
        let log = self.log;
        for (index, pending) in log.pending.iter().enumerate() {
            if !self.is_logged(pending) {
                continue;
            }
            match &*pending.change {
                Change::SetLen { len: new } => (len, old_end, since) = (*new, old_end.min(*new), index + 1),
                Change::Write { offset, bytes, .. } if pending.change.resizes() => {
                    let end = offset + bytes.len();
                    let border = (len / BLOCK_BYTES + 1) * BLOCK_BYTES;
                    let reached = match () {
                        () if self.keeps(pending, Part::Size) => Some(end),
                        () if self.keeps(pending, Part::Border(len / BLOCK_BYTES)) => Some(border),
                        () => None,
                    };
                    if let Some(reached) = reached {
                        self.imply(index, old_end..reached, since);
                        len = len.max(reached);
                    }
                    if *offset <= border {
                        len = self.grown(index, len, *offset..end);
                    }
                }
                Change::Write { .. } => {}
            }
        }
        len
    }

    /// How far whole blocks of a write that grows the file have arrived.
    fn grown(&self, index: usize, mut len: usize, written: Range<usize>) -> usize {
        loop {
            let border = (len / BLOCK_BYTES + 1) * BLOCK_BYTES;
            let has = |sector| self.through.get(&sector).is_some_and(|through| *through >= index);
            let arrived = written.start.max(len)..border;
            if border > written.end || arrived.is_empty() || !sectors(arrived, self.sector_bytes).all(has) {
                return len;
            }
            len = border;
        }
    }

    /// Raises sectors to what a length says that the write `index` has given.
    fn imply(&mut self, index: usize, grown: Range<usize>, since: usize) {
        let last = grown.end.saturating_sub(1) / BLOCK_BYTES;
        match self.implied {
            Implied::EveryBlock => {
                for block in grown.start.div_ceil(BLOCK_BYTES)..=last {
                    self.raise_first(block, since);
                }
            }
            Implied::LastBlock => {
                for index in since..=index {
                    self.raise_within(last, index);
                }
            }
        }
    }

    /// Raises a new block to the write that it was allocated for.
    fn raise_first(&mut self, block: usize, since: usize) {
        let touches = |index: &usize| {
            let pending = &self.log.pending[*index];
            let range = written(pending).filter(|_| pending.fate != Fate::Lost);
            range.is_some_and(|range| !common(&range, &extent(block, BLOCK_BYTES)).is_empty())
        };
        if let Some(first) = (since..self.log.pending.len()).find(touches) {
            self.raise_within(block, first);
        }
    }

    /// Raises what a write has in a block.
    fn raise_within(&mut self, block: usize, index: usize) {
        let pending = &self.log.pending[index];
        let Some(range) = written(pending).filter(|_| pending.fate != Fate::Lost) else { return };
        for sector in sectors(common(&range, &extent(block, BLOCK_BYTES)), self.sector_bytes) {
            self.raise(sector, index);
        }
    }

    fn raise(&mut self, sector: usize, index: usize) {
        let through = self.through.entry(sector).or_insert(index);
        *through = (*through).max(index);
    }

    /// Writes every sector as far as was decided.
    fn written(&self) -> Vec<u8> {
        let mut bytes = self.log.base.to_vec();
        // A cut that is not in the log keeps later writes out of what it cut off.
        let mut clip = usize::MAX;
        for (index, pending) in self.log.pending.iter().enumerate() {
            match &*pending.change {
                Change::SetLen { len } if self.is_logged(pending) => bytes.truncate(*len),
                Change::SetLen { len } => clip = clip.min(*len),
                Change::Write { offset, bytes: new, len_before } => {
                    // What was behind the end then has no block before the log says so.
                    let end = if self.is_logged(pending) { usize::MAX } else { *len_before };
                    let range = common(&(*offset..offset + new.len()), &(0..end.min(clip)));
                    for sector in sectors(range.clone(), self.sector_bytes) {
                        if self.has(sector, index, pending) {
                            let piece = common(&range, &extent(sector, self.sector_bytes));
                            put(&mut bytes, piece.start, &new[piece.start - offset..piece.end - offset]);
                        }
                    }
                }
            }
        }
        bytes
    }

    fn has(&self, sector: usize, index: usize, pending: &Pending) -> bool {
        match pending.fate {
            Fate::Lost => self.choice.keeps(pending.serial, Part::Sector(sector)),
            Fate::Open | Fate::Settled => self.through.get(&sector).is_some_and(|through| index <= *through),
        }
    }

    fn keeps(&self, pending: &Pending, part: Part) -> bool {
        pending.fate == Fate::Settled || self.choice.keeps(pending.serial, part)
    }

    fn is_logged(&self, pending: &Pending) -> bool {
        pending.fate == Fate::Settled || pending.serial <= self.choice.cut
    }
}

/// The range of bytes that a change wrote.
fn written(pending: &Pending) -> Option<Range<usize>> {
    match &*pending.change {
        Change::Write { offset, bytes, .. } => Some(*offset..offset + bytes.len()),
        Change::SetLen { .. } => None,
    }
}
