//! Pieces that wait until they make a part.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use opendal::Buffer;

use crate::limits::{COPIED_BYTES_MAX, COPIES_BYTES};

/// Bytes in order. Short pieces are copied one behind the other; the others stay where they are.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pieces: VecDeque<Bytes>,
    /// Behind the pieces.
    copies: BytesMut,
    len: usize,
}

impl Collected {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, piece: Bytes) {
        self.len += piece.len();
        if piece.len() > COPIED_BYTES_MAX {
            self.seal();
            self.pieces.push_back(piece);
            return;
        }
        if self.copies.len() + piece.len() > COPIES_BYTES {
            self.seal();
        }
        if self.copies.is_empty() {
            self.copies.reserve(COPIES_BYTES);
        }
        self.copies.extend_from_slice(&piece);
    }

    /// Takes the first `len` bytes, or all if there are fewer.
    pub(crate) fn take(&mut self, len: usize) -> Buffer {
        self.seal();
        let mut left = len.min(self.len);
        self.len -= left;
        let mut taken = Vec::new();
        while left > 0 {
            let Some(mut piece) = self.pieces.pop_front() else { break };
            let rest = piece.split_off(left.min(piece.len()));
            if !rest.is_empty() {
                self.pieces.push_front(rest);
            }
            left -= piece.len();
            taken.push(piece);
        }
        Buffer::from(taken)
    }

    fn seal(&mut self) {
        if !self.copies.is_empty() {
            self.pieces.push_back(std::mem::take(&mut self.copies).freeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Collected;
    use crate::limits::{COPIED_BYTES_MAX, COPIES_BYTES};
    use bytes::Bytes;

    #[test]
    fn what_is_taken_is_what_was_pushed_in_whatever_pieces() {
        let all: Vec<u8> = (0..1_000_000_u32).map(|i| (i * 31 % 251) as u8).collect();
        for (pushed, taken) in
            [(1, 300_000), (100, 1), (20_000, 65_536), (1_000_000, 999), (16_384, 1_000_001)]
        {
            let (mut collected, mut out) = (Collected::default(), Vec::new());
            for piece in all.chunks(pushed) {
                collected.push(Bytes::copy_from_slice(piece));
                while collected.len() >= taken && taken > 100 {
                    out.extend(collected.take(taken).to_vec());
                }
            }
            assert_eq!(out.len() + collected.len(), all.len());
            out.extend(collected.take(usize::MAX).to_vec());
            assert!(out == all && collected.len() == 0, "{pushed} {taken}");
        }
    }

    #[test]
    fn a_million_short_pieces_are_few_allocations_and_a_long_one_is_not_copied() {
        let mut collected = Collected::default();
        (0..1_000_000).for_each(|_| collected.push(Bytes::from_static(b"x")));
        assert!(collected.pieces.len() <= 1_000_000 / COPIES_BYTES);
        let long = Bytes::from(vec![1; COPIED_BYTES_MAX + 1]);
        collected.push(long.clone());
        assert_eq!(collected.pieces.back().map(|piece| piece.as_ptr()), Some(long.as_ptr()));
    }
}
