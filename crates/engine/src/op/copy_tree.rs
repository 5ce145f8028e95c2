//! Copying a tree, some entries in one job.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{PathOp, PathRequest, Subject};
use crate::error::Operation;
use crate::exclusive::Exclusive;
pub use crate::storage::Copied;
use crate::storage::TreeCopier;

/// The state of a copy after one job.
#[derive(Debug)]
pub enum Copying {
    /// More entries may come.
    More(OpenCopy),
    /// The copy is complete.
    All(Copied),
}

/// A copy between two jobs. It holds a bounded number of descriptors. Dropping it leaves the incomplete copy in place.
pub struct OpenCopy {
    from: PathBuf,
    to: PathBuf,
    /// `None` until the first job.
    copier: Option<Exclusive<Box<dyn TreeCopier>>>,
}

impl OpenCopy {
    /// Makes a copy without any system call.
    pub fn new(from: PathBuf, to: PathBuf) -> Self {
        OpenCopy { from, to, copier: None }
    }
}

/// Continues a copy. The first request creates the root of the copy, whose name must be free.
pub fn go_on(copy: OpenCopy) -> impl PathRequest<Reply = Copying> {
    PathOp::new(Operation::Copy, copy, |storage, OpenCopy { from, to, copier }| {
        let mut copier = match copier {
            Some(copier) => copier.into_inner(),
            None => storage.copy_tree(&from, &to)?,
        };
        if copier.more()? {
            Ok(Copying::More(OpenCopy { from, to, copier: Some(Exclusive::new(copier)) }))
        } else {
            Ok(Copying::All(copier.copied()))
        }
    })
    .reading_below()
}

impl Subject for OpenCopy {
    fn path(&self) -> &Path {
        &self.from
    }

    fn target(&self) -> Option<&Path> {
        Some(&self.to)
    }
}

impl fmt::Debug for OpenCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenCopy").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}
