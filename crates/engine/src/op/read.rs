//! Reading bytes at an offset or at the cursor.

use std::sync::Arc;

use crate::buffer::Buffers;
use crate::file::{CursorMove, Footprint, Span, Taken};
use crate::op::{Answer, Executed, Failure, Place};
use crate::storage::StorageFile;

/// Reads at most `len` bytes.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) place: Place,
    pub(crate) len: usize,
}

impl Read {
    pub(crate) fn footprint(&self, cursor: u64, room: u64) -> Footprint {
        let (start, len, moves) = match self.place {
            Place::At(offset) => (offset, self.len as u64, false),
            Place::Cursor => (cursor, room.min(self.len as u64), true),
        };
        Footprint { span: Span::Read(start..start.saturating_add(len)), cursor: moves }
    }

    pub(crate) fn execute(
        self,
        file: &dyn StorageFile,
        buffers: &Arc<Buffers>,
        cursor: u64,
        room: u64,
    ) -> Executed {
        let (offset, len) = match self.place {
            Place::At(offset) => (offset, self.len),
            Place::Cursor => (cursor, usize::try_from(room).map_or(self.len, |room| room.min(self.len))),
        };
        let mut buffer = buffers.take(len);
        match file.read_at(buffer.room(len), offset) {
            Ok(count) => {
                buffer.fill(count);
                let (taken, moved) = match self.place {
                    Place::At(_) => (None, CursorMove::Stay),
                    Place::Cursor => {
                        (Some(Taken::from(offset)), CursorMove::Read { offset, len: count as u64 })
                    }
                };
                (Ok(Answer::Read(buffer, taken)), moved)
            }
            Err(error) => (Err(Failure::from(error)), CursorMove::Stay),
        }
    }
}
