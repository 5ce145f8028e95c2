//! Adding up the disk usage of a tree, many entries in one job.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::deep_paths::DeepPaths;
use super::walk::{OpenWalk, WalkEntry, WalkRules};
use super::{PathOp, PathRequest, Subject};
use crate::error::{Error, Operation};
use crate::limits::STAT_BLOCK_BYTES;
use crate::storage::{Links, Storage};

/// The disk usage of a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiskUsage {
    /// The lengths of files and symbolic links, in bytes.
    pub bytes: u64,
    /// The space allocated on the file system, directories included, in bytes. Less than `bytes` where files have holes.
    pub allocated: u64,
    /// The number of entries other than directories; a file with several names counts once.
    pub files: u64,
    /// The number of directories, the root included.
    pub directories: u64,
}

/// The state of a measurement after one job.
#[derive(Debug)]
pub enum Measured {
    /// More entries may come.
    More(Box<OpenMeasure>),
    /// The whole tree was measured.
    All(DiskUsage),
    /// An entry could not be examined; the error names it.
    Failed(Error),
}

/// A measurement between two jobs.
pub struct OpenMeasure {
    root: PathBuf,
    walk: OpenWalk,
    sum: DiskUsage,
    deep_paths: DeepPaths,
    /// For each counted file with several names, by device and inode: the number of names still to come. A file is
    /// removed at its last name, which keeps the map as small as possible.
    counted: HashMap<(u64, u64), u64>,
}

impl OpenMeasure {
    /// Makes a measurement of `root` without any system call.
    pub fn new(root: PathBuf) -> Self {
        let walk = OpenWalk::new(root.clone(), WalkRules::default());
        OpenMeasure {
            root,
            walk,
            sum: DiskUsage::default(),
            deep_paths: DeepPaths::default(),
            counted: HashMap::new(),
        }
    }

    fn add(&mut self, entry: &WalkEntry, storage: &dyn Storage) -> Result<(), Error> {
        // The walk follows a root that is a link, so its target is measured.
        let path = entry.path();
        let links = if entry.depth() == 0 { Links::Follow } else { Links::NotLast };
        let look = self.deep_paths.metadata(path, links, storage);
        let metadata = look.map_err(|error| Error::io(Operation::DiskUsage, error).at_path(path))?;
        if metadata.is_dir() {
            self.sum.directories += 1;
        } else {
            if metadata.nlink() > 1 && !self.is_new(metadata.dev(), metadata.ino(), metadata.nlink()) {
                return Ok(());
            }
            self.sum.files += 1;
            self.sum.bytes += metadata.len();
        }
        self.sum.allocated += metadata.blocks() * STAT_BLOCK_BYTES;
        Ok(())
    }

    fn is_new(&mut self, device: u64, inode: u64, names: u64) -> bool {
        let identity = (device, inode);
        let Some(to_come) = self.counted.get_mut(&identity) else {
            self.counted.insert(identity, names - 1);
            return true;
        };
        *to_come -= 1;
        if *to_come == 0 {
            self.counted.remove(&identity);
        }
        false
    }

    /// Whether the entry was removed after its directory was listed: it uses no space any more.
    fn is_gone(&self, error: &Error) -> bool {
        error.kind() == io::ErrorKind::NotFound && error.path() != Some(&self.root)
    }
}

/// Continues a measurement.
pub fn go_on(measure: OpenMeasure) -> impl PathRequest<Reply = Measured> {
    PathOp::new(Operation::DiskUsage, measure, |storage, measure| measure.go_on(storage))
}

impl OpenMeasure {
    fn go_on(mut self, storage: &dyn Storage) -> io::Result<Measured> {
        let batch = self.walk.go_on(storage);
        let ended = batch.next.is_none();
        self.walk = batch.next.unwrap_or_else(|| OpenWalk::new(self.root.clone(), WalkRules::default()));
        for met in batch.met {
            match met.and_then(|entry| self.add(&entry, storage)) {
                Err(error) if !self.is_gone(&error) => return Ok(Measured::Failed(error)),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(if ended { Measured::All(self.sum) } else { Measured::More(Box::new(self)) })
    }
}

impl Subject for OpenMeasure {
    fn path(&self) -> &Path {
        &self.root
    }
}

impl fmt::Debug for OpenMeasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenMeasure")
            .field("root", &self.root)
            .field("sum", &self.sum)
            .finish_non_exhaustive()
    }
}
