//! What the kernel knows by number: nodes it has looked up, and what it has open.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::journal::ROOT;
use super::super::node::{DirNode, Node};
use super::super::opening::OpenNode;
use super::super::tree::{Foot, errno};
use crate::errno::{EBADF, ENOTDIR, ESTALE};

/// A node, and the way by which it was last found.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) node: Node,
    pub(super) path: PathBuf,
}

#[derive(Debug)]
pub(super) struct Inodes {
    /// Kept until the end of the mount, which is that of a test.
    by_number: HashMap<u64, Known>,
    openings: HashMap<u64, Arc<OpenNode>>,
    next_opening: u64,
}

impl Inodes {
    pub(super) fn new(root: &Arc<DirNode>) -> Inodes {
        let known = Known { node: Node::Dir(Arc::clone(root)), path: PathBuf::from("/") };
        // FUSE's number of the root is the disk's own.
        Inodes { by_number: [(ROOT, known)].into(), openings: HashMap::new(), next_opening: 1 }
    }

    pub(super) fn get(&self, number: u64) -> io::Result<Known> {
        self.by_number.get(&number).cloned().ok_or_else(|| errno(ESTALE))
    }

    pub(super) fn learn(&mut self, node: Node, path: &Path) {
        self.by_number.insert(node.inode(), Known { node, path: path.to_owned() });
    }

    /// Where names of this directory begin.
    pub(super) fn foot(&self, number: u64) -> io::Result<Foot> {
        let Known { node, path } = self.get(number)?;
        match node {
            Node::Dir(dir) => Ok(Foot { dir, path, confined: true }),
            Node::File(_) | Node::Link(_) => Err(errno(ENOTDIR)),
        }
    }

    pub(super) fn open(&mut self, opening: OpenNode) -> u64 {
        self.next_opening += 1;
        self.openings.insert(self.next_opening, Arc::new(opening));
        self.next_opening
    }

    pub(super) fn opening(&self, number: u64) -> io::Result<Arc<OpenNode>> {
        self.openings.get(&number).cloned().ok_or_else(|| errno(EBADF))
    }

    pub(super) fn close(&mut self, number: u64) {
        self.openings.remove(&number);
    }
}
