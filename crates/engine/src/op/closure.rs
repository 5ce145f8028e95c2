//! Running a closure of the program's own: a request that is about no path.

use std::fmt;
use std::io;
use std::path::Path;

use crate::error::Operation;
use crate::op::PathRequest;
use crate::storage::Storage;

/// Runs a closure on a worker and answers what it returns.
pub struct Closure<F> {
    work: F,
}

impl<F> Closure<F> {
    /// Wraps the closure; it runs once or never.
    pub fn new(work: F) -> Self {
        Closure { work }
    }
}

impl<T: Send + 'static, F: FnOnce() -> T + Send + 'static> PathRequest for Closure<F> {
    type Reply = T;

    fn operation(&self) -> Operation {
        Operation::Run
    }

    /// Where it was written, as far as the compiler tells: for reports of what is still running.
    fn path(&self) -> &Path {
        Path::new(std::any::type_name::<F>())
    }

    fn execute(self, _storage: &dyn Storage) -> io::Result<T> {
        Ok((self.work)())
    }
}

impl<F> fmt::Debug for Closure<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Closure").field(&std::any::type_name::<F>()).finish()
    }
}
