//! Whether a run kept the promises.

use std::result::Result;

use folio::Error;
use folio_testkit::Call;
use folio_testkit::errno::EINTR;

use crate::absorbed::{Outcome, find, is_absorbed_mounted};
use crate::acts::Act;
use crate::ground::{furnish, tree};
use crate::sweep::{Fault, How, Run, Stage, Verdict};

/// What may be left of a name that could not be removed: the one call that fails is the one that would remove it.
const LEFT: [(&str, &[Call]); 7] = [
    ("File::replace, discard", &[Call::RemoveFile]),
    ("TemporaryDirectory", &[Call::RemoveDir, Call::RemoveFile, Call::OpenDir, Call::ReadDir]),
    ("TemporaryFile, close", &[Call::RemoveFile]),
    ("NamedTemporaryFile, close", &[Call::RemoveFile]),
    ("NamedTemporaryFile, drop", &[Call::RemoveFile]),
    ("SpooledTemporaryFile", &[Call::RemoveFile]),
    ("os::renames", &[Call::RemoveDir]),
];

/// One call each: how much it moved is the answer. Of copies between files, it is for the storage to go on, and the
/// simulated disk does not.
const MAY_COME_SHORT: [&str; 15] = [
    "Plain read",
    "Plain read_at",
    "Plain read_bytes",
    "Plain read_bytes_at",
    "Plain read_vectored",
    "Plain read_vectored_at",
    "Plain reader",
    "Plain write",
    "Plain write_at",
    "Plain write_vectored",
    "Plain write_vectored_at",
    "Plain peek, read_bytes",
    "Plain copy_range",
    "Plain sendfile",
    "Buffered write_all, read_bytes_at",
];

/// What the operation and the ones after it made of a fault: `Ok` with the row that allows it, if one was needed.
pub(crate) fn judge(act: &Act, clean: &Run, fault: Fault, run: &Run) -> Verdict {
    if run.panics > 0 {
        return Err("a panic".to_owned());
    }
    let Some((call, _)) = run.met else { return came_short(act, clean, run).map(|()| None) };
    litter(act, clean, fault, run, call)?;
    let reported = after(fault, run, call)?;
    match &run.outcome {
        Err(error) => failed(act, fault, run, error).map(|()| None),
        // What failed behind an operation is reported later, and is none of its answer.
        Ok(value) if reported && clean.outcome.as_ref().is_ok_and(|clean| clean == value) => Ok(None),
        Ok(_) if run.unobserved > 0 => Ok(None),
        Ok(_) => silent(act, clean, fault, run, call).map(Some),
    }
}

/// The same of a disk behind a mount: the kernel asks again, reads ahead and keeps what it knows, so that a failure need not
/// be one. An `Ok` has to be the truth.
pub(crate) fn judge_mounted(act: &Act, clean: &Run, fault: Fault, run: &Run) -> Verdict {
    if run.panics > 0 {
        return Err("a panic".to_owned());
    }
    // When the kernel reads ahead is its own affair, so that a read may come where another call was before.
    if run.short.is_some_and(|short| !moves_bytes(short, Stage::Mounted)) {
        return Ok(None);
    }
    let Some((call, _)) = run.met else { return came_short(act, clean, run).map(|()| None) };
    litter(act, clean, fault, run, call)?;
    after(fault, run, call)?;
    match &run.outcome {
        Err(error) => failed(act, fault, run, error).map(|()| None),
        Ok(_) if is_same(clean, run) || run.unobserved > 0 => Ok(None),
        Ok(_) if is_absorbed_mounted(act, call) => Ok(None),
        Ok(answer) => Err(format!("a silent Ok: {answer}")),
    }
}

/// The one error says which call failed with what, and on what.
fn failed(act: &Act, fault: Fault, run: &Run, error: &Error) -> Result<(), String> {
    if error.raw_os_error() != Some(fault.errno) {
        return Err(format!("another errno: {error}"));
    }
    if !act.is_named(error, &run.room) {
        return Err(format!("it names {:?}: {error}", error.path()));
    }
    // On a disk that stays away, the close of what was opened fails too, and its caller has the other error.
    if run.unobserved > 0 && !fault.for_good {
        return Err(format!("reported and counted as well: {error}"));
    }
    Ok(())
}

/// `Ok` although a call failed: only where the table says so, and as it says.
fn silent(act: &Act, clean: &Run, fault: Fault, run: &Run, call: Call) -> Result<usize, String> {
    let Some((row, absorbed)) = find(act, call, fault.errno) else {
        return Err(format!("a silent Ok: {:?}", run.outcome));
    };
    if absorbed.outcome == Outcome::Same && !is_same(clean, run) {
        return Err(format!("an Ok with another result than without the fault: {:?}", run.outcome));
    }
    Ok(row)
}

/// A short call is no failure: what it left is done by the next one.
fn came_short(act: &Act, clean: &Run, run: &Run) -> Result<(), String> {
    if run.short.is_none() || MAY_COME_SHORT.contains(&act.name) || is_same(clean, run) {
        return Ok(());
    }
    Err(format!("the rest is missing: {:?}", run.outcome))
}

fn is_same(clean: &Run, run: &Run) -> bool {
    let value = |run: &Run| run.outcome.as_ref().ok().cloned();
    value(run) == value(clean) && run.tree == clean.tree && run.durable == clean.durable
}

fn litter(act: &Act, clean: &Run, fault: Fault, run: &Run, call: Call) -> Result<(), String> {
    let excused = LEFT.iter().any(|(name, left)| act.name.starts_with(name) && left.contains(&call));
    if fault.for_good || excused {
        return Ok(());
    }
    let before = tree(&furnish(act.is_large()));
    let added = |name: &&_| !before.contains_key(*name) && !clean.tree.contains_key(*name);
    match run.tree.keys().find(added) {
        None => Ok(()),
        Some(name) => Err(format!("litter: {}", name.display())),
    }
}

/// What the syncs and the close after an act on an open file said: whether one of them reported the fault.
fn after(fault: Fault, run: &Run, call: Call) -> Result<bool, String> {
    let Some([first, second, close]) = &run.after else { return Ok(false) };
    let said = |what: &str, error: &Error| Err(format!("{what} said: {error}"));
    let may_poison = fault.for_good || matches!(call, Call::Sync | Call::Close);
    for (what, outcome) in [("a sync", first), ("the next sync", second), ("the close", close)] {
        match outcome {
            Err(error) if error.is_poisoned() && !may_poison => return said(what, error),
            Ok(()) | Err(_) => {}
        }
    }
    match first {
        Err(error) if !error.is_poisoned() && error.raw_os_error() != Some(fault.errno) => {
            return said("a sync", error);
        }
        Ok(()) | Err(_) => {}
    }
    // It was said once, by the act or by the first sync.
    for (what, outcome) in [("the next sync", second), ("the close", close)] {
        match outcome {
            Err(error) if !error.is_poisoned() => return said(what, error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(first.is_err())
}

/// Without a fault, nothing fails and nothing is counted.
pub(crate) fn judge_clean(act: &Act, run: &Run) {
    assert!(run.outcome.is_ok(), "{}: {:?}", act.name, run.outcome);
    assert_eq!((run.unobserved, run.panics), (0, 0), "{}", act.name);
    for outcome in run.after.iter().flatten() {
        assert!(outcome.is_ok(), "{}: {outcome:?}", act.name);
    }
}

/// An interrupted call is made again, for as long as that takes.
pub(crate) fn would_not_end(fault: Fault) -> bool {
    fault.errno == EINTR && fault.for_good
}

/// Whether a call moves bytes, and may move fewer. A page of a mounted disk is read as a whole: what a short read leaves is
/// zeros there, by the rules of FUSE.
fn moves_bytes(call: Call, stage: Stage) -> bool {
    let reads = matches!(call, Call::ReadAt | Call::ReadNow | Call::Receive);
    matches!(call, Call::WriteAt | Call::Append) || (reads && stage != Stage::Mounted)
}

/// Whether the second half of the fault is reached by a call that the first has made short.
pub(crate) fn is_of(stage: Stage, how: How, calls: &[Call], n: u64) -> bool {
    how == How::Whole || calls.get(n as usize - 1).is_some_and(|call| moves_bytes(*call, stage))
}
