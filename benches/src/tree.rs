//! A tree of directories with a known number of entries.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Entries below each directory of the first level, itself included; the tree has a multiple of these.
pub(crate) const BRANCH_ENTRIES: u64 = 2_500;

/// Directories below each directory of the first level.
const TWIGS: u64 = 24;

/// The tree, which may not have been grown yet. Names of directories begin with `d`, those of files with `f`.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    branches: u64,
}

impl Tree {
    /// Describes a tree of so many branches at `root`.
    pub(crate) fn new(root: PathBuf, branches: u64) -> Self {
        Self { root, branches }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the number of entries, the root included.
    pub(crate) fn entries(&self) -> u64 {
        self.branches * BRANCH_ENTRIES
    }

    /// Tells whether a path of this tree is that of a directory.
    pub(crate) fn is_dir_by_name(&self, path: &Path) -> bool {
        path == self.root || path.file_name().is_some_and(|name| name.as_encoded_bytes()[0] == b'd')
    }

    /// Tells whether `met` is every path of the tree, each once, in any order.
    pub(crate) fn is_all(&self, mut met: Vec<PathBuf>) -> bool {
        let mut all = vec![self.root.clone()];
        all.extend(self.dirs());
        all.extend(self.files());
        all.sort();
        met.sort();
        met == all
    }

    /// Makes the directories and the files, which are empty.
    ///
    /// # Errors
    ///
    /// One of them cannot be made.
    pub(crate) fn grow(&self) -> io::Result<()> {
        fs::create_dir(&self.root)?;
        self.dirs().try_for_each(fs::create_dir)?;
        self.files().try_for_each(|path| fs::File::create(path).map(drop))
    }

    /// The directories, each after the one that holds it.
    fn dirs(&self) -> impl Iterator<Item = PathBuf> {
        (0..self.branches).flat_map(|branch| {
            let branch = self.root.join(format!("d{branch:02}"));
            let twigs: Vec<_> = (0..TWIGS).map(|twig| branch.join(format!("d{twig:02}"))).collect();
            std::iter::once(branch).chain(twigs)
        })
    }

    /// The files, in turns over the directories; the first branch has one less, because the root counts too.
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let dirs: Vec<_> = self.dirs().collect();
        let count = self.entries() - 1 - dirs.len() as u64;
        (0..count).map(move |index| dirs[index as usize % dirs.len()].join(format!("file-{index:05}.txt")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_with_one_entry_missing_or_twice_is_not_all() {
        let tree = Tree::new("/t".into(), 1);
        let all: Vec<_> = std::iter::once(tree.root.clone()).chain(tree.dirs()).chain(tree.files()).collect();
        assert_eq!(all.len() as u64, tree.entries());
        assert!(all.iter().all(|path| tree.is_dir_by_name(path) == path.extension().is_none()));
        assert!(!tree.is_all(all[1..].to_vec()));
        assert!(!tree.is_all([&all[1..], &all[1..2]].concat()));
        assert!(tree.is_all(all));
    }
}
