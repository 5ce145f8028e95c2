//! The nodes of the tree as readers see them, apart from their names.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};

use folio_engine::storage::{Kind, Metadata};

use super::attributes::Attributes;
use super::flock::Locks;
use crate::lock::lock;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// A file, under any number of names.
    File(Arc<FileNode>),
    /// A directory, under one name.
    Dir(Arc<DirNode>),
    /// A symbolic link.
    Link(Arc<LinkNode>),
}

impl Node {
    pub(super) fn inode(&self) -> u64 {
        self.own().inode
    }

    pub(super) fn metadata(&self, device: u64) -> Metadata {
        let len = match self {
            Node::File(file) => file.len(),
            Node::Dir(_) => 0,
            Node::Link(link) => link.target.as_os_str().len() as u64,
        };
        lock(self.attributes()).metadata(self.kind(), len, device, self.inode())
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Node::File(_) => Kind::File,
            Node::Dir(_) => Kind::Dir,
            Node::Link(_) => Kind::Symlink,
        }
    }

    pub(super) fn attributes(&self) -> &Mutex<Attributes> {
        &self.own().attributes
    }

    /// Dead once neither the tree nor an opening has this node.
    pub(super) fn live(&self) -> Weak<()> {
        Arc::downgrade(&self.own().live)
    }

    fn own(&self) -> &Own {
        match self {
            Node::File(file) => &file.own,
            Node::Dir(dir) => &dir.own,
            Node::Link(link) => &link.own,
        }
    }
}

/// What every node has.
#[derive(Debug)]
struct Own {
    inode: u64,
    attributes: Mutex<Attributes>,
    live: Arc<()>,
}

impl Own {
    fn new(inode: u64, attributes: Attributes) -> Own {
        Own { inode, attributes: Mutex::new(attributes), live: Arc::new(()) }
    }
}

/// Where a write goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// To this offset.
    At(u64),
    /// To the end, wherever that is by then.
    End,
}

/// What a write did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) offset: usize,
    pub(super) len_before: usize,
}

/// One file.
#[derive(Debug)]
pub(super) struct FileNode {
    own: Own,
    /// Held by a whole write, append or cut, so that these exclude one another but no reader.
    writing: Mutex<()>,
    /// Held for one piece at a time. Shared with the journal of a disk that a power cut left, until it is changed.
    bytes: Mutex<Arc<Vec<u8>>>,
    locks: Mutex<Locks>,
}

impl FileNode {
    pub(super) fn new(inode: u64, attributes: Attributes, bytes: Arc<Vec<u8>>) -> Arc<FileNode> {
        let own = Own::new(inode, attributes);
        let (writing, bytes, locks) = (Mutex::new(()), Mutex::new(bytes), Mutex::default());
        Arc::new(FileNode { own, writing, bytes, locks })
    }

    pub(super) fn inode(&self) -> u64 {
        self.own.inode
    }

    pub(super) fn locks(&self) -> &Mutex<Locks> {
        &self.locks
    }

    pub(super) fn bytes(&self) -> Arc<Vec<u8>> {
        Arc::clone(&lock(&self.bytes))
    }

    pub(super) fn len(&self) -> u64 {
        lock(&self.bytes).len() as u64
    }

    /// Reads piece by piece; a write may come between two pieces.
    pub(super) fn read(&self, buf: &mut [u8], offset: u64, piece_bytes: usize) -> usize {
        let mut done = 0;
        for piece in buf.chunks_mut(piece_bytes) {
            if done > 0 {
                std::thread::yield_now();
            }
            let bytes = lock(&self.bytes);
            let there = bytes.get(offset as usize + done..).unwrap_or_default();
            let count = there.len().min(piece.len());
            piece[..count].copy_from_slice(&there[..count]);
            done += count;
            if count < piece.len() {
                break;
            }
        }
        done
    }

    /// Writes piece by piece, calls `done` before any other write may begin, and returns the offset of the first byte; a
    /// read may come between two pieces.
    pub(super) fn write(
        &self,
        place: Place,
        new: &[u8],
        piece_bytes: usize,
        done: impl FnOnce(Written),
    ) -> u64 {
        let _writing = lock(&self.writing);
        let len_before = self.len() as usize;
        let start = match place {
            Place::At(offset) => offset as usize,
            Place::End => len_before,
        };
        let mut offset = start;
        for piece in new.chunks(piece_bytes) {
            if offset > start {
                std::thread::yield_now();
            }
            let mut bytes = lock(&self.bytes);
            let bytes = Arc::make_mut(&mut bytes);
            let end = offset + piece.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[offset..end].copy_from_slice(piece);
            offset = end;
        }
        done(Written { offset: start, len_before });
        start as u64
    }

    /// Sets the length to what `choose` makes of the present one, and calls `done` with both.
    pub(super) fn set_len(&self, choose: impl FnOnce(usize) -> usize, done: impl FnOnce(usize, usize)) {
        let _writing = lock(&self.writing);
        let before = self.len() as usize;
        let len = choose(before);
        Arc::make_mut(&mut lock(&self.bytes)).resize(len, 0);
        done(len, before);
    }
}

/// One directory.
#[derive(Debug)]
pub(super) struct DirNode {
    own: Own,
    names: Mutex<BTreeMap<OsString, Node>>,
}

impl DirNode {
    pub(super) fn new(inode: u64, attributes: Attributes) -> Arc<DirNode> {
        Arc::new(DirNode { own: Own::new(inode, attributes), names: Mutex::default() })
    }

    pub(super) fn inode(&self) -> u64 {
        self.own.inode
    }

    pub(super) fn names(&self) -> &Mutex<BTreeMap<OsString, Node>> {
        &self.names
    }

    pub(super) fn get(&self, name: &OsStr) -> Option<Node> {
        lock(&self.names).get(name).cloned()
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.names).is_empty()
    }
}

/// One symbolic link.
#[derive(Debug)]
pub(super) struct LinkNode {
    own: Own,
    target: PathBuf,
}

impl LinkNode {
    pub(super) fn new(inode: u64, attributes: Attributes, target: PathBuf) -> Arc<LinkNode> {
        Arc::new(LinkNode { own: Own::new(inode, attributes), target })
    }

    pub(super) fn target(&self) -> &PathBuf {
        &self.target
    }
}
