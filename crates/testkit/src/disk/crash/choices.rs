//! Which choices are made: every combination, or samples.

use std::collections::BTreeSet;

use super::atom::{Atom, Choice};
use super::subject::Subject;
use crate::disk::journal::Serial;
use crate::random::{Random, mix};

/// Independent parts of un-synced changes up to which every combination is tried: those of six small appends or names.
const PARTS_MAX: usize = 18;

/// Operations up to which every combination of whole ones is tried where they have more parts than that.
const WHOLE_OPERATIONS_MAX: usize = 8;

/// How much of what a power cut may leave is among the images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Every state.
    Every,
    /// Every state in which each operation is there or is not, and samples of those with parts of operations.
    EveryWhole,
    /// Samples.
    Sampled,
}

/// The choices, by number. Several of them may leave the same.
#[derive(Debug)]
pub(super) struct Choices {
    pub(super) coverage: Coverage,
    pub(super) samples: usize,
    seed: u64,
    blocks: Vec<Block>,
    cuts: Vec<Serial>,
    operations: Vec<Vec<Atom>>,
}

/// Every combination of some parts, with one end of the log.
#[derive(Debug)]
struct Block {
    cut: Serial,
    parts: Vec<Vec<Atom>>,
}

impl Choices {
    pub(super) fn of(subject: &Subject, seed: u64, samples: usize) -> Choices {
        let coverage = if subject.atoms().len() <= PARTS_MAX {
            Coverage::Every
        } else if subject.operations.len() <= WHOLE_OPERATIONS_MAX {
            Coverage::EveryWhole
        } else {
            Coverage::Sampled
        };
        let operations: Vec<_> = subject.operations.values().cloned().collect();
        let block = |cut: &Serial| match coverage {
            Coverage::Every => {
                let parts = subject.atoms().into_iter().filter(|atom| subject.matters(atom, *cut));
                Some(Block { cut: *cut, parts: parts.map(|atom| vec![atom]).collect() })
            }
            Coverage::EveryWhole => Some(Block { cut: *cut, parts: operations.clone() }),
            Coverage::Sampled => None,
        };
        let blocks = subject.cuts.iter().filter_map(block).collect();
        Choices { coverage, samples, seed, blocks, cuts: subject.cuts.clone(), operations }
    }

    pub(super) fn count(&self) -> u64 {
        let combinations: u64 = self.blocks.iter().map(Block::count).sum();
        match self.coverage {
            Coverage::Every => combinations,
            Coverage::EveryWhole | Coverage::Sampled => combinations + self.samples as u64,
        }
    }

    pub(super) fn get(&self, index: u64) -> Choice {
        let mut rest = index;
        for block in &self.blocks {
            if rest < block.count() {
                return block.combination(rest);
            }
            rest -= block.count();
        }
        self.sample(rest)
    }

    /// Each operation is lost, whole, or in part.
    fn sample(&self, index: u64) -> Choice {
        let mut dice = Random::new(mix(self.seed) ^ index);
        let cut = self.cuts[dice.index(self.cuts.len())];
        let mut kept = BTreeSet::new();
        for atoms in &self.operations {
            match dice.index(3) {
                0 => {}
                1 => kept.extend(atoms),
                _ => kept.extend(atoms.iter().filter(|_| dice.chance(50))),
            }
        }
        Choice { kept, cut }
    }
}

impl Block {
    fn count(&self) -> u64 {
        1 << self.parts.len()
    }

    fn combination(&self, bits: u64) -> Choice {
        let chosen = self.parts.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
        Choice { kept: chosen.flat_map(|(_, atoms)| atoms).copied().collect(), cut: self.cut }
    }
}
