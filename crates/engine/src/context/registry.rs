//! Open files by device and inode. The only file that names dashmap.
//!
//! It holds the health of each inode, shared by all its open files in the process, and the open files
//! themselves, for snapshots, sweeps and shutdown.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use dashmap::DashMap;

use crate::context::inode::Inode;
use crate::error::Operation;
use crate::stats::{Counters, FileSnapshot};

/// What an engine needs of each open file.
pub(crate) trait Registered: Debug + Send + Sync {
    /// Makes its actor step the state.
    fn wake_actor(&self);

    /// Starts a flush of everything that is buffered.
    fn flush_all(self: Arc<Self>);

    /// Drops every operation that has not begun, which answers its callers, and accepts no other.
    fn stop(&self);

    /// Answers the callers of what workers are executing, who would wait until the device returns.
    fn abandon(&self);

    /// Passes each running batch to `show`.
    fn show_running(&self, show: &mut dyn FnMut(RunningBatch<'_>));

    /// Describes it, and adds its own counts to `counters`.
    fn snapshot(&self, counters: &mut Counters) -> FileSnapshot;
}

/// A batch of operations on a file, or a request about a path, that a worker is carrying out.
pub(crate) struct RunningBatch<'a> {
    pub(crate) operation: Operation,
    pub(crate) path: &'a Path,
    pub(crate) age: Duration,
    /// The number of its operations.
    pub(crate) operations: u64,
    /// Whether a sweep has reported it as stuck.
    pub(crate) reported: &'a mut bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    inodes: DashMap<(u64, u64), Entry>,
}

#[derive(Debug)]
struct Entry {
    inode: Arc<Inode>,
    /// Includes some that are gone: looking for them at each end would take time quadratic in their number.
    open_files: Vec<Weak<dyn Registered>>,
    /// Ends since the last look, at least as many as there are open files that are gone or closed.
    ends: usize,
    /// Those in the list that are closed and may still be held, by address, which no other file gets while they are listed.
    closed: BTreeSet<usize>,
}

impl Entry {
    fn new(inode: Inode) -> Self {
        let (open_files, closed) = (Vec::with_capacity(1), BTreeSet::new());
        Entry { inode: Arc::new(inode), open_files, ends: 0, closed }
    }

    /// The open files that are neither gone nor closed.
    fn open_files(&self) -> impl Iterator<Item = Arc<dyn Registered>> {
        let open = self.open_files.iter().filter(|open_file| !self.closed.contains(&address(open_file)));
        open.filter_map(Weak::upgrade)
    }

    /// Takes note of an end, and removes what is gone or closed once that may be half of the list. If it is all of it,
    /// it may be. Returns how many open files were looked at.
    fn end_one(&mut self, closed: Option<usize>) -> usize {
        self.ends += 1;
        self.closed.extend(closed);
        let listed = self.open_files.len();
        if 2 * self.ends < listed {
            return 0;
        }
        let closed = std::mem::take(&mut self.closed);
        self.open_files
            .retain(|open_file| open_file.strong_count() > 0 && !closed.contains(&address(open_file)));
        self.ends = 0;
        listed
    }
}

fn address(open_file: &Weak<dyn Registered>) -> usize {
    open_file.as_ptr().addr()
}

impl Registry {
    /// Registers an open file; `make` builds it around the inode it shares with the others.
    ///
    /// `make` runs under the map's lock for that inode and must not call the registry.
    pub(crate) fn open<F: Registered + 'static>(
        &self,
        device: u64,
        inode: u64,
        make: impl FnOnce(Arc<Inode>) -> Arc<F>,
    ) -> Arc<F> {
        let key = (device, inode);
        let mut entry = self.inodes.entry(key).or_insert_with(|| Entry::new(Inode::new(key)));
        let open_file = make(entry.inode.clone());
        let weak: Weak<F> = Arc::downgrade(&open_file);
        entry.open_files.push(weak);
        open_file
    }

    /// Removes the open files of `inode` that are gone, and the inode with the last of them unless final writes
    /// remain. Called by an open file that is being dropped, which is one of them, and after its final writes.
    pub(crate) fn forget(&self, inode: &Inode) {
        self.end_one(inode, None);
    }

    /// Like [`forget`](Registry::forget), for an open file that is closed: workers and its actor may hold it a moment
    /// longer, and the next opening must not find what was wrong with this one.
    pub(crate) fn forget_closed(&self, inode: &Inode, closed: &dyn Registered) {
        self.end_one(inode, Some(std::ptr::from_ref(closed).addr()));
    }

    fn end_one(&self, inode: &Inode, closed: Option<usize>) {
        self.inodes.remove_if_mut(&inode.key, |_, entry| {
            entry.end_one(closed);
            entry.open_files.is_empty() && entry.inode.final_writes.load(Ordering::Acquire) == 0
        });
    }

    /// Poisons `inode` after a failed sync or close and wakes the actors of all its open files.
    pub(crate) fn poison(&self, inode: &Inode, error: Arc<io::Error>) {
        inode.with_health(|health| health.poison(error));
        // Collected first, like those of `all` and for the same reason.
        let open_files: Vec<_> = match self.inodes.get(&inode.key) {
            Some(entry) => entry.open_files().collect(),
            None => Vec::new(),
        };
        open_files.iter().for_each(|open_file| open_file.wake_actor());
    }

    /// Returns every open file, in no order.
    pub(crate) fn all(&self) -> Vec<Arc<dyn Registered>> {
        // Collected before any is dropped: the last reference to one calls `forget`.
        let mut all = Vec::new();
        for entry in &self.inodes {
            all.extend(entry.open_files());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Nothing;

    impl Registered for Nothing {
        fn wake_actor(&self) {}

        fn flush_all(self: Arc<Self>) {}

        fn stop(&self) {}

        fn abandon(&self) {}

        fn show_running(&self, _: &mut dyn FnMut(RunningBatch<'_>)) {}

        fn snapshot(&self, _: &mut Counters) -> FileSnapshot {
            unreachable!("it is not asked")
        }
    }

    fn entry_of(count: usize) -> (Entry, Vec<Arc<Nothing>>) {
        let mut entry = Entry::new(Inode::new((1, 1)));
        let open: Vec<_> = (0..count).map(|_| Arc::new(Nothing)).collect();
        for open_file in &open {
            let weak: Weak<Nothing> = Arc::downgrade(open_file);
            entry.open_files.push(weak);
        }
        (entry, open)
    }

    /// Cause: each end looked at every other opening of the inode. Loss: dropping 15,000 openings of one file took 4.9 µs
    /// each, and 0.8 µs for 1,000. Fix: a look comes only after half of them have ended.
    #[test]
    fn ending_all_openings_of_one_file_takes_time_in_proportion_to_their_number() {
        const COUNT: usize = 10_000;
        for closes in [false, true] {
            let (mut entry, open) = entry_of(COUNT);
            let mut looked_at = 0;
            let mut held = Vec::new();
            for (index, open_file) in open.into_iter().enumerate() {
                let closed = closes.then(|| Arc::as_ptr(&open_file).addr());
                held.extend(closes.then_some(open_file));
                looked_at += entry.end_one(closed);
                if index % 1_000 == 0 {
                    assert_eq!(entry.open_files().count(), COUNT - 1 - index, "closes: {closes}");
                }
            }
            assert!(entry.open_files.is_empty(), "closes: {closes}");
            assert!(looked_at <= 3 * COUNT, "closes: {closes}, {looked_at} looks");
        }
    }

    #[test]
    fn a_closed_file_that_is_still_held_is_no_open_file() {
        let (mut entry, open) = entry_of(5);
        entry.end_one(Some(Arc::as_ptr(&open[3]).addr()));
        assert_eq!((entry.open_files().count(), entry.open_files.len()), (4, 5));
        entry.end_one(Some(Arc::as_ptr(&open[0]).addr()));
        entry.end_one(Some(Arc::as_ptr(&open[1]).addr()));
        assert_eq!((entry.open_files().count(), entry.open_files.len()), (2, 2), "three of five have ended");
        drop(open);
        entry.end_one(None);
        assert!(entry.open_files.is_empty());
    }
}
