//! Moving the cursor relative to the end, which only the storage knows.
//!
//! Seeks relative to the start or the cursor are arithmetic; they come here too when they have to queue.

use std::io::{self, SeekFrom};

use crate::error::Operation;
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::op::{Answer, Execute, FileOp, Host, Ran, Start, one_by_one};
use crate::storage::errno;

/// Moves the cursor and answers where it is.
#[derive(Debug)]
pub(crate) struct Seek {
    pub(crate) to: SeekFrom,
}

impl Seek {
    /// Asking where the cursor is does not put it there: that would forget what was given back to it.
    pub(crate) fn leads(&self, position: u64) -> CursorMove {
        match self.to {
            SeekFrom::Current(0) => CursorMove::Stay,
            SeekFrom::Start(_) | SeekFrom::Current(_) | SeekFrom::End(_) => CursorMove::To(position),
        }
    }
}

impl FileOp for Seek {
    fn operation(&self) -> Operation {
        Operation::Seek
    }

    fn footprint(&self, _cursor: u64, _room: u64) -> Footprint {
        let span = match self.to {
            SeekFrom::Start(_) | SeekFrom::Current(_) => Span::Read(0..0),
            SeekFrom::End(_) => Span::LOOK,
        };
        Footprint { span, cursor: true }
    }

    fn offset(&self) -> Option<u64> {
        None
    }

    fn needs_trust(&self) -> bool {
        false
    }

    fn is_quick(&self) -> bool {
        true
    }
}

impl Execute for Seek {
    fn run(batch: Vec<Self>, host: &dyn Host, start: Start) -> Ran {
        one_by_one(batch, host, |seek| {
            let position = target(seek.to, start.cursor, || host.file().len())?;
            Ok((Answer::Position(position), seek.leads(position)))
        })
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
