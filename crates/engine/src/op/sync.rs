//! Flushing to the device: any number of queued syncs is one system call.

use crate::error::Operation;

/// Makes everything acknowledged before it survive a power cut.
#[derive(Debug)]
pub(crate) struct Sync {
    /// Attributes too (`fsync`), or only what is needed to read the data back (`fdatasync`).
    pub(crate) all: bool,
}

impl Sync {
    pub(crate) fn operation(&self) -> Operation {
        if self.all { Operation::SyncAll } else { Operation::SyncData }
    }
}
