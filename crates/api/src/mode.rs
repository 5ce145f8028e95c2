//! Python's mode strings and its `buffering` argument.

use std::fmt;

use folio_engine::storage::OpenRequest;

use crate::limits::{FILE_BUFFER_BYTES, MODE_LETTERS_MAX};
use crate::{Error, Operation, Result};

/// A mode string of Python's `open`: one of `r w a x`, at most one `+`, and `b` or
/// `t` (text unless said otherwise), in any order.
///
/// ```
/// use folio::OpenMode;
///
/// let mode: OpenMode = "rb+".parse()?;
/// assert!(mode.reads() && mode.writes() && !mode.is_text());
/// assert!("rw".parse::<OpenMode>().is_err());
/// # Ok::<(), folio::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OpenMode {
    base: Base,
    /// Whether there was a `+`.
    update: bool,
    text: bool,
    /// The string as it was given: no letter may come twice, so it has at most four.
    given: [u8; MODE_LETTERS_MAX],
    len: usize,
}

/// What opening does with a file that exists, and with one that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    /// `r`: the file must exist.
    Read,
    /// `w`: the file is created, or cut to length 0.
    Write,
    /// `a`: a missing file is created; writes go to the end.
    Append,
    /// `x`: the file is created and must not exist before.
    Create,
}

impl OpenMode {
    /// Reads a mode string.
    ///
    /// # Errors
    ///
    /// Those of CPython, in its words: a letter that is unknown or comes twice, text and binary at once, not
    /// exactly one of `r w a x`.
    pub fn parse(mode: &str) -> Result<OpenMode> {
        let refuse = |why: String| Err(Error::invalid(Operation::Open, why));
        let known = |c: char| "rwaxbt+".contains(c);
        let repeats = |at: usize, c: char| mode[..at].contains(c);
        if mode.char_indices().any(|(at, c)| !known(c) || repeats(at, c)) {
            return refuse(format!("invalid mode: '{mode}'"));
        }
        let has = |c: char| mode.contains(c);
        if has('t') && has('b') {
            return refuse("can't have text and binary mode at once".to_owned());
        }
        let letters = [('r', Base::Read), ('w', Base::Write), ('a', Base::Append), ('x', Base::Create)];
        let mut bases = letters.into_iter().filter(|(letter, _)| has(*letter));
        let base = match (bases.next(), bases.next()) {
            (Some((_, base)), None) => base,
            (None, _) => {
                return refuse(
                    "Must have exactly one of create/read/write/append mode and at most one plus".to_owned(),
                );
            }
            (Some(_), Some(_)) => {
                return refuse("must have exactly one of create/read/write/append mode".to_owned());
            }
        };
        let mut given = [0; MODE_LETTERS_MAX];
        // One base, and at most one each of `+` and of `b` or `t`, so it fits.
        given[..mode.len()].copy_from_slice(mode.as_bytes());
        Ok(OpenMode { base, update: has('+'), text: !has('b'), given, len: mode.len() })
    }

    /// The binary mode that comes closest to a request.
    pub(crate) fn of(request: &OpenRequest) -> OpenMode {
        let writes = request.write || request.append;
        let base = match (request.create_new, request.append) {
            (true, _) => Base::Create,
            (false, true) => Base::Append,
            (false, false) if writes && (request.truncate || !request.read) => Base::Write,
            (false, false) => Base::Read,
        };
        let mode = OpenMode {
            base,
            update: writes && request.read,
            text: false,
            given: [0; MODE_LETTERS_MAX],
            len: 0,
        };
        let name = mode.binary_name();
        let mut given = mode.given;
        given[..name.len()].copy_from_slice(name.as_bytes());
        OpenMode { given, len: name.len(), ..mode }
    }

    /// Returns whether the mode is for text, which one without a `b` is.
    pub fn is_text(self) -> bool {
        self.text
    }

    /// Returns whether the file can be read.
    pub fn reads(self) -> bool {
        self.base == Base::Read || self.update
    }

    /// Returns whether the file can be written.
    pub fn writes(self) -> bool {
        self.base != Base::Read || self.update
    }

    /// Returns whether every write goes to the end.
    pub fn appends(self) -> bool {
        self.base == Base::Append
    }

    /// Returns the mode as it was given.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.given[..self.len]).expect("all known letters are ASCII")
    }

    /// Returns what Python's `file.mode` is for a binary file: `rb+` for `wb+` too.
    pub fn binary_name(self) -> &'static str {
        match (self.base, self.update) {
            (Base::Read, false) => "rb",
            (Base::Read | Base::Write, true) => "rb+",
            (Base::Write, false) => "wb",
            (Base::Append, false) => "ab",
            (Base::Append, true) => "ab+",
            (Base::Create, false) => "xb",
            (Base::Create, true) => "xb+",
        }
    }

    /// Sets in a request what this mode means; nothing else is changed.
    pub(crate) fn apply(self, request: &mut OpenRequest) {
        request.read = self.reads();
        request.write = self.writes() && !self.appends();
        request.append = self.appends();
        request.truncate = self.base == Base::Write;
        request.create = matches!(self.base, Base::Write | Base::Append);
        request.create_new = self.base == Base::Create;
    }
}

impl std::str::FromStr for OpenMode {
    type Err = Error;

    fn from_str(mode: &str) -> Result<OpenMode> {
        OpenMode::parse(mode)
    }
}

impl AsRef<str> for OpenMode {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for OpenMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for OpenMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenMode({self})")
    }
}

/// Python's `buffering`: how many written bytes the file may buffer, to write them together.
///
/// Every operation on the file, by any clone, sees the buffered bytes. Other openings of the file and
/// other programs see them after a flush.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Buffering {
    /// `-1`: 256 KiB; for text on a terminal, by the line.
    #[default]
    Default,
    /// `0`: nothing is buffered. Not for text.
    Unbuffered,
    /// `1`: text is buffered until a line ends; binary files have no lines and take the default.
    Line,
    /// `n`: at most `n` bytes.
    Bytes(usize),
}

impl Buffering {
    /// Returns how many bytes the file may buffer.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Buffering::Default | Buffering::Line => FILE_BUFFER_BYTES,
            Buffering::Unbuffered => 0,
            Buffering::Bytes(bytes) => bytes,
        }
    }
}

impl From<i64> for Buffering {
    /// Reads Python's number: every negative one is the default, as with CPython.
    fn from(buffering: i64) -> Self {
        match usize::try_from(buffering) {
            Err(_) => Buffering::Default,
            Ok(0) => Buffering::Unbuffered,
            Ok(1) => Buffering::Line,
            Ok(bytes) => Buffering::Bytes(bytes),
        }
    }
}
