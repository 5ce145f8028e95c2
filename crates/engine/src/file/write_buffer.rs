//! What a buffered file has accepted and not written: the buffer being filled, and what is on its way.
//!
//! ```text
//!   accept ──▶ filling ──seal──▶ away ──landed──▶ written
//!                 ▲                │ failed
//!                 └── full: seal   ▼
//!                               stuck ──seal──▶ away again
//! ```
//!
//! A portion that is away is an operation in the file's order like any other, and waits for the portion before
//! it: the file grows by prefixes. Nothing here does I/O: who steps it sends the portions.

use std::sync::Arc;

use bytes::Bytes;

use crate::buffer::{Buffer, Buffers};
use crate::error::Error;
use crate::file::order::{Footprint, Span};

/// Bytes on their way to the file.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    /// In the order in which they were accepted.
    pub(crate) number: u64,
    /// Where the first byte goes; nothing in a file that is appended to.
    pub(crate) start: u64,
    pub(crate) bytes: Bytes,
}

/// Whether bytes can be accepted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// They fit behind what is there.
    Here,
    /// They fit into an empty buffer, which begins with them.
    Fresh,
    /// They fit once what is there has been sealed.
    AfterSeal,
    /// They are too many for the buffer and go their own way.
    Never,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct WriteBuffer {
    /// Bytes that may be kept back in one portion.
    capacity: usize,
    /// Whether the file is open for appending, so that only the kernel knows where bytes go.
    append: bool,
    filling: Option<Buffer>,
    /// Bytes of the last portion: as much memory as the next one is likely to need.
    usual: usize,
    /// Where the first byte of `filling` goes.
    start: u64,
    /// Where the last accepted byte ended: what begins there leaves no hole.
    end: u64,
    /// Portions that are operations now, by number.
    in_flight: Vec<u64>,
    /// Portions that could not be written; the next seal tries them again.
    stuck: Vec<Chunk>,
    /// The failure of a portion that nobody has heard of yet.
    failure: Option<Error>,
    numbers: u64,
    /// Writers that queue for room; while there are any, nobody overtakes them.
    pub(crate) writers_waiting: usize,
    /// Whether the gate is closed for what is kept back here.
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
            stuck: Vec::new(),
            failure: None,
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
            Some(_) => Room::AfterSeal,
        }
    }

    /// Where the file ends at the least, as far as it is known here that bytes at `position` leave no hole; of a
    /// file that is appended to, where it will end once what is away has landed.
    pub(crate) fn known_end(&self, position: u64, appends: bool) -> Option<u64> {
        let known = if appends { self.is_in_flight() } else { self.numbers > 0 && position == self.end };
        // Forgotten, it is no place at all.
        (known && self.end < u64::MAX).then_some(self.end)
    }

    /// The file may end elsewhere from now on.
    pub(crate) fn forget_end(&mut self) {
        self.end = u64::MAX;
    }

    /// Whether a fresh buffer with `len` bytes would be one too many beside what is out already.
    pub(crate) fn is_crowded(&self, len: usize) -> bool {
        let stuck: usize = self.stuck.iter().map(|chunk| chunk.bytes.len()).sum();
        self.in_flight.len() + self.stuck.len() > 1 || (stuck > 0 && stuck + len > self.capacity)
    }

    /// Whether something up to portion `number` is kept back here.
    pub(crate) fn holds(&self, number: u64) -> bool {
        (self.filling.is_some() && self.numbers <= number)
            || self.stuck.iter().any(|chunk| chunk.number <= number)
    }

    /// Takes bytes in. The caller has asked for [`room`](Behind::room).
    pub(crate) fn accept(&mut self, bytes: &[u8], position: u64, buffers: &Arc<Buffers>) {
        let usual = self.usual;
        let filling = self.filling.get_or_insert_with(|| {
            self.start = position;
            self.numbers += 1;
            buffers.take(usual)
        });
        let needed = filling.as_ref().len() + bytes.len();
        if needed > filling.size() {
            // Doubled, so that a file that has little to write takes little memory.
            let mut larger = buffers.take(needed.max(2 * filling.size()).min(self.capacity));
            larger.push(filling.as_ref());
            *filling = larger;
        }
        filling.push(bytes);
        self.end = position + bytes.len() as u64;
    }

    /// Whether there is anything that no operation is carrying to the file.
    pub(crate) fn is_dirty(&self) -> bool {
        self.filling.is_some() || !self.stuck.is_empty()
    }

    /// Whether something is on its way.
    pub(crate) fn is_in_flight(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Bytes accepted and not on their way.
    pub(crate) fn bytes(&self) -> usize {
        let stuck: usize = self.stuck.iter().map(|chunk| chunk.bytes.len()).sum();
        stuck + self.filling.as_ref().map_or(0, |filling| filling.as_ref().len())
    }

    /// Whether an operation must find in the file what is kept back here.
    pub(crate) fn precedes(&self, footprint: &Footprint) -> bool {
        if !self.is_dirty() {
            return false;
        }
        match &footprint.span {
            // Behind these, it might make the file longer, and readers would find a hole instead of them.
            Span::Write(range) | Span::Flush(range) | Span::Buffer(range) => {
                self.append || range.end > self.lowest()
            }
            Span::Read(range) | Span::Look(range) => {
                let filling = self.filling.is_some().then_some(self.start..self.end);
                let stuck =
                    self.stuck.iter().map(|chunk| chunk.start..chunk.start + chunk.bytes.len() as u64);
                let mut buffered = filling.into_iter().chain(stuck);
                !range.is_empty()
                    && (self.append
                        || buffered.any(|buffered| buffered.start < range.end && range.start < buffered.end))
            }
            Span::Append | Span::Sync | Span::Exclusive => true,
        }
    }

    /// Where the first byte goes that is kept back.
    fn lowest(&self) -> u64 {
        let filling = self.filling.as_ref().map(|_| self.start);
        self.stuck.iter().map(|chunk| chunk.start).chain(filling).min().unwrap_or(u64::MAX)
    }

    /// Hands over everything that is kept back, oldest first; it counts as away from now on.
    pub(crate) fn seal(&mut self) -> Vec<Chunk> {
        let mut sealed = std::mem::take(&mut self.stuck);
        if let Some(filling) = self.filling.take() {
            self.usual = filling.as_ref().len();
            sealed.push(Chunk { number: self.numbers, start: self.start, bytes: filling.into_bytes() });
        }
        self.in_flight.extend(sealed.iter().map(|chunk| chunk.number));
        sealed
    }

    /// Books the end of a portion: written, or with the bytes that are left and why.
    pub(crate) fn completed(&mut self, number: u64, failed: Option<(Chunk, Error)>) {
        self.in_flight.retain(|in_flight| *in_flight != number);
        if let Some((rest, error)) = failed {
            self.failure.get_or_insert(error);
            let place = self.stuck.partition_point(|stuck| stuck.number < rest.number);
            self.stuck.insert(place, rest);
        }
    }

    /// Whether there is a failure that nobody has heard of.
    pub(crate) fn has_failure(&self) -> bool {
        self.failure.is_some()
    }

    /// The failure that nobody has heard of; whoever asks has heard of it.
    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    /// The number of the newest portion there has been.
    pub(crate) fn newest(&self) -> u64 {
        self.numbers
    }

    /// Whether everything up to portion `number` is in the file.
    pub(crate) fn has_written(&self, number: u64) -> bool {
        !self.holds(number) && self.in_flight.iter().all(|in_flight| *in_flight > number)
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
        assert_eq!(write_buffer.room(5, 104), Room::AfterSeal);
        assert_eq!(write_buffer.room(1, 103), Room::AfterSeal);
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
        let sealed = write_buffer.seal().remove(0);
        assert_eq!(sealed.bytes, [&b"little"[..], &more].concat());
        write_buffer.accept(b"more", 6 + more.len() as u64, &buffers);
        assert!(write_buffer.filling.as_ref().is_some_and(|filling| filling.size() > more.len()));
    }

    #[test]
    fn what_is_kept_back_precedes_what_would_miss_it() {
        fn check(append: bool, span: &Span, expected: bool) {
            let mut write_buffer = WriteBuffer::new(64, append);
            let footprint = Footprint { span: span.clone(), cursor: false };
            assert!(!write_buffer.precedes(&footprint), "nothing is kept back");
            write_buffer.accept(b"0123456789", 100, &Arc::default());
            assert_eq!(write_buffer.precedes(&footprint), expected, "{span:?}, append: {append}");
        }
        check(false, &Span::Read(0..100), false);
        check(false, &Span::Read(110..200), false);
        check(false, &Span::Read(109..110), true);
        check(false, &Span::Read(105..105), false);
        check(false, &Span::LOOK, true);
        check(false, &Span::Write(0..101), true);
        check(false, &Span::Write(0..100), false);
        check(false, &Span::Write(110..111), true);
        check(false, &Span::Append, true);
        check(false, &Span::Sync, true);
        check(false, &Span::Exclusive, true);
        check(true, &Span::Read(0..1), true);
    }

    #[test]
    fn a_failed_portion_stays_and_goes_first_the_next_time() {
        let (mut write_buffer, buffers) = write_buffer(8);
        write_buffer.accept(b"abcdef", 0, &buffers);
        let first = write_buffer.seal().remove(0);
        write_buffer.accept(b"ghi", 6, &buffers);
        assert!(write_buffer.is_in_flight() && write_buffer.is_dirty() && !write_buffer.has_written(1));

        let rest = Chunk { start: 2, bytes: first.bytes.slice(2..), ..first.clone() };
        write_buffer.completed(first.number, Some((rest, failure())));
        assert!(write_buffer.take_failure().is_some() && write_buffer.take_failure().is_none());
        assert!(!write_buffer.has_written(1), "it is not in the file");

        let again = write_buffer.seal();
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
        let sealed = write_buffer.seal().remove(0);
        write_buffer.accept(b"def", 3, &buffers);
        assert!(!write_buffer.has_written(newest));
        write_buffer.completed(sealed.number, None);
        assert!(write_buffer.has_written(newest) && !write_buffer.has_written(write_buffer.newest()));
    }
}
