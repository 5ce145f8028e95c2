//! Copying from another file to the cursor.

use crate::error::Operation;
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::op::{Answer, BatchResult, Execute, FileOp, Host, Start, one_by_one};
use crate::storage::StorageFile;

/// Copies at most `count` bytes from `offset` of `from` to the cursor, which moves past them. Answers the count
/// as [`Answer::Position`].
#[derive(Debug)]
pub(crate) struct Receive {
    pub(crate) from: Box<dyn StorageFile>,
    pub(crate) offset: u64,
    pub(crate) count: u64,
}

impl FileOp for Receive {
    fn operation(&self) -> Operation {
        Operation::SendFile
    }

    fn footprint(&self, _cursor: u64, _room: u64) -> Footprint {
        Footprint { span: Span::Exclusive, cursor: true }
    }

    /// The offset belongs to the other file.
    fn offset(&self) -> Option<u64> {
        None
    }

    fn needs_trust(&self) -> bool {
        true
    }
}

impl Execute for Receive {
    fn run(batch: Vec<Self>, host: &dyn Host, Start { cursor, .. }: Start) -> BatchResult {
        host.note_write();
        one_by_one(batch, host, |op| {
            let copied = host.file().receive(&*op.from, op.offset, op.count, cursor)?;
            Ok((Answer::Position(copied), CursorMove::To(cursor + copied)))
        })
    }
}
