//! The search for a linearization: Wing and Gong's, with Lowe's memory of configurations seen.

use std::collections::HashSet;

use super::violation::Furthest;
use super::{Entry, History, Violation, ViolationKind};
use crate::model::{FileModel, Outcome};
use crate::random::mix;

/// Configurations the search looks at before it gives up: seconds of work, and thousands of times what
/// histories of tests need unless most of their writes were cancelled.
const CONFIGURATIONS_MAX: usize = 2_000_000;

pub(super) fn search(history: &History) -> Result<(), Violation> {
    let mut search = Search::new(history);
    let mut trail = vec![Step { state: history.start.clone(), choices: Vec::new(), taken: Vec::new() }];
    search.prepare(&mut trail[0]);
    loop {
        if search.completed_left == 0 {
            return Ok(());
        }
        let Some(step) = trail.last_mut() else {
            return Err(search.violation(ViolationKind::NotLinearizable));
        };
        if let Some((index, state)) = step.choices.pop() {
            search.take(index);
            let mut next = Step { state, choices: Vec::new(), taken: vec![index] };
            if search.is_new(&next.state) {
                search.prepare(&mut next);
            }
            trail.push(next);
        } else {
            step.taken.iter().for_each(|index| search.give_back(*index));
            trail.pop();
        }
        if search.seen.len() > CONFIGURATIONS_MAX {
            return Err(search.violation(ViolationKind::Undecided));
        }
    }
}

/// One point of the search: a state, and the operations that may come next.
struct Step {
    state: FileModel,
    /// Next operations that change the state, with the state after each; the best guess last.
    choices: Vec<(usize, FileModel)>,
    /// Operations to give back when this step is undone.
    taken: Vec<usize>,
}

struct Search<'a> {
    start: &'a FileModel,
    /// Operations that may have had an effect, by the time of their call.
    entries: Vec<&'a Entry>,
    taken: Vec<bool>,
    /// Everything before this index is taken.
    first_left: usize,
    completed_left: usize,
    /// A number for the set of taken operations: the exclusive or of a number for each.
    taken_hash: u64,
    seen: HashSet<(u64, u64)>,
    furthest: Option<Furthest<'a>>,
    order: Vec<usize>,
}

impl<'a> Search<'a> {
    fn new(history: &'a History) -> Search<'a> {
        let may_matter = |entry: &&Entry| !matches!(entry.returned, Some((_, Outcome::Failed)));
        let mut entries: Vec<_> = history.entries.iter().filter(may_matter).collect();
        entries.sort_by_key(|entry| entry.called);
        Search {
            start: &history.start,
            taken: vec![false; entries.len()],
            first_left: 0,
            completed_left: entries.iter().filter(|entry| entry.returned.is_some()).count(),
            entries,
            taken_hash: 0,
            seen: HashSet::new(),
            furthest: None,
            order: Vec::new(),
        }
    }

    /// Takes every operation that fits and changes nothing, then finds the choices among the others.
    ///
    /// The former need no choice: if any order continues from here, so does the one that takes them first.
    fn prepare(&mut self, step: &mut Step) {
        loop {
            step.choices.clear();
            let mut idle = None;
            for index in self.candidates() {
                match self.after(index, &step.state) {
                    Some(next) if next.is_state_of(&step.state) => {
                        idle = self.entries[index].returned.is_some().then_some(index);
                        if idle.is_some() {
                            break;
                        }
                    }
                    Some(next) => step.choices.push((index, next)),
                    None => {}
                }
            }
            let Some(index) = idle else { break };
            self.take(index);
            step.taken.push(index);
        }
        self.note_progress(&step.state);
        // The operation that returned first most likely came first; unknown ones most likely had no effect.
        step.choices.sort_by_key(|(index, _)| std::cmp::Reverse(self.return_time(*index)));
    }

    /// Returns the operations that were called before any operation that is left had returned.
    fn candidates(&self) -> Vec<usize> {
        let mut first_return = u64::MAX;
        let mut candidates = Vec::new();
        for index in self.first_left..self.entries.len() {
            if self.taken[index] {
                continue;
            }
            // Sorted by call: nothing that follows was called in time either.
            if self.entries[index].called > first_return {
                break;
            }
            first_return = first_return.min(self.return_time(index));
            candidates.push(index);
        }
        candidates
    }

    fn after(&self, index: usize, state: &FileModel) -> Option<FileModel> {
        let entry = self.entries[index];
        match &entry.returned {
            Some((_, outcome)) => state.after(&entry.op, outcome),
            None => state.after_unknown(&entry.op),
        }
    }

    fn return_time(&self, index: usize) -> u64 {
        self.entries[index].returned.as_ref().map_or(u64::MAX, |(at, _)| *at)
    }

    fn is_new(&mut self, state: &FileModel) -> bool {
        self.seen.insert((self.taken_hash, state.fingerprint()))
    }

    fn take(&mut self, index: usize) {
        self.flip(index, true);
        self.order.push(index);
        while self.first_left < self.taken.len() && self.taken[self.first_left] {
            self.first_left += 1;
        }
    }

    fn give_back(&mut self, index: usize) {
        self.flip(index, false);
        self.order.pop();
        self.first_left = self.first_left.min(index);
    }

    fn flip(&mut self, index: usize, taken: bool) {
        self.taken[index] = taken;
        self.taken_hash ^= mix(index as u64 + 1);
        if self.entries[index].returned.is_some() {
            self.completed_left = if taken { self.completed_left - 1 } else { self.completed_left + 1 };
        }
    }

    fn note_progress(&mut self, state: &FileModel) {
        if self.furthest.as_ref().is_some_and(|furthest| furthest.completed_left <= self.completed_left) {
            return;
        }
        self.furthest = Some(Furthest {
            completed_left: self.completed_left,
            state: state.clone(),
            order: self.order.iter().map(|index| self.entries[*index]).collect(),
            next: self.candidates().into_iter().map(|index| self.entries[index]).collect(),
        });
    }

    fn violation(&self, kind: ViolationKind) -> Violation {
        let nothing = || Furthest {
            completed_left: self.completed_left,
            state: self.start.clone(),
            order: Vec::new(),
            next: Vec::new(),
        };
        Violation::new(kind, self.furthest.clone().unwrap_or_else(nothing))
    }
}
