//! A closure of the program's own on the open file.

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::io;

use crate::error::Operation;
use crate::exclusive::Exclusive;
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::op::{Answer, BatchResult, Execute, FileOp, Host, Start, one_by_one};

type Closure = Exclusive<Box<dyn FnOnce(&File) -> Box<dyn Any + Send> + Send>>;

/// Runs a closure while no other operation of this file runs. Answers its result as [`Answer::Value`].
pub(crate) struct Run(Closure);

impl Run {
    pub(crate) fn new<T: Send + 'static>(closure: impl FnOnce(&File) -> T + Send + 'static) -> Self {
        Run(Exclusive::new(Box::new(|file| Box::new(closure(file)))))
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}

impl FileOp for Run {
    fn operation(&self) -> Operation {
        Operation::Run
    }

    fn footprint(&self, _cursor: u64, _room: u64) -> Footprint {
        Footprint { span: Span::Exclusive, cursor: true }
    }

    fn offset(&self) -> Option<u64> {
        None
    }

    /// Whether it changes the file is unknown; its own result reports its failures.
    fn needs_trust(&self) -> bool {
        false
    }
}

impl Execute for Run {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        host.note_write();
        let ran = one_by_one(batch, host, |run| {
            let std = host.file().as_std().ok_or(io::ErrorKind::Unsupported)?;
            let value = run.0.into_inner()(std);
            host.file().refresh_flags();
            Ok((Answer::Value(value), CursorMove::Stay))
        });
        host.forget_lock();
        ran
    }
}
