//! From paths to nodes.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use folio_engine::storage::Links;

use super::node::{DirNode, FileNode, Node};
use crate::errno::{EBUSY, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EXDEV};

/// Longest name of one component, in bytes (Linux's `NAME_MAX`).
const NAME_BYTES_MAX: usize = 255;

/// Longest path, in bytes, with its final NUL (Linux's `PATH_MAX`).
const PATH_BYTES_MAX: usize = 4096;

/// Symbolic links on the way of one path (Linux's `MAXSYMLINKS`).
const LINKS_MAX: usize = 40;

/// Makes an error from an errno.
pub(super) fn errno(errno: i32) -> io::Error {
    io::Error::from_raw_os_error(errno)
}

/// Where paths begin.
#[derive(Clone, Debug)]
pub(super) struct Foot {
    pub(super) dir: Arc<DirNode>,
    /// The way to it when it was opened.
    pub(super) path: PathBuf,
    /// Whether no path may leave it.
    pub(super) confined: bool,
}

/// What a path led to.
#[derive(Debug)]
pub(super) struct Found {
    /// The directory that the last name stands in.
    pub(super) dir: Arc<DirNode>,
    /// The last name; `None` if the path ended where it began.
    name: Option<OsString>,
    /// What has that name.
    pub(super) node: Option<Node>,
    /// The way without links and dots.
    pub(super) path: PathBuf,
}

impl Found {
    /// What is there.
    pub(super) fn existing(self) -> io::Result<Node> {
        self.node.ok_or_else(|| errno(ENOENT))
    }

    /// The last name, for calls that change it.
    pub(super) fn name(&self) -> io::Result<OsString> {
        self.name.clone().ok_or_else(|| errno(EBUSY))
    }
}

/// Follows a path. The caller holds the turn. Only the last name may be missing.
pub(super) fn walk(foot: &Foot, path: &Path, links: Links) -> io::Result<Found> {
    check(path)?;
    let mut way = Way { foot, stack: Vec::new(), rest: pieces(path)?, links, followed: 0 };
    while let Some(piece) = way.rest.pop_front() {
        if let Some(missing) = way.step(piece)? {
            return Ok(missing);
        }
    }
    Ok(way.found())
}

/// A path under way.
struct Way<'a> {
    foot: &'a Foot,
    stack: Vec<(OsString, Node)>,
    rest: VecDeque<Piece>,
    links: Links,
    followed: usize,
}

/// One part of a path.
enum Piece {
    Name(OsString),
    Up,
    Root,
}

impl Way<'_> {
    /// Goes one part on; what it returns is the end.
    fn step(&mut self, piece: Piece) -> io::Result<Option<Found>> {
        match piece {
            Piece::Root if self.foot.confined => return Err(errno(EXDEV)),
            Piece::Root => self.stack.clear(),
            Piece::Up => {
                self.dir()?;
                if self.stack.pop().is_none() && self.foot.confined {
                    return Err(errno(EXDEV));
                }
            }
            Piece::Name(name) => return self.enter(name),
        }
        Ok(None)
    }

    fn enter(&mut self, name: OsString) -> io::Result<Option<Found>> {
        let dir = self.dir()?;
        let is_last = self.rest.is_empty();
        match dir.get(&name) {
            None if is_last => {
                let path = self.path().join(&name);
                return Ok(Some(Found { dir, name: Some(name), node: None, path }));
            }
            None => return Err(errno(ENOENT)),
            Some(Node::Link(link)) if !is_last || self.links != Links::NotLast => {
                self.followed += 1;
                if self.links == Links::Refuse || self.followed > LINKS_MAX {
                    return Err(errno(ELOOP));
                }
                let target = pieces(link.target())?;
                target.into_iter().rev().for_each(|piece| self.rest.push_front(piece));
            }
            Some(node) => self.stack.push((name, node)),
        }
        Ok(None)
    }

    /// The directory that the way has come to.
    fn dir(&self) -> io::Result<Arc<DirNode>> {
        match self.stack.last().map(|(_, node)| node) {
            None => Ok(Arc::clone(&self.foot.dir)),
            Some(Node::Dir(dir)) => Ok(Arc::clone(dir)),
            Some(Node::File(_) | Node::Link(_)) => Err(errno(ENOTDIR)),
        }
    }

    fn path(&self) -> PathBuf {
        let names = self.stack.iter().map(|(name, _)| name.as_os_str());
        std::iter::once(self.foot.path.as_os_str()).chain(names).collect()
    }

    fn found(mut self) -> Found {
        let path = self.path();
        let root = Arc::clone(&self.foot.dir);
        let Some((name, node)) = self.stack.pop() else {
            return Found { dir: Arc::clone(&root), name: None, node: Some(Node::Dir(root)), path };
        };
        // What stands above it was walked through.
        let dir = self.dir().unwrap_or(root);
        Found { dir, name: Some(name), node: Some(node), path }
    }
}

fn check(path: &Path) -> io::Result<()> {
    let bytes = path.as_os_str().as_bytes();
    if bytes.contains(&0) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path has a NUL byte in it"));
    }
    match bytes.len() {
        0 => Err(errno(ENOENT)),
        PATH_BYTES_MAX.. => Err(errno(ENAMETOOLONG)),
        _ => Ok(()),
    }
}

fn pieces(path: &Path) -> io::Result<VecDeque<Piece>> {
    let piece = |component: Component<'_>| match component {
        Component::Normal(name) if name.len() > NAME_BYTES_MAX => Some(Err(errno(ENAMETOOLONG))),
        Component::Normal(name) => Some(Ok(Piece::Name(name.to_owned()))),
        Component::ParentDir => Some(Ok(Piece::Up)),
        Component::RootDir => Some(Ok(Piece::Root)),
        Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().filter_map(piece).collect()
}

/// Returns the file that a node is.
pub(super) fn file(node: Node) -> io::Result<Arc<FileNode>> {
    match node {
        Node::File(file) => Ok(file),
        Node::Dir(_) => Err(errno(EISDIR)),
        Node::Link(_) => Err(errno(ELOOP)),
    }
}
