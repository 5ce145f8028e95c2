//! Changing the length of an open file.

use crate::error::Operation;
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::op::{
    Answer, BatchResult, Execute, Far, FileOp, Host, Profile, RunLater, Start, alone_later, done, one_by_one,
};

/// Sets the length; a barrier, since it can cut off or expose bytes anywhere.
#[derive(Debug)]
pub(crate) struct SetLen(pub(crate) u64);

impl FileOp for SetLen {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        Profile {
            operation: Operation::SetLen,
            footprint: Footprint { span: Span::Exclusive, cursor: false },
            offset: None,
            needs_trust: true,
        }
    }

    fn is_quick(&self) -> bool {
        true
    }
}

impl Execute for SetLen {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        one_by_one(batch, host, |op| host.file().set_len(op.0).map(done))
    }

    fn run_later<'a>(batch: Vec<Self>, far: Far<'a>) -> RunLater<'a> {
        let Far { host, file, .. } = far;
        alone_later(batch, host, |op| async move { file.set_len(op.0).await.map(done) })
    }
}

/// Truncates or extends the file to the cursor. Answers the new length as [`Answer::Position`].
#[derive(Debug)]
pub(crate) struct SetLenToCursor;

impl FileOp for SetLenToCursor {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        Profile {
            operation: Operation::SetLen,
            footprint: Footprint { span: Span::Exclusive, cursor: true },
            offset: None,
            needs_trust: true,
        }
    }
}

impl Execute for SetLenToCursor {
    fn run(batch: Vec<Self>, host: &dyn Host, start: Start) -> BatchResult {
        host.note_write();
        one_by_one(batch, host, |_| {
            host.file().set_len(start.cursor)?;
            Ok((Answer::Position(start.cursor), CursorMove::Stay))
        })
    }

    fn run_later<'a>(batch: Vec<Self>, far: Far<'a>) -> RunLater<'a> {
        let Far { host, file, start } = far;
        host.note_write();
        alone_later(batch, host, move |_| async move {
            file.set_len(start.cursor).await?;
            Ok((Answer::Position(start.cursor), CursorMove::Stay))
        })
    }
}
