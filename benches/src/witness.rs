//! What a file must contain, and the check that a reader saw it.

use crate::text;

/// How closely the bytes of a lap are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// The first and last byte of each block: a few nanoseconds, the same for every contender.
    Ends,
    /// Every byte; too slow to time.
    EveryByte,
}

/// Returns the byte that the pattern has at `offset`. Neighbouring words are unrelated, so a block from a wrong
/// place does not pass for the right one.
pub(crate) fn byte_at(offset: u64) -> u8 {
    word_at(offset / 8).to_le_bytes()[(offset % 8) as usize]
}

/// Returns `len` bytes of the pattern from its start.
pub(crate) fn pattern(len: u64) -> Vec<u8> {
    (0..len.div_ceil(8)).flat_map(|index| word_at(index).to_le_bytes()).take(len as usize).collect()
}

/// Counts what the readers of one lap saw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Witness {
    check: Check,
    /// Bytes seen; lines, answers or entries where those are what a lap counts.
    pub(crate) seen: u64,
    /// Those looked at that are not what they must be.
    pub(crate) wrong: u64,
}

impl Witness {
    pub(crate) fn new(check: Check) -> Self {
        Self { check, seen: 0, wrong: 0 }
    }

    /// Looks at `block`, which was read from `offset` of a file that holds the pattern.
    pub(crate) fn see(&mut self, offset: u64, block: &[u8]) {
        self.seen += block.len() as u64;
        match self.check {
            Check::Ends => {
                let (Some(first), Some(last)) = (block.first(), block.last()) else { return };
                let last_offset = offset + block.len() as u64 - 1;
                self.wrong += u64::from(*first != byte_at(offset)) + u64::from(*last != byte_at(last_offset));
            }
            Check::EveryByte => {
                let differing = block.iter().zip(offset..).filter(|(byte, at)| **byte != byte_at(*at));
                self.wrong += differing.count() as u64;
            }
        }
    }

    /// Looks at the next line of the text, which is known by its number.
    pub(crate) fn see_line(&mut self, line: &str) {
        let is_right = match self.check {
            Check::Ends => line.len() == text::line_len(self.seen),
            Check::EveryByte => {
                let mut expected = String::new();
                text::push_line(&mut expected, self.seen);
                line == expected
            }
        };
        self.count(1, is_right);
    }

    /// Adds what was counted elsewhere, and whether it was as it must be.
    pub(crate) fn count(&mut self, seen: u64, is_right: bool) {
        self.seen += seen;
        self.wrong += u64::from(!is_right);
    }

    /// Adds what another task of the same lap saw.
    pub(crate) fn merge(&mut self, other: Witness) {
        self.seen += other.seen;
        self.wrong += other.wrong;
    }
}

/// The finalizer of splitmix64: one multiplication chain, no state.
fn word_at(index: u64) -> u64 {
    let mut word = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mode: Check, offset: u64, spoil: Option<usize>, wrong: u64) {
        let mut block = pattern(8192)[offset as usize..offset as usize + 4096].to_vec();
        if let Some(index) = spoil {
            block[index] ^= 1;
        }
        let mut witness = Witness::new(mode);
        witness.see(offset, &block);
        assert_eq!((witness.seen, witness.wrong), (4096, wrong), "{mode:?} at {offset}, spoilt {spoil:?}");
    }

    #[test]
    fn a_wrong_byte_is_counted() {
        check(Check::Ends, 0, None, 0);
        check(Check::Ends, 13, None, 0);
        check(Check::Ends, 13, Some(0), 1);
        check(Check::Ends, 13, Some(4095), 1);
        check(Check::Ends, 13, Some(7), 0);
        check(Check::EveryByte, 13, None, 0);
        check(Check::EveryByte, 13, Some(7), 1);
    }

    #[test]
    fn a_line_in_the_wrong_place_is_counted() {
        for mode in [Check::Ends, Check::EveryByte] {
            let mut witness = Witness::new(mode);
            text::lines(100).lines().skip(1).for_each(|line| witness.see_line(line));
            assert_eq!((witness.seen, witness.wrong), (99, 99), "{mode:?}");
        }
    }

    #[test]
    fn a_block_from_another_place_is_wrong() {
        let mut witness = Witness::new(Check::EveryByte);
        witness.see(4096, &pattern(4096));
        assert!(witness.wrong > 3900, "{witness:?}");
    }
}
