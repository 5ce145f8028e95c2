//! Adding up what a tree takes, many entries in one job.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::footing::Footing;
use super::walk::{OpenWalk, WalkEntry, WalkRules};
use super::{PathOp, PathRequest, Subject};
use crate::error::{Error, Operation};
use crate::limits::STAT_BLOCK_BYTES;
use crate::storage::{Links, Storage};

/// What a tree takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiskUsage {
    /// Bytes that can be read: the lengths of files and symbolic links.
    pub bytes: u64,
    /// Bytes taken from the file system, directories included. Less than `bytes` where files have holes.
    pub allocated: u64,
    /// Things that are no directories; one with several names counts once.
    pub files: u64,
    /// Directories, the root included.
    pub directories: u64,
}

/// How far it is after one job.
#[derive(Debug)]
pub enum Measured {
    /// There may be more.
    More(Box<OpenMeasure>),
    /// That was all.
    All(DiskUsage),
    /// Something could not be looked at; the error names it.
    Failed(Error),
}

/// A sum under way.
pub struct OpenMeasure {
    root: PathBuf,
    walk: OpenWalk,
    sum: DiskUsage,
    footing: Footing,
    /// How many names are still to come of what has several and was counted, by device and inode. What has
    /// shown all its names is forgotten, so that this stays as small as a right answer allows.
    counted: HashMap<(u64, u64), u64>,
}

impl OpenMeasure {
    /// Starts at `root` without touching anything.
    pub fn new(root: PathBuf) -> Self {
        let walk = OpenWalk::new(root.clone(), WalkRules::default());
        OpenMeasure {
            root,
            walk,
            sum: DiskUsage::default(),
            footing: Footing::default(),
            counted: HashMap::new(),
        }
    }

    fn add(&mut self, entry: &WalkEntry, storage: &dyn Storage) -> Result<(), Error> {
        // The root is what its name leads to, and is walked as that.
        let path = entry.path();
        let links = if entry.depth() == 0 { Links::Follow } else { Links::NotLast };
        let look = self.footing.metadata(path, links, storage);
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

    /// What has gone since its directory was listed takes nothing any more.
    fn is_gone(&self, error: &Error) -> bool {
        error.kind() == io::ErrorKind::NotFound && error.path() != Some(&self.root)
    }
}

/// Goes on adding up.
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
