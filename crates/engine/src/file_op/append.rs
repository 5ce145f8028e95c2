//! Appending: several records in few system calls, each record with its own outcome.

use std::io::{self, IoSlice};

use crate::error::Operation;
use crate::file::{CursorMove, Footprint, Merge, Span};
use crate::file_op::op::{Answer, BatchResult, Execute, Far, FileOp, Host, Profile, RunLater, Start};
use crate::file_op::payload::{Payload, Progress, Written};
use crate::limits::ANSWER_SPIN_BYTES_MAX;
use crate::storage::{AsyncFile, StorageFile};

/// Appends bytes to the file.
#[derive(Debug)]
pub(crate) struct Append {
    pub(crate) payload: Payload,
    /// Whether the cursor moves to the new end, as in a file opened for appending.
    pub(crate) moves_cursor: bool,
    /// Whether the answer is the count (a write) or the record's offset (an append).
    pub(crate) wants_offset: bool,
    /// Whether it comes out of the write buffer of a buffered file.
    pub(crate) buffered: bool,
}

impl FileOp for Append {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        let span = if self.buffered { Span::Flush(0..u64::MAX) } else { Span::Append };
        Profile {
            operation: Operation::Append,
            footprint: Footprint { span, cursor: self.moves_cursor },
            // Only the kernel knows where the file ends.
            offset: None,
            needs_trust: true,
        }
    }

    fn weight(&self) -> usize {
        self.payload.as_ref().len()
    }

    fn bytes(&self) -> u64 {
        self.weight() as u64
    }

    fn merge(&self) -> Merge {
        Merge::Append
    }

    fn is_quick(&self) -> bool {
        self.weight() <= ANSWER_SPIN_BYTES_MAX
    }

    fn is_acknowledged(&self) -> bool {
        self.buffered
    }
}

impl Execute for Append {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        host.note_write();
        append_all(&batch.iter().collect::<Vec<_>>(), host.file()).record(&batch, host)
    }

    fn run_later<'a>(mut batch: Vec<Self>, far: Far<'a>) -> RunLater<'a> {
        let Far { host, file, .. } = far;
        host.note_write();
        Box::pin(async move { append_later(&mut batch, file).await.record(&batch, host) })
    }
}

/// Appends the payloads in order, in as few system calls as possible; each stays contiguous.
pub(crate) fn append_all(appends: &[&Append], file: &dyn StorageFile) -> Written {
    let mut run = Progress::new(appends.len());
    let mut moved = CursorMove::Stay;
    // Offset of a record that a short write has written in part.
    let mut half = None;
    let len_of = |index: usize| appends[index].payload.as_ref().len();
    while run.next < appends.len() {
        let slices = run.slices(appends.iter().map(|append| append.payload.as_ref()), |_| None);
        let (result, start) = match append(&slices, file, &mut run.calls) {
            Ok((count, start)) => (Ok(count), start),
            Err(error) => (Err(error), 0),
        };
        if let (Ok(count), true) = (&result, appends[run.next].moves_cursor) {
            moved = CursorMove::To(start + *count as u64);
        }
        let mut at = start - half.map_or(0, |_| run.done.min(start));
        run.record(
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
        run.stop_behind(appends.len(), |index| appends[index].buffered);
    }
    Written { outcomes: run.outcomes, moved, calls: run.calls }
}

/// Appends the payloads in order, one by one.
pub(crate) async fn append_later(appends: &mut [Append], file: &dyn AsyncFile) -> Written {
    let mut run = Progress::new(appends.len());
    let mut moved = CursorMove::Stay;
    while run.next < appends.len() {
        let append = &mut appends[run.next];
        let bytes = append.payload.share();
        let len = bytes.len();
        let appended = match bytes.is_empty() {
            true => file.metadata().await.map(|metadata| metadata.len()),
            false => file.append(bytes).await,
        };
        run.calls += 1;
        let start = *appended.as_ref().unwrap_or(&0);
        if append.moves_cursor && appended.is_ok() {
            moved = CursorMove::To(start + len as u64);
        }
        let answer =
            |_, done| if append.wants_offset { Answer::Position(start) } else { Answer::Written(done) };
        run.record(appended.map(|_| len), |_| len, |_| true, answer);
        run.stop_behind(appends.len(), |index| appends[index].buffered);
    }
    Written { outcomes: run.outcomes, moved, calls: run.calls }
}

fn append(slices: &[IoSlice<'_>], file: &dyn StorageFile, calls: &mut u64) -> io::Result<(usize, u64)> {
    if slices.is_empty() {
        return Ok((0, file.len()?));
    }
    *calls += 1;
    file.append(slices)
}
