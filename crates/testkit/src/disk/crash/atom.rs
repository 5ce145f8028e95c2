//! What a disk keeps or loses by itself, and a choice of that.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::disk::journal::{Ino, Serial};

/// One part of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The length that it gave to the file.
    Size,
    /// The length as far as the end of this block, which the kernel sets when it comes to the next one.
    Border(usize),
    /// Its bytes in this sector of the file.
    Sector(usize),
    /// Its names in this directory.
    Names(Ino),
    /// The attributes.
    Traits,
}

/// One part of one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Atom {
    pub(super) serial: Serial,
    pub(super) part: Part,
}

/// What is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    pub(super) kept: BTreeSet<Atom>,
    /// Of a journal, every change up to here.
    pub(super) cut: Serial,
}

impl Choice {
    pub(super) fn keeps(&self, serial: Serial, part: Part) -> bool {
        self.kept.contains(&Atom { serial, part })
    }
}

/// Unit of allocation, in bytes: that of ext4 and XFS by default, and that of the page cache.
pub(super) const BLOCK_BYTES: usize = 4096;

/// Sectors, or blocks, that a range of bytes lies in.
pub(super) fn sectors(bytes: Range<usize>, sector_bytes: usize) -> Range<usize> {
    if bytes.is_empty() { 0..0 } else { bytes.start / sector_bytes..bytes.end.div_ceil(sector_bytes) }
}

/// The bytes of a sector.
pub(super) fn extent(sector: usize, sector_bytes: usize) -> Range<usize> {
    sector * sector_bytes..(sector + 1) * sector_bytes
}

/// What two ranges have in common.
pub(super) fn common(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    let start = one.start.max(other.start);
    start..one.end.min(other.end).max(start)
}

/// The blocks at whose ends a write that grows a file may leave the length, short of its own end.
pub(super) fn borders(offset: usize, len_before: usize, end: usize) -> Range<usize> {
    let first = offset.max(len_before) / BLOCK_BYTES;
    first..(end.saturating_sub(1) / BLOCK_BYTES).max(first)
}
