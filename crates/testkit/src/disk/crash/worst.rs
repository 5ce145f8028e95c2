//! The bytes of a file on a disk without order.

use super::atom::{BLOCK_BYTES, Choice, Part, borders, common, extent, put, sectors, written};
use crate::disk::journal::{Change, Fate, FileLog};

pub(super) fn bytes(log: &FileLog, choice: &Choice, sector_bytes: usize) -> Vec<u8> {
    let mut bytes = log.base.to_vec();
    // Bytes may have arrived beyond it: they are seen if a length that was kept covers them.
    let mut len = bytes.len();
    for pending in &log.pending {
        let keeps = |part| pending.fate == Fate::Settled || choice.keeps(pending.serial, part);
        let range = written(&pending.change);
        for sector in sectors(range.clone(), sector_bytes).filter(|sector| keeps(Part::Sector(*sector))) {
            put(&mut bytes, &pending.change, common(&range, &extent(sector, sector_bytes)));
        }
        match &*pending.change {
            Change::SetLen { len: new, .. } if keeps(Part::Size) => {
                bytes.truncate(*new);
                len = *new;
            }
            Change::Write { len_before, .. } if pending.change.resizes() => {
                let blocks = borders(range.start, *len_before, range.end);
                let borders = blocks.filter(|block| keeps(Part::Border(*block)));
                let end = Some(range.end).filter(|_| keeps(Part::Size));
                len = borders.map(|block| (block + 1) * BLOCK_BYTES).chain(end).fold(len, usize::max);
            }
            Change::SetLen { .. } | Change::Write { .. } => {}
        }
    }
    bytes.resize(len, 0);
    bytes
}
