//! A name, and the directory where its look-up starts.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::path_op::ByWorkerOnly;
use super::{PathOp, Subject};
use crate::error::Operation;
use crate::storage::{Identity, Names, Storage, StorageDir};

/// A name that a request is about. A `PathBuf` converts into a path of the process;
/// [`OpenDir::at`](super::dir::OpenDir::at) makes one below an open directory.
#[derive(Clone, Debug)]
pub struct At {
    /// The path in messages; without a directory, also the path that is looked up.
    path: PathBuf,
    below: Option<(Arc<dyn StorageDir>, PathBuf)>,
}

impl From<PathBuf> for At {
    fn from(path: PathBuf) -> Self {
        At { path, below: None }
    }
}

impl At {
    pub(super) fn below(dir: Arc<dyn StorageDir>, path: PathBuf, name: PathBuf) -> Self {
        At { path, below: Some((dir, name)) }
    }

    /// The place where the look-up starts, and the name there.
    pub(super) fn names<'a>(&'a self, storage: &'a dyn Storage) -> (&'a dyn Names, &'a Path) {
        match &self.below {
            None => (storage, &self.path),
            Some((dir, name)) => (&**dir, name),
        }
    }

    /// The path, if its look-up does not start from an open directory.
    pub(super) fn of_process(&self) -> Option<&Path> {
        self.below.is_none().then_some(&*self.path)
    }
}

impl Subject for At {
    fn path(&self) -> &Path {
        &self.path
    }

    fn identities(&self, storage: &dyn Storage) -> Vec<Identity> {
        let (names, path) = self.names(storage);
        names.identity(path).into_iter().collect()
    }
}

impl Subject for (At, At) {
    fn path(&self) -> &Path {
        &self.0.path
    }

    fn target(&self) -> Option<&Path> {
        Some(&self.1.path)
    }

    fn identities(&self, storage: &dyn Storage) -> Vec<Identity> {
        [&self.0, &self.1].into_iter().flat_map(|at| at.identities(storage)).collect()
    }
}

#[expect(
    clippy::type_complexity,
    reason = "callers add other forms to it, for which its type has to be known"
)]
/// Makes a request that calls one method on a name.
pub(super) fn on<T: Send + 'static, W>(
    operation: Operation,
    at: impl Into<At>,
    work: W,
) -> PathOp<At, impl FnOnce(&dyn Storage, At) -> io::Result<T> + Send + 'static, ByWorkerOnly<At, T>>
where
    W: FnOnce(&dyn Names, &Path) -> io::Result<T> + Send + 'static,
{
    PathOp::new(operation, at.into(), |storage, at: At| {
        let (names, path) = at.names(storage);
        work(names, path)
    })
}

#[expect(
    clippy::type_complexity,
    reason = "callers add other forms to it, for which its type has to be known"
)]
/// Makes a request that calls one method on two names.
pub(super) fn between<T: Send + 'static, W>(
    operation: Operation,
    from: impl Into<At>,
    to: impl Into<At>,
    work: W,
) -> PathOp<
    (At, At),
    impl FnOnce(&dyn Storage, (At, At)) -> io::Result<T> + Send + 'static,
    ByWorkerOnly<(At, At), T>,
>
where
    W: FnOnce(&dyn Names, &Path, &dyn Names, &Path) -> io::Result<T> + Send + 'static,
{
    PathOp::new(operation, (from.into(), to.into()), |storage, (from, to): (At, At)| {
        let ((names, from), (target, to)) = (from.names(storage), to.names(storage));
        work(names, from, target, to)
    })
}
