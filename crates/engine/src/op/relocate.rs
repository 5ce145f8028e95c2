//! Moving, to another file system if need be: a copy is made, named, and only then the original removed.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::PathRequest;
use crate::error::Operation;
use crate::exclusive::Exclusive;
use crate::storage::{Mover, Storage};

/// Goes on with a move. Its first request renames, if that is possible.
#[derive(Debug)]
pub struct MoveOn {
    /// Where it stands.
    pub moving: OpenMove,
}

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
    ends: Ends,
    /// `None` before the first job and after the last.
    mover: Option<Exclusive<Box<dyn Mover>>>,
    give_up: GiveUp,
}

#[derive(Clone)]
struct Ends {
    from: PathBuf,
    to: PathBuf,
}

/// Removes the copy of a move that was given up.
pub struct UndoMove {
    ends: Ends,
    mover: Exclusive<Box<dyn Mover>>,
}

impl OpenMove {
    /// Starts without touching anything. `give_up` is to have the request it is given carried out; it must not
    /// block.
    pub fn new(from: PathBuf, to: PathBuf, give_up: impl Fn(UndoMove) + Send + Sync + 'static) -> Self {
        OpenMove { ends: Ends { from, to }, mover: None, give_up: Arc::new(give_up) }
    }

    /// Renames, or begins with what that cannot do. What fails here has left nothing behind.
    fn begin(mut self, storage: &dyn Storage) -> io::Result<Moving> {
        let Ends { from, to } = &self.ends;
        match storage.rename(from, to) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {}
            renamed => return renamed.map(|()| Moving::Done),
        }
        self.mover = storage.mover(from, to)?.map(Exclusive::new);
        Ok(if self.mover.is_some() { Moving::More(self) } else { Moving::Done })
    }

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

impl PathRequest for MoveOn {
    type Reply = Moving;

    fn operation(&self) -> Operation {
        Operation::Rename
    }

    fn path(&self) -> &Path {
        &self.moving.ends.from
    }

    fn target(&self) -> Option<&Path> {
        Some(&self.moving.ends.to)
    }

    fn reads_below(&self) -> bool {
        true
    }

    fn again(&self) -> Option<Self> {
        let OpenMove { ends, mover, give_up } = &self.moving;
        let moving = OpenMove { ends: ends.clone(), mover: None, give_up: give_up.clone() };
        mover.is_none().then_some(MoveOn { moving })
    }

    fn execute(self, storage: &dyn Storage) -> io::Result<Moving> {
        if self.moving.mover.is_none() { self.moving.begin(storage) } else { self.moving.go_on() }
    }
}

impl PathRequest for UndoMove {
    type Reply = ();

    fn operation(&self) -> Operation {
        Operation::Rename
    }

    fn path(&self) -> &Path {
        &self.ends.from
    }

    fn target(&self) -> Option<&Path> {
        Some(&self.ends.to)
    }

    fn execute(self, _storage: &dyn Storage) -> io::Result<()> {
        self.mover.into_inner().undo()
    }
}

impl fmt::Debug for OpenMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ends { from, to } = &self.ends;
        f.debug_struct("OpenMove").field("from", from).field("to", to).finish_non_exhaustive()
    }
}

impl fmt::Debug for UndoMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ends { from, to } = &self.ends;
        f.debug_struct("UndoMove").field("from", from).field("to", to).finish_non_exhaustive()
    }
}
