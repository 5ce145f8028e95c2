//! Work on one whole file, as one exclusive operation: a user's closure, or bytes sent from another file.

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::io;

use crate::error::Operation;
use crate::exclusive::Exclusive;
use crate::file::CursorMove;
use crate::op::{Answer, Executed, Failure};
use crate::storage::{StorageFile, wrapped::Wrapped};

/// Given the file and its cursor: what it answers, and where the cursor is to be.
type Work = Exclusive<Box<dyn FnOnce(&dyn StorageFile, u64) -> io::Result<(Answer, CursorMove)> + Send>>;

/// Runs while no other operation of this file runs.
pub(crate) struct Run {
    operation: Operation,
    work: Work,
}

impl Run {
    /// Wraps `closure`, whose result comes back as [`Answer::Value`].
    pub(crate) fn new<T: Send + 'static>(closure: impl FnOnce(&File) -> T + Send + 'static) -> Self {
        let work = |file: &dyn StorageFile, _cursor| {
            let std = file.as_std().ok_or(io::ErrorKind::Unsupported)?;
            let value: Box<dyn Any + Send> = Box::new(closure(std));
            file.look_again();
            Ok((Answer::Value(value), CursorMove::Stay))
        };
        Run { operation: Operation::Run, work: Exclusive::new(Box::new(work)) }
    }

    /// Takes out the object that was wrapped; [`Answer::Value`] holds an `Option<T>`.
    pub(crate) fn taking<T: Send + 'static>() -> Self {
        let work = |file: &dyn StorageFile, _cursor| {
            let wrapped = file.as_any().and_then(|file| file.downcast_ref::<Wrapped<T>>());
            let value: Box<dyn Any + Send> = Box::new(wrapped.and_then(Wrapped::take));
            Ok((Answer::Value(value), CursorMove::Stay))
        };
        Run { operation: Operation::Run, work: Exclusive::new(Box::new(work)) }
    }

    /// Copies at most `count` bytes of `from`, beginning at `offset`, to the cursor and moves it behind them.
    /// Answers how many as [`Answer::Position`].
    pub(crate) fn receive(from: File, offset: u64, count: u64) -> Self {
        let work = move |file: &dyn StorageFile, cursor| {
            let copied = file.receive(&from, offset, count, cursor)?;
            Ok((Answer::Position(copied), CursorMove::To(cursor + copied)))
        };
        Run { operation: Operation::SendFile, work: Exclusive::new(Box::new(work)) }
    }

    /// Cuts the file off at the cursor, or extends it to there. Answers the new length as [`Answer::Position`].
    pub(crate) fn cut() -> Self {
        let work = |file: &dyn StorageFile, cursor| {
            file.set_len(cursor)?;
            Ok((Answer::Position(cursor), CursorMove::Stay))
        };
        Run { operation: Operation::SetLen, work: Exclusive::new(Box::new(work)) }
    }

    /// Whether it is known to change the file, so that its failure concerns later syncs.
    pub(crate) fn changes_contents(&self) -> bool {
        self.operation != Operation::Run
    }

    pub(crate) fn operation(&self) -> Operation {
        self.operation
    }

    pub(crate) fn execute(self, file: &dyn StorageFile, cursor: u64) -> Executed {
        match self.work.into_inner()(file, cursor) {
            Ok((answer, moves)) => (Ok(answer), moves),
            Err(error) => (Err(Failure::from(error)), CursorMove::Stay),
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("operation", &self.operation).finish_non_exhaustive()
    }
}
