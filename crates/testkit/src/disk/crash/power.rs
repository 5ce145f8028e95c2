//! One power cut, by how many of the un-synced operations survive it.

use super::atom::Choice;
use super::model::CrashModel;
use super::outcome::Outcome;
use super::revive;
use super::subject::Subject;
use crate::disk::Disk;
use crate::lock::lock;
use crate::random::Random;

/// Which changes that no sync has covered survive a power cut. A disk may keep any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survivors {
    /// None: the worst for code that forgot a sync.
    Nothing,
    /// All: the worst for code that relies on a change being undone.
    Everything,
    /// Each operation with an even chance, by the dice of this seed, and each half of a rename between two directories.
    Random(u64),
}

impl Disk {
    /// Returns the disk as it is after a power cut at this moment: durable contents under durable names, and
    /// the survivors of what was not. This disk itself goes on unchanged.
    ///
    /// The new disk has an empty plan. This is one image, under [`CrashModel::WorstCase`];
    /// [`crash_images`](Disk::crash_images) gives all.
    pub fn after_power_cut(&self, survivors: Survivors) -> Disk {
        let journal = lock(&self.shared.book).journal.clone();
        let subject = Subject::new(journal, CrashModel::WorstCase, usize::MAX);
        let choice = match survivors {
            Survivors::Nothing => Choice::default(),
            Survivors::Everything => subject.everything(),
            Survivors::Random(seed) => {
                let mut dice = Random::new(seed);
                let operations = subject.operations.values();
                let kept = operations.filter(|_| dice.chance(50)).flatten().copied().collect();
                Choice { kept, cut: 0 }
            }
        };
        revive::disk(&Outcome::of(&subject, &choice))
    }
}
