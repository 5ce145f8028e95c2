//! Requests about paths, which all have one shape.
//!
//! A family of them is a file of functions, each of which makes one [`PathOp`]: what is attempted, the paths it is
//! about, and a closure that carries it out. The engine sees a [`PathRequest`].

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Operation;
use crate::storage::{Identity, Storage};

/// One request about a path, carried out as one job or in place.
pub trait PathRequest: Send + 'static {
    /// What success looks like.
    type Reply: Send + 'static;

    /// What is attempted, for errors and counters.
    fn operation(&self) -> Operation;

    /// The path it is attempted on.
    fn path(&self) -> &Path;

    /// The second path, where there is one.
    fn target(&self) -> Option<&Path>;

    /// Whether it reads the files below its path too, so that it has to find in them what was written.
    fn reads_below(&self) -> bool;

    /// Which files its paths lead to, as far as they can be found; may block.
    fn identities(&self, storage: &dyn Storage) -> Vec<Identity>;

    /// Bytes of payload, counted against the limits while the request is queued.
    fn bytes(&self) -> usize;

    /// The same request once more, if it can be made again after it was refused for want of a descriptor, with
    /// nothing done. The engine then waits for a descriptor; without it, the refusal is the answer.
    fn again(&self) -> Option<Self>
    where
        Self: Sized;

    /// Carries the request out without blocking, if that is possible; `None` otherwise.
    fn in_place(&self, storage: &dyn Storage) -> Option<io::Result<Self::Reply>>;

    /// Carries the request out; may block.
    ///
    /// # Errors
    ///
    /// Whatever the storage returns, errno kept.
    fn execute(self, storage: &dyn Storage) -> io::Result<Self::Reply>;
}

/// What a request is about: the paths that its errors name and that lead to the files it concerns.
pub trait Subject: Send + 'static {
    /// The path, or the first of two.
    fn path(&self) -> &Path;

    /// The second path, where there is one.
    fn target(&self) -> Option<&Path> {
        None
    }

    /// Which files the paths lead to, as far as they can be found; may block.
    fn identities(&self, storage: &dyn Storage) -> Vec<Identity> {
        let paths = [Some(self.path()), self.target()].into_iter().flatten();
        paths.filter_map(|path| storage.identity(path).ok()).collect()
    }
}

impl Subject for PathBuf {
    fn path(&self) -> &Path {
        self
    }
}

impl Subject for Arc<Path> {
    fn path(&self) -> &Path {
        self
    }
}

/// A name that stands where others have a path.
impl Subject for &'static Path {
    fn path(&self) -> &Path {
        self
    }
}

/// From one path to another.
impl Subject for (PathBuf, PathBuf) {
    fn path(&self) -> &Path {
        &self.0
    }

    fn target(&self) -> Option<&Path> {
        Some(&self.1)
    }
}

/// How a request is carried out that has no way to do it without blocking.
type ByWorkerOnly<S, T> = fn(&dyn Storage, &S) -> Option<io::Result<T>>;

/// The shape of every request about paths. Its closures are part of its type, so that making one allocates nothing:
/// many requests are answered in place, by a single call of the kernel.
#[must_use = "a request does nothing until an engine is called with it"]
pub struct PathOp<S, W, N> {
    operation: Operation,
    subject: S,
    work: W,
    in_place: N,
    again: fn(&Self) -> Option<Self>,
    bytes: usize,
    reads_below: bool,
}

impl<S: Subject, W, T> PathOp<S, W, ByWorkerOnly<S, T>>
where
    W: FnOnce(&dyn Storage, S) -> io::Result<T> + Send + 'static,
{
    /// Makes a request that `work` carries out, on a worker.
    pub fn new(operation: Operation, subject: S, work: W) -> Self {
        let in_place: ByWorkerOnly<S, T> = |_, _| None;
        PathOp { operation, subject, work, in_place, again: |_| None, bytes: 0, reads_below: false }
    }

    /// Adds a way to carry it out without blocking; `None` leaves it to a worker.
    pub(super) fn in_place<N>(self, in_place: N) -> PathOp<S, W, N>
    where
        N: Fn(&dyn Storage, &S) -> Option<io::Result<T>> + Send + 'static,
    {
        let PathOp { operation, subject, work, bytes, reads_below, .. } = self;
        PathOp { operation, subject, work, in_place, again: |_| None, bytes, reads_below }
    }
}

impl<S, W, N> PathOp<S, W, N> {
    /// Lets it be made again when the process had no descriptor left for it: it opens a file before all else.
    pub(super) fn again(self) -> Self
    where
        S: Clone,
        W: Clone,
        N: Clone,
    {
        let again = |op: &Self| {
            let PathOp { subject, work, in_place, .. } = op;
            let (subject, work, in_place) = (subject.clone(), work.clone(), in_place.clone());
            Some(PathOp { subject, work, in_place, ..*op })
        };
        PathOp { again, ..self }
    }

    /// Counts these bytes of payload against the limits.
    pub(super) fn holding(self, bytes: usize) -> Self {
        PathOp { bytes, ..self }
    }

    /// Says that it reads what is below its path.
    pub(super) fn reading_below(self) -> Self {
        PathOp { reads_below: true, ..self }
    }
}

impl<S, W, N, T> PathRequest for PathOp<S, W, N>
where
    S: Subject,
    W: FnOnce(&dyn Storage, S) -> io::Result<T> + Send + 'static,
    N: Fn(&dyn Storage, &S) -> Option<io::Result<T>> + Send + 'static,
    T: Send + 'static,
{
    type Reply = T;

    fn operation(&self) -> Operation {
        self.operation
    }

    fn path(&self) -> &Path {
        self.subject.path()
    }

    fn target(&self) -> Option<&Path> {
        self.subject.target()
    }

    fn reads_below(&self) -> bool {
        self.reads_below
    }

    fn identities(&self, storage: &dyn Storage) -> Vec<Identity> {
        self.subject.identities(storage)
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn again(&self) -> Option<Self> {
        (self.again)(self)
    }

    fn in_place(&self, storage: &dyn Storage) -> Option<io::Result<T>> {
        (self.in_place)(storage, &self.subject)
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<T> {
        (self.work)(storage, self.subject)
    }
}

impl<S: Subject, W, N> fmt::Debug for PathOp<S, W, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PathOp")
            .field("operation", &self.operation)
            .field("path", &self.subject.path())
            .field("target", &self.subject.target())
            .finish_non_exhaustive()
    }
}

/// Finds out which files a request is about before it is carried out; gives it back with them.
pub(crate) fn identify<R: PathRequest>(request: R) -> impl PathRequest<Reply = (R, Vec<Identity>)> {
    let (operation, bytes) = (request.operation(), request.bytes());
    let work = |storage: &dyn Storage, Asked(request): Asked<R>| {
        let identities = request.identities(storage);
        Ok((request, identities))
    };
    PathOp::new(operation, Asked(request), work).holding(bytes)
}

/// A request that another one is about.
struct Asked<R>(R);

impl<R: PathRequest> Subject for Asked<R> {
    fn path(&self) -> &Path {
        self.0.path()
    }

    fn target(&self) -> Option<&Path> {
        self.0.target()
    }
}
