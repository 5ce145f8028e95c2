//! Listing directories before a walk comes to them, on a second worker.
//!
//! ```text
//!   walker ── meets a directory ──▶ planned?          lists it itself
//!     │                             being listed?     lists the next planned one meanwhile
//!     │                             already listed?   takes the listing
//!     └── reads a directory ──▶ plans its subdirectories, in order
//!   second worker ── lists planned directories one by one, until enough entries are held
//! ```
//!
//! A walk spends most of its time in the kernel, listing one directory at a time; two workers list two.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::deep_paths::{DeepPaths, is_deep};
use super::dir_stream::DirStream;
use super::{PathOp, PathRequest};
use crate::error::Operation;
use crate::limits::{ENTRIES_AHEAD_MAX, ENTRIES_AHEAD_OF_ONE_MAX, LISTINGS_PLANNED_MAX};
use crate::storage::{Kind, Storage};
use crate::sync::{Condvar, Mutex, lock, mutant, wait_until};

/// What a walk and its second worker share.
pub(super) struct Prefetch {
    /// Directories of this depth are not walked into.
    max_depth: usize,
    state: Mutex<State>,
    /// Notified when a listing is complete.
    listed: Condvar,
}

#[derive(Default)]
struct State {
    /// Directories that no worker has begun to list, in the order in which the walk comes to them.
    planned: VecDeque<Planned>,
    begun: HashMap<PathBuf, Progress>,
    /// The number of entries in all listings that wait for the walk.
    held: usize,
}

struct Planned {
    path: PathBuf,
    depth: usize,
}

enum Progress {
    /// A worker is listing the directory.
    InWork,
    /// The listing waits for the walk.
    Held(DirStream),
}

impl Prefetch {
    pub(super) fn new(max_depth: usize) -> Self {
        Prefetch { max_depth, state: Mutex::new(State::default()), listed: Condvar::new() }
    }

    /// Whether a second worker would find a directory to list, and room for its entries.
    pub(super) fn is_useful(&self) -> bool {
        let state = lock(&self.state);
        // The walker itself lists the next one.
        state.planned.len() > 1 && state.held < ENTRIES_AHEAD_MAX
    }

    /// Plans the subdirectories among the entries read from `directory`, if the walk enters them; `depth` is theirs.
    /// Skips deep directories: only the walk holds the descriptors that lead there.
    pub(super) fn plan(&self, directory: &Path, rest: &DirStream, depth: usize) {
        if depth >= self.max_depth || is_deep(directory) {
            return;
        }
        let dirs = rest.found.iter().flatten().filter(|found| found.kind == Some(Kind::Dir));
        let planned: Vec<_> = dirs.map(|found| Planned { path: found.path.clone(), depth }).collect();
        if planned.is_empty() {
            return;
        }
        let mut state = lock(&self.state);
        // The walk enters deeper directories before those planned earlier.
        for one in planned.into_iter().rev() {
            state.planned.push_front(one);
        }
        state.planned.truncate(LISTINGS_PLANNED_MAX);
    }

    /// Takes the entries of `directory`, listing it now if that is still to do.
    pub(super) fn take(
        &self,
        directory: &Path,
        deep_paths: &mut DeepPaths,
        storage: &dyn Storage,
    ) -> DirStream {
        loop {
            let mut state = lock(&self.state);
            match state.begun.remove(directory) {
                None => {
                    state.planned.retain(|planned| planned.path != directory);
                    drop(state);
                    return DirStream::of(deep_paths.list(directory, storage));
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

    /// Drops all plans and listings at and below `directory`, which the walk skips.
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

    /// Lists the first planned directory; `false` if there is none, or enough entries are held.
    pub(super) fn list_one(&self, storage: &dyn Storage) -> bool {
        let mut state = lock(&self.state);
        if state.held >= ENTRIES_AHEAD_MAX {
            return false;
        }
        let Some(Planned { path: directory, depth }) = state.planned.pop_front() else { return false };
        state.begun.insert(directory.clone(), Progress::InWork);
        drop(state);
        let work = Work { prefetch: self, directory };
        let mut rest = DirStream::of(storage.list(&work.directory));
        rest.hold_some(&work.directory, ENTRIES_AHEAD_OF_ONE_MAX);
        self.plan(&work.directory, &rest, depth + 1);
        work.done(rest);
        true
    }
}

#[cfg(all(test, folio_loom))]
impl Prefetch {
    pub(super) fn holds_nothing(&self) -> bool {
        let state = lock(&self.state);
        (state.held, state.begun.len()) == (0, 0)
    }
}

/// A directory that is being listed. If the storage panics, the walk lists the directory itself and meets the panic too.
struct Work<'a> {
    prefetch: &'a Prefetch,
    directory: PathBuf,
}

impl Work<'_> {
    fn done(self, rest: DirStream) {
        let mut state = lock(&self.prefetch.state);
        let entries = rest.found.len();
        match state.begun.get_mut(&self.directory) {
            Some(progress) => {
                *progress = Progress::Held(rest);
                state.held += entries;
            }
            None if mutant("prefetch-holds-what-was-forgotten") => state.held += entries + 1,
            // The walk has skipped the directory meanwhile.
            None => {}
        }
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.prefetch.state);
        if let Some(Progress::InWork) = state.begun.get(&self.directory) {
            state.begun.remove(&self.directory);
        }
        drop(state);
        if !mutant("prefetch-lists-without-waking") {
            self.prefetch.listed.notify_all();
        }
    }
}

/// Lists directories that a walk will come to, beside it.
pub(super) fn prefetch_listings(root: PathBuf, prefetch: Arc<Prefetch>) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::ReadDir, root, move |storage, _| {
        while prefetch.list_one(storage) {}
        Ok(())
    })
}
