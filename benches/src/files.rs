//! The files that the workloads read and write, on a real disk.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::buffers::Buffers;
use crate::text::Wording;
use crate::tree::{BRANCH_ENTRIES, Tree};
use crate::{text, witness};

/// Bytes of a block, the unit of the random, cursor and write workloads.
pub(crate) const BLOCK_BYTES: usize = 4096;
/// Small files of the open-read-close workload: more than a service keeps hot in one spot, few enough to stay
/// in the dentry cache.
pub(crate) const SMALL_FILES: u64 = 256;

/// The file that is read: larger than a second-level cache, so that copies come from memory as in a real service.
const BIG_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// The same for `--quick`, which only checks results.
const BIG_FILE_BYTES_QUICK: u64 = 4 * 1024 * 1024;

/// Bytes of the file that is copied.
pub(crate) const SOURCE_BYTES: usize = 256 * 1024 * 1024;
/// The same for `--quick`.
const SOURCE_BYTES_QUICK: usize = 4 * 1024 * 1024;

/// Lines of the text: 80 MB.
const TEXT_LINES: u64 = 1_613_000;
/// The same for `--quick`.
const TEXT_LINES_QUICK: u64 = 20_000;

/// Lines of a text that places are told in: enough for several reads of it.
const TOLD_LINES: u64 = 100_000;
/// The same for `--quick`.
const TOLD_LINES_QUICK: u64 = 5_000;

/// Entries of the tree that is walked.
const TREE_ENTRIES: u64 = 50_000;
/// The same for `--quick`.
const TREE_ENTRIES_QUICK: u64 = BRANCH_ENTRIES;

/// A directory of files that the rows prepare as they need them, removed when dropped.
///
/// What is prepared is left in the page cache, already written back, so that no writeback runs beside the
/// measurements.
#[derive(Debug)]
pub(crate) struct Files {
    dir: TempDir,
    quick: bool,
    /// Bytes of the file at [`Files::big`].
    pub(crate) big_bytes: u64,
    /// What the laps read into.
    pub(crate) buffers: Buffers,
    tree: Tree,
}

impl Files {
    /// Makes the directory below `parent`.
    ///
    /// # Errors
    ///
    /// `parent` cannot be created or written to.
    pub(crate) fn new(parent: &Path, quick: bool) -> io::Result<Self> {
        fs::create_dir_all(parent)?;
        let dir = tempfile::Builder::new().prefix("folio-bench-").tempdir_in(parent)?;
        let big_bytes = if quick { BIG_FILE_BYTES_QUICK } else { BIG_FILE_BYTES };
        let entries = if quick { TREE_ENTRIES_QUICK } else { TREE_ENTRIES };
        let tree = Tree::new(dir.path().join("tree"), entries / BRANCH_ENTRIES);
        Ok(Self { dir, quick, big_bytes, buffers: Buffers::default(), tree })
    }

    /// Writes the file at [`Files::big`], unless it is there.
    ///
    /// # Errors
    ///
    /// It cannot be written; the same for the other files.
    pub(crate) fn write_big(&self) -> io::Result<()> {
        write_back(&self.big(), || witness::pattern(self.big_bytes))
    }

    pub(crate) fn write_small(&self) -> io::Result<()> {
        let block = witness::pattern(BLOCK_BYTES as u64);
        (0..SMALL_FILES).try_for_each(|index| write_back(&self.small(index), || block.clone()))
    }

    pub(crate) fn write_text(&self) -> io::Result<()> {
        write_back(&self.text(), || text::lines(self.text_lines()).into_bytes())
    }

    pub(crate) fn write_told(&self, wording: Wording) -> io::Result<()> {
        write_back(&self.told(wording), || wording.bytes(self.told_lines()))
    }

    pub(crate) fn write_source(&self) -> io::Result<()> {
        write_back(&self.source(), || witness::pattern(self.source_bytes()))
    }

    pub(crate) fn grow_tree(&self) -> io::Result<()> {
        if self.tree.root().exists() { Ok(()) } else { self.tree.grow() }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Returns the path of the file that holds the pattern.
    pub(crate) fn big(&self) -> PathBuf {
        self.dir.path().join("big")
    }

    /// Returns the number of whole blocks in the file at [`Files::big`].
    pub(crate) fn blocks(&self) -> u64 {
        self.big_bytes / BLOCK_BYTES as u64
    }

    /// Returns offsets of blocks of the file at [`Files::big`], as `task` visits them in `round`.
    pub(crate) fn random_offsets(&self, round: u64, task: u64) -> impl Iterator<Item = u64> + use<> {
        // Odd, so that the state is never zero, which xorshift would not leave.
        let state = (round << 32 | task << 1 | 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        RandomOffsets { state, blocks: self.blocks() }
    }

    /// Returns the path of one of the small files; indexes wrap around. Each holds the pattern's first block.
    pub(crate) fn small(&self, index: u64) -> PathBuf {
        self.dir.path().join(format!("small-{}", index % SMALL_FILES))
    }

    /// Returns a path that names nothing.
    pub(crate) fn missing(&self) -> PathBuf {
        self.dir.path().join("missing")
    }

    /// Returns the path of the text.
    pub(crate) fn text(&self) -> PathBuf {
        self.dir.path().join("text")
    }

    pub(crate) fn text_lines(&self) -> u64 {
        if self.quick { TEXT_LINES_QUICK } else { TEXT_LINES }
    }

    /// Returns the path of the text that places are told in.
    pub(crate) fn told(&self, wording: Wording) -> PathBuf {
        self.dir.path().join(format!("told-{wording:?}"))
    }

    pub(crate) fn told_lines(&self) -> u64 {
        if self.quick { TOLD_LINES_QUICK } else { TOLD_LINES }
    }

    /// Returns the path of the file that is copied; it holds the pattern.
    pub(crate) fn source(&self) -> PathBuf {
        self.dir.path().join("source")
    }

    pub(crate) fn source_bytes(&self) -> u64 {
        (if self.quick { SOURCE_BYTES_QUICK } else { SOURCE_BYTES }) as u64
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Returns the path that the writing workloads write to.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.dir.path().join("scratch")
    }

    /// Removes what a writing lap left, before its dirty pages are written back beside the next lap.
    ///
    /// # Errors
    ///
    /// The file exists and cannot be removed.
    pub(crate) fn remove_scratch(&self) -> io::Result<()> {
        match fs::remove_file(self.scratch()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn write_back(path: &Path, contents: impl FnOnce() -> Vec<u8>) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut file = fs::File::create(path)?;
    file.write_all(&contents())?;
    file.sync_all()
}

/// An endless xorshift sequence of block offsets: a nanosecond a step, the same for the same seed.
#[derive(Debug)]
struct RandomOffsets {
    state: u64,
    blocks: u64,
}

impl Iterator for RandomOffsets {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        // The upper half decides: the lower bits of xorshift are its weak ones.
        Some((((self.state >> 32) * self.blocks) >> 32) * BLOCK_BYTES as u64)
    }
}
