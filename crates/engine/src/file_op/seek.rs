//! Moving the cursor, relative to the end too, which only the storage knows.
//!
//! Seeks relative to the start or the cursor are arithmetic; they come here too when they have to queue.

use std::io::{self, SeekFrom};

use crate::error::Operation;
use crate::file::{CursorMove, Footprint, Span};
use crate::file_op::op::{
    Answer, BatchResult, Execute, Far, FileOp, Host, Profile, RunLater, Start, alone_later, one_by_one,
};
use crate::storage::errno;

/// Moves the cursor and answers its position.
#[derive(Debug)]
pub(crate) struct Seek {
    pub(crate) to: SeekFrom,
}

impl Seek {
    /// A query of the position is no move: a move would drop the bytes that were given back.
    pub(crate) fn cursor_move(&self, position: u64) -> CursorMove {
        match self.to {
            SeekFrom::Current(0) => CursorMove::Stay,
            SeekFrom::Start(_) | SeekFrom::Current(_) | SeekFrom::End(_) => CursorMove::To(position),
        }
    }
}

impl FileOp for Seek {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        let span = match self.to {
            SeekFrom::Start(_) | SeekFrom::Current(_) => Span::Read(0..0),
            SeekFrom::End(_) => Span::READ_ALL,
        };
        Profile {
            operation: Operation::Seek,
            footprint: Footprint { span, cursor: true },
            offset: None,
            needs_trust: false,
        }
    }

    fn is_quick(&self) -> bool {
        true
    }
}

impl Execute for Seek {
    fn run(batch: Vec<Self>, host: &dyn Host, start: Start) -> BatchResult {
        one_by_one(batch, host, |seek| {
            let position = target(seek.to, start.cursor, || host.file().len())?;
            Ok((Answer::Position(position), seek.cursor_move(position)))
        })
    }

    fn run_later<'a>(batch: Vec<Self>, far: Far<'a>) -> RunLater<'a> {
        let Far { host, file, start } = far;
        alone_later(batch, host, move |seek| async move {
            let len = match seek.to {
                SeekFrom::End(_) => file.metadata().await?.len(),
                SeekFrom::Start(_) | SeekFrom::Current(_) => 0,
            };
            let position = target(seek.to, start.cursor, || Ok(len))?;
            Ok((Answer::Position(position), seek.cursor_move(position)))
        })
    }
}

/// Target of a seek. As in the kernel, it must lie between 0 and `i64::MAX`.
pub(crate) fn target(to: SeekFrom, cursor: u64, len: impl FnOnce() -> io::Result<u64>) -> io::Result<u64> {
    let position = match to {
        SeekFrom::Start(position) => Some(position),
        SeekFrom::Current(delta) => cursor.checked_add_signed(delta),
        SeekFrom::End(delta) => len()?.checked_add_signed(delta),
    };
    position.filter(|position| i64::try_from(*position).is_ok()).ok_or_else(|| errno::error(errno::INVALID))
}
