//! A second handle of the storage's own.

use crate::error::Operation;
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::op::{Answer, BatchResult, Execute, FileOp, Host, Start, one_by_one};

/// Opens a second handle after everything that was asked for before, for an operation on another file or on a name.
/// [`Answer::Value`] holds it as a `Box<dyn StorageFile>`.
#[derive(Debug)]
pub(crate) struct Duplicate {
    /// What it is for, which errors name.
    pub(crate) operation: Operation,
}

impl FileOp for Duplicate {
    fn operation(&self) -> Operation {
        self.operation
    }

    fn footprint(&self, _cursor: u64, _room: u64) -> Footprint {
        Footprint { span: Span::Exclusive, cursor: true }
    }

    fn offset(&self) -> Option<u64> {
        None
    }

    fn needs_trust(&self) -> bool {
        false
    }
}

impl Execute for Duplicate {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        one_by_one(batch, host, |_| Ok((Answer::Value(Box::new(host.file().duplicate()?)), CursorMove::Stay)))
    }
}
