//! What a test does to the disk, and sees of it, past the plan and the counters.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Component, Path};
use std::sync::Arc;

use folio_engine::storage::Links;

use super::Disk;
use super::attributes::Attributes;
use super::changes::Naming;
use super::node::{DirNode, FileNode, Node};
use super::tree::file;
use crate::lock::lock;

/// Permission bits of a file or directory that a test puts there, before the umask.
const FILE_MODE: u32 = 0o666;
const DIR_MODE: u32 = 0o777;

impl Disk {
    /// Puts a durable file at `path`, with its directories, past the plan and the counters.
    ///
    /// # Panics
    ///
    /// If `path` cannot name a file: it is a directory, or goes through a file.
    pub fn put(&self, path: impl AsRef<Path>, bytes: impl Into<Vec<u8>>) {
        let path = path.as_ref();
        let _turn = lock(&self.shared.names_turn);
        let mut names = names(path);
        let name = names.pop().expect("the root is no file");
        let dir = self.dirs_to(&names);
        assert!(!matches!(dir.get(&name), Some(Node::Dir(_))), "{path:?} is a directory");
        let file = self.new_file(Attributes::new(FILE_MODE), Arc::new(bytes.into()));
        self.place(Naming { dir, name, node: Some(Node::File(file)) });
    }

    /// Makes the directory `path` with its parents, durable, past the plan and the counters.
    ///
    /// # Panics
    ///
    /// If there is a file at `path` or on the way.
    pub fn put_dir(&self, path: impl AsRef<Path>) {
        let _turn = lock(&self.shared.names_turn);
        self.dirs_to(&names(path.as_ref()));
    }

    /// Returns the bytes of the file at `path`, as any reader would see them.
    ///
    /// # Panics
    ///
    /// If there is no file.
    pub fn contents(&self, path: impl AsRef<Path>) -> Vec<u8> {
        self.file_at(path.as_ref()).bytes().to_vec()
    }

    /// Returns the bytes of the file at `path` that every power cut leaves: what its last successful sync covered.
    /// Says nothing about the durability of its name.
    ///
    /// # Panics
    ///
    /// If there is no file.
    pub fn durable(&self, path: impl AsRef<Path>) -> Vec<u8> {
        let ino = self.file_at(path.as_ref()).inode();
        lock(&self.shared.book).journal.durable_bytes(ino)
    }

    /// Returns whether something is at `path`; a symbolic link at its end counts by itself.
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.find(self.root(path.as_ref()), Links::NotLast).is_ok()
    }

    /// Returns the names in the directory `path`, sorted: to show that no litter is left.
    ///
    /// # Panics
    ///
    /// If there is no directory.
    pub fn list(&self, path: impl AsRef<Path>) -> Vec<String> {
        let path = path.as_ref();
        match self.find(self.root(path), Links::Follow) {
            Ok(Node::Dir(dir)) => {
                let names: BTreeSet<_> = lock(dir.names()).keys().cloned().collect();
                names.into_iter().map(|name| name.to_string_lossy().into_owned()).collect()
            }
            Ok(Node::File(_) | Node::Link(_)) | Err(_) => panic!("no directory at {path:?}"),
        }
    }

    fn file_at(&self, path: &Path) -> Arc<FileNode> {
        match self.find(self.root(path), Links::Follow).and_then(file) {
            Ok(file) => file,
            Err(error) => panic!("no file at {path:?}: {error}"),
        }
    }

    /// Returns the directory at `names`, made where it is missing, durable. The caller holds the turn.
    fn dirs_to(&self, names: &[OsString]) -> Arc<DirNode> {
        let mut dir = Arc::clone(&self.shared.foot.dir);
        for name in names {
            let next = match dir.get(name) {
                Some(Node::Dir(next)) => next,
                Some(Node::File(_) | Node::Link(_)) => panic!("{name:?} in {names:?} is no directory"),
                None => self.new_dir(Attributes::new(DIR_MODE)),
            };
            self.place(Naming { dir, name: name.clone(), node: Some(Node::Dir(Arc::clone(&next))) });
            dir = next;
        }
        dir
    }
}

fn names(path: &Path) -> Vec<OsString> {
    let normal = |component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::RootDir | Component::CurDir => None,
        Component::ParentDir | Component::Prefix(_) => panic!("the test puts a plain path: {path:?}"),
    };
    path.components().filter_map(normal).collect()
}
