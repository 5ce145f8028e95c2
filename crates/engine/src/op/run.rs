//! A user's closure over the plain std file, as one exclusive operation.

use std::any::Any;
use std::fmt;
use std::fs::File;
use std::io;

use crate::op::Answer;
use crate::storage::StorageFile;

type Closure = Box<dyn FnOnce(&File) -> Box<dyn Any + Send> + Send>;

/// Runs the closure while no other operation of this file runs.
pub(crate) struct Run {
    closure: Closure,
}

impl Run {
    /// Wraps `closure`, whose result comes back as [`Answer::Value`].
    pub(crate) fn new<T: Send + 'static>(closure: impl FnOnce(&File) -> T + Send + 'static) -> Self {
        Run { closure: Box::new(|file| Box::new(closure(file))) }
    }

    pub(crate) fn execute(self, file: &dyn StorageFile) -> io::Result<Answer> {
        let std = file.as_std().ok_or(io::ErrorKind::Unsupported)?;
        Ok(Answer::Value((self.closure)(std)))
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}
