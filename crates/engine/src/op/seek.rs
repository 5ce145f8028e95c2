//! Moving the cursor relative to the end, which only the storage knows.
//!
//! Seeks relative to the start or the cursor are arithmetic; they come here too when they have to queue.

use std::io::{self, SeekFrom};

use crate::file::{CursorMove, Footprint, Span};
use crate::op::{Answer, Executed, Failure};
use crate::storage::{StorageFile, errno};

/// Moves the cursor and answers where it is.
#[derive(Debug)]
pub(crate) struct Seek {
    pub(crate) to: SeekFrom,
}

impl Seek {
    pub(crate) fn footprint(&self) -> Footprint {
        let span = match self.to {
            SeekFrom::Start(_) | SeekFrom::Current(_) => Span::Read(0..0),
            SeekFrom::End(_) => Span::LOOK,
        };
        Footprint { span, cursor: true }
    }

    /// Asking where the cursor is does not put it there: that would forget what was given back to it.
    pub(crate) fn leads(&self, position: u64) -> CursorMove {
        match self.to {
            SeekFrom::Current(0) => CursorMove::Stay,
            SeekFrom::Start(_) | SeekFrom::Current(_) | SeekFrom::End(_) => CursorMove::To(position),
        }
    }

    pub(crate) fn execute(self, file: &dyn StorageFile, cursor: u64) -> Executed {
        match target(self.to, cursor, || file.len()) {
            Ok(position) => (Ok(Answer::Position(position)), self.leads(position)),
            Err(error) => (Err(Failure::from(error)), CursorMove::Stay),
        }
    }
}

/// Where a seek leads; before the start and beyond `i64::MAX` there is nothing, as for the kernel.
pub(crate) fn target(to: SeekFrom, cursor: u64, len: impl FnOnce() -> io::Result<u64>) -> io::Result<u64> {
    let position = match to {
        SeekFrom::Start(position) => Some(position),
        SeekFrom::Current(delta) => cursor.checked_add_signed(delta),
        SeekFrom::End(delta) => len()?.checked_add_signed(delta),
    };
    position.filter(|position| i64::try_from(*position).is_ok()).ok_or_else(|| errno::error(errno::INVALID))
}
