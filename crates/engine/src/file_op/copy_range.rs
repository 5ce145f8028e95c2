//! Copying from another file to an offset.

use crate::error::Operation;
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::op::{Answer, BatchResult, Execute, FileOp, Host, Start, one_by_one};
use crate::storage::StorageFile;

/// Copies at most `count` bytes from `offset` of `from` to `at`. Answers the count as [`Answer::Position`].
#[derive(Debug)]
pub(crate) struct CopyRange {
    pub(crate) from: Box<dyn StorageFile>,
    pub(crate) offset: u64,
    pub(crate) count: u64,
    pub(crate) at: u64,
}

impl FileOp for CopyRange {
    fn operation(&self) -> Operation {
        Operation::SendFile
    }

    fn footprint(&self, _cursor: u64, _room: u64) -> Footprint {
        Footprint { span: Span::Write(self.at..self.at.saturating_add(self.count)), cursor: false }
    }

    fn offset(&self) -> Option<u64> {
        Some(self.at)
    }

    fn needs_trust(&self) -> bool {
        true
    }
}

impl Execute for CopyRange {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        host.note_write();
        one_by_one(batch, host, |op| {
            let copied = host.file().receive(&*op.from, op.offset, op.count, op.at)?;
            Ok((Answer::Position(copied), CursorMove::Stay))
        })
    }
}
