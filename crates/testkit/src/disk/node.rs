//! The nodes of the tree: files and directories, apart from their names.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{FileTimes, Permissions};
use std::io;
use std::sync::{Arc, Mutex};

use folio_engine::storage::{Kind, Metadata};

use super::attributes::Attributes;
use super::flock::Locks;
use super::image::{Image, Stamp};
use crate::lock::lock;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// A file, under one or more names.
    File(Arc<FileNode>),
    /// A directory, under one name.
    Dir(Arc<DirNode>),
}

impl Node {
    pub(super) fn inode(&self) -> u64 {
        match self {
            Node::File(file) => file.inode,
            Node::Dir(dir) => dir.inode,
        }
    }

    pub(super) fn metadata(&self, device: u64) -> Metadata {
        let len = match self {
            Node::File(file) => file.len(),
            Node::Dir(_) => 0,
        };
        lock(self.attributes()).metadata(self.kind(), len, device, self.inode())
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Node::File(_) => Kind::File,
            Node::Dir(_) => Kind::Dir,
        }
    }

    pub(super) fn set_permissions(&self, permissions: &Permissions) {
        lock(self.attributes()).set_permissions(permissions);
    }

    pub(super) fn set_file_times(&self, times: FileTimes) -> io::Result<()> {
        lock(self.attributes()).set_file_times(times)
    }

    pub(super) fn attributes(&self) -> &Mutex<Attributes> {
        match self {
            Node::File(file) => &file.attributes,
            Node::Dir(dir) => &dir.attributes,
        }
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

/// One file.
#[derive(Debug)]
pub(super) struct FileNode {
    pub(super) inode: u64,
    /// Held by a whole write, append or cut, so that these exclude one another but no reader.
    writing: Mutex<()>,
    /// Held for one piece at a time.
    image: Mutex<Image>,
    attributes: Mutex<Attributes>,
    locks: Mutex<Locks>,
}

impl FileNode {
    pub(super) fn new(inode: u64, mode: u32) -> Arc<FileNode> {
        FileNode::of(inode, Attributes::new(mode), Image::default())
    }

    pub(super) fn durable(inode: u64, bytes: Vec<u8>) -> Arc<FileNode> {
        FileNode::of(inode, Attributes::new(0o666), Image::durable(bytes))
    }

    /// Makes the file that a power cut leaves of this one. Attributes survive, to keep the model small.
    pub(super) fn reborn(&self, inode: u64, bytes: Vec<u8>) -> Arc<FileNode> {
        FileNode::of(inode, lock(&self.attributes).clone(), Image::durable(bytes))
    }

    pub(super) fn image(&self) -> &Mutex<Image> {
        &self.image
    }

    pub(super) fn locks(&self) -> &Mutex<Locks> {
        &self.locks
    }

    pub(super) fn permissions(&self) -> Permissions {
        lock(&self.attributes).permissions()
    }

    pub(super) fn contents(&self) -> Vec<u8> {
        lock(&self.image).bytes().to_vec()
    }

    pub(super) fn durable_contents(&self) -> Vec<u8> {
        lock(&self.image).durable_bytes().to_vec()
    }

    pub(super) fn len(&self) -> u64 {
        lock(&self.image).bytes().len() as u64
    }

    /// Reads piece by piece; a write may come between two pieces.
    pub(super) fn read(&self, buf: &mut [u8], offset: u64, piece_bytes: usize) -> usize {
        let mut done = 0;
        for piece in buf.chunks_mut(piece_bytes) {
            if done > 0 {
                std::thread::yield_now();
            }
            let count = lock(&self.image).read(piece, offset as usize + done);
            done += count;
            if count < piece.len() {
                break;
            }
        }
        done
    }

    /// Writes piece by piece and returns the offset of the first byte; a read may come between two pieces.
    pub(super) fn write(&self, place: Place, bytes: &[u8], piece_bytes: usize) -> u64 {
        let _writing = lock(&self.writing);
        let start = match place {
            Place::At(offset) => offset,
            Place::End => self.len(),
        };
        let mut offset = start as usize;
        for piece in bytes.chunks(piece_bytes) {
            if offset > start as usize {
                std::thread::yield_now();
            }
            lock(&self.image).write(offset, piece);
            offset += piece.len();
        }
        start
    }

    pub(super) fn set_len(&self, len: u64) {
        let _writing = lock(&self.writing);
        lock(&self.image).set_len(len as usize);
    }

    pub(super) fn stamp(&self) -> Stamp {
        lock(&self.image).stamp()
    }

    fn of(inode: u64, attributes: Attributes, image: Image) -> Arc<FileNode> {
        Arc::new(FileNode {
            inode,
            writing: Mutex::new(()),
            image: Mutex::new(image),
            attributes: Mutex::new(attributes),
            locks: Mutex::default(),
        })
    }
}

/// One directory.
#[derive(Debug)]
pub(super) struct DirNode {
    inode: u64,
    attributes: Mutex<Attributes>,
    names: Mutex<Names>,
}

/// The names in a directory, now and as the last sync of the directory left them.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) now: BTreeMap<OsString, Node>,
    pub(super) durable: BTreeMap<OsString, Node>,
}

impl DirNode {
    pub(super) fn new(inode: u64, mode: u32) -> Arc<DirNode> {
        let attributes = Mutex::new(Attributes::new(mode));
        Arc::new(DirNode { inode, attributes, names: Mutex::default() })
    }

    pub(super) fn names(&self) -> &Mutex<Names> {
        &self.names
    }

    pub(super) fn get(&self, name: &OsStr) -> Option<Node> {
        lock(&self.names).now.get(name).cloned()
    }

    pub(super) fn set(&self, name: OsString, node: Node) {
        lock(&self.names).now.insert(name, node);
    }

    pub(super) fn unset(&self, name: &OsStr) {
        lock(&self.names).now.remove(name);
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.names).now.is_empty()
    }

    pub(super) fn listed(&self) -> Vec<String> {
        lock(&self.names).now.keys().map(|name| name.to_string_lossy().into_owned()).collect()
    }

    /// Makes the present names durable.
    pub(super) fn settle(&self) {
        let mut names = lock(&self.names);
        names.durable = names.now.clone();
    }
}
