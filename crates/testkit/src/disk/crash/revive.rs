//! From what is left to a disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::outcome::{Left, LeftBody, Outcome};
use crate::disk::Disk;
use crate::disk::journal::{Body, FileLog, Ino, Inode, Journal, Kept, ROOT};
use crate::disk::node::{DirNode, FileNode, LinkNode, Node};
use crate::faults::Plan;
use crate::lock::lock;

/// Makes a disk on which all this is durable, without faults.
pub(super) fn disk(outcome: &Outcome) -> Disk {
    let root = &outcome.inodes[&ROOT];
    let dir = DirNode::new(ROOT, (*root.traits).clone());
    let mut nodes = BTreeMap::from([(ROOT, Node::Dir(Arc::clone(&dir)))]);
    outcome.walk(&mut |_, ino, left| {
        nodes.entry(ino).or_insert_with(|| node(ino, left));
    });
    let mut inodes = BTreeMap::new();
    for (ino, node) in &nodes {
        let left = &outcome.inodes[ino];
        let body = match &left.body {
            LeftBody::File(bytes) => Body::File(FileLog::durable(Arc::clone(bytes))),
            LeftBody::Link(target) => Body::Link(target.clone()),
            LeftBody::Dir(_) => Body::Dir(Arc::default()),
        };
        let traits = Kept { durable: Arc::clone(&left.traits), pending: Vec::new() };
        inodes.insert(*ino, Inode { body, traits, live: node.live() });
    }
    hang(outcome, &nodes, &mut inodes);
    let inodes = inodes.into_iter().map(|(ino, inode)| (ino, Arc::new(inode))).collect();
    Disk::of(dir, Journal::durable(inodes), Plan::new())
}

/// Gives every node the name that the walk met it by.
fn hang(outcome: &Outcome, nodes: &BTreeMap<Ino, Node>, inodes: &mut BTreeMap<Ino, Inode>) {
    let mut paths = BTreeMap::from([("/".into(), ROOT)]);
    outcome.walk(&mut |path, ino, _| {
        paths.insert(path.to_owned(), ino);
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return };
        let parent = paths[parent];
        if let (Some(Node::Dir(dir)), Some(node)) = (nodes.get(&parent), nodes.get(&ino)) {
            lock(dir.names()).insert(name.to_owned(), node.clone());
        }
        if let Some(Body::Dir(names)) = inodes.get_mut(&parent).map(|inode| &mut inode.body) {
            Arc::make_mut(names).insert(name.to_owned(), ino);
        }
    });
}

fn node(ino: Ino, left: &Left) -> Node {
    let traits = (*left.traits).clone();
    match &left.body {
        LeftBody::File(bytes) => Node::File(FileNode::new(ino, traits, Arc::clone(bytes))),
        LeftBody::Dir(_) => Node::Dir(DirNode::new(ino, traits)),
        LeftBody::Link(target) => Node::Link(LinkNode::new(ino, traits, target.clone())),
    }
}
