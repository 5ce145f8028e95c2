//! From paths to nodes.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::Disk;
use super::node::{DirNode, FileNode, Node};
use crate::errno::{EBUSY, EISDIR, ENAMETOOLONG, ENOENT, ENOTDIR};
use crate::lock::lock;

/// Longest name of one component, in bytes (Linux's `NAME_MAX`).
const NAME_BYTES_MAX: usize = 255;

/// Longest path, in bytes, with its final NUL (Linux's `PATH_MAX`).
const PATH_BYTES_MAX: usize = 4096;

/// Makes an error from an errno.
pub(super) fn errno(errno: i32) -> io::Error {
    io::Error::from_raw_os_error(errno)
}

/// Splits a path into names from the root; a relative path starts there too. `..` is taken by the letter,
/// which is exact where no symbolic links are.
pub(super) fn parts(path: &Path) -> io::Result<Vec<OsString>> {
    let bytes = path.as_os_str().as_bytes();
    if bytes.contains(&0) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path has a NUL byte in it"));
    }
    if bytes.is_empty() {
        return Err(errno(ENOENT));
    }
    if bytes.len() >= PATH_BYTES_MAX {
        return Err(errno(ENAMETOOLONG));
    }
    let mut parts = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) if name.len() > NAME_BYTES_MAX => return Err(errno(ENAMETOOLONG)),
            Component::Normal(name) => parts.push(name.to_owned()),
            Component::ParentDir => drop(parts.pop()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    Ok(parts)
}

/// Puts the names together again.
pub(super) fn joined(parts: &[OsString]) -> PathBuf {
    std::iter::once(OsStr::new("/")).chain(parts.iter().map(OsString::as_os_str)).collect()
}

impl Disk {
    /// Makes the directory `path` with its parents, durable, past the plan and the counters.
    ///
    /// # Panics
    ///
    /// If there is a file at `path` or on the way.
    pub fn put_dir(&self, path: impl AsRef<Path>) {
        let _turn = lock(&self.shared.names_turn);
        let parts = parts(path.as_ref()).expect("the test names a valid path");
        self.dirs_to(&parts);
    }

    /// Finds what `path` names, in one step against renames.
    pub(super) fn find(&self, path: &Path) -> io::Result<Node> {
        let _turn = lock(&self.shared.names_turn);
        self.walk(&parts(path)?)
    }

    /// Finds what `parts` name. The caller holds the turn.
    pub(super) fn walk(&self, parts: &[OsString]) -> io::Result<Node> {
        let mut node = Node::Dir(Arc::clone(&self.shared.root));
        for name in parts {
            let Node::Dir(dir) = &node else { return Err(errno(ENOTDIR)) };
            node = dir.get(name).ok_or_else(|| errno(ENOENT))?;
        }
        Ok(node)
    }

    /// Finds the directory that `path` lies in, and the last name. The caller holds the turn.
    pub(super) fn parent(&self, path: &Path) -> io::Result<(Arc<DirNode>, OsString)> {
        let mut parts = parts(path)?;
        let name = parts.pop().ok_or_else(|| errno(EBUSY))?;
        match self.walk(&parts)? {
            Node::Dir(dir) => Ok((dir, name)),
            Node::File(_) => Err(errno(ENOTDIR)),
        }
    }

    /// Returns the file at `path` for a test to look at.
    pub(super) fn file_at(&self, path: &Path) -> Arc<FileNode> {
        match self.find(path).and_then(file) {
            Ok(file) => file,
            Err(error) => panic!("no file at {path:?}: {error}"),
        }
    }

    /// Puts `node` at `path` with its directories, all durable.
    pub(super) fn put_node(&self, path: &Path, node: Node) {
        let _turn = lock(&self.shared.names_turn);
        let mut parts = parts(path).expect("the test names a valid path");
        let name = parts.pop().expect("the root is no file");
        let dir = self.dirs_to(&parts);
        assert!(!matches!(dir.get(&name), Some(Node::Dir(_))), "{path:?} is a directory");
        dir.set(name, node);
        dir.settle();
    }

    /// Returns the directory at `parts`, made where it is missing, durable. The caller holds the turn.
    pub(super) fn dirs_to(&self, parts: &[OsString]) -> Arc<DirNode> {
        let mut dir = Arc::clone(&self.shared.root);
        for name in parts {
            let next = match dir.get(name) {
                Some(Node::Dir(next)) => next,
                Some(Node::File(_)) => panic!("{name:?} in {parts:?} is a file"),
                None => DirNode::new(self.next_inode(), 0o777),
            };
            dir.set(name.clone(), Node::Dir(Arc::clone(&next)));
            dir.settle();
            dir = next;
        }
        dir
    }
}

/// Returns the file that a node is.
pub(super) fn file(node: Node) -> io::Result<Arc<FileNode>> {
    match node {
        Node::File(file) => Ok(file),
        Node::Dir(_) => Err(errno(EISDIR)),
    }
}
