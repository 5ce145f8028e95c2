//! What one choice leaves: names, bytes and attributes, without a disk yet.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::atom::{Choice, Part};
use super::journaled::{self, Implied};
use super::model::CrashModel;
use super::subject::Subject;
use super::worst;
use crate::disk::attributes::Attributes;
use crate::disk::journal::{Body, FileLog, Ino, ROOT};

/// The names of one directory.
pub(super) type Names = BTreeMap<OsString, Ino>;

/// Everything that is left, reachable or not.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) inodes: BTreeMap<Ino, Left>,
}

/// What is left of one inode.
#[derive(Clone, Debug)]
pub(super) struct Left {
    pub(super) body: LeftBody,
    pub(super) traits: Arc<Attributes>,
}

#[derive(Clone, Debug)]
pub(super) enum LeftBody {
    File(Arc<Vec<u8>>),
    Dir(Arc<Names>),
    Link(PathBuf),
}

impl Outcome {
    pub(super) fn of(subject: &Subject, choice: &Choice) -> Outcome {
        let mut inodes: BTreeMap<_, _> = subject
            .journal
            .inodes
            .iter()
            .map(|(ino, inode)| {
                let body = match &inode.body {
                    Body::File(log) => LeftBody::File(bytes(subject, choice, log)),
                    Body::Dir(names) => LeftBody::Dir(Arc::clone(names)),
                    Body::Link(target) => LeftBody::Link(target.clone()),
                };
                let keeps = |serial| keeps(subject, choice, serial, Part::Traits);
                let kept = inode.traits.pending.iter().rfind(|(serial, _)| keeps(*serial));
                let traits = kept.map_or(&inode.traits.durable, |(_, traits)| traits);
                (*ino, Left { body, traits: Arc::clone(traits) })
            })
            .collect();
        for pending in subject.journal.names.iter() {
            let change = &pending.change;
            if !keeps(subject, choice, pending.serial, Part::Names(change.dir)) {
                continue;
            }
            if let Some(LeftBody::Dir(names)) = inodes.get_mut(&change.dir).map(|left| &mut left.body) {
                let names = Arc::make_mut(names);
                match change.ino {
                    Some(ino) => drop(names.insert(change.name.clone(), ino)),
                    None => drop(names.remove(&change.name)),
                }
            }
        }
        Outcome { inodes }
    }

    /// Calls `each` with everything that a path leads to, parents first; a directory under two names has the first.
    pub(super) fn walk(&self, each: &mut dyn FnMut(&Path, Ino, &Left)) {
        let mut entered = vec![ROOT];
        self.walk_below(Path::new("/"), ROOT, &mut entered, each);
    }

    fn walk_below(
        &self,
        at: &Path,
        dir: Ino,
        entered: &mut Vec<Ino>,
        each: &mut dyn FnMut(&Path, Ino, &Left),
    ) {
        let Some(LeftBody::Dir(names)) = self.inodes.get(&dir).map(|left| &left.body) else { return };
        for (name, ino) in names.iter() {
            let Some(left) = self.inodes.get(ino) else { continue };
            let is_dir = matches!(left.body, LeftBody::Dir(_));
            if is_dir && entered.contains(ino) {
                continue;
            }
            let path = at.join(name);
            each(&path, *ino, left);
            if is_dir {
                entered.push(*ino);
                self.walk_below(&path, *ino, entered, each);
            }
        }
    }

    /// The same for outcomes that no program could tell apart, but by inode numbers.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let mut met: BTreeMap<Ino, usize> = BTreeMap::new();
        self.walk(&mut |path, ino, left| {
            let known = met.len();
            path.hash(&mut hasher);
            // Names of one file differ from names of equal files.
            met.entry(ino).or_insert(known).hash(&mut hasher);
            left.traits.fingerprint().hash(&mut hasher);
            match &left.body {
                LeftBody::File(bytes) => (0, bytes).hash(&mut hasher),
                LeftBody::Dir(_) => 1.hash(&mut hasher),
                LeftBody::Link(target) => (2, target).hash(&mut hasher),
            }
        });
        hasher.finish()
    }
}

/// Whether a change of metadata is kept.
fn keeps(subject: &Subject, choice: &Choice, serial: u64, part: Part) -> bool {
    if subject.model.is_journaled() { serial <= choice.cut } else { choice.keeps(serial, part) }
}

fn bytes(subject: &Subject, choice: &Choice, log: &FileLog) -> Arc<Vec<u8>> {
    if log.pending.is_empty() {
        return Arc::clone(&log.base);
    }
    let sector_bytes = subject.sector_bytes;
    Arc::new(match subject.model {
        CrashModel::Ext4Like => journaled::bytes(log, choice, sector_bytes, Implied::EveryBlock),
        CrashModel::XfsLike => journaled::bytes(log, choice, sector_bytes, Implied::LastBlock),
        CrashModel::WorstCase => worst::bytes(log, choice, sector_bytes),
    })
}
