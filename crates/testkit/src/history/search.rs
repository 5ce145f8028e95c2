//! The search for a linearization: Wing and Gong's, with Lowe's memory of configurations seen.

use std::collections::HashSet;

use super::demand::Demand;
use super::entry::{Entry, History};
use super::violation::{Furthest, Violation, ViolationKind};
use crate::model::{FileModel, ModelOp, Outcome};
use crate::random::mix;

/// Configurations the search looks at before it gives up: seconds of work, and a thousand times what
/// histories of tests need unless most of their writes were cancelled.
const CONFIGURATIONS_MAX: usize = 200_000;

/// Configurations looked at only to find a place that explains a violation well.
const EXPLANATION_CONFIGURATIONS_MAX: usize = 5_000;

pub(super) fn search(history: &History) -> Result<(), Violation> {
    let Some(kind) = Search::new(history).run(Pruning::Hopeless, CONFIGURATIONS_MAX) else { return Ok(()) };
    // Pruning stops at the choice that made a later read impossible; a reader wants to see that read.
    let mut again = Search::new(history);
    again.run(Pruning::Seen, EXPLANATION_CONFIGURATIONS_MAX);
    Err(again.violation(kind))
}

/// Which configurations are not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pruning {
    /// Those that have been seen.
    Seen,
    /// Those, and those in which some read has become impossible.
    Hopeless,
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
    demand: Demand,
    seen: HashSet<(u64, u64)>,
    furthest: Option<Furthest<'a>>,
    order: Vec<usize>,
}

impl<'a> Search<'a> {
    /// Returns how the check failed, if it did.
    fn run(&mut self, pruning: Pruning, configurations_max: usize) -> Option<ViolationKind> {
        if pruning == Pruning::Hopeless && !self.demand.is_satisfiable(self.start, 0..u64::MAX) {
            return Some(ViolationKind::NotLinearizable);
        }
        let mut trail = vec![self.step(self.start.clone(), None)];
        while self.completed_left > 0 {
            let Some(step) = trail.last_mut() else { return Some(ViolationKind::NotLinearizable) };
            if let Some((index, state)) = step.choices.pop() {
                let changed = step.state.difference(&state);
                self.take(index);
                let hopeless = pruning == Pruning::Hopeless && !self.demand.is_satisfiable(&state, changed);
                if !hopeless && self.is_new(&state) {
                    trail.push(self.step(state, Some(index)));
                } else {
                    self.give_back(index);
                }
            } else {
                step.taken.iter().rev().for_each(|index| self.give_back(*index));
                trail.pop();
            }
            if self.seen.len() > configurations_max {
                return Some(ViolationKind::Undecided);
            }
        }
        None
    }

    fn step(&mut self, state: FileModel, taken: Option<usize>) -> Step {
        let mut step = Step { state, choices: Vec::new(), taken: taken.into_iter().collect() };
        self.prepare(&mut step);
        step
    }

    fn new(history: &'a History) -> Search<'a> {
        let may_matter = |entry: &&Entry| !matches!(entry.returned, Some((_, Outcome::Failed)));
        let mut entries: Vec<_> = history.entries.iter().filter(may_matter).collect();
        entries.sort_by_key(|entry| entry.called);
        Search {
            start: &history.start,
            taken: vec![false; entries.len()],
            first_left: 0,
            completed_left: entries.iter().filter(|entry| entry.returned.is_some()).count(),
            demand: Demand::new(&entries, history.start.is_append_only()),
            entries,
            taken_hash: 0,
            seen: HashSet::new(),
            furthest: None,
            order: Vec::new(),
        }
    }

    /// Takes every operation that fits and never changes anything, then finds the choices among the others.
    ///
    /// The former need no choice: if any order continues from here, so does the one that takes them first.
    /// That is not so for a write that changes nothing just now: later on it might, and be needed there.
    fn prepare(&mut self, step: &mut Step) {
        while let Some(index) = self.idle_candidate(&step.state) {
            self.take(index);
            step.taken.push(index);
        }
        for index in self.candidates() {
            let Some(next) = self.after(index, &step.state) else { continue };
            if !self.is_wasted(index, &step.state, &next) {
                step.choices.push((index, next));
            }
        }
        self.note_progress(&step.state);
        // The operation that returned first most likely came first; unknown ones most likely had no effect.
        step.choices.sort_by_key(|(index, _)| std::cmp::Reverse(self.return_time(*index)));
    }

    /// Returns whether a cancelled operation had better not have happened yet: it would have no effect, or one
    /// that no read that is left has seen.
    fn is_wasted(&self, index: usize, before: &FileModel, after: &FileModel) -> bool {
        let entry = self.entries[index];
        let unseen = match &entry.op {
            ModelOp::WriteAt { offset, bytes } => {
                before.bytes().len() == after.bytes().len() && !self.demand.wants_any(*offset, bytes)
            }
            ModelOp::ReadAt { .. }
            | ModelOp::Read { .. }
            | ModelOp::ReadUntil { .. }
            | ModelOp::Write { .. }
            | ModelOp::Seek(_)
            | ModelOp::Append { .. }
            | ModelOp::SetLen(_)
            | ModelOp::Len
            | ModelOp::Sync => false,
        };
        entry.returned.is_none() && (unseen || after.is_same_as(before))
    }

    fn idle_candidate(&self, state: &FileModel) -> Option<usize> {
        self.candidates().into_iter().find(|index| {
            let entry = self.entries[*index];
            let returned = entry.returned.as_ref();
            returned.is_some_and(|(_, got)| {
                is_idle(entry, got) && state.through(entry.opening).after(&entry.op, got).is_some()
            })
        })
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
        let state = state.through(entry.opening);
        match &entry.returned {
            Some((_, outcome)) => state.after(&entry.op, outcome),
            None => state.after_unknown(&entry.op),
        }
    }

    fn return_time(&self, index: usize) -> u64 {
        self.entries[index].returned.as_ref().map_or(u64::MAX, |(at, _)| *at)
    }

    fn is_new(&mut self, state: &FileModel) -> bool {
        self.seen.insert((self.taken_hash, self.demand.fingerprint(state)))
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
        self.demand.account(self.entries[index], if taken { -1 } else { 1 });
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

/// Returns whether an operation with this outcome leaves every state as it is.
fn is_idle(entry: &Entry, got: &Outcome) -> bool {
    match &entry.op {
        ModelOp::ReadAt { .. } | ModelOp::Len | ModelOp::Sync => true,
        ModelOp::Read { .. } | ModelOp::ReadUntil { .. } => *got == Outcome::Bytes(Vec::new()),
        ModelOp::WriteAt { .. }
        | ModelOp::Write { .. }
        | ModelOp::Seek(_)
        | ModelOp::Append { .. }
        | ModelOp::SetLen(_) => false,
    }
}
