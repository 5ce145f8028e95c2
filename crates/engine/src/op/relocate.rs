//! Moves, to another file system if necessary: copy first, then name the copy, then remove the original.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{PathOp, PathRequest, Subject};
use crate::error::Operation;
use crate::exclusive::Exclusive;
use crate::storage::Mover;

/// The state of a move after one job.
#[derive(Debug)]
pub enum Moving {
    /// More is left to copy.
    More(OpenMove),
    /// The move is complete.
    Done,
}

/// Arranges the removal of an abandoned move's copy, without blocking.
type GiveUp = Arc<dyn Fn(UndoMove) + Send + Sync>;

/// A move between two jobs. Dropping it abandons the move: the original stays, and the copy is removed.
pub struct OpenMove {
    ends: (PathBuf, PathBuf),
    /// `None` after the last job.
    mover: Option<Exclusive<Box<dyn Mover>>>,
    give_up: GiveUp,
}

/// An abandoned move, whose copy has to be removed.
pub struct UndoMove {
    ends: (PathBuf, PathBuf),
    mover: Exclusive<Box<dyn Mover>>,
}

/// Begins a move: renames if that is possible. `give_up` must arrange for an abandoned move to be [undone](undo) without
/// blocking.
pub fn begin(
    from: PathBuf,
    to: PathBuf,
    give_up: impl Fn(UndoMove) + Send + Sync + 'static,
) -> impl PathRequest<Reply = Moving> {
    let give_up: GiveUp = Arc::new(give_up);
    PathOp::new(Operation::Rename, (from, to), |storage, ends| {
        match storage.rename(&ends.0, storage, &ends.1) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {}
            renamed => return renamed.map(|()| Moving::Done),
        }
        // A failure here has left nothing behind.
        match storage.mover(&ends.0, &ends.1)?.map(Exclusive::new) {
            mover @ Some(_) => Ok(Moving::More(OpenMove { ends, mover, give_up })),
            None => Ok(Moving::Done),
        }
    })
    .reading_below()
    .again()
}

/// Goes on with a move.
pub fn go_on(moving: OpenMove) -> impl PathRequest<Reply = Moving> {
    PathOp::new(Operation::Rename, moving, |_, moving| moving.go_on()).reading_below()
}

/// Removes the copy of an abandoned move.
pub fn undo(undo: UndoMove) -> impl PathRequest<Reply = ()> {
    let UndoMove { ends, mover } = undo;
    PathOp::new(Operation::Rename, ends, |_, _| mover.into_inner().undo())
}

impl OpenMove {
    fn go_on(mut self) -> io::Result<Moving> {
        // The mover stays in `self` until the move is decided, so that a panic abandons it too.
        let Some(mover) = self.mover.as_mut().map(Exclusive::get_mut) else { return Ok(Moving::Done) };
        let outcome = advance(&mut **mover);
        match outcome {
            Ok(true) => return Ok(Moving::More(self)),
            Ok(false) => {}
            // The caller gets the first error, not that of removing the copy.
            Err(_) => drop(mover.undo()),
        }
        self.mover = None;
        outcome.map(|_| Moving::Done)
    }
}

/// Removes the original only after the durable copy has its name; `false` when the move is complete.
fn advance(mover: &mut dyn Mover) -> io::Result<bool> {
    if mover.more()? {
        return Ok(true);
    }
    mover.check()?;
    mover.give_name()?;
    mover.remove_original()?;
    Ok(false)
}

impl Drop for OpenMove {
    fn drop(&mut self) {
        if let Some(mover) = self.mover.take() {
            (self.give_up)(UndoMove { ends: self.ends.clone(), mover });
        }
    }
}

impl Subject for OpenMove {
    fn path(&self) -> &Path {
        self.ends.path()
    }

    fn target(&self) -> Option<&Path> {
        self.ends.target()
    }
}

impl fmt::Debug for OpenMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = &self.ends;
        f.debug_struct("OpenMove").field("from", from).field("to", to).finish_non_exhaustive()
    }
}

impl fmt::Debug for UndoMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = &self.ends;
        f.debug_struct("UndoMove").field("from", from).field("to", to).finish_non_exhaustive()
    }
}
