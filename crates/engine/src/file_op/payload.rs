//! Bytes on their way to a file, and progress through several of them.

use std::io::{self, IoSlice};
use std::sync::Arc;

use bytes::Bytes;

use crate::buffer::Buffer;
use crate::file::CursorMove;
use crate::file_op::op::{Answer, BatchResult, Failed, Failure, FileOp, Host};
use crate::stats::add;

/// Bytes for a file: shared ones from the caller, or a pooled copy of borrowed ones.
#[derive(Debug)]
pub(crate) enum Payload {
    /// Owned by the engine, never copied.
    Shared(Bytes),
    /// Copied from a slice of the caller's.
    Copied(Buffer),
}

impl Payload {
    /// The bytes, as their owner.
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Payload::Shared(bytes) => bytes,
            Payload::Copied(buffer) => buffer.into_bytes(),
        }
    }
}

impl Payload {
    /// The bytes, which the payload keeps too.
    pub(crate) fn share(&mut self) -> Bytes {
        let bytes = std::mem::replace(self, Payload::Shared(Bytes::new())).into_bytes();
        *self = Payload::Shared(bytes.clone());
        bytes
    }
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        match self {
            Payload::Shared(bytes) => bytes,
            Payload::Copied(buffer) => buffer.as_ref(),
        }
    }
}

/// Outcomes of several payloads, the move of the cursor, and the number of system calls.
pub(crate) struct Written {
    pub(crate) outcomes: Vec<Result<Answer, Failure>>,
    pub(crate) moved: CursorMove,
    pub(crate) calls: u64,
}

impl Written {
    /// Counts the calls, and makes the next sync report the failures.
    pub(crate) fn record<T: FileOp>(self, batch: &[T], host: &dyn Host) -> BatchResult {
        let stats = host.stats();
        add(&stats.writes_asked, batch.len() as u64);
        add(&stats.write_calls, self.calls);
        add(&stats.bytes_written, batch.iter().map(FileOp::bytes).sum());
        for (op, outcome) in batch.iter().zip(&self.outcomes) {
            if let Err(failure) = outcome {
                host.owe(failure, op.is_acknowledged());
            }
        }
        let outcomes = self.outcomes.into_iter().map(|outcome| outcome.map_err(Failed::Storage)).collect();
        BatchResult { outcomes, moved: self.moved }
    }
}

/// Progress through several payloads.
pub(crate) struct Progress {
    pub(crate) outcomes: Vec<Result<Answer, Failure>>,
    /// Index of the first payload without an outcome.
    pub(crate) next: usize,
    /// Bytes of it that have been written.
    pub(crate) done: u64,
    pub(crate) calls: u64,
}

impl Progress {
    pub(crate) fn new(len: usize) -> Self {
        Progress { outcomes: Vec::with_capacity(len), next: 0, done: 0, calls: 0 }
    }

    /// The unwritten bytes from `next` on, up to the first that is not contiguous by `offset_of`.
    pub(crate) fn slices<'a>(
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

    /// Records the result of one system call; returns the number of bytes it wrote.
    pub(crate) fn record(
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

    /// Fails everything behind a failed payload whose bytes are kept for another try: it would overtake them.
    pub(crate) fn stop_behind(&mut self, len: usize, is_kept: impl Fn(usize) -> bool) {
        let Some(Err(failure)) = self.outcomes.last() else { return };
        if !is_kept(self.next - 1) {
            return;
        }
        let error = failure.error.clone();
        while self.next < len {
            self.outcomes.push(Err(Failure { error: error.clone(), bytes_done: 0 }));
            self.next += 1;
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
