//! One inode as the disk has it: its body, and its attributes with those that wait for a sync.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use super::change::FileLog;
use super::number::{Ino, Serial};
use crate::disk::attributes::Attributes;

/// An inode without its names.
#[derive(Clone, Debug)]
pub(in crate::disk) struct Inode {
    pub(in crate::disk) body: Body,
    pub(in crate::disk) traits: Kept,
    /// Dead once neither the tree nor an opening has the node.
    pub(in crate::disk) live: Weak<()>,
}

/// What an inode consists of.
#[derive(Clone, Debug)]
pub(in crate::disk) enum Body {
    /// A file: its durable bytes and the changes after them.
    File(FileLog),
    /// A directory: its durable names.
    Dir(Arc<BTreeMap<OsString, Ino>>),
    /// A symbolic link: what it contains.
    Link(PathBuf),
}

/// The durable attributes and those after them.
#[derive(Clone, Debug)]
pub(in crate::disk) struct Kept {
    pub(in crate::disk) durable: Arc<Attributes>,
    pub(in crate::disk) pending: Vec<(Serial, Arc<Attributes>)>,
}

impl Kept {
    pub(in crate::disk) fn durable(traits: Attributes) -> Kept {
        Kept { durable: Arc::new(traits), pending: Vec::new() }
    }

    pub(super) fn settle(&mut self, upto: Serial) {
        let count = self.pending.partition_point(|(serial, _)| *serial <= upto);
        if let Some((_, last)) = self.pending.drain(..count).next_back() {
            self.durable = last;
        }
    }
}
