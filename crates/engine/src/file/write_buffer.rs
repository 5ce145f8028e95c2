//! The write buffer of a file: the buffer being filled, and the chunks in flight.
//!
//! ```text
//!   accept ──▶ filling ──flush──▶ in flight ──completed──▶ written
//!                 ▲                   │ failed
//!                 └── full: flush     ▼
//!                                   failed ──flush──▶ in flight again
//! ```
//!
//! A chunk in flight is an operation in the file's order like any other, and waits for the chunk before it: the
//! file grows by prefixes. Nothing here does I/O: the caller submits the chunks.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::buffer::{Buffer, Buffers};
use crate::error::Error;
use crate::file::order::{Footprint, Span};

/// Bytes of one write to the file.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    /// Position in the order of acceptance.
    pub(crate) number: u64,
    /// Offset of the first byte; unused in a file that is appended to.
    pub(crate) start: u64,
    pub(crate) bytes: Bytes,
}

/// Whether the buffer can accept bytes now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// They fit behind the buffered bytes.
    Here,
    /// They begin an empty buffer.
    Fresh,
    /// They fit once the buffered bytes have been taken for a flush.
    AfterFlush,
    /// They are too many for the buffer and become a write of their own.
    Never,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct WriteBuffer {
    /// Maximum size of one chunk.
    capacity: usize,
    /// Whether the file is open for appending, so that only the kernel knows the offsets.
    append: bool,
    filling: Option<Buffer>,
    /// Size of the last chunk: the memory that the next one probably needs.
    usual: usize,
    /// Offset of the first byte of `filling`.
    start: u64,
    /// End of the last accepted byte: a write that begins there leaves no hole.
    end: u64,
    /// Numbers of the chunks that are operations now.
    in_flight: Vec<u64>,
    /// Chunks that could not be written; the next flush retries them.
    failed: Vec<Chunk>,
    /// The failure of a chunk that has not been reported to any caller.
    failure: Option<Error>,
    /// Why the failed chunks are still here.
    refused_by: Option<Error>,
    numbers: u64,
    /// Writers that queue for room; while there are any, no other writer overtakes them.
    pub(crate) writers_waiting: usize,
    /// Whether the gate is closed because bytes are buffered.
    pub(crate) holds_gate: bool,
}

impl WriteBuffer {
    pub(crate) fn new(capacity: usize, append: bool) -> Self {
        WriteBuffer {
            capacity,
            append,
            filling: None,
            usual: 0,
            start: 0,
            end: 0,
            in_flight: Vec::new(),
            failed: Vec::new(),
            failure: None,
            refused_by: None,
            numbers: 0,
            writers_waiting: 0,
            holds_gate: false,
        }
    }

    /// Whether `len` bytes at `position` can be accepted.
    pub(crate) fn room(&self, len: usize, position: u64) -> Room {
        if len >= self.capacity {
            return Room::Never;
        }
        match &self.filling {
            None => Room::Fresh,
            Some(filling) if position == self.end && filling.as_ref().len() + len <= self.capacity => {
                Room::Here
            }
            Some(_) => Room::AfterFlush,
        }
    }

    /// Returns a lower bound of the file's end if it is known here that bytes at `position` leave no hole. In a
    /// file that is appended to, that is its end after the chunks in flight.
    pub(crate) fn known_end(&self, position: u64, appends: bool) -> Option<u64> {
        let known = if appends { self.is_in_flight() } else { self.numbers > 0 && position == self.end };
        // A forgotten end is no offset.
        (known && self.end < u64::MAX).then_some(self.end)
    }

    /// Forgets the end, after an operation that may move it.
    pub(crate) fn forget_end(&mut self) {
        self.end = u64::MAX;
    }

    /// Whether a new buffer of `len` bytes would exceed what may be in flight or failed at once.
    pub(crate) fn is_crowded(&self, len: usize) -> bool {
        let failed: usize = self.failed.iter().map(|chunk| chunk.bytes.len()).sum();
        self.in_flight.len() + self.failed.len() > 1 || (failed > 0 && failed + len > self.capacity)
    }

    /// Whether a chunk up to `number` is still here, with no operation that carries it.
    pub(crate) fn has_unsent(&self, number: u64) -> bool {
        (self.filling.is_some() && self.numbers <= number)
            || self.failed.iter().any(|chunk| chunk.number <= number)
    }

    /// Accepts bytes. The caller has checked [`room`](WriteBuffer::room).
    pub(crate) fn accept(&mut self, bytes: &[u8], position: u64, buffers: &Arc<Buffers>) {
        let usual = self.usual;
        let filling = self.filling.get_or_insert_with(|| {
            self.start = position;
            self.numbers += 1;
            buffers.take(usual)
        });
        let needed = filling.as_ref().len() + bytes.len();
        if needed > filling.size() {
            // Doubling lets a file that writes little use little memory.
            let mut larger = buffers.take(needed.max(2 * filling.size()).min(self.capacity));
            larger.push(filling.as_ref());
            *filling = larger;
        }
        filling.push(bytes);
        self.end = position + bytes.len() as u64;
    }

    /// Whether there are bytes that no operation carries to the file.
    pub(crate) fn is_dirty(&self) -> bool {
        self.filling.is_some() || !self.failed.is_empty()
    }

    /// Whether a chunk is in flight.
    pub(crate) fn is_in_flight(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Bytes accepted and not in flight.
    pub(crate) fn bytes(&self) -> usize {
        let failed: usize = self.failed.iter().map(|chunk| chunk.bytes.len()).sum();
        failed + self.filling.as_ref().map_or(0, |filling| filling.as_ref().len())
    }

    /// Whether the buffered bytes must reach the file before an operation with this footprint.
    pub(crate) fn must_flush_before(&self, footprint: &Footprint) -> bool {
        if !self.is_dirty() {
            return false;
        }
        match &footprint.span {
            // A write beyond the buffered bytes could make the file longer, and a reader would find a hole
            // before it.
            Span::Write(range) | Span::Flush(range) | Span::Buffer(range) => {
                self.append || range.end > self.lowest()
            }
            Span::Read(range) | Span::Peek(range) => {
                let filling = self.filling.is_some().then_some(self.start..self.end);
                let failed =
                    self.failed.iter().map(|chunk| chunk.start..chunk.start + chunk.bytes.len() as u64);
                let mut buffered = filling.into_iter().chain(failed);
                !range.is_empty()
                    && (self.append
                        || buffered.any(|buffered| buffered.start < range.end && range.start < buffered.end))
            }
            Span::Append | Span::Sync | Span::Exclusive => true,
        }
    }

    /// Returns why an operation with this footprint may not run: older bytes could not be written. It would miss them, and
    /// the next flush, which tries them again, would put them over what came after them.
    pub(crate) fn failure_before(&self, footprint: &Footprint) -> Option<&Error> {
        let ends_behind = |end: u64| self.append || self.failed.iter().any(|chunk| chunk.start < end);
        let in_the_way = !self.failed.is_empty()
            && match &footprint.span {
                Span::Read(range) | Span::Peek(range) => self.has_failed_within(range),
                // As before it, a hole would follow the end.
                Span::Write(range) | Span::Buffer(range) => !range.is_empty() && ends_behind(range.end),
                Span::Append | Span::Exclusive => true,
                // A chunk comes after the ones before it, or beside them. A sync has a memory of its own.
                Span::Flush(_) | Span::Sync => false,
            };
        self.refused_by.as_ref().filter(|_| in_the_way)
    }

    /// Returns why a chunk may not be written: an older one is here that it would overtake.
    pub(crate) fn failure_before_chunk(&self, range: &Range<u64>) -> Option<&Error> {
        self.refused_by.as_ref().filter(|_| self.has_failed_within(range))
    }

    fn has_failed_within(&self, range: &Range<u64>) -> bool {
        let overlaps =
            |chunk: &Chunk| chunk.start < range.end && range.start < chunk.start + chunk.bytes.len() as u64;
        !self.failed.is_empty() && !range.is_empty() && (self.append || self.failed.iter().any(overlaps))
    }

    /// Smallest offset of a buffered byte.
    fn lowest(&self) -> u64 {
        let filling = self.filling.as_ref().map(|_| self.start);
        self.failed.iter().map(|chunk| chunk.start).chain(filling).min().unwrap_or(u64::MAX)
    }

    /// Takes all buffered bytes, oldest first; their chunks count as in flight from now on. Takes none while a failed chunk
    /// would be queued behind one that comes after it.
    pub(crate) fn take_chunks(&mut self) -> Vec<Chunk> {
        if !self.failed.is_empty() && self.is_in_flight() {
            return Vec::new();
        }
        let mut chunks = std::mem::take(&mut self.failed);
        if let Some(filling) = self.filling.take() {
            self.usual = filling.as_ref().len();
            chunks.push(Chunk { number: self.numbers, start: self.start, bytes: filling.into_bytes() });
        }
        self.in_flight.extend(chunks.iter().map(|chunk| chunk.number));
        chunks
    }

    /// Records the end of a chunk: written, or failed with the rest of its bytes.
    pub(crate) fn completed(&mut self, number: u64, rest: Option<(Chunk, Error)>) {
        self.in_flight.retain(|in_flight| *in_flight != number);
        if let Some((rest, error)) = rest {
            self.refused_by = Some(error.clone());
            self.failure.get_or_insert(error);
            let place = self.failed.partition_point(|failed| failed.number < rest.number);
            self.failed.insert(place, rest);
        }
    }

    /// Whether a failure has not been reported yet.
    pub(crate) fn has_failure(&self) -> bool {
        self.failure.is_some()
    }

    /// Takes the failure that has not been reported yet; the caller reports it.
    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    /// Number of the newest chunk.
    pub(crate) fn newest(&self) -> u64 {
        self.numbers
    }

    /// Whether every chunk up to `number` is in the file.
    pub(crate) fn has_written(&self, number: u64) -> bool {
        !self.has_unsent(number) && self.in_flight.iter().all(|in_flight| *in_flight > number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Operation;

    fn write_buffer(capacity: usize) -> (WriteBuffer, Arc<Buffers>) {
        (WriteBuffer::new(capacity, false), Arc::default())
    }

    fn failure() -> Error {
        Error::invalid(Operation::Write, "planted")
    }

    #[test]
    fn bytes_fit_if_they_follow_and_the_buffer_has_room() {
        let (mut write_buffer, buffers) = write_buffer(8);
        assert_eq!(write_buffer.room(8, 0), Room::Never);
        assert_eq!(write_buffer.room(7, 100), Room::Fresh);
        write_buffer.accept(b"abcd", 100, &buffers);
        assert_eq!(write_buffer.room(4, 104), Room::Here);
        assert_eq!(write_buffer.room(5, 104), Room::AfterFlush);
        assert_eq!(write_buffer.room(1, 103), Room::AfterFlush);
        assert_eq!(
            [write_buffer.known_end(104, false), write_buffer.known_end(100, false)],
            [Some(104), None]
        );
    }

    #[test]
    fn a_file_that_has_little_to_write_takes_little_memory() {
        let (mut write_buffer, buffers) = write_buffer(256 * 1024);
        write_buffer.accept(b"little", 0, &buffers);
        assert!(write_buffer.filling.as_ref().is_some_and(|filling| filling.size() <= 512));
        let more = vec![7; 100 * 1024];
        write_buffer.accept(&more, 6, &buffers);
        let chunk = write_buffer.take_chunks().remove(0);
        assert_eq!(chunk.bytes, [&b"little"[..], &more].concat());
        write_buffer.accept(b"more", 6 + more.len() as u64, &buffers);
        assert!(write_buffer.filling.as_ref().is_some_and(|filling| filling.size() > more.len()));
    }

    #[test]
    fn what_is_buffered_precedes_what_would_miss_it() {
        fn check(append: bool, span: &Span, expected: bool) {
            let mut write_buffer = WriteBuffer::new(64, append);
            let footprint = Footprint { span: span.clone(), cursor: false };
            assert!(!write_buffer.must_flush_before(&footprint), "nothing is buffered");
            write_buffer.accept(b"0123456789", 100, &Arc::default());
            assert_eq!(write_buffer.must_flush_before(&footprint), expected, "{span:?}, append: {append}");
        }
        check(false, &Span::Read(0..100), false);
        check(false, &Span::Read(110..200), false);
        check(false, &Span::Read(109..110), true);
        check(false, &Span::Read(105..105), false);
        check(false, &Span::READ_ALL, true);
        check(false, &Span::Write(0..101), true);
        check(false, &Span::Write(0..100), false);
        check(false, &Span::Write(110..111), true);
        check(false, &Span::Append, true);
        check(false, &Span::Sync, true);
        check(false, &Span::Exclusive, true);
        check(true, &Span::Read(0..1), true);
    }

    #[test]
    fn a_failed_chunk_stays_and_goes_first_the_next_time() {
        let (mut write_buffer, buffers) = write_buffer(8);
        write_buffer.accept(b"abcdef", 0, &buffers);
        let first = write_buffer.take_chunks().remove(0);
        write_buffer.accept(b"ghi", 6, &buffers);
        assert!(write_buffer.is_in_flight() && write_buffer.is_dirty() && !write_buffer.has_written(1));

        let rest = Chunk { start: 2, bytes: first.bytes.slice(2..), ..first.clone() };
        write_buffer.completed(first.number, Some((rest, failure())));
        assert!(write_buffer.take_failure().is_some() && write_buffer.take_failure().is_none());
        assert!(!write_buffer.has_written(1), "it is not in the file");

        let again = write_buffer.take_chunks();
        let starts: Vec<_> = again.iter().map(|chunk| (chunk.start, chunk.bytes.clone())).collect();
        assert_eq!(starts, [(2, Bytes::from_static(b"cdef")), (6, Bytes::from_static(b"ghi"))]);
        for chunk in again {
            write_buffer.completed(chunk.number, None);
        }
        assert!(write_buffer.has_written(2) && !write_buffer.is_dirty());
    }

    #[test]
    fn a_flush_waits_for_what_was_accepted_before_it_and_no_more() {
        let (mut write_buffer, buffers) = write_buffer(8);
        write_buffer.accept(b"abc", 0, &buffers);
        let newest = write_buffer.newest();
        assert!(!write_buffer.has_written(newest));
        let chunk = write_buffer.take_chunks().remove(0);
        write_buffer.accept(b"def", 3, &buffers);
        assert!(!write_buffer.has_written(newest));
        write_buffer.completed(chunk.number, None);
        assert!(write_buffer.has_written(newest) && !write_buffer.has_written(write_buffer.newest()));
    }
}
