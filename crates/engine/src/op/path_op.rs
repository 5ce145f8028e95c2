//! The common shape of requests about paths: a [`PathOp`] consists of the operation, its paths and a closure that
//! executes it. The engine sees a [`PathRequest`].

use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Operation;
use crate::storage::{AsyncStorage, Identity, Later, Storage, refuse};

/// One request about a path, executed as one job or in place.
pub trait PathRequest: Send + 'static {
    /// The result of success.
    type Reply: Send + 'static;

    /// The operation, for errors and counters.
    fn operation(&self) -> Operation;

    /// The path, or the first of two.
    fn path(&self) -> &Path;

    /// The second path, where there is one.
    fn target(&self) -> Option<&Path>;

    /// Whether it also reads files below its path, so that buffered writes to them must reach the disk first.
    fn reads_below(&self) -> bool;

    /// The identities of the files at its paths, as far as they can be found. May block.
    fn identities(&self, storage: &dyn Storage) -> Vec<Identity>;

    /// The bytes of its payload, counted against the limits while the request is queued.
    fn bytes(&self) -> usize;

    /// A copy of the request, for a retry when the process has no descriptor left; `None` if it cannot be retried. The
    /// first attempt must have changed nothing. The engine waits for a descriptor before it retries.
    fn again(&self) -> Option<Self>
    where
        Self: Sized;

    /// Executes the request without blocking, if that is possible; `None` otherwise.
    fn in_place(&self, storage: &dyn Storage) -> Option<io::Result<Self::Reply>>;

    /// Executes the request. May block.
    ///
    /// # Errors
    ///
    /// The storage's error, with its errno.
    fn execute(self, storage: &dyn Storage) -> io::Result<Self::Reply>;

    /// Executes the request on a storage whose calls answer later. A request without a form for that refuses.
    fn execute_later(self, storage: Arc<dyn AsyncStorage>) -> Later<'static, Self::Reply>;
}

/// The paths of a request: its errors name them, and they lead to the files it concerns.
pub trait Subject: Send + 'static {
    /// The path, or the first of two.
    fn path(&self) -> &Path;

    /// The second path, where there is one.
    fn target(&self) -> Option<&Path> {
        None
    }

    /// The identities of the files at the paths, as far as they can be found. May block.
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

/// A fixed name in place of a path.
impl Subject for &'static Path {
    fn path(&self) -> &Path {
        self
    }
}

impl Subject for (PathBuf, PathBuf) {
    fn path(&self) -> &Path {
        &self.0
    }

    fn target(&self) -> Option<&Path> {
        Some(&self.1)
    }
}

/// The in-place form of a request that always needs a worker.
pub(super) type ByWorkerOnly<S, T> = fn(&dyn Storage, &S) -> Option<io::Result<T>>;

/// The form of a request for storages whose calls answer later.
pub trait WorkLater<S, T>: Send + 'static {
    /// Executes the request.
    ///
    /// # Errors
    ///
    /// Those of the storage.
    fn start(self, storage: Arc<dyn AsyncStorage>, subject: S) -> Later<'static, T>;
}

impl<S, T, F, R> WorkLater<S, T> for F
where
    F: FnOnce(Arc<dyn AsyncStorage>, S) -> R + Send + 'static,
    R: Future<Output = io::Result<T>> + Send + 'static,
{
    fn start(self, storage: Arc<dyn AsyncStorage>, subject: S) -> Later<'static, T> {
        Box::pin(self(storage, subject))
    }
}

/// In place of the form for storages whose calls answer later: the request refuses there.
#[derive(Clone, Copy, Debug)]
pub struct Never;

impl<S, T: Send + 'static> WorkLater<S, T> for Never {
    fn start(self, _: Arc<dyn AsyncStorage>, _: S) -> Later<'static, T> {
        refuse("this storage has no such operation")
    }
}

/// Every request about paths. Its closures are part of its type, so that making one allocates nothing: many requests
/// are answered in place, by a single system call.
#[must_use = "a request does nothing until an engine is called with it"]
pub struct PathOp<S, W, N, L = Never> {
    operation: Operation,
    subject: S,
    work: W,
    in_place: N,
    later: L,
    again: fn(&Self) -> Option<Self>,
    bytes: usize,
    reads_below: bool,
}

impl<S: Subject, W, T> PathOp<S, W, ByWorkerOnly<S, T>>
where
    W: FnOnce(&dyn Storage, S) -> io::Result<T> + Send + 'static,
{
    /// Makes a request that a worker executes by `work`.
    pub fn new(operation: Operation, subject: S, work: W) -> Self {
        let in_place: ByWorkerOnly<S, T> = |_, _| None;
        let (later, again) = (Never, (|_| None) as fn(&Self) -> Option<Self>);
        PathOp { operation, subject, work, in_place, later, again, bytes: 0, reads_below: false }
    }
}

impl<S: Subject, W, T, L> PathOp<S, W, ByWorkerOnly<S, T>, L> {
    /// Adds a non-blocking way to execute it; when that returns `None`, a worker executes it.
    ///
    /// # Errors
    ///
    /// Those of `in_place`, which are final.
    pub fn in_place<N>(self, in_place: N) -> PathOp<S, W, N, L>
    where
        N: Fn(&dyn Storage, &S) -> Option<io::Result<T>> + Send + 'static,
    {
        let PathOp { operation, subject, work, later, bytes, reads_below, .. } = self;
        PathOp { operation, subject, work, in_place, later, again: |_| None, bytes, reads_below }
    }
}

impl<S, W, N> PathOp<S, W, N> {
    /// Adds the form for storages whose calls answer later.
    ///
    /// # Errors
    ///
    /// Those of `later`.
    ///
    /// # Cancellation
    ///
    /// The engine completes what it has begun, unless its process ends.
    pub fn later<T, L, R>(self, later: L) -> PathOp<S, W, N, L>
    where
        W: FnOnce(&dyn Storage, S) -> io::Result<T>,
        L: FnOnce(Arc<dyn AsyncStorage>, S) -> R + Send + 'static,
        R: Future<Output = io::Result<T>> + Send + 'static,
    {
        let PathOp { operation, subject, work, in_place, bytes, reads_below, .. } = self;
        PathOp { operation, subject, work, in_place, later, again: |_| None, bytes, reads_below }
    }
}

impl<S, W, N, L> PathOp<S, W, N, L> {
    /// Allows a retry when the process has no descriptor left: the request opens a file before all else.
    pub fn again(self) -> Self
    where
        S: Clone,
        W: Clone,
        N: Clone,
        L: Clone,
    {
        let again = |op: &Self| {
            let PathOp { subject, work, in_place, later, .. } = op;
            let (subject, work) = (subject.clone(), work.clone());
            Some(PathOp { subject, work, in_place: in_place.clone(), later: later.clone(), ..*op })
        };
        PathOp { again, ..self }
    }

    /// Sets the bytes of payload that count against the limits.
    pub fn holding(self, bytes: usize) -> Self {
        PathOp { bytes, ..self }
    }

    /// Declares that it reads files below its path.
    pub(super) fn reading_below(self) -> Self {
        PathOp { reads_below: true, ..self }
    }
}

impl<S, W, N, L, T> PathRequest for PathOp<S, W, N, L>
where
    S: Subject,
    W: FnOnce(&dyn Storage, S) -> io::Result<T> + Send + 'static,
    N: Fn(&dyn Storage, &S) -> Option<io::Result<T>> + Send + 'static,
    L: WorkLater<S, T>,
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

    fn execute_later(self, storage: Arc<dyn AsyncStorage>) -> Later<'static, T> {
        self.later.start(storage, self.subject)
    }
}

impl<S: Subject, W, N, L> fmt::Debug for PathOp<S, W, N, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PathOp")
            .field("operation", &self.operation)
            .field("path", &self.subject.path())
            .field("target", &self.subject.target())
            .finish_non_exhaustive()
    }
}

/// Finds the files that a request is about, and returns the request with their identities.
pub(crate) fn identify<R: PathRequest>(request: R) -> impl PathRequest<Reply = (R, Vec<Identity>)> {
    let (operation, bytes) = (request.operation(), request.bytes());
    let work = |storage: &dyn Storage, Inner(request): Inner<R>| {
        let identities = request.identities(storage);
        Ok((request, identities))
    };
    PathOp::new(operation, Inner(request), work).holding(bytes)
}

/// A request as the subject of another.
struct Inner<R>(R);

impl<R: PathRequest> Subject for Inner<R> {
    fn path(&self) -> &Path {
        self.0.path()
    }

    fn target(&self) -> Option<&Path> {
        self.0.target()
    }
}
