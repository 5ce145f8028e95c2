//! The moment of a power cut: what is un-synced, and what of it is independent of the rest.

use std::collections::{BTreeMap, BTreeSet};

use super::atom::{Atom, BLOCK_BYTES, Choice, Part, borders, sectors};
use super::model::CrashModel;
use crate::disk::journal::{Body, Change, Fate, FileLog, Ino, Journal, Pending, Serial};

/// What images are made of.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) journal: Journal,
    pub(super) model: CrashModel,
    pub(super) sector_bytes: usize,
    /// Everything that is kept or lost by itself, by operation.
    pub(super) operations: BTreeMap<Serial, Vec<Atom>>,
    /// Where a journal may end.
    pub(super) cuts: Vec<Serial>,
    /// Of these, those of a journal that say nothing before it has come to them.
    behind: BTreeSet<Atom>,
}

impl Subject {
    pub(super) fn new(journal: Journal, model: CrashModel, sector_bytes: usize) -> Subject {
        let mut subject = Subject {
            journal,
            model,
            sector_bytes,
            operations: BTreeMap::new(),
            cuts: Vec::new(),
            behind: BTreeSet::new(),
        };
        let metadata = subject.metadata();
        if model.is_journaled() {
            subject.behind = subject.behind_the_end();
            let committed = subject.journal.committed;
            let later = metadata.iter().map(|atom| atom.serial).filter(|serial| *serial > committed);
            subject.cuts =
                [committed].into_iter().chain(later).collect::<BTreeSet<_>>().into_iter().collect();
        } else {
            subject.cuts = vec![0];
            subject.add(metadata);
        }
        let data = subject.data();
        subject.add(data);
        subject
    }

    /// Whether it makes a difference if the journal ends at `cut`.
    pub(super) fn matters(&self, atom: &Atom, cut: Serial) -> bool {
        atom.serial <= cut || !self.behind.contains(atom)
    }

    /// How many operations no sync has covered.
    pub(super) fn unsynced(&self) -> usize {
        let logged = self.cuts.iter().skip(1).copied().filter(|_| self.model.is_journaled());
        self.operations.keys().copied().chain(logged).collect::<BTreeSet<_>>().len()
    }

    /// The choice that loses nothing.
    pub(super) fn everything(&self) -> Choice {
        Choice { kept: self.atoms().into_iter().collect(), cut: Serial::MAX }
    }

    pub(super) fn atoms(&self) -> Vec<Atom> {
        self.operations.values().flatten().copied().collect()
    }

    /// The files that some name leads to, with changes that wait for a sync.
    pub(super) fn files(&self) -> impl Iterator<Item = (Ino, &FileLog)> {
        let named = self.journal.named();
        self.journal.inodes.iter().filter(move |(ino, _)| named.contains(ino)).filter_map(|(ino, inode)| {
            match &inode.body {
                Body::File(log) if !log.pending.is_empty() => Some((*ino, log)),
                Body::File(_) | Body::Dir(_) | Body::Link(_) => None,
            }
        })
    }

    fn add(&mut self, atoms: Vec<Atom>) {
        for atom in atoms {
            let parts = self.operations.entry(atom.serial).or_default();
            if !parts.contains(&atom) {
                parts.push(atom);
            }
        }
    }

    /// The parts of writes that lie behind the end that their files had.
    fn behind_the_end(&self) -> BTreeSet<Atom> {
        let parts = |pending: &Pending| {
            let (offset, end, len_before) = match &*pending.change {
                Change::SetLen { .. } => (0, 0, 0),
                Change::Write { offset, bytes, len_before } => (*offset, offset + bytes.len(), *len_before),
            };
            let all = sectors(offset..end, self.sector_bytes);
            let before = sectors(offset..len_before.min(end).max(offset), self.sector_bytes);
            let behind = all.filter(move |sector| !before.contains(sector)).map(Part::Sector);
            let (serial, lengths) = (pending.serial, self.lengths(pending));
            behind.chain(lengths).map(move |part| Atom { serial, part })
        };
        self.open().flat_map(parts).collect()
    }

    /// What a journal keeps in order: names, attributes, and lengths.
    fn metadata(&self) -> Vec<Atom> {
        let names = self
            .journal
            .names
            .iter()
            .map(|pending| Atom { serial: pending.serial, part: Part::Names(pending.change.dir) });
        let named = self.journal.named();
        let inodes = self.journal.inodes.iter().filter(|(ino, _)| named.contains(ino));
        let traits = inodes.flat_map(|(_, inode)| &inode.traits.pending);
        let traits = traits.map(|(serial, _)| Atom { serial: *serial, part: Part::Traits });
        let resizing = self.open().filter(|pending| pending.change.resizes());
        let sizes = resizing.map(|pending| Atom { serial: pending.serial, part: Part::Size });
        names.chain(traits).chain(sizes).collect()
    }

    /// What follows no order: the bytes, and whether a journal's length has come to them.
    fn data(&self) -> Vec<Atom> {
        let parts = |pending: &Pending| match &*pending.change {
            Change::SetLen { .. } => Vec::new(),
            Change::Write { offset, bytes, .. } => {
                let sectors = sectors(*offset..offset + bytes.len(), self.sector_bytes).map(Part::Sector);
                let parts = self.lengths(pending).into_iter().chain(sectors);
                parts.map(|part| Atom { serial: pending.serial, part }).collect()
            }
        };
        self.open().flat_map(parts).collect()
    }

    /// The lengths that a write may leave.
    fn lengths(&self, pending: &Pending) -> Vec<Part> {
        let Change::Write { offset, bytes, len_before } = &*pending.change else { return Vec::new() };
        if !pending.change.resizes() {
            return Vec::new();
        }
        let borders = borders(*offset, *len_before, offset + bytes.len());
        let borders = match self.model {
            CrashModel::WorstCase => borders,
            // At once in a block that is there; those of new blocks come with their bytes.
            CrashModel::Ext4Like
                if len_before % BLOCK_BYTES > 0 && *offset < len_before.next_multiple_of(BLOCK_BYTES) =>
            {
                borders.start..borders.end.min(borders.start + 1)
            }
            CrashModel::Ext4Like | CrashModel::XfsLike => 0..0,
        };
        borders.map(Part::Border).chain([Part::Size]).collect()
    }

    fn open(&self) -> impl Iterator<Item = &Pending> {
        self.files().flat_map(|(_, log)| &log.pending).filter(|pending| pending.fate != Fate::Settled)
    }
}
