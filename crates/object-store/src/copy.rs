//! Objects under other names.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use folio_engine::Operation;
use folio_engine::op::{PathOp, PathRequest};
use folio_engine::storage::{Links, Storage};

use crate::delete;
use crate::names::Root;
use crate::staged::{Litter, create_parents, first_free, sync_parent};

/// What is to be copied or renamed.
#[derive(Clone)]
pub(crate) struct Names {
    pub(crate) from: PathBuf,
    pub(crate) to: PathBuf,
    pub(crate) durable: bool,
}

/// Gives an object a second name, whether that is taken or not.
pub(crate) fn overwrite(names: Names) -> impl PathRequest<Reply = ()> {
    let Names { from, to, durable } = names;
    PathOp::new(Operation::Copy, (from, to), move |storage, (from, to): (PathBuf, PathBuf)| {
        let original = storage.identity(&from)?;
        if !storage.identity(&to).is_ok_and(|taken| taken == original) {
            // A link to a name that is taken is refused, so a free one is taken first and then renamed.
            let link = |staged: &Path| storage.hard_link(&from, storage, staged);
            let ((), staged) = first_free(storage, &to, durable, link)?;
            let litter = Litter::new(storage, staged);
            storage.rename(litter.path(), storage, &to)?;
            litter.keep();
        }
        // A rename of one name of a file to another does nothing, and the free name would stay: so much for the question.
        if durable { sync_parent(storage, &to) } else { Ok(()) }
    })
}

/// Gives an object a second name, unless that is taken.
pub(crate) fn create(names: Names) -> impl PathRequest<Reply = ()> {
    let Names { from, to, durable } = names;
    PathOp::new(Operation::Copy, (from, to), move |storage, (from, to): (PathBuf, PathBuf)| {
        link(storage, &Names { from, to, durable })
    })
}

fn link(storage: &dyn Storage, Names { from, to, durable }: &Names) -> io::Result<()> {
    with_parents(storage, from, to, *durable, || storage.hard_link(from, storage, to))?;
    if *durable { sync_parent(storage, to) } else { Ok(()) }
}

/// Renames an object, whether the name is taken or not.
pub(crate) fn rename(names: Names) -> impl PathRequest<Reply = ()> {
    let Names { from, to, durable } = names;
    PathOp::new(Operation::Rename, (from, to), move |storage, (from, to): (PathBuf, PathBuf)| {
        with_parents(storage, &from, &to, durable, || storage.rename(&from, storage, &to))?;
        if durable {
            sync_parent(storage, &to)?;
            if from.parent() != to.parent() {
                sync_parent(storage, &from)?;
            }
        }
        Ok(())
    })
}

/// Renames an object, unless the name is taken: it has both for a moment.
pub(crate) fn rename_if_free(names: Names, root: Root, cleans_up: bool) -> impl PathRequest<Reply = ()> {
    let Names { from, to, durable } = names;
    PathOp::new(Operation::Rename, (from, to), move |storage, (from, to): (PathBuf, PathBuf)| {
        let names = Names { from, to, durable };
        link(storage, &names)?;
        delete::remove(storage, &names.from, &root, cleans_up, durable)
    })
}

/// Does something with two names, and once more with the directories on the way to the second.
fn with_parents(
    storage: &dyn Storage,
    from: &Path,
    to: &Path,
    durable: bool,
    act: impl Fn() -> io::Result<()>,
) -> io::Result<()> {
    match act() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if storage.metadata(from, Links::Follow).is_err() {
                return Err(error);
            }
            create_parents(storage, to, durable)?;
            act()
        }
        done => done,
    }
}
