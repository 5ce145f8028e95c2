//! One opening of the file, and how its operations are recorded.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use folio::File;
use folio_testkit::{Invocation, ModelOp, Outcome, Random, Recorder};

use super::ops::run;
use super::setting::Setting;
use crate::cut_short::cut_short;

/// Of 100 operations, how many are dropped and how many have a time limit, where operations are given up at all.
const DROPPED: u64 = 12;
const LIMITED: u64 = 8;

/// Polls after which a call is dropped, at most.
const POLLS: u64 = 4;

/// Longest time limit, in microseconds: some operations keep it.
const LIMIT_MICROS: u64 = 100;

#[derive(Debug)]
pub(super) struct Opening {
    file: File,
    index: usize,
    pub(super) setting: Setting,
    /// Writes that were accepted and that other openings need not see before the next flush.
    unflushed: Mutex<Vec<(Invocation, Outcome)>>,
}

/// What became of an operation.
enum Answer {
    Known(Outcome),
    /// It was given up, and may or may not have happened.
    Unknown,
}

impl Opening {
    pub(super) fn new(file: File, index: usize, setting: Setting) -> Opening {
        Opening { file, index, setting, unflushed: Mutex::default() }
    }

    /// Whether others see the writes of this opening later than their callers know of them.
    pub(super) fn is_seen_late(&self) -> bool {
        self.index == 0 && self.setting.buffer.is_some() && self.setting.openings > 1
    }

    /// Runs one operation for a client, as a rule to its end.
    pub(super) async fn act(
        &self,
        client: usize,
        recorder: &Recorder,
        op: &ModelOp,
        random: &mut Random,
    ) -> Result<(), String> {
        let call = recorder.call_through(self.index, client, op.clone());
        let flushed = if *op == ModelOp::Sync { self.take_unflushed() } else { Vec::new() };
        let percent = if self.setting.gives_up { random.within(0..100) } else { 100 };
        let answer = if percent < DROPPED {
            let answer = cut_short(run(&self.file, op), random.within(1..POLLS + 1)).await;
            answer.map_or(Ok(Answer::Unknown), |result| known(op, result))
        } else if percent < DROPPED + LIMITED {
            let limit = Duration::from_micros(random.within(1..LIMIT_MICROS));
            known(op, run(&self.file.with_time_limit(limit), op).await)
        } else {
            known(op, run(&self.file, op).await)
        };
        self.note(call, flushed, op, answer?);
        Ok(())
    }

    fn note(&self, call: Invocation, flushed: Vec<(Invocation, Outcome)>, op: &ModelOp, answer: Answer) {
        match answer {
            Answer::Known(Outcome::Failed) => {
                call.returned(Outcome::Failed);
                self.unflushed().extend(flushed);
            }
            Answer::Known(outcome) => {
                if self.is_seen_late() && matches!(op, ModelOp::Write { .. }) {
                    self.unflushed().push((call, outcome));
                } else {
                    call.returned(outcome);
                }
                flushed.into_iter().for_each(|(write, outcome)| write.returned(outcome));
            }
            // Dropped, the invocation counts as unknown.
            Answer::Unknown => self.unflushed().extend(flushed),
        }
    }

    /// Runs an operation to its end while no other runs.
    pub(super) async fn recorded(&self, recorder: &Recorder, op: &ModelOp) -> Result<Outcome, String> {
        let call = recorder.call_through(self.index, 0, op.clone());
        match known(op, run(&self.file, op).await)? {
            Answer::Known(outcome) => {
                call.returned(outcome.clone());
                Ok(outcome)
            }
            Answer::Unknown => Err(format!("{op:?} missed a time limit that it does not have")),
        }
    }

    /// Writes out what the opening has buffered.
    pub(super) async fn flush(&self, recorder: &Recorder) -> Result<(), String> {
        let flushed = self.take_unflushed();
        self.recorded(recorder, &ModelOp::Sync).await?;
        flushed.into_iter().for_each(|(write, outcome)| write.returned(outcome));
        Ok(())
    }

    fn take_unflushed(&self) -> Vec<(Invocation, Outcome)> {
        std::mem::take(&mut self.unflushed())
    }

    fn unflushed(&self) -> MutexGuard<'_, Vec<(Invocation, Outcome)>> {
        self.unflushed.lock().expect("no holder panics")
    }
}

/// What an answer says. Seeks to before the start fail; anything else may only miss a time limit.
fn known(op: &ModelOp, result: folio::Result<Outcome>) -> Result<Answer, String> {
    match result {
        Ok(outcome) => Ok(Answer::Known(outcome)),
        Err(error) if error.is_timed_out() && error.may_have_happened() => Ok(Answer::Unknown),
        Err(error) if error.is_timed_out() || matches!(op, ModelOp::Seek(_)) => {
            Ok(Answer::Known(Outcome::Failed))
        }
        Err(error) => Err(format!("{op:?} failed: {error}")),
    }
}
