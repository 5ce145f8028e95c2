//! Many ranges of one file: which of them are read together.

use std::io;
use std::ops::Range;

use bytes::Bytes;
use folio_engine::BufferPool;
use folio_engine::storage::StorageFile;
use object_store::{GetRange, Result};

use crate::error::generic;
use crate::limits::{GAP_BYTES_MAX, IN_PLACE_BYTES_MAX};
use crate::read::read_now;

/// The pieces of a file that cover all ranges, and where in them each range is.
pub(crate) struct Plan {
    /// In the order of their offsets.
    pieces: Vec<Range<u64>>,
    /// In the order that was asked for: the index of the piece.
    ranges: Vec<(usize, Range<u64>)>,
}

impl Plan {
    /// Joins ranges that overlap, or that have little between them.
    pub(crate) fn of(ranges: &[Range<u64>]) -> Result<Plan> {
        if let Some(range) = ranges.iter().find(|range| range.end < range.start) {
            GetRange::Bounded(range.clone()).is_valid().map_err(generic)?;
        }
        let mut order: Vec<usize> = (0..ranges.len()).collect();
        order.sort_unstable_by_key(|index| ranges[*index].start);
        let mut pieces: Vec<Range<u64>> = Vec::new();
        let mut placed = vec![(0, 0..0); ranges.len()];
        // Nothing is read for an empty range, wherever it is.
        for index in order.into_iter().filter(|index| !ranges[*index].is_empty()) {
            let range = ranges[index].clone();
            match pieces.last_mut().filter(|piece| range.start.saturating_sub(piece.end) <= GAP_BYTES_MAX) {
                Some(piece) => piece.end = piece.end.max(range.end),
                None => pieces.push(range.clone()),
            }
            placed[index] = (pieces.len() - 1, range);
        }
        Ok(Plan { pieces, ranges: placed })
    }

    /// Bytes that are read for it.
    pub(crate) fn bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.end - piece.start).sum()
    }

    /// Reads each piece, and takes the ranges out of them.
    pub(crate) fn read(&self, read: impl FnMut(&Range<u64>) -> Result<Bytes>) -> Result<Vec<Bytes>> {
        let pieces = self.pieces.iter().map(read).collect::<Result<Vec<Bytes>>>()?;
        Ok(self.cut(&pieces))
    }

    /// Does it by calls that do not block, if that is possible and soon done.
    pub(crate) fn read_now(
        &self,
        file: &dyn StorageFile,
        pool: &BufferPool,
    ) -> Option<io::Result<Result<Vec<Bytes>>>> {
        if self.bytes() > IN_PLACE_BYTES_MAX {
            return None;
        }
        let mut pieces = Vec::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            match read_now(file, piece.clone(), Some(pool))? {
                Ok(bytes) => pieces.push(bytes),
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(Ok(self.cut(&pieces))))
    }

    fn cut(&self, pieces: &[Bytes]) -> Vec<Bytes> {
        let cut = |(index, range): &(usize, Range<u64>)| {
            if range.is_empty() {
                return Bytes::new();
            }
            let start = self.pieces[*index].start;
            pieces[*index].slice((range.start - start) as usize..(range.end - start) as usize)
        };
        self.ranges.iter().map(cut).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Plan;
    use crate::limits::GAP_BYTES_MAX;
    use bytes::Bytes;

    #[test]
    fn each_range_gets_its_bytes_and_near_ones_share_a_read() {
        let bytes: Bytes = (0..40_000_u32).map(|at| (at % 251) as u8).collect();
        let far = 10 + GAP_BYTES_MAX;
        let cases: [(&[std::ops::Range<u64>], usize); 7] = [
            (&[], 0),
            (&[3..3, 4..4], 0),
            (&[0..10, 10..20], 1),
            (&[far..far + 5, 0..10], 1),
            (&[far + 1..far + 5, 0..10], 2),
            (&[100..200, 0..500, 50..60, 0..500], 1),
            (&[30_000..30_001, 7..7, 0..1], 2),
        ];
        for (ranges, reads) in cases {
            let mut count = 0;
            let plan = Plan::of(ranges).expect("the ranges are in order");
            let got = plan.read(|piece| {
                count += 1;
                Ok(bytes.slice(piece.start as usize..piece.end as usize))
            });
            let wanted: Vec<Bytes> =
                ranges.iter().map(|range| bytes.slice(range.start as usize..range.end as usize)).collect();
            assert_eq!((got.expect("it reads"), count), (wanted, reads), "{ranges:?}");
        }
        let backwards = std::ops::Range { start: 2, end: 1 };
        assert!(Plan::of(&[backwards]).is_err());
    }
}
