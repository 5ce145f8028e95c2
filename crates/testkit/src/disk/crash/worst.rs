//! The bytes of a file on a disk without order.

use super::atom::{BLOCK_BYTES, Choice, Part, borders, common, extent, sectors};
use crate::disk::journal::{Change, Fate, FileLog};

pub(super) fn bytes(log: &FileLog, choice: &Choice, sector_bytes: usize) -> Vec<u8> {
    let mut bytes = log.base.to_vec();
    // Bytes may have arrived beyond it: they are seen if a length that was kept covers them.
    let mut len = bytes.len();
    for pending in &log.pending {
        let keeps = |part| pending.fate == Fate::Settled || choice.keeps(pending.serial, part);
        match &*pending.change {
            Change::SetLen { len: new } => {
                if keeps(Part::Size) {
                    bytes.truncate(*new);
                    len = *new;
                }
            }
            Change::Write { offset, bytes: new, len_before } => {
                let range = *offset..offset + new.len();
                if pending.change.resizes() && keeps(Part::Size) {
                    len = len.max(range.end);
                }
                for block in
                    borders(*offset, *len_before, range.end).filter(|block| keeps(Part::Border(*block)))
                {
                    len = len.max((block + 1) * BLOCK_BYTES);
                }
                for sector in
                    sectors(range.clone(), sector_bytes).filter(|sector| keeps(Part::Sector(*sector)))
                {
                    let piece = common(&range, &extent(sector, sector_bytes));
                    put(&mut bytes, piece.start, &new[piece.start - offset..piece.end - offset]);
                }
            }
        }
    }
    bytes.resize(len, 0);
    bytes
}

pub(super) fn put(bytes: &mut Vec<u8>, offset: usize, new: &[u8]) {
    let end = offset + new.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(new);
}
