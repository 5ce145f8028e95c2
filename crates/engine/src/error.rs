//! The one error of the library: what was attempted, on which path, and why it failed.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The result of every fallible call in the library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The attempted operation. Its [`Display`](fmt::Display) is the verb that error messages use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// OpenFile a file.
    Open,
    /// Reading from a file.
    Read,
    /// Writing to a file.
    Write,
    /// Appending a record to a file.
    Append,
    /// Moving a file's cursor.
    Seek,
    /// Changing a file's length.
    SetLen,
    /// Flushing a file's data and metadata to its device.
    SyncAll,
    /// Flushing a file's data to its device.
    SyncData,
    /// Asking for attributes.
    Metadata,
    /// Changing permissions.
    SetPermissions,
    /// Changing timestamps.
    SetTimes,
    /// Locking a file.
    Lock,
    /// Unlocking a file.
    Unlock,
    /// Writing out what a file has buffered.
    Flush,
    /// Reserving or releasing space of a file.
    Allocate,
    /// Advising the kernel how a file will be used.
    Advise,
    /// Running a user's closure.
    Run,
    /// Closing a file.
    Close,
    /// Resolving a path to its canonical form.
    Canonicalize,
    /// Copying a file.
    Copy,
    /// Creating a directory.
    CreateDir,
    /// Creating a hard link.
    HardLink,
    /// Creating a symbolic link.
    Symlink,
    /// Reading a symbolic link.
    ReadLink,
    /// Listing a directory.
    ReadDir,
    /// Removing a directory.
    RemoveDir,
    /// Removing a file.
    RemoveFile,
    /// Renaming a file or directory.
    Rename,
    /// Replacing a file, whole.
    Replace,
    /// Removing what dead processes have left of files they were replacing.
    SweepReplacements,
    /// Asking what a path may be used for.
    Access,
    /// Asking for the size and the limits of a file system.
    StatVfs,
    /// Changing the owner.
    SetOwner,
    /// Reading an extended attribute.
    GetXattr,
    /// Setting an extended attribute.
    SetXattr,
    /// Listing extended attributes.
    ListXattr,
    /// Removing an extended attribute.
    RemoveXattr,
    /// Adding up the sizes of a tree.
    DiskUsage,
    /// Creating a FIFO.
    MakeFifo,
    /// Sending bytes from one open file to another.
    SendFile,
    /// Starting an engine.
    Start,
    /// Shutting the engine down.
    Shutdown,
}

impl Operation {
    /// Returns the verb used in messages, such as `"set the length of"`.
    pub fn as_str(self) -> &'static str {
        match self {
            Operation::Open => "open",
            Operation::Read => "read",
            Operation::Write => "write",
            Operation::Append => "append to",
            Operation::Seek => "seek in",
            Operation::SetLen => "set the length of",
            Operation::SyncAll => "sync",
            Operation::SyncData => "sync the data of",
            Operation::Metadata => "read the metadata of",
            Operation::SetPermissions => "set the permissions of",
            Operation::SetTimes => "set the times of",
            Operation::Lock => "lock",
            Operation::Unlock => "unlock",
            Operation::Flush => "flush",
            Operation::Allocate => "allocate space of",
            Operation::Advise => "advise on",
            Operation::Run => "run a closure on",
            Operation::Close => "close",
            Operation::Canonicalize => "canonicalize",
            Operation::Copy => "copy",
            Operation::CreateDir => "create directory",
            Operation::HardLink => "hard link",
            Operation::Symlink => "symlink",
            Operation::ReadLink => "read link",
            Operation::ReadDir => "read directory",
            Operation::RemoveDir => "remove directory",
            Operation::RemoveFile => "remove file",
            Operation::Rename => "rename",
            Operation::Replace => "replace",
            Operation::SweepReplacements => "sweep abandoned replacements from",
            Operation::Access => "check the access to",
            Operation::StatVfs => "measure the file system of",
            Operation::SetOwner => "set the owner of",
            Operation::GetXattr => "read an extended attribute of",
            Operation::SetXattr => "set an extended attribute of",
            Operation::ListXattr => "list the extended attributes of",
            Operation::RemoveXattr => "remove an extended attribute of",
            Operation::DiskUsage => "add up the sizes below",
            Operation::MakeFifo => "create FIFO",
            Operation::SendFile => "send to",
            Operation::Start => "start the engine",
            Operation::Shutdown => "shut down the engine",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an operation failed: the private half of [`Error`].
///
/// Each variant carries what the public `is_*` methods need; callers cannot match on it.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Cause {
    /// The kernel, or the storage in its place, refused.
    #[error("{0}")]
    Io(Arc<io::Error>),
    /// No permit was free and the caller had chosen not to wait.
    #[error("the engine is overloaded: {0} limit reached")]
    Overloaded(&'static str),
    /// The file was closed through this handle or a clone of it.
    #[error("the file is closed")]
    Closed,
    /// An earlier sync or close of this file failed, so its contents on the device are unknown.
    #[error("an earlier sync of this file failed ({0}); what the device holds is unknown")]
    Poisoned(Arc<io::Error>),
    /// An earlier write failed, so a sync cannot vouch for all earlier writes.
    #[error("a write before it failed ({0})")]
    EarlierWrite(Arc<io::Error>),
    /// The caller's time limit expired.
    #[error("timed out after {0:?}")]
    TimedOut(Duration),
    /// The code that ran the operation panicked.
    #[error("it panicked: {0}")]
    Panicked(String),
    /// The engine is shutting down or gone.
    #[error("the engine has stopped")]
    Stopped,
    /// The engine stopped while the operation was inside of a call that does not come back.
    #[error("the engine has stopped in the middle of it; whether it has an effect is unknown")]
    Abandoned,
    /// The system refuses a thread to work on it; nothing was touched. The errno is the system's.
    #[error("no thread to work on it: {}", io::Error::from_raw_os_error(*.0))]
    NoThread(i32),
    /// The engine belongs to the parent process: its threads are not here.
    #[error("its engine belongs to the process before the fork")]
    Forked,
    /// No file could satisfy the request; nothing was touched.
    #[error("{0}")]
    Invalid(Cow<'static, str>),
    /// This file does not support the operation, whatever the arguments; nothing was touched.
    #[error("{0}")]
    Unsupported(&'static str),
    /// Bytes and text could not be converted into each other.
    #[error("{0}")]
    Codec(Arc<dyn std::error::Error + Send + Sync>),
    /// There was more than the caller's limit allows.
    #[error("longer than the limit of {0} bytes")]
    TooLong(u64),
    /// The file ended before the buffer was full.
    #[error("the end of the file came first")]
    UnexpectedEof,
    /// The bytes are not UTF-8.
    #[error("it is not valid UTF-8")]
    NotUtf8,
    /// The device took no bytes and gave no error.
    #[error("the device accepted no bytes")]
    WriteZero,
}

/// A refusal by the kernel with a message that says more than the errno's.
#[derive(Debug, thiserror::Error)]
#[error("{words} (os error {errno})")]
pub(crate) struct Worded {
    errno: i32,
    words: Box<dyn std::error::Error + Send + Sync>,
}

impl Worded {
    /// An error with the kind of `errno`.
    pub(crate) fn error(errno: i32, words: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
        let words = words.into();
        io::Error::new(io::Error::from_raw_os_error(errno).kind(), Worded { errno, words })
    }

    /// The errno of an error: its own, the kernel's, or that of a folio error inside it.
    pub(crate) fn errno_of(error: &io::Error) -> Option<i32> {
        error.raw_os_error().or_else(|| {
            let inside = error.get_ref()?;
            let worded = inside.downcast_ref::<Worded>().map(|worded| worded.errno);
            worded.or_else(|| inside.downcast_ref::<Error>()?.raw_os_error())
        })
    }
}

/// A refusal that was met below the operation's path, on its way from the storage to the [`Error`].
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", entry.display())]
pub(crate) struct InTheWay {
    entry: PathBuf,
    error: io::Error,
}

impl InTheWay {
    /// An error of the refusal's kind. `entry` is relative to the path; empty for the path itself.
    pub(crate) fn error(entry: PathBuf, error: io::Error) -> io::Error {
        if entry.as_os_str().is_empty() {
            return error;
        }
        io::Error::new(error.kind(), InTheWay { entry, error })
    }

    /// The refusal itself, and the entry that it was met at, if known.
    pub(crate) fn apart(error: io::Error) -> (io::Error, Option<PathBuf>) {
        match error.downcast::<InTheWay>() {
            Ok(InTheWay { entry, error }) => (error, Some(entry)),
            Err(error) => (error, None),
        }
    }
}

/// A failed operation: its name, its path, and the cause.
///
/// It displays as `could not <operation> <path>: <cause>` and converts into [`io::Error`], which keeps the kind and
/// carries it inside, so `?` works in functions that return [`io::Result`].
///
/// Partial progress is exact: [`bytes_done`](Error::bytes_done) counts the bytes that reached the file before
/// the failure. [`may_have_happened`](Error::may_have_happened) says whether the file may have changed at all.
#[derive(Clone)]
pub struct Error {
    // Boxed so that a `Result<usize>` on the hot path stays two words wide.
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    operation: Operation,
    path: Option<Arc<Path>>,
    target: Option<PathBuf>,
    /// The entry below the path at which the failure was met.
    entry: Option<PathBuf>,
    offset: Option<u64>,
    /// Depth of a walk.
    depth: Option<usize>,
    /// The directory to which a symbolic link on a walk leads back.
    loop_ancestor: Option<PathBuf>,
    bytes_done: u64,
    begun: bool,
    cause: Cause,
}

impl Error {
    pub(crate) fn new(operation: Operation, cause: Cause) -> Self {
        let begun = matches!(cause, Cause::Io(_) | Cause::Panicked(_) | Cause::WriteZero | Cause::Abandoned);
        Error {
            inner: Box::new(Inner {
                operation,
                path: None,
                target: None,
                entry: None,
                offset: None,
                depth: None,
                loop_ancestor: None,
                bytes_done: 0,
                begun,
                cause,
            }),
        }
    }

    /// Wraps the error of a call and keeps its errno.
    pub fn io(operation: Operation, error: io::Error) -> Self {
        Error::new(operation, Cause::Io(Arc::new(error)))
    }

    /// Refuses a request before any file is touched, with the errno of the kernel's own refusal.
    pub fn refused(operation: Operation, errno: i32, why: &'static str) -> Self {
        Error::io(operation, Worded::error(errno, why)).begun(false)
    }

    /// Refuses a request before any file is touched, with the kind of `EINVAL`.
    pub fn invalid(operation: Operation, why: impl Into<Cow<'static, str>>) -> Self {
        Error::new(operation, Cause::Invalid(why.into()))
    }

    /// Refuses an operation that a file does not support by its nature or by its access mode, such as writing
    /// to one that is open for reading. Nothing was touched.
    pub fn unsupported(operation: Operation, why: &'static str) -> Self {
        Error::new(operation, Cause::Unsupported(why))
    }

    /// Reports bytes that are invalid in an encoding, or text that the encoding cannot express;
    /// [`get_ref`](Error::get_ref) returns `why`.
    pub fn codec(operation: Operation, why: impl std::error::Error + Send + Sync + 'static) -> Self {
        Error::new(operation, Cause::Codec(Arc::new(why)))
    }

    /// Reports more bytes than the caller's `limit`.
    pub fn too_long(operation: Operation, limit: u64) -> Self {
        Error::new(operation, Cause::TooLong(limit))
    }

    /// Reports that the end of the file came before the buffer was full.
    pub fn unexpected_eof(operation: Operation) -> Self {
        Error::new(operation, Cause::UnexpectedEof)
    }

    /// Refuses an operation on a file that has been closed.
    pub fn closed(operation: Operation) -> Self {
        Error::new(operation, Cause::Closed)
    }

    /// Reports bytes that are not UTF-8.
    pub fn not_utf8(operation: Operation) -> Self {
        Error::new(operation, Cause::NotUtf8)
    }

    /// Adds the path of the operation.
    #[must_use]
    pub fn at_path(mut self, path: impl Into<Arc<Path>>) -> Self {
        self.inner.path = Some(path.into());
        self
    }

    /// Turns the failure of an accepted write into the reason why `operation` did not begin.
    #[must_use]
    pub fn of_earlier_write(self, operation: Operation) -> Self {
        let Inner { path, cause, .. } = *self.inner;
        let cause = match cause {
            Cause::Io(error) => Cause::EarlierWrite(error),
            cause => cause,
        };
        let error = Error::new(operation, cause).begun(false);
        match path {
            Some(path) => error.at_path(path),
            None => error,
        }
    }

    /// Adds the second path of an operation that has two, such as the new name of a rename.
    #[must_use]
    pub fn with_target(mut self, target: impl Into<PathBuf>) -> Self {
        self.inner.target = Some(target.into());
        self
    }

    /// Adds the entry below the path at which the failure was met, relative to the path.
    #[must_use]
    pub fn in_the_way(mut self, entry: impl Into<PathBuf>) -> Self {
        self.inner.entry = Some(entry.into());
        self
    }

    /// Adds the offset in bytes of the operation.
    #[must_use]
    pub fn at_offset(mut self, offset: u64) -> Self {
        self.inner.offset = Some(offset);
        self
    }

    /// Adds the depth of a walk: the number of directories below its root.
    #[must_use]
    pub(crate) fn at_depth(mut self, depth: usize) -> Self {
        self.inner.depth = Some(depth);
        self
    }

    /// Adds the directory to which a symbolic link on a walk leads back.
    #[must_use]
    pub(crate) fn with_loop_ancestor(mut self, ancestor: impl Into<PathBuf>) -> Self {
        self.inner.loop_ancestor = Some(ancestor.into());
        self
    }

    /// Adds the number of bytes that had reached the file before the failure.
    #[must_use]
    pub fn after_bytes(mut self, bytes_done: u64) -> Self {
        self.inner.bytes_done = bytes_done;
        self
    }

    /// Adds whether the operation had begun, for causes that do not imply it.
    #[must_use]
    pub(crate) fn begun(mut self, begun: bool) -> Self {
        self.inner.begun = begun;
        self
    }

    pub(crate) fn cause(&self) -> &Cause {
        &self.inner.cause
    }

    /// Returns the attempted operation.
    pub fn operation(&self) -> Operation {
        self.inner.operation
    }

    /// Returns the path of the operation, if it had one.
    pub fn path(&self) -> Option<&Path> {
        self.inner.path.as_deref()
    }

    /// Returns the entry at which an operation on a whole tree failed, relative to the [path](Error::path).
    /// `None` if that was the path itself, and for every other operation.
    pub fn entry(&self) -> Option<&Path> {
        self.inner.entry.as_deref()
    }

    /// Returns the offset in bytes of the operation, if it had one.
    pub fn offset(&self) -> Option<u64> {
        self.inner.offset
    }

    /// Returns the depth of the [path](Error::path) below the root of a walk; `None` for anything but a walk.
    pub fn depth(&self) -> Option<usize> {
        self.inner.depth
    }

    /// Returns the directory to which the [path](Error::path), a symbolic link, leads back from within a walk;
    /// `None` for every other failure.
    pub fn loop_ancestor(&self) -> Option<&Path> {
        self.inner.loop_ancestor.as_deref()
    }

    /// Returns the number of bytes that reached the file before the failure.
    pub fn bytes_done(&self) -> u64 {
        self.inner.bytes_done
    }

    /// Returns what the failure was, without the operation and the path: for programs that word these themselves.
    ///
    /// ```
    /// use folio_engine::{Error, Operation};
    ///
    /// let error = Error::unsupported(Operation::Read, "not readable").at_path(std::path::Path::new("log"));
    /// assert_eq!(error.reason().to_string(), "not readable");
    /// ```
    pub fn reason(&self) -> impl fmt::Display + '_ {
        &self.inner.cause
    }

    /// Returns the kind that [`io::Error::kind`] returns.
    pub fn kind(&self) -> io::ErrorKind {
        match &self.inner.cause {
            Cause::Io(e) | Cause::Poisoned(e) | Cause::EarlierWrite(e) => e.kind(),
            Cause::Overloaded(_) => io::ErrorKind::WouldBlock,
            Cause::NoThread(errno) => io::Error::from_raw_os_error(*errno).kind(),
            Cause::Closed | Cause::Stopped | Cause::Abandoned | Cause::Forked => io::ErrorKind::BrokenPipe,
            Cause::TimedOut(_) => io::ErrorKind::TimedOut,
            Cause::Panicked(_) => io::ErrorKind::Other,
            Cause::Invalid(_) => io::ErrorKind::InvalidInput,
            Cause::Unsupported(_) => io::ErrorKind::Unsupported,
            Cause::Codec(_) => io::ErrorKind::InvalidData,
            Cause::TooLong(_) => io::ErrorKind::FileTooLarge,
            Cause::UnexpectedEof => io::ErrorKind::UnexpectedEof,
            Cause::NotUtf8 => io::ErrorKind::InvalidData,
            Cause::WriteZero => io::ErrorKind::WriteZero,
        }
    }

    /// Returns the underlying error: the storage's [`io::Error`], or that of a codec; `None` if the engine itself
    /// refused.
    ///
    /// ```
    /// use folio_engine::{Error, Operation};
    /// use std::io;
    ///
    /// let error = Error::io(Operation::Read, io::Error::from_raw_os_error(5));
    /// let met = error.get_ref().and_then(|met| met.downcast_ref::<io::Error>());
    /// assert_eq!(met.and_then(io::Error::raw_os_error), Some(5));
    /// ```
    pub fn get_ref(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        match &self.inner.cause {
            Cause::Io(met) | Cause::Poisoned(met) | Cause::EarlierWrite(met) => Some(&**met),
            Cause::Codec(met) => Some(&**met),
            Cause::Overloaded(_)
            | Cause::Closed
            | Cause::Stopped
            | Cause::Abandoned
            | Cause::NoThread(_)
            | Cause::Forked
            | Cause::TimedOut(_)
            | Cause::Panicked(_)
            | Cause::Invalid(_)
            | Cause::Unsupported(_)
            | Cause::TooLong(_)
            | Cause::UnexpectedEof
            | Cause::NotUtf8
            | Cause::WriteZero => None,
        }
    }

    /// Returns the error inside of an [`io::Error`] that was made of one, with its operation, path and errno.
    ///
    /// ```
    /// use folio_engine::{Error, Operation};
    /// use std::io;
    ///
    /// let error = Error::io(Operation::Read, io::Error::from_raw_os_error(5)).at_path(std::path::PathBuf::from("data"));
    /// let error = io::Error::from(error);
    /// assert_eq!(Error::of(&error).and_then(Error::raw_os_error), Some(5));
    /// ```
    pub fn of(error: &io::Error) -> Option<&Error> {
        error.get_ref()?.downcast_ref()
    }

    /// Returns the errno, if the failure came from the kernel.
    pub fn raw_os_error(&self) -> Option<i32> {
        if let Cause::NoThread(errno) = self.inner.cause {
            return Some(errno);
        }
        Worded::errno_of(self.get_ref()?.downcast_ref()?)
    }

    /// Returns whether the engine refused because a limit of operations or bytes was reached.
    pub fn is_overloaded(&self) -> bool {
        matches!(self.inner.cause, Cause::Overloaded(_))
    }

    /// Returns whether an earlier failed sync or close makes this file untrustworthy.
    ///
    /// To recover, write the data to a new file, or close every handle, open the file again and rewrite it: a
    /// later sync of the same handle could succeed although the data is lost.
    pub fn is_poisoned(&self) -> bool {
        matches!(self.inner.cause, Cause::Poisoned(_))
    }

    /// Returns whether the file or the whole engine was closed, or belongs to the parent process.
    pub fn is_closed(&self) -> bool {
        matches!(self.inner.cause, Cause::Closed | Cause::Stopped | Cause::Abandoned | Cause::Forked)
    }

    /// Returns whether the caller's time limit expired.
    pub fn is_timed_out(&self) -> bool {
        matches!(self.inner.cause, Cause::TimedOut(_))
    }

    /// Returns whether the file does not support the operation by its nature or by its access mode (Python's
    /// `io.UnsupportedOperation`), or the storage does not have it.
    pub fn is_unsupported(&self) -> bool {
        match &self.inner.cause {
            Cause::Unsupported(_) => true,
            Cause::Io(error) => {
                error.kind() == io::ErrorKind::Unsupported && Worded::errno_of(error).is_none()
            }
            _ => false,
        }
    }

    /// Returns whether a limit on the length to read was exceeded.
    pub fn is_too_long(&self) -> bool {
        matches!(self.inner.cause, Cause::TooLong(_))
    }

    /// Returns whether the code that ran the operation panicked.
    pub fn is_panicked(&self) -> bool {
        matches!(self.inner.cause, Cause::Panicked(_))
    }

    /// Returns whether the operation had begun, so that the file may have changed.
    ///
    /// `false` is a promise: no system call was made for it.
    pub fn may_have_happened(&self) -> bool {
        self.inner.begun || self.inner.bytes_done > 0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        let verb = inner.operation.as_str();
        match &inner.path {
            Some(path) => write!(f, "could not {verb} {}", path.display())?,
            None => write!(f, "could not {}", without_preposition(verb))?,
        }
        if let Some(target) = &inner.target {
            write!(f, " to {}", target.display())?;
        }
        if let Some(offset) = inner.offset {
            write!(f, " at offset {offset}")?;
        }
        if inner.bytes_done > 0 {
            write!(f, " after {} bytes", inner.bytes_done)?;
        }
        if let Some(entry) = &inner.entry {
            write!(f, ": {}", entry.display())?;
        }
        write!(f, ": {}", inner.cause)
    }
}

/// The verb of an operation without a path: "run a closure", not "run a closure on".
fn without_preposition(verb: &str) -> &str {
    let ends = [" of", " on", " in", " to"];
    ends.iter().find_map(|end| verb.strip_suffix(end)).unwrap_or(verb)
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("operation", &self.inner.operation)
            .field("path", &self.inner.path)
            .field("entry", &self.inner.entry)
            .field("offset", &self.inner.offset)
            .field("bytes_done", &self.inner.bytes_done)
            .field("begun", &self.inner.begun)
            .field("cause", &self.inner.cause)
            .finish()
    }
}

impl std::error::Error for Error {
    /// Returns the error behind the cause. The cause itself is part of the message, so that a printed chain of
    /// errors contains it once; [`get_ref`](Error::get_ref) returns it.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.get_ref()?.source()
    }
}

impl From<Error> for io::Error {
    /// Keeps the kind and carries the whole error inside: [`Error::of`] returns it, with its
    /// [`raw_os_error`](Error::raw_os_error). The [`io::Error`] itself has none, since it cannot hold an errno
    /// and an error.
    fn from(error: Error) -> io::Error {
        io::Error::new(error.kind(), error)
    }
}
