//! Moving, to another file system if need be: a copy is made, named, and only then the original removed.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{PathOp, PathRequest, Subject};
use crate::error::Operation;
use crate::exclusive::Exclusive;
use crate::storage::Mover;

/// How far it is after one job.
#[derive(Debug)]
pub enum Moving {
    /// There is more to copy.
    More(OpenMove),
    /// The original is gone, and the target is it.
    Done,
}

/// Sees to it that the copy of a move that was given up is removed, without blocking.
type GiveUp = Arc<dyn Fn(UndoMove) + Send + Sync>;

/// A move between two jobs. Dropped, it is given up: the original stays, and what was copied goes.
pub struct OpenMove {
    ends: (PathBuf, PathBuf),
    /// `None` after the last job.
    mover: Option<Exclusive<Box<dyn Mover>>>,
    give_up: GiveUp,
}

/// A move that was given up, whose copy has to be removed.
pub struct UndoMove {
    ends: (PathBuf, PathBuf),
    mover: Exclusive<Box<dyn Mover>>,
}

/// Begins a move: renames, if that is possible. `give_up` is to have what it is given [undone](undo); it must not block.
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
        // What fails here has left nothing behind.
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

/// Removes the copy of a move that was given up.
pub fn undo(undo: UndoMove) -> impl PathRequest<Reply = ()> {
    let UndoMove { ends, mover } = undo;
    PathOp::new(Operation::Rename, ends, |_, _| mover.into_inner().undo())
}

impl OpenMove {
    fn go_on(mut self) -> io::Result<Moving> {
        // Kept here until it is settled: a panic gives it up too.
        let Some(mover) = self.mover.as_mut().map(Exclusive::get_mut) else { return Ok(Moving::Done) };
        let outcome = advance(&mut **mover);
        match outcome {
            Ok(true) => return Ok(Moving::More(self)),
            Ok(false) => {}
            // That the copy cannot be removed is less than what went wrong before, which the caller hears of.
            Err(_) => drop(mover.undo()),
        }
        self.mover = None;
        outcome.map(|_| Moving::Done)
    }
}

/// Nothing is removed before a copy that nothing can be lost of has the name; `false` when all is done.
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
