//! One open file as its callers see it: the way of an operation from the call to the answer.
//!
//! `read`, `gather`, `write`, `describe`, `lock` and `close` try what can be done in place and word the rest as operations; `submit`
//! admits those, lets them take their place and awaits the answer.

mod buffered;
mod close;
mod describe;
mod gather;
mod lock;
mod read;
mod rejected;
mod submit;
mod write;

use std::any::Any;
use std::fmt;
use std::os::fd::{AsRawFd, RawFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kameo::actor::ActorRef;

use crate::actor::file::FileActor;
use crate::actor::opening::Opening;
use crate::error::Result;
use crate::file::CursorMove;
use crate::op::Answer;

pub use rejected::Rejected;

/// A handle on one open plain file. Clones share the file: one actor, one cursor.
#[derive(Clone)]
pub struct FileHandle {
    inner: Arc<Inner>,
    /// How long an operation of this handle may take; not shared with clones made before it was set.
    time_limit: Option<Duration>,
    /// Whether an operation is refused instead of waiting for a permit.
    refuse: bool,
}

struct Inner {
    opening: Arc<Opening>,
    /// Started by the first operation that has to queue; most files never need it.
    actor: OnceLock<ActorRef<FileActor>>,
    /// Whether the actor was handed out, so that others may keep the file open by it. Carries no data: Relaxed.
    lent: AtomicBool,
    /// Keeps the engine running as long as a file is open.
    engine: Arc<dyn Any + Send + std::marker::Sync>,
}

impl FileHandle {
    pub(crate) fn new(opening: Arc<Opening>, engine: Arc<dyn Any + Send + std::marker::Sync>) -> Self {
        let (actor, lent) = (OnceLock::new(), AtomicBool::new(false));
        let inner = Arc::new(Inner { opening, actor, lent, engine });
        FileHandle { inner, time_limit: None, refuse: false }
    }

    pub(crate) fn opening(&self) -> &Arc<Opening> {
        &self.inner.opening
    }

    /// Puts the cursor of a file that was taken over where its kernel cursor stands.
    pub(crate) fn start_at(&self, position: u64) {
        self.opening().turn.take().state.shift(CursorMove::To(position));
    }

    /// Returns the path the file was opened by.
    pub fn path(&self) -> &Path {
        &self.opening().path
    }

    /// Returns whether writes always go to the end.
    pub fn is_append(&self) -> bool {
        self.opening().access.append
    }

    /// Returns whether bytes come or go in their order only, as with an object that cannot seek.
    pub fn is_sequential(&self) -> bool {
        self.opening().access.sequential
    }

    /// Returns the descriptor behind the file, if the storage has one. It is the engine's to close.
    pub fn descriptor(&self) -> Option<RawFd> {
        self.opening().file.as_std().map(AsRawFd::as_raw_fd)
    }

    /// Returns a handle whose operations fail with a timeout after `limit`, saying whether they had begun.
    #[must_use]
    pub fn with_time_limit(&self, limit: Duration) -> Self {
        FileHandle { time_limit: Some(limit), ..self.clone() }
    }

    /// Returns a handle whose operations are refused where they would wait for a permit.
    #[must_use]
    pub fn refusing(&self) -> Self {
        FileHandle { refuse: true, ..self.clone() }
    }

    /// Returns the file's actor, starting it if no operation has needed it yet.
    pub fn actor(&self) -> ActorRef<FileActor> {
        self.inner.lent.store(true, Ordering::Relaxed);
        self.own_actor()
    }
}

impl Inner {
    /// Whether somebody outside keeps the file open by its actor.
    fn is_lent(&self) -> bool {
        self.lent.load(Ordering::Relaxed) && self.actor.get().is_some_and(|actor| actor.strong_count() > 1)
    }
}

impl FileHandle {
    fn own_actor(&self) -> ActorRef<FileActor> {
        self.inner.actor.get_or_init(|| self.start_actor()).clone()
    }

    fn start_actor(&self) -> ActorRef<FileActor> {
        FileActor::start(self.opening().clone(), self.inner.engine.clone())
    }
}

impl fmt::Debug for FileHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileHandle").field("path", &self.path()).finish_non_exhaustive()
    }
}

fn position(answer: Answer) -> Result<u64> {
    match answer {
        Answer::Position(position) => Ok(position),
        other => unexpected(&other),
    }
}

/// Every operation has one kind of answer; another one is a bug in this crate.
fn unexpected<T>(answer: &Answer) -> T {
    unreachable!("an operation got the answer of another: {answer:?}")
}
