//! Listing directories before a walk comes to them, on a second worker.
//!
//! ```text
//!   walker ── meets a directory ──▶ planned?  lists it itself
//!     │                             in work?  lists the next planned one meanwhile
//!     │                             there?    takes it
//!     └── reads a directory ──▶ plans those in it, first come first
//!   second worker ── lists what is planned, one by one, until enough is held
//! ```
//!
//! Most of a walk is spent in the kernel, one directory at a time; two workers list two.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::footing::{Footing, is_deep};
use super::listed::Rest;
use super::{PathOp, PathRequest};
use crate::error::Operation;
use crate::limits::{ENTRIES_AHEAD_MAX, ENTRIES_AHEAD_OF_ONE_MAX, LISTINGS_PLANNED_MAX};
use crate::storage::{Kind, Storage};
use crate::sync::{Condvar, Mutex, lock, mutant, wait_until};

/// What a walk and its second worker share.
pub(super) struct Ahead {
    /// Directories of this depth are not walked into.
    max_depth: usize,
    state: Mutex<State>,
    /// Told whenever a listing is there.
    listed: Condvar,
}

#[derive(Default)]
struct State {
    /// Directories that nobody has begun to list, in the order in which the walk comes to them.
    planned: VecDeque<Planned>,
    begun: HashMap<PathBuf, Progress>,
    /// Entries of those that are there.
    held: usize,
}

struct Planned {
    path: PathBuf,
    depth: usize,
}

enum Progress {
    /// Somebody is listing it.
    InWork,
    /// It is there.
    Held(Rest),
}

impl Ahead {
    pub(super) fn new(max_depth: usize) -> Self {
        Ahead { max_depth, state: Mutex::new(State::default()), listed: Condvar::new() }
    }

    /// Whether there is anything to list, and room for it.
    pub(super) fn is_useful(&self) -> bool {
        let state = lock(&self.state);
        // One is the walker's own next.
        state.planned.len() > 1 && state.held < ENTRIES_AHEAD_MAX
    }

    /// Plans the directories among what was read of one, as far as the walk will go there; `depth` is theirs. Not where
    /// paths are too long: the walk alone has a footing there.
    pub(super) fn plan(&self, directory: &Path, rest: &Rest, depth: usize) {
        if depth >= self.max_depth || is_deep(directory) {
            return;
        }
        let dirs = rest.found.iter().flatten().filter(|found| found.kind == Some(Kind::Dir));
        let planned: Vec<_> = dirs.map(|found| Planned { path: found.path.clone(), depth }).collect();
        if planned.is_empty() {
            return;
        }
        let mut state = lock(&self.state);
        // What is deeper comes before what was planned above it.
        for one in planned.into_iter().rev() {
            state.planned.push_front(one);
        }
        state.planned.truncate(LISTINGS_PLANNED_MAX);
    }

    /// What `directory` has to tell, for the walk that has come to it.
    pub(super) fn take(&self, directory: &Path, footing: &mut Footing, storage: &dyn Storage) -> Rest {
        loop {
            let mut state = lock(&self.state);
            match state.begun.remove(directory) {
                None => {
                    state.planned.retain(|planned| planned.path != directory);
                    drop(state);
                    return Rest::of(footing.list(directory, storage));
                }
                Some(Progress::Held(rest)) => {
                    state.held -= rest.found.len();
                    return rest;
                }
                Some(in_work @ Progress::InWork) => {
                    state.begun.insert(directory.to_owned(), in_work);
                }
            }
            if state.planned.is_empty() || state.held >= ENTRIES_AHEAD_MAX {
                drop(wait_until(&self.listed, state, None));
            } else {
                drop(state);
                self.list_one(storage);
            }
        }
    }

    /// Lets go what is planned, in work or there in a directory that the walk does not come to any more.
    pub(super) fn forget(&self, directory: &Path) {
        let mut state = lock(&self.state);
        state.planned.retain(|planned| !planned.path.starts_with(directory));
        let gone: Vec<_> = state.begun.extract_if(|path, _| path.starts_with(directory)).collect();
        for (_, progress) in gone {
            match progress {
                Progress::Held(rest) => state.held -= rest.found.len(),
                Progress::InWork => {}
            }
        }
    }

    /// Lists the first of those that are planned; `false` if there is none, or enough is held.
    pub(super) fn list_one(&self, storage: &dyn Storage) -> bool {
        let mut state = lock(&self.state);
        if state.held >= ENTRIES_AHEAD_MAX {
            return false;
        }
        let Some(Planned { path: directory, depth }) = state.planned.pop_front() else { return false };
        state.begun.insert(directory.clone(), Progress::InWork);
        drop(state);
        let work = Work { ahead: self, directory };
        let mut rest = Rest::of(storage.list(&work.directory));
        rest.hold_some(&work.directory, ENTRIES_AHEAD_OF_ONE_MAX);
        self.plan(&work.directory, &rest, depth + 1);
        work.done(rest);
        true
    }
}

/// What a model asks in the end.
#[cfg(all(test, folio_loom))]
impl Ahead {
    pub(super) fn holds_nothing(&self) -> bool {
        let state = lock(&self.state);
        (state.held, state.begun.len()) == (0, 0)
    }
}

/// A directory in work. If the storage panics, the walk lists it itself, and meets the panic too.
struct Work<'a> {
    ahead: &'a Ahead,
    directory: PathBuf,
}

impl Work<'_> {
    fn done(self, rest: Rest) {
        let mut state = lock(&self.ahead.state);
        // Unless it was forgotten meanwhile.
        let entries = rest.found.len();
        match state.begun.get_mut(&self.directory) {
            Some(progress) => {
                *progress = Progress::Held(rest);
                state.held += entries;
            }
            None if mutant("ahead-holds-what-was-forgotten") => state.held += entries + 1,
            None => {}
        }
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.ahead.state);
        if let Some(Progress::InWork) = state.begun.get(&self.directory) {
            state.begun.remove(&self.directory);
        }
        drop(state);
        if !mutant("ahead-lists-without-waking") {
            self.ahead.listed.notify_all();
        }
    }
}

/// Lists directories that a walk will come to, beside it.
pub(super) fn list_ahead(root: PathBuf, ahead: Arc<Ahead>) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::ReadDir, root, move |storage, _| {
        while ahead.list_one(storage) {}
        Ok(())
    })
}
