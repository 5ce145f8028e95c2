//! What keeps files busy, and the files for it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::text::{Wording, line_len};
use crate::tree::Tree;

/// One kind of work with files. A pass of it takes some milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// The lines of a text in UTF-8.
    Lines,
    /// The lines of a text that has to be converted.
    ConvertedLines,
    /// Whole files that are read in one call.
    Whole,
    /// A big file, read to its end.
    ToEnd,
    /// The entries of a tree.
    Walk,
    /// The entries of a tree that match a pattern.
    Glob,
    /// Small reads at offsets.
    SmallReads,
    /// Big reads at offsets.
    BigReads,
    /// Small writes at offsets.
    SmallWrites,
    /// Big writes at offsets.
    BigWrites,
    /// Small writes that are kept back.
    BufferedWrites,
    /// The attributes of a path.
    Metadata,
    /// Copies of a file.
    Copy,
}

pub(super) const LOADS: [(Load, &str, &str); 13] = [
    (Load::Lines, "lines of a text", "MB"),
    (Load::ConvertedLines, "lines, GB 18030", "MB"),
    (Load::Whole, "fs::read 700 KB", "MB"),
    (Load::ToEnd, "read to end, 64 MiB", "MB"),
    (Load::Walk, "walk", "k"),
    (Load::Glob, "glob", "k"),
    (Load::SmallReads, "read_at 4 KiB", "k"),
    (Load::BigReads, "read_at 1 MiB", "MB"),
    (Load::SmallWrites, "write_all_at 4 KiB", "k"),
    (Load::BigWrites, "write_all_at 1 MiB", "MB"),
    (Load::BufferedWrites, "buffered writes, 512 B", "k"),
    (Load::Metadata, "fs::metadata", "k"),
    (Load::Copy, "copy, 16 MiB", "MB"),
];

impl Load {
    /// Memory of so many tasks, which the system has prepared.
    pub(super) fn memories(self, tasks: usize) -> Vec<Vec<u8>> {
        if self == Load::ToEnd { vec![vec![b'm'; LONG_BYTES + BIG_BYTES]; tasks] } else { Vec::new() }
    }
}

/// Lines of the texts: about 5 MB.
const LINES: u64 = 100_000;
/// Bytes of the file that is read as a whole.
pub(super) const WHOLE_BYTES: usize = 700_000;
/// Bytes of the file that is read to its end.
pub(super) const LONG_BYTES: usize = 64 << 20;
/// Bytes of the file that is copied, and of those that are written to.
pub(super) const COPIED_BYTES: usize = 16 << 20;
/// Bytes of a small read or write.
pub(super) const SMALL_BYTES: usize = 4 << 10;
/// Bytes of a big read or write.
pub(super) const BIG_BYTES: usize = 1 << 20;
/// Bytes of a write that is kept back.
pub(super) const BUFFERED_BYTES: usize = 512;

/// Small operations in a pass.
pub(super) const SMALL_PASS: u64 = 1_000;
/// Big ones.
pub(super) const BIG_PASS: u64 = 16;

/// The folder with the files of all loads.
#[derive(Debug)]
pub(super) struct Room {
    dir: TempDir,
    tree: Tree,
    text_bytes: u64,
}

impl Room {
    /// Makes the files.
    ///
    /// # Errors
    ///
    /// One of them cannot be made.
    pub(super) fn new(dir: &Path) -> io::Result<Room> {
        let dir = TempDir::new_in(dir)?;
        let tree = Tree::new(dir.path().join("tree"), 2);
        tree.grow()?;
        let text_bytes = (0..LINES).map(|index| line_len(index) as u64).sum();
        let room = Room { dir, tree, text_bytes };
        fs::write(room.text(), Wording::Utf8.bytes(LINES))?;
        fs::write(room.converted_text(), Wording::Gb18030.bytes(LINES))?;
        fs::write(room.whole(), vec![b'w'; WHOLE_BYTES])?;
        fs::write(room.long(), vec![b'l'; LONG_BYTES])?;
        fs::write(room.copied(), vec![b'c'; COPIED_BYTES])?;
        Ok(room)
    }

    pub(super) fn text(&self) -> PathBuf {
        self.dir.path().join("text")
    }

    pub(super) fn converted_text(&self) -> PathBuf {
        self.dir.path().join("text.gb18030")
    }

    pub(super) fn whole(&self) -> PathBuf {
        self.dir.path().join("whole")
    }

    pub(super) fn long(&self) -> PathBuf {
        self.dir.path().join("long")
    }

    pub(super) fn copied(&self) -> PathBuf {
        self.dir.path().join("copied")
    }

    /// A file that only this task writes to.
    pub(super) fn own(&self, task: usize) -> PathBuf {
        self.dir.path().join(format!("own-{task}"))
    }

    pub(super) fn root(&self) -> &Path {
        self.tree.root()
    }

    /// The number of entries of the tree, its root included.
    pub(super) fn entries(&self) -> u64 {
        self.tree.entries()
    }

    /// The bytes of all lines of a text in UTF-8, without their ends.
    pub(super) fn text_bytes(&self) -> u64 {
        self.text_bytes
    }
}

/// Where the read or write with this number goes in a file of so many bytes: places far apart, each in turn.
pub(super) fn offset(index: u64, bytes: usize, file_bytes: usize) -> u64 {
    let blocks = (file_bytes / bytes) as u64;
    (index * 7919 % blocks) * bytes as u64
}

/// Compares a result with what it must be.
///
/// # Errors
///
/// It is another.
pub(super) fn check(found: u64, expected: u64, of: &str) -> io::Result<u64> {
    if found == expected {
        Ok(found)
    } else {
        Err(io::Error::other(format!("{of}: {found} instead of {expected}")))
    }
}
