//! The attributes of an open file.

use crate::error::Operation;
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::op::{
    Answer, BatchResult, Execute, Far, FileOp, Host, Profile, RunLater, Start, alone_later, one_by_one,
};

/// Reads all attributes.
#[derive(Debug)]
pub(crate) struct Metadata;

impl FileOp for Metadata {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        Profile {
            operation: Operation::Metadata,
            footprint: Footprint { span: Span::READ_ALL, cursor: false },
            offset: None,
            needs_trust: false,
        }
    }

    fn is_quick(&self) -> bool {
        true
    }
}

impl Execute for Metadata {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        one_by_one(batch, host, |_| {
            host.file().metadata().map(|metadata| (Answer::Metadata(Box::new(metadata)), CursorMove::Stay))
        })
    }

    fn run_later<'a>(batch: Vec<Self>, far: Far<'a>) -> RunLater<'a> {
        let Far { host, file, .. } = far;
        alone_later(batch, host, |_| async {
            let metadata = file.metadata().await?;
            Ok((Answer::Metadata(Box::new(metadata)), CursorMove::Stay))
        })
    }
}
