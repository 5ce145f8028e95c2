//! What a lap does, whoever does it.

use crate::text::Wording;

/// What a lap does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// Single operations on open files, where every microsecond shows.
    HotPath(HotPath),
    /// What a program does with whole files, names and trees.
    Everyday(Everyday),
}

/// See [`Job`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HotPath {
    /// Positioned reads of random blocks by one task.
    RandomReads,
    /// The same by many tasks on one handle.
    SharedRandomReads,
    /// Reads of one block each at the cursor.
    CursorReads,
    /// Reads at the cursor with a large buffer until the end of the file.
    BigCursorReads,
    /// Writes of one block each at the cursor by one task, each written when it returns.
    Writes,
    /// The same by many tasks on one handle.
    SharedWrites,
    /// Appends of small records by many tasks on one handle, each record durable when it returns.
    SyncedAppends,
    /// Open, read and close of small files.
    OpenReadClose,
}

/// See [`Job`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Everyday {
    /// Writes of one block each through a buffer, and what is left of it at the end.
    BufferedWrites,
    /// The lines of a text, each a `String`.
    Lines,
    /// Whole reads of small files.
    SmallReads,
    /// The attributes of small files.
    Metadata,
    /// Whether small files exist.
    TryExists,
    /// A tree of directories, entry by entry.
    Walk,
    /// A copy of one large file.
    Copy,
    /// Small files replaced in one step, each durable when that returns.
    Replace,
    /// The lines of a text, and behind each of them where it ends.
    Tell(Wording),
}
