//! Writing and appending: runs of contiguous payloads as few system calls, each payload with its own outcome.

use std::io::{self, IoSlice};
use std::sync::Arc;

use bytes::Bytes;

use crate::buffer::Buffer;
use crate::file::{CursorMove, Footprint, Span};
use crate::op::{Answer, Failure, Place};
use crate::storage::StorageFile;

#[cfg(test)]
mod tests;

/// Bytes on their way to a file: shared ones from the caller, or a pooled copy of borrowed ones.
#[derive(Debug)]
pub(crate) enum Payload {
    /// Handed over by the caller, never copied.
    Shared(Bytes),
    /// Copied from a slice that the caller keeps.
    Copied(Buffer),
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        match self {
            Payload::Shared(bytes) => bytes,
            Payload::Copied(buffer) => buffer.as_ref(),
        }
    }
}

/// Writes bytes at an offset or at the cursor.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) place: Place,
    pub(crate) payload: Payload,
    /// Whether a short count is a failure (`write_all`) or an answer (`write`).
    pub(crate) all: bool,
    /// Whether a buffered file had kept it back. Such writes run one after the other.
    pub(crate) buffered: bool,
}

impl Write {
    /// Whether it is told where to go; what was kept back goes where the cursor stood.
    pub(crate) fn is_placed(&self) -> bool {
        self.place != Place::Cursor && !self.buffered
    }

    /// The same bytes for the end of the file.
    pub(crate) fn appending(self) -> Append {
        let Write { payload, buffered, .. } = self;
        Append { payload, moves_cursor: !buffered, wants_offset: false, buffered }
    }

    pub(crate) fn footprint(&self, cursor: u64) -> Footprint {
        let (start, moves) = match self.place {
            Place::At(offset) => (offset, false),
            Place::Cursor => (cursor, true),
        };
        let end = start.saturating_add(self.payload.as_ref().len() as u64);
        if self.buffered {
            // It touches the last byte of the one before it, and so waits for that. And it may be what makes the
            // file longer: what lies behind it waits for it, or a reader would see that without this.
            let span = Span::Flush(start.saturating_sub(1)..u64::MAX);
            return Footprint { span, cursor: false };
        }
        Footprint { span: Span::Write(start..end), cursor: moves }
    }
}

/// Adds bytes at the end of the file.
#[derive(Debug)]
pub(crate) struct Append {
    pub(crate) payload: Payload,
    /// Whether the cursor follows, as it does for writes to a file opened for appending.
    pub(crate) moves_cursor: bool,
    /// Whether the answer is the count (a write) or the record's offset (an append).
    pub(crate) wants_offset: bool,
    /// Whether a buffered file had kept it back.
    pub(crate) buffered: bool,
}

impl Append {
    pub(crate) fn footprint(&self) -> Footprint {
        let span = if self.buffered { Span::Flush(0..u64::MAX) } else { Span::Append };
        Footprint { span, cursor: self.moves_cursor }
    }
}

/// How each of several payloads ended, where the cursor ends up, and the system calls it took.
pub(crate) struct Written {
    pub(crate) outcomes: Vec<Result<Answer, Failure>>,
    pub(crate) moved: CursorMove,
    pub(crate) calls: u64,
}

/// Writes one after the other; neighbours share a system call as long as they are contiguous.
///
/// A failure belongs to the payload whose first missing byte met it. The payloads behind it are tried again
/// by themselves, since nothing says that they would fail too.
pub(crate) fn write_all(writes: &[&Write], file: &dyn StorageFile, cursor: u64) -> Written {
    let mut run = Run::new(writes.len());
    let mut cursor_now = cursor;
    while run.next < writes.len() {
        let first = writes[run.next];
        let start = match first.place {
            Place::At(offset) => offset + run.done,
            Place::Cursor => cursor_now,
        };
        let slices = run.slices(writes.iter().map(|write| write.payload.as_ref()), |index| {
            match writes[index].place {
                Place::At(offset) => Some(offset),
                Place::Cursor => None,
            }
        });
        let result = if slices.is_empty() {
            Ok(0)
        } else {
            run.calls += 1;
            if first.is_placed() { file.write_at(&slices, start) } else { file.write_on(&slices, start) }
        };
        let count = run.settle(
            result,
            |index| writes[index].payload.as_ref().len(),
            |index| writes[index].all,
            |_, done| Answer::Written(done),
        );
        if first.place == Place::Cursor {
            cursor_now += count as u64;
        }
    }
    let moved = if cursor_now == cursor { CursorMove::Stay } else { CursorMove::To(cursor_now) };
    Written { outcomes: run.outcomes, moved, calls: run.calls }
}

/// Appends one after the other in as few system calls as possible; each payload stays in one piece.
pub(crate) fn append_all(appends: &[&Append], file: &dyn StorageFile) -> Written {
    let mut run = Run::new(appends.len());
    let mut moved = CursorMove::Stay;
    // Where the record began that is half on the file after a short write.
    let mut half = None;
    let len_of = |index: usize| appends[index].payload.as_ref().len();
    while run.next < appends.len() {
        let slices = run.slices(appends.iter().map(|append| append.payload.as_ref()), |_| None);
        let (result, start) = match add(&slices, file, &mut run.calls) {
            Ok((count, start)) => (Ok(count), start),
            Err(error) => (Err(error), 0),
        };
        if let (Ok(count), true) = (&result, appends[run.next].moves_cursor) {
            moved = CursorMove::To(start + *count as u64);
        }
        let mut at = start - half.map_or(0, |_| run.done.min(start));
        run.settle(
            result,
            len_of,
            |_| true,
            |index, done| {
                let begin = half.take().unwrap_or(at);
                at += len_of(index) as u64;
                if appends[index].wants_offset { Answer::Position(begin) } else { Answer::Written(done) }
            },
        );
        half = if run.done > 0 { half.or(Some(at)) } else { None };
    }
    Written { outcomes: run.outcomes, moved, calls: run.calls }
}

fn add(slices: &[IoSlice<'_>], file: &dyn StorageFile, calls: &mut u64) -> io::Result<(usize, u64)> {
    if slices.is_empty() {
        return Ok((0, file.len()?));
    }
    *calls += 1;
    file.append(slices)
}

/// Progress through a run of payloads.
struct Run {
    outcomes: Vec<Result<Answer, Failure>>,
    /// The first payload that is not settled.
    next: usize,
    /// Bytes of it that have been written.
    done: u64,
    calls: u64,
}

impl Run {
    fn new(len: usize) -> Self {
        Run { outcomes: Vec::with_capacity(len), next: 0, done: 0, calls: 0 }
    }

    /// The unwritten bytes from `next` on, as far as they are contiguous by `offset_of`.
    fn slices<'a>(
        &self,
        payloads: impl Iterator<Item = &'a [u8]>,
        offset_of: impl Fn(usize) -> Option<u64>,
    ) -> Vec<IoSlice<'a>> {
        let mut slices = Vec::new();
        let mut expected = None;
        for (index, payload) in payloads.enumerate().skip(self.next) {
            let offset = offset_of(index);
            if expected.is_some_and(|expected| offset != expected) {
                break;
            }
            expected = Some(offset.map(|offset| offset.saturating_add(payload.len() as u64)));
            let skip = if index == self.next { usize::try_from(self.done).unwrap_or(usize::MAX) } else { 0 };
            if payload.len() > skip {
                slices.push(IoSlice::new(&payload[skip..]));
            }
        }
        slices
    }

    /// Books the result of one system call; returns the bytes it wrote.
    fn settle(
        &mut self,
        result: io::Result<usize>,
        len_of: impl Fn(usize) -> usize,
        all: impl Fn(usize) -> bool,
        mut answer: impl FnMut(usize, usize) -> Answer,
    ) -> usize {
        let mut left = match result {
            Ok(count) => count as u64,
            Err(error) => return self.fail(error),
        };
        let count = usize::try_from(left).unwrap_or(usize::MAX);
        let stuck = left == 0 && len_of(self.next) as u64 > self.done;
        if stuck {
            return self.fail(io::ErrorKind::WriteZero.into());
        }
        loop {
            let len = len_of(self.next) as u64;
            let taken = left.min(len - self.done);
            self.done += taken;
            left -= taken;
            let short = self.done > 0 && !all(self.next);
            if self.done < len && !short {
                return count;
            }
            let done = usize::try_from(self.done).unwrap_or(usize::MAX);
            self.outcomes.push(Ok(answer(self.next, done)));
            self.next += 1;
            self.done = 0;
            if left == 0 {
                return count;
            }
        }
    }

    fn fail(&mut self, error: io::Error) -> usize {
        if error.kind() == io::ErrorKind::Interrupted {
            return 0;
        }
        self.outcomes.push(Err(Failure { error: Arc::new(error), bytes_done: self.done }));
        self.next += 1;
        self.done = 0;
        0
    }
}
