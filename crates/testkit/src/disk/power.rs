//! What a power cut leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::sync::Arc;

use super::Disk;
use super::node::{DirNode, FileNode, Node};
use crate::lock::lock;
use crate::random::Random;

/// Which changes that no sync has covered survive a power cut. A disk may keep any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survivors {
    /// None: the worst for code that forgot a sync.
    Nothing,
    /// All: the worst for code that relies on a change being undone.
    Everything,
    /// Each with an even chance, by the dice of this seed. Names are decided one by one: a rename between two
    /// free names may survive under both or, harsher than a journal, under none.
    Random(u64),
}

impl Disk {
    /// Returns the disk as it is after a power cut at this moment: durable contents under durable names, and
    /// the survivors of what was not. This disk itself goes on unchanged.
    ///
    /// The new disk has an empty plan. Attributes survive in any case. To cut the power inside an operation
    /// of the code under test, let every call from the `n`th on fail with `EIO` and look at the disk then.
    pub fn after_power_cut(&self, survivors: Survivors) -> Disk {
        let (percent, seed) = match survivors {
            Survivors::Nothing => (0, 0),
            Survivors::Everything => (100, 0),
            Survivors::Random(seed) => (50, seed),
        };
        let _turn = lock(&self.shared.names_turn);
        let reborn = Disk::new();
        let mut luck = Luck { dice: Random::new(seed), percent, files: BTreeMap::new(), disk: &reborn };
        luck.revive(&self.shared.root, &reborn.shared.root);
        reborn
    }
}

struct Luck<'a> {
    dice: Random,
    percent: u64,
    /// Files already revived: the names of a hard link stay names of one file.
    files: BTreeMap<u64, Arc<FileNode>>,
    disk: &'a Disk,
}

impl Luck<'_> {
    fn revive(&mut self, old: &DirNode, new: &DirNode) {
        for (name, node) in self.surviving_names(old) {
            let node = match node {
                Node::File(file) => Node::File(self.revived_file(&file)),
                Node::Dir(dir) => {
                    let revived = DirNode::new(self.disk.next_inode(), 0o777);
                    self.revive(&dir, &revived);
                    Node::Dir(revived)
                }
            };
            new.set(name, node);
        }
        new.settle();
    }

    /// Decides for each name whether its old or its new state is on the disk.
    fn surviving_names(&mut self, dir: &DirNode) -> Vec<(OsString, Node)> {
        let names = lock(dir.names());
        let all: BTreeSet<_> = names.now.keys().chain(names.durable.keys()).collect();
        let mut surviving = Vec::new();
        for name in all {
            let side = if self.dice.chance(self.percent) { &names.now } else { &names.durable };
            surviving.extend(side.get(name).map(|node| (name.clone(), node.clone())));
        }
        surviving
    }

    fn revived_file(&mut self, file: &FileNode) -> Arc<FileNode> {
        if let Some(known) = self.files.get(&file.inode) {
            return Arc::clone(known);
        }
        let bytes = lock(file.image()).survivor(&mut self.dice, self.percent);
        let revived = file.reborn(self.disk.next_inode(), bytes);
        self.files.insert(file.inode, Arc::clone(&revived));
        revived
    }
}
