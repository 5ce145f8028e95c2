//! Code of the program's own on the open file, and taking back the object that a file was made of.

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::io;

use crate::error::Operation;
use crate::exclusive::Exclusive;
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::op::{Answer, BatchResult, Execute, FileOp, Host, Profile, Start, one_by_one};
use crate::storage::{StorageFile, wrapped::Wrapped};

type Work = Exclusive<Box<dyn FnOnce(&dyn StorageFile) -> io::Result<Box<dyn Any + Send>> + Send>>;

/// Runs while no other operation of this file runs, and answers an [`Answer::Value`].
pub(crate) struct Run(Work);

impl Run {
    /// Answers what `closure` returns.
    pub(crate) fn new<T: Send + 'static>(closure: impl FnOnce(&File) -> T + Send + 'static) -> Self {
        Run(Exclusive::new(Box::new(|file| {
            let value = closure(file.as_std().ok_or(io::ErrorKind::Unsupported)?);
            file.refresh_flags();
            Ok(Box::new(value))
        })))
    }

    /// Takes the wrapped object out of the file; answers an `Option<T>`.
    pub(crate) fn take_object<T: Send + 'static>() -> Self {
        Run(Exclusive::new(Box::new(|file| {
            let wrapped = file.as_any().and_then(|file| file.downcast_ref::<Wrapped<T>>());
            Ok(Box::new(wrapped.and_then(Wrapped::take)))
        })))
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}

impl FileOp for Run {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        Profile {
            operation: Operation::Run,
            footprint: Footprint { span: Span::Exclusive, cursor: true },
            offset: None,
            // Whether it changes the file is unknown; its own result reports its failures.
            needs_trust: false,
        }
    }
}

impl Execute for Run {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        host.note_write();
        let ran = one_by_one(batch, host, |run| {
            Ok((Answer::Value(run.0.into_inner()(host.file())?), CursorMove::Stay))
        });
        host.forget_lock();
        ran
    }
}
