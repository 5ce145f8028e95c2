//! The ends of lines: where they are, universal newlines on reading, and what is written for `\n`.

use memchr::{memchr, memchr2, memmem};

use super::NameError;

/// What ends a line; Python's `newline` argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Newline {
    /// `None`: `\n`, `\r` and `\r\n` end a line and are read as `\n`; `\n` is written as it is.
    #[default]
    Universal,
    /// `""`: `\n`, `\r` and `\r\n` end a line and are read as they are; `\n` is written as it is.
    Any,
    /// `"\n"`: only `\n` ends a line; nothing is translated.
    Lf,
    /// `"\r"`: only `\r` ends a line; it is read as it is and written for `\n`.
    Cr,
    /// `"\r\n"`: only `\r\n` ends a line; it is read as it is and written for `\n`.
    CrLf,
}

/// Which ends of lines were read; Python's `newlines` attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seen {
    /// `\n` alone.
    pub lf: bool,
    /// `\r` alone.
    pub cr: bool,
    /// `\r\n`.
    pub crlf: bool,
}

impl Newline {
    /// Returns what Python's `newline` argument means: `None`, or one of `""`, `"\n"`, `"\r"` and `"\r\n"`.
    ///
    /// # Errors
    ///
    /// [`NameError::IllegalNewline`] for everything else.
    ///
    /// ```
    /// use folio::text::Newline;
    ///
    /// assert_eq!(Newline::for_name(Some("\r\n"))?, Newline::CrLf);
    /// assert!(Newline::for_name(Some("x")).is_err());
    /// # Ok::<(), folio::text::NameError>(())
    /// ```
    pub fn for_name(newline: Option<&str>) -> Result<Newline, NameError> {
        match newline {
            None => Ok(Newline::Universal),
            Some("") => Ok(Newline::Any),
            Some("\n") => Ok(Newline::Lf),
            Some("\r") => Ok(Newline::Cr),
            Some("\r\n") => Ok(Newline::CrLf),
            Some(other) => Err(NameError::IllegalNewline(other.to_owned())),
        }
    }

    /// Appends `text` to `out`, with this end of line for each `\n`.
    ///
    /// ```
    /// let mut out = String::new();
    /// folio::text::Newline::CrLf.write("a\nb\n", &mut out);
    /// assert_eq!(out, "a\r\nb\r\n");
    /// ```
    pub fn write(self, text: &str, out: &mut String) {
        let end = match self {
            Newline::Universal | Newline::Any | Newline::Lf => return out.push_str(text),
            Newline::Cr => "\r",
            Newline::CrLf => "\r\n",
        };
        let mut rest = text;
        while let Some(at) = memchr(b'\n', rest.as_bytes()) {
            out.push_str(&rest[..at]);
            out.push_str(end);
            rest = &rest[at + 1..];
        }
        out.push_str(rest);
    }

    /// Returns whether writing replaces `\n`.
    pub(super) fn rewrites(self) -> bool {
        match self {
            Newline::Universal | Newline::Any | Newline::Lf => false,
            Newline::Cr | Newline::CrLf => true,
        }
    }

    /// Finds the first end of a line in text that has been [translated](Reading::read): where it begins and
    /// how long it is, in bytes.
    pub(super) fn find(self, text: &[u8]) -> Option<(usize, usize)> {
        match self {
            Newline::Universal | Newline::Lf => memchr(b'\n', text).map(|at| (at, 1)),
            Newline::Cr => memchr(b'\r', text).map(|at| (at, 1)),
            Newline::CrLf => memmem::find(text, b"\r\n").map(|at| (at, 2)),
            Newline::Any => {
                let at = memchr2(b'\n', b'\r', text)?;
                Some((at, if text[at..].starts_with(b"\r\n") { 2 } else { 1 }))
            }
        }
    }
}

/// Translates the ends of lines in text that comes in pieces; a cut between `\r` and `\n` is no problem.
///
/// ```
/// use folio::text::{Newline, Reading};
///
/// let mut reading = Reading::new(Newline::Universal);
/// let mut out = String::new();
/// reading.read("a\r", false, &mut out);
/// reading.read("\nb\rc", true, &mut out);
/// assert_eq!(out, "a\nb\nc");
/// assert!(reading.seen().crlf && reading.seen().cr && !reading.seen().lf);
/// ```
#[derive(Clone, Debug)]
pub struct Reading {
    newline: Newline,
    seen: Seen,
    /// The text so far ended in `\r`, which is not returned yet because `\n` may follow.
    held: bool,
}

impl Reading {
    /// Returns a reading that stands at the start of its text.
    pub fn new(newline: Newline) -> Reading {
        Reading { newline, seen: Seen::default(), held: false }
    }

    /// Appends `text` to `out`, with its ends of lines translated. `last` says that nothing follows.
    pub fn read(&mut self, text: &str, last: bool, out: &mut String) {
        let whole = match self.newline {
            Newline::Universal => false,
            Newline::Any => true,
            Newline::Lf | Newline::Cr | Newline::CrLf => return out.push_str(text),
        };
        let mut rest = self.resume(text, last, whole, out);
        while let Some(at) = memchr(b'\r', rest.as_bytes()) {
            let (before, after) = (&rest[..at], &rest[at + 1..]);
            self.note_lf(before);
            out.push_str(before);
            rest = after;
            if after.is_empty() && !last {
                self.held = true;
            } else {
                rest = self.finish_cr(after, whole, out);
            }
        }
        self.note_lf(rest);
        out.push_str(rest);
    }

    /// Returns which ends of lines there were so far; none under a newline that looks for one kind only.
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// Returns whether a `\r` was read and not returned yet.
    pub(super) fn holds_cr(&self) -> bool {
        self.held
    }

    /// Forgets what was before the text that comes next; what was seen stays.
    pub(super) fn move_elsewhere(&mut self) {
        self.held = false;
    }

    /// Returns whether reading leaves `text` as it is, so that it need not be copied.
    pub(super) fn leaves_alone(&mut self, text: &str) -> bool {
        let alone = match self.newline {
            Newline::Universal | Newline::Any => !self.held && memchr(b'\r', text.as_bytes()).is_none(),
            Newline::Lf | Newline::Cr | Newline::CrLf => return true,
        };
        if alone {
            self.note_lf(text);
        }
        alone
    }

    /// Returns the held `\r` as an end of line, once the text after it is known.
    fn resume<'a>(&mut self, text: &'a str, last: bool, whole: bool, out: &mut String) -> &'a str {
        if !self.held || (text.is_empty() && !last) {
            return text;
        }
        self.held = false;
        self.finish_cr(text, whole, out)
    }

    /// Writes the end of line that a `\r` before `after` begins; returns what follows it.
    fn finish_cr<'a>(&mut self, after: &'a str, whole: bool, out: &mut String) -> &'a str {
        let (rest, end) = match after.strip_prefix('\n') {
            Some(rest) => {
                self.seen.crlf = true;
                (rest, "\r\n")
            }
            None => {
                self.seen.cr = true;
                (after, "\r")
            }
        };
        out.push_str(if whole { end } else { "\n" });
        rest
    }

    fn note_lf(&mut self, text: &str) {
        self.seen.lf = self.seen.lf || memchr(b'\n', text.as_bytes()).is_some();
    }
}
