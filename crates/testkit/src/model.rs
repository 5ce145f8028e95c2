//! A naive sequential model of one file: bytes, and a cursor for each opening.

use std::io::SeekFrom;
use std::ops::Range;
use std::sync::Arc;

/// Longest file the model follows, in bytes; what goes beyond fails. Keeps a wild offset from taking the
/// machine's memory.
const MODEL_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Openings that a model knows: with more, histories are not harder to get wrong, only longer to check.
const OPENINGS_MAX: usize = 4;

/// One operation on a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the operation")]
pub enum ModelOp {
    /// Reads at an offset; the cursor stays.
    ReadAt { offset: u64, len: usize },
    /// Writes at an offset; the cursor stays.
    WriteAt { offset: u64, bytes: Vec<u8> },
    /// Reads at the cursor and moves it by what was read.
    Read { len: usize },
    /// Reads at the cursor up to and including the delimiter, `limit` bytes at most, and moves it by what was
    /// read. Never short for any other reason.
    ReadUntil { delimiter: u8, limit: usize },
    /// Writes at the cursor and moves it by what was written.
    Write { bytes: Vec<u8> },
    /// Moves the cursor.
    Seek(SeekFrom),
    /// Writes at the end; the cursor stays.
    Append { bytes: Vec<u8> },
    /// Cuts the file or extends it with zeros; the cursor stays.
    SetLen(u64),
    /// Asks for the length.
    Len,
    /// Makes everything durable; changes nothing that a reader sees.
    Sync,
}

/// What an operation returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// These bytes, of a read.
    Bytes(Vec<u8>),
    /// So many bytes were written: a `WriteAt` or `Write`.
    Written(usize),
    /// This offset: where an `Append` put its bytes, or where a `Seek` went.
    Offset(u64),
    /// This length.
    Len(u64),
    /// Nothing but success: `SetLen`, `Sync`.
    Done,
    /// An error without any effect. A write that failed half way is a `Written` with the bytes done.
    Failed,
}

/// A file's contents and cursor, with what its reads and writes are allowed to do.
///
/// Cloning is cheap: contents are shared until one of the clones changes.
///
/// ```
/// use folio_testkit::{FileModel, ModelOp, Outcome};
///
/// let mut file = FileModel::new(*b"abc");
/// assert_eq!(file.run(&ModelOp::Read { len: 2 }), Outcome::Bytes(b"ab".to_vec()));
/// assert_eq!(file.run(&ModelOp::SetLen(5)), Outcome::Done);
/// assert_eq!(file.bytes(), b"abc\0\0");
/// ```
#[derive(Clone, Debug)]
pub struct FileModel {
    bytes: Arc<Vec<u8>>,
    /// One of each opening.
    cursors: [u64; OPENINGS_MAX],
    /// The opening through which the next operation goes.
    opening: usize,
    short_reads: bool,
    short_writes: bool,
    append_only: bool,
    cancelled_reads_move: bool,
}

impl FileModel {
    /// Makes a file with these contents, the cursor at 0, whole reads and whole writes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> FileModel {
        FileModel {
            bytes: Arc::new(bytes.into()),
            cursors: [0; OPENINGS_MAX],
            opening: 0,
            short_reads: false,
            short_writes: false,
            append_only: false,
            cancelled_reads_move: false,
        }
    }

    /// Lets a read return any non-empty prefix of what is there. Nothing still means the end, or a read of 0.
    pub fn with_short_reads(mut self) -> FileModel {
        self.short_reads = true;
        self
    }

    /// Lets a `WriteAt` or `Write` write any non-empty prefix. An `Append` is always whole.
    pub fn with_short_writes(mut self) -> FileModel {
        self.short_writes = true;
        self
    }

    /// Makes every `Write` and `WriteAt` go to the end, as through a descriptor with `O_APPEND`; a `Write`
    /// leaves the cursor there.
    pub fn append_only(mut self) -> FileModel {
        self.append_only = true;
        self
    }

    /// Lets a cancelled `Read` move the cursor. Without it a cancelled read never takes effect: folio promises
    /// that the cursor moves only when bytes are delivered.
    pub fn with_cancelled_reads_moving(mut self) -> FileModel {
        self.cancelled_reads_move = true;
        self
    }

    /// Returns the contents.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the cursor of the opening that [`through`](FileModel::through) chose, at first of the first one.
    pub fn cursor(&self) -> u64 {
        self.cursors[self.opening]
    }

    /// Returns the same file as seen through another of its openings: the bytes are shared, each opening has a cursor.
    ///
    /// # Panics
    ///
    /// If `opening` is not below 4.
    #[must_use]
    pub fn through(&self, opening: usize) -> FileModel {
        assert!(opening < OPENINGS_MAX, "the model knows {OPENINGS_MAX} openings");
        FileModel { opening, ..self.clone() }
    }

    /// Returns the cursors of all openings.
    pub(crate) fn cursors(&self) -> &[u64] {
        &self.cursors
    }

    /// Runs `op` whole and returns its outcome.
    pub fn run(&mut self, op: &ModelOp) -> Outcome {
        match op {
            ModelOp::ReadAt { offset, len } => Outcome::Bytes(self.slice(*offset, *len).to_vec()),
            ModelOp::Read { len } => {
                let bytes = self.slice(self.cursors[self.opening], *len).to_vec();
                self.cursors[self.opening] += bytes.len() as u64;
                Outcome::Bytes(bytes)
            }
            ModelOp::ReadUntil { delimiter, limit } => {
                let within = self.slice(self.cursors[self.opening], *limit);
                let end = within.iter().position(|byte| byte == delimiter).map_or(within.len(), |at| at + 1);
                let bytes = within[..end].to_vec();
                self.cursors[self.opening] += bytes.len() as u64;
                Outcome::Bytes(bytes)
            }
            ModelOp::WriteAt { offset, bytes } => self.write_at(*offset, bytes),
            ModelOp::Write { bytes } => self.write(bytes),
            ModelOp::Seek(target) => self.seek(*target),
            ModelOp::Append { bytes } => self.append(bytes),
            ModelOp::SetLen(len) => self.set_len(*len),
            ModelOp::Len => Outcome::Len(self.len()),
            ModelOp::Sync => Outcome::Done,
        }
    }

    /// Returns the state after `op` with exactly this `outcome`, or `None` if the file does not allow it.
    ///
    /// `Failed` is always allowed and changes nothing.
    pub fn after(&self, op: &ModelOp, outcome: &Outcome) -> Option<FileModel> {
        let mut next = self.clone();
        let allowed = match (op, outcome) {
            (_, Outcome::Failed) => true,
            (ModelOp::ReadAt { offset, len }, Outcome::Bytes(got)) => self.may_read(*offset, *len, got),
            (ModelOp::Read { len }, Outcome::Bytes(got)) => {
                next.cursors[next.opening] += got.len() as u64;
                self.may_read(self.cursors[self.opening], *len, got)
            }
            (ModelOp::WriteAt { offset, bytes }, Outcome::Written(done)) => {
                self.may_write(bytes, *done) && next.write_at(*offset, &bytes[..*done]) == *outcome
            }
            (ModelOp::Write { bytes }, Outcome::Written(done)) => {
                self.may_write(bytes, *done) && next.write(&bytes[..*done]) == *outcome
            }
            _ => next.run(op) == *outcome,
        };
        allowed.then_some(next)
    }

    /// Returns the state after a cancelled `op` that took effect, or `None` if it cannot have any.
    pub(crate) fn after_unknown(&self, op: &ModelOp) -> Option<FileModel> {
        let effective = match op {
            ModelOp::ReadAt { .. } | ModelOp::Len | ModelOp::Sync => false,
            ModelOp::Read { .. } | ModelOp::ReadUntil { .. } => self.cancelled_reads_move,
            ModelOp::WriteAt { .. }
            | ModelOp::Write { .. }
            | ModelOp::Seek(_)
            | ModelOp::Append { .. }
            | ModelOp::SetLen(_) => true,
        };
        let mut next = self.clone();
        (effective && next.run(op) != Outcome::Failed).then_some(next)
    }

    pub(crate) fn is_same_as(&self, other: &FileModel) -> bool {
        self.cursors == other.cursors && self.bytes == other.bytes
    }

    pub(crate) fn is_append_only(&self) -> bool {
        self.append_only
    }

    /// Returns a range outside of which `self` and `other` have the same bytes.
    pub(crate) fn difference(&self, other: &FileModel) -> Range<u64> {
        if Arc::ptr_eq(&self.bytes, &other.bytes) {
            return 0..0;
        }
        let end = self.len().max(other.len());
        let both = self.bytes.iter().zip(other.bytes.iter());
        let same = both.take_while(|(mine, theirs)| mine == theirs).count() as u64;
        same..end
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn slice(&self, offset: u64, len: usize) -> &[u8] {
        let start = offset.min(self.len()) as usize;
        let end = start.saturating_add(len).min(self.bytes.len());
        &self.bytes[start..end]
    }

    fn may_read(&self, offset: u64, len: usize, got: &[u8]) -> bool {
        let whole = self.slice(offset, len);
        let short = self.short_reads && !got.is_empty() && whole.starts_with(got);
        got == whole || short
    }

    fn may_write(&self, bytes: &[u8], done: usize) -> bool {
        done == bytes.len() || (self.short_writes && 0 < done && done < bytes.len())
    }

    fn write(&mut self, bytes: &[u8]) -> Outcome {
        let start = if self.append_only { self.len() } else { self.cursors[self.opening] };
        let outcome = self.put(start, bytes);
        if outcome != Outcome::Failed {
            self.cursors[self.opening] = start + bytes.len() as u64;
        }
        outcome
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Outcome {
        self.put(if self.append_only { self.len() } else { offset }, bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> Outcome {
        let start = self.len();
        match self.put(start, bytes) {
            Outcome::Failed => Outcome::Failed,
            _ => Outcome::Offset(start),
        }
    }

    fn set_len(&mut self, len: u64) -> Outcome {
        if len > MODEL_BYTES_MAX {
            return Outcome::Failed;
        }
        let mut bytes = self.bytes.to_vec();
        bytes.resize(len as usize, 0);
        self.bytes = Arc::new(bytes);
        Outcome::Done
    }

    fn seek(&mut self, target: SeekFrom) -> Outcome {
        let to = match target {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::Current(by) => self.cursors[self.opening].checked_add_signed(by),
            SeekFrom::End(by) => self.len().checked_add_signed(by),
        };
        // A cursor is an `off_t`: beyond its largest value `lseek` fails.
        let Some(to) = to.filter(|to| *to <= i64::MAX as u64) else { return Outcome::Failed };
        self.cursors[self.opening] = to;
        Outcome::Offset(to)
    }

    fn put(&mut self, offset: u64, new: &[u8]) -> Outcome {
        if new.is_empty() {
            return Outcome::Written(0);
        }
        let Some(end) = offset.checked_add(new.len() as u64).filter(|end| *end <= MODEL_BYTES_MAX) else {
            return Outcome::Failed;
        };
        let (start, end) = (offset as usize, end as usize);
        let mut bytes = self.bytes.to_vec();
        bytes.resize(bytes.len().max(end), 0);
        bytes[start..end].copy_from_slice(new);
        self.bytes = Arc::new(bytes);
        Outcome::Written(new.len())
    }
}
