//! Every change of the tree, with its step in the journal.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::Disk;
use super::attributes::Attributes;
use super::journal::{Body, Change, FileLog, Inode, Kept, NameChange, Step};
use super::node::{DirNode, FileNode, LinkNode, Node, Place};
use crate::lock::lock;

/// A name in a directory, about to mean something else.
#[derive(Debug)]
pub(super) struct Naming {
    pub(super) dir: Arc<DirNode>,
    pub(super) name: OsString,
    pub(super) node: Option<Node>,
}

impl Disk {
    pub(super) fn new_file(&self, attributes: Attributes, bytes: Arc<Vec<u8>>) -> Arc<FileNode> {
        let file = FileNode::new(self.next_inode(), attributes, Arc::clone(&bytes));
        self.born(&Node::File(Arc::clone(&file)), Body::File(FileLog::durable(bytes)));
        file
    }

    pub(super) fn new_dir(&self, attributes: Attributes) -> Arc<DirNode> {
        let dir = DirNode::new(self.next_inode(), attributes);
        self.born(&Node::Dir(Arc::clone(&dir)), Body::Dir(Arc::default()));
        dir
    }

    pub(super) fn new_link(&self, attributes: Attributes, target: PathBuf) -> Arc<LinkNode> {
        let link = LinkNode::new(self.next_inode(), attributes, target.clone());
        self.born(&Node::Link(Arc::clone(&link)), Body::Link(target));
        link
    }

    /// Changes names in one step. The caller holds the turn.
    pub(super) fn name(&self, namings: Vec<Naming>) {
        let changes = namings.iter().map(change).collect();
        namings.into_iter().for_each(set);
        self.record(Step::Names(changes));
    }

    /// Changes a name past the journal: it is durable at once. The caller holds the turn.
    pub(super) fn place(&self, naming: Naming) {
        let step = Step::Placed(change(&naming));
        set(naming);
        self.record(step);
    }

    pub(super) fn write(&self, file: &FileNode, place: Place, bytes: &[u8]) -> u64 {
        let piece_bytes = self.shared.piece_bytes.load(Relaxed);
        file.write(place, bytes, piece_bytes, |written| {
            if !bytes.is_empty() {
                let (offset, len_before) = (written.offset, written.len_before);
                self.changed(file, Change::Write { offset, bytes: bytes.to_vec(), len_before });
            }
        })
    }

    pub(super) fn set_len(&self, file: &FileNode, choose: impl FnOnce(usize) -> usize) {
        file.set_len(choose, |len, len_before| {
            if len != len_before {
                self.changed(file, Change::SetLen { len });
            }
        });
    }

    /// Changes the attributes of a node.
    pub(super) fn change_traits(
        &self,
        node: &Node,
        change: impl FnOnce(&mut Attributes) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut attributes = lock(node.attributes());
        change(&mut attributes)?;
        self.record(Step::Traits { ino: node.inode(), traits: Arc::new(attributes.clone()) });
        Ok(())
    }

    fn changed(&self, file: &FileNode, change: Change) {
        self.record(Step::Data { ino: file.inode(), change: Arc::new(change) });
    }

    fn born(&self, node: &Node, body: Body) {
        let traits = Kept::durable(lock(node.attributes()).clone());
        let inode = Arc::new(Inode { body, traits, live: node.live() });
        self.record(Step::Born { ino: node.inode(), inode });
    }
}

fn change(naming: &Naming) -> NameChange {
    let ino = naming.node.as_ref().map(Node::inode);
    NameChange { dir: naming.dir.inode(), name: naming.name.clone(), ino }
}

fn set(naming: Naming) {
    let mut names = lock(naming.dir.names());
    match naming.node {
        Some(node) => drop(names.insert(naming.name, node)),
        None => drop(names.remove(&naming.name)),
    }
}
