//! Writing at an offset or at the cursor: contiguous payloads in few system calls, each with its own outcome.

use crate::error::{Cause, Operation};
use crate::file::{CursorMove, Footprint, Merge, Span};
use crate::file_op::append::Append;
use crate::file_op::op::{
    Answer, BatchResult, Ending, Execute, Failed, Far, FileOp, Host, Offset, Profile, RunLater, Start,
};
use crate::file_op::payload::{Payload, Progress, Written};
use crate::limits::ANSWER_SPIN_BYTES_MAX;
use crate::storage::{AsyncFile, StorageFile};

/// Writes bytes at an offset or at the cursor.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) offset: Offset,
    pub(crate) payload: Payload,
    /// Whether a short count is a failure (`write_all`) or an answer (`write`).
    pub(crate) all: bool,
    /// Whether it comes out of the write buffer of a buffered file. Such writes run one after another.
    pub(crate) buffered: bool,
}

impl Write {
    /// The same bytes as an append.
    fn appending(self) -> Append {
        let Write { payload, buffered, .. } = self;
        Append { payload, moves_cursor: !buffered, wants_offset: false, buffered }
    }
}

impl FileOp for Write {
    fn profile(&self, cursor: u64, _room: u64) -> Profile {
        let (start, moves) = self.offset.resolve(cursor);
        let footprint = if self.buffered {
            // Starting at the last byte of the chunk before it makes it wait for that chunk. Reaching to the
            // end makes later bytes wait for it: it may be what extends the file, and a reader must not see
            // them without it.
            Footprint { span: Span::Flush(start.saturating_sub(1)..u64::MAX), cursor: false }
        } else {
            let end = start.saturating_add(self.payload.as_ref().len() as u64);
            Footprint { span: Span::Write(start..end), cursor: moves }
        };
        Profile { operation: Operation::Write, footprint, offset: self.offset.explicit(), needs_trust: true }
    }

    /// A buffered write has the offset of the cursor at its acceptance.
    fn is_placed(&self) -> bool {
        self.offset != Offset::Cursor && !self.buffered
    }

    fn weight(&self) -> usize {
        self.payload.as_ref().len()
    }

    fn bytes(&self) -> u64 {
        self.weight() as u64
    }

    fn merge(&self) -> Merge {
        Merge::Write
    }

    fn is_quick(&self) -> bool {
        self.weight() <= ANSWER_SPIN_BYTES_MAX
    }

    fn is_acknowledged(&self) -> bool {
        self.buffered
    }

    fn ending(&self) -> Ending {
        if self.offset == Offset::Cursor { Ending::CursorWrite } else { Ending::Plain }
    }
}

impl Execute for Write {
    fn run(batch: Vec<Self>, host: &dyn Host, start: Start) -> BatchResult {
        if host.appends() {
            return run_appending(batch, host, start);
        }
        host.note_write();
        write_all(&batch.iter().collect::<Vec<_>>(), host.file(), start.cursor).record(&batch, host)
    }

    fn run_later<'a>(mut batch: Vec<Self>, far: Far<'a>) -> RunLater<'a> {
        let Far { host, file, start } = far;
        if host.appends() {
            // A batch is either at the cursor or at offsets, and these are refused without a call.
            return match batch.iter().any(FileOp::is_placed) {
                true => Box::pin(std::future::ready(run_appending(batch, host, start))),
                false => Append::run_later(batch.into_iter().map(Write::appending).collect(), far),
            };
        }
        host.note_write();
        Box::pin(async move { write_later(&mut batch, file, start.cursor).await.record(&batch, host) })
    }
}

/// Writes the payloads in order, one by one: such a storage collects them itself.
pub(crate) async fn write_later(writes: &mut [Write], file: &dyn AsyncFile, cursor: u64) -> Written {
    let mut run = Progress::new(writes.len());
    let mut cursor_now = cursor;
    while run.next < writes.len() {
        let write = &mut writes[run.next];
        let start = write.offset.explicit().unwrap_or(cursor_now);
        let bytes = write.payload.share();
        let len = bytes.len();
        let written = if bytes.is_empty() { Ok(()) } else { file.write_at(bytes, start).await };
        run.calls += 1;
        if write.offset == Offset::Cursor && written.is_ok() {
            cursor_now += len as u64;
        }
        run.record(written.map(|()| len), |_| len, |_| true, |_, done| Answer::Written(done));
        run.stop_behind(writes.len(), |index| writes[index].buffered);
    }
    let moved = if cursor_now == cursor { CursorMove::Stay } else { CursorMove::To(cursor_now) };
    Written { outcomes: run.outcomes, moved, calls: run.calls }
}

/// Appends the writes at the cursor, which then stands at the end. At an offset, `Ok` would be a lie.
fn run_appending(batch: Vec<Write>, host: &dyn Host, start: Start) -> BatchResult {
    let placed: Vec<bool> = batch.iter().map(FileOp::is_placed).collect();
    let appends: Vec<Append> =
        batch.into_iter().filter(|write| !write.is_placed()).map(Write::appending).collect();
    let mut ran = if appends.is_empty() { BatchResult::default() } else { Append::run(appends, host, start) };
    let why = "a file open for appending has no positioned writes";
    let mut appended = ran.outcomes.into_iter();
    let outcome = |placed: bool| match placed {
        true => Err(Failed::Cause(Cause::Invalid(why.into()))),
        false => appended.next().expect("every append has its outcome"),
    };
    ran.outcomes = placed.into_iter().map(outcome).collect();
    ran
}

/// Writes the payloads in order; contiguous ones share a system call.
///
/// A failure belongs to the payload whose first missing byte met it. Later payloads get a call of their own,
/// since they may succeed.
pub(crate) fn write_all(writes: &[&Write], file: &dyn StorageFile, cursor: u64) -> Written {
    let mut run = Progress::new(writes.len());
    let mut cursor_now = cursor;
    while run.next < writes.len() {
        let first = writes[run.next];
        let start = match first.offset {
            Offset::At(offset) => offset + run.done,
            Offset::Cursor => cursor_now,
        };
        let slices = run.slices(writes.iter().map(|write| write.payload.as_ref()), |index| {
            match writes[index].offset {
                Offset::At(offset) => Some(offset),
                Offset::Cursor => None,
            }
        });
        let result = if slices.is_empty() {
            Ok(0)
        } else {
            run.calls += 1;
            if first.is_placed() { file.write_at(&slices, start) } else { file.write_on(&slices, start) }
        };
        let count = run.record(
            result,
            |index| writes[index].payload.as_ref().len(),
            |index| writes[index].all,
            |_, done| Answer::Written(done),
        );
        if first.offset == Offset::Cursor {
            cursor_now += count as u64;
        }
    }
    let moved = if cursor_now == cursor { CursorMove::Stay } else { CursorMove::To(cursor_now) };
    Written { outcomes: run.outcomes, moved, calls: run.calls }
}
