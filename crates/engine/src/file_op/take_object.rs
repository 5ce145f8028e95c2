//! Taking a wrapped object out of its file.

use std::any::Any;
use std::fmt;

use crate::error::Operation;
use crate::exclusive::Exclusive;
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::op::{Answer, BatchResult, Execute, FileOp, Host, Start, one_by_one};
use crate::storage::{StorageFile, wrapped::Wrapped};

type Take = Exclusive<Box<dyn FnOnce(&dyn StorageFile) -> Box<dyn Any + Send> + Send>>;

/// Takes the wrapped object out of the file. [`Answer::Value`] holds an `Option<T>`.
pub(crate) struct TakeObject(Take);

impl TakeObject {
    pub(crate) fn new<T: Send + 'static>() -> Self {
        let take = |file: &dyn StorageFile| -> Box<dyn Any + Send> {
            let wrapped = file.as_any().and_then(|file| file.downcast_ref::<Wrapped<T>>());
            Box::new(wrapped.and_then(Wrapped::take))
        };
        TakeObject(Exclusive::new(Box::new(take)))
    }
}

impl fmt::Debug for TakeObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TakeObject").finish_non_exhaustive()
    }
}

impl FileOp for TakeObject {
    fn operation(&self) -> Operation {
        Operation::Run
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

impl Execute for TakeObject {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        host.note_write();
        one_by_one(batch, host, |take| {
            Ok((Answer::Value(take.0.into_inner()(host.file())), CursorMove::Stay))
        })
    }
}
