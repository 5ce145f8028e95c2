//! One open file as its callers see it: the life of an operation from the call to the answer.
//!
//! `read`, `read_until`, `write`, `control`, `lock` and `close` do in place what they can and make operations
//! of the rest; `submit` admits those, queues them in the order and awaits the answer.

mod buffered;
mod close;
mod control;
mod lock;
mod read;
mod read_until;
mod rejected;
mod submit;
mod write;

use std::any::Any;
use std::fmt;
use std::os::fd::{AsRawFd, RawFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::actor::Incarnations;
use crate::actor::file::FileActor;
use crate::actor::messages::ActorRef;
use crate::error::Result;
use crate::file::CursorMove;
use crate::file_op::Answer;
use crate::open_file::OpenFile;

pub(crate) use buffered::{BufferOutcome, WriterTurn};
pub use rejected::Rejected;

/// A handle on one open plain file. Clones share the file: one actor, one cursor.
#[derive(Clone)]
pub struct FileHandle {
    inner: Arc<Inner>,
    /// Time limit of this handle's operations; not shared with clones made before it was set.
    time_limit: Option<Duration>,
    /// Whether an operation is refused instead of waiting for a permit.
    refuse: bool,
}

struct Inner {
    open_file: Arc<OpenFile>,
    /// Started by the first operation that has to queue; most files never need one.
    actors: Incarnations,
    /// Keeps the engine running while a file is open.
    engine: Arc<dyn Any + Send + std::marker::Sync>,
}

impl FileHandle {
    pub(crate) fn new(open_file: Arc<OpenFile>, engine: Arc<dyn Any + Send + std::marker::Sync>) -> Self {
        let inner = Arc::new(Inner { open_file, actors: Incarnations::default(), engine });
        FileHandle { inner, time_limit: None, refuse: false }
    }

    pub(crate) fn open_file(&self) -> &Arc<OpenFile> {
        &self.inner.open_file
    }

    /// Sets the cursor of an adopted file to its kernel cursor.
    pub(crate) fn start_at(&self, position: u64) {
        self.open_file().turn.take().core.shift(CursorMove::To(position));
    }

    /// Returns the path the file was opened by.
    pub fn path(&self) -> &Path {
        &self.open_file().path
    }

    /// Returns whether writes always go to the end.
    pub fn is_append(&self) -> bool {
        self.open_file().access.append
    }

    /// Returns whether bytes have no offsets, as with an object that cannot seek.
    pub fn is_sequential(&self) -> bool {
        self.open_file().access.sequential
    }

    /// Returns the file's descriptor, if the storage has one. The engine closes it.
    pub fn descriptor(&self) -> Option<RawFd> {
        self.as_std().map(AsRawFd::as_raw_fd)
    }

    /// Returns the std file, if the storage has one, in order to lend its descriptor. Calls on it bypass the
    /// file's order.
    pub fn as_std(&self) -> Option<&std::fs::File> {
        self.open_file().file.as_std()
    }

    /// Returns a handle whose operations fail with a timeout after `limit`; the error says whether they had
    /// begun.
    #[must_use]
    pub fn with_time_limit(&self, limit: Duration) -> Self {
        FileHandle { time_limit: Some(limit), ..self.clone() }
    }

    /// The time limit of an operation.
    pub(crate) fn limit(&self) -> Option<Duration> {
        self.time_limit
    }

    /// Returns a handle whose operations are refused instead of waiting for a permit.
    #[must_use]
    pub fn refusing(&self) -> Self {
        FileHandle { refuse: true, ..self.clone() }
    }

    /// Returns the file's actor, starting one if none is alive. That of a closed file has stopped.
    pub fn actor(&self) -> ActorRef<FileActor> {
        self.open_file().inbox.hand_out();
        let last = self.open_file().is_closed_and_idle().then(|| self.inner.actors.last()).flatten();
        last.unwrap_or_else(|| self.live_actor())
    }
}

impl Inner {
    /// Whether another actor or the program keeps the file open by a reference to its actor.
    fn is_lent(&self) -> bool {
        !self.open_file.inbox.is_unused() && self.actors.have_other_references()
    }
}

impl FileHandle {
    fn live_actor(&self) -> ActorRef<FileActor> {
        let start =
            |predecessor| FileActor::start(self.open_file().clone(), self.inner.engine.clone(), predecessor);
        self.inner.actors.get_or_start(start)
    }

    /// Whether nothing may be done in place: this is a forked process, or messages come first.
    fn must_queue(&self) -> bool {
        !self.open_file().is_here() || self.is_behind_messages()
    }

    /// Whether messages of other actors, which this caller may have sent, are not in the order yet. Its next
    /// operation must not overtake them.
    pub(crate) fn is_behind_messages(&self) -> bool {
        let inbox = &self.open_file().inbox;
        // The mailbox first: the inbox changes before a message leaves it.
        !inbox.is_unused() && (self.inner.actors.have_messages() || !inbox.is_settled())
    }
}

impl fmt::Debug for FileHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileHandle").field("path", &self.path()).finish_non_exhaustive()
    }
}

fn written(answer: Answer) -> Result<usize> {
    match answer {
        Answer::Written(count) => Ok(count),
        other => unexpected(&other),
    }
}

fn position(answer: Answer) -> Result<u64> {
    match answer {
        Answer::Position(position) => Ok(position),
        other => unexpected(&other),
    }
}

/// Every operation has one kind of answer; another one is a bug in this crate.
pub(crate) fn unexpected<T>(answer: &Answer) -> T {
    unreachable!("an operation got the answer of another: {answer:?}")
}
