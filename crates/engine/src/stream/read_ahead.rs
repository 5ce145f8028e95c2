//! Bytes of a stream that were read and not delivered yet.

use std::io;

use bytes::Bytes;

use crate::limits::READ_AHEAD_BYTES;

/// See the module. It holds no memory until the first read ahead.
#[derive(Debug, Default)]
pub(crate) struct ReadAhead {
    /// Initialised once and then reused; only the bytes between `start` and `end` are valid.
    room: Vec<u8>,
    start: usize,
    end: usize,
}

impl ReadAhead {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.room[self.start..self.end]
    }

    /// Appends the bytes of one call of `read`; returns their number.
    pub(crate) fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        self.room.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.room.len() < self.end + READ_AHEAD_BYTES {
            // At least doubled, so that a long line is not copied once for every 64 KiB of it.
            self.room.resize((self.end + READ_AHEAD_BYTES).max(2 * self.end), 0);
        }
        let count = read(&mut self.room[self.end..self.end + READ_AHEAD_BYTES])?;
        self.end += count;
        Ok(count)
    }

    /// Removes and returns the first `len` bytes.
    pub(crate) fn take(&mut self, len: usize) -> Bytes {
        let taken = Bytes::copy_from_slice(&self.bytes()[..len]);
        self.skip(len);
        taken
    }

    /// Moves as many bytes as fit into `buf`; returns their number.
    pub(crate) fn move_to(&mut self, buf: &mut [u8]) -> usize {
        let len = buf.len().min(self.end - self.start);
        buf[..len].copy_from_slice(&self.bytes()[..len]);
        self.skip(len);
        len
    }

    fn skip(&mut self, len: usize) {
        self.start += len;
        // A long line must not keep its memory while the stream is open.
        if self.start == self.end && self.room.len() > 4 * READ_AHEAD_BYTES {
            *self = ReadAhead::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{READ_AHEAD_BYTES, ReadAhead};
    use crate::random::{Random, seeds};

    /// A source that gives at most `most` bytes per call.
    fn pour(ahead: &mut ReadAhead, source: &mut impl Iterator<Item = u8>, most: usize) -> usize {
        let fill = |room: &mut [u8]| {
            let most = most.min(room.len());
            Ok(room[..most].iter_mut().zip(source).map(|(slot, byte)| *slot = byte).count())
        };
        ahead.fill(fill).expect("the source does not fail")
    }

    #[test]
    fn bytes_come_out_in_the_order_they_went_in() {
        seeds(5, |seed| {
            let mut dice = Random::new(seed);
            let mut ahead = ReadAhead::default();
            let mut source = (0..=u8::MAX).cycle();
            let mut expected = (0..=u8::MAX).cycle();
            for _ in 0..30 {
                let most = dice.index(3 * READ_AHEAD_BYTES);
                pour(&mut ahead, &mut source, most);
                let len = ahead.bytes().len().min(dice.index(4 * READ_AHEAD_BYTES));
                let mut out = vec![0; len / 2];
                assert_eq!(ahead.move_to(&mut out), len / 2);
                out.extend_from_slice(&ahead.take(len - len / 2));
                assert!(out.iter().all(|byte| Some(*byte) == expected.next()));
            }
        });
    }

    #[test]
    fn a_long_line_gives_its_memory_back() {
        let mut ahead = ReadAhead::default();
        let mut source = std::iter::repeat(7);
        while ahead.bytes().len() < 20 * READ_AHEAD_BYTES {
            pour(&mut ahead, &mut source, READ_AHEAD_BYTES);
        }
        ahead.take(20 * READ_AHEAD_BYTES - 1);
        assert!(ahead.room.len() >= 20 * READ_AHEAD_BYTES);
        let rest = ahead.bytes().len();
        ahead.take(rest);
        assert_eq!(ahead.room.capacity(), 0);
    }

    #[test]
    fn a_failed_read_leaves_what_is_there() {
        let mut ahead = ReadAhead::default();
        pour(&mut ahead, &mut (1..=3), 10);
        ahead.fill(|_| Err(std::io::ErrorKind::WouldBlock.into())).expect_err("the source failed");
        assert_eq!(&*ahead.take(3), &[1, 2, 3]);
    }
}
