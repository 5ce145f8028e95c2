//! The sweep over every operation.

use std::thread;

use crate::absorbed::unused;
use crate::acts::Act;
use crate::sweep::{ERRNOS, How, Seen, Stage, sweep};
use crate::verdict::judge;
use crate::{dir_acts, file_acts, path_acts, text_acts};

/// Faults that the whole sweep must bring at least: one that stops early shows nothing.
const ENOUGH: usize = 20_000;

/// Every act, in parts for one thread each.
pub(crate) const PARTS: [&[&[Act]]; 4] = [
    &[file_acts::READS, file_acts::BUFFERED, path_acts::TREES],
    &[file_acts::WRITES, path_acts::OPENED, path_acts::NAMES],
    &[path_acts::WHOLE, path_acts::ATTRIBUTES, text_acts::TEMPORARY],
    &[dir_acts::ALL, text_acts::TEXT],
];

/// Sweeps over every act on a simulated disk.
fn over_all(parts: &[&'static [&'static [Act]]], stage: Stage) -> Seen {
    let ways = [(How::Whole, false), (How::Whole, true), (How::Short, false), (How::Short, true)].into_iter();
    let failures: Vec<_> =
        ways.flat_map(|(how, for_good)| ERRNOS.map(|errno| (how, errno, for_good))).collect();
    in_parts(parts, &|act| {
        let seen = sweep(act, stage, &failures, judge).unwrap();
        assert!(seen.faults > 0, "{}: no fault of it ever fired", act.name);
        seen
    })
}

/// Runs a sweep for every act, each part on a thread of its own.
pub(crate) fn in_parts(parts: &[&'static [&'static [Act]]], sweep: &(dyn Fn(&Act) -> Seen + Sync)) -> Seen {
    let mut seen = Seen::default();
    thread::scope(|scope| {
        let part = |acts: &'static [&'static [Act]]| {
            move || {
                let mut seen = Seen::default();
                acts.iter().copied().flatten().for_each(|act| seen.add(sweep(act)));
                seen
            }
        };
        let parts: Vec<_> = parts.iter().map(|acts| scope.spawn(part(acts))).collect();
        parts.into_iter().for_each(|part| seen.add(part.join().unwrap()));
    });
    seen
}

pub(crate) fn check(seen: &Seen) {
    let broken = &seen.broken;
    assert!(
        broken.is_empty(),
        "{} of {}:\n{}",
        broken.len(),
        seen.faults,
        broken[..broken.len().min(40)].join("\n")
    );
    assert!(4 * seen.failures > 3 * seen.faults, "{} faults, {} failures", seen.faults, seen.failures);
}

#[test]
fn d4_every_fault_is_reported_once_by_whatever_operation_met_it() {
    let seen = over_all(&PARTS, Stage::Workers);
    check(&seen);
    assert!(seen.faults >= ENOUGH, "{} faults", seen.faults);
    assert_eq!(unused(&seen.rows), [""; 0], "rows of the table that no fault needs");
}

#[test]
fn d4_a_fault_of_a_call_in_the_callers_own_poll_is_reported_alike() {
    check(&over_all(
        &[&[file_acts::READS, path_acts::OPENED], &[file_acts::BUFFERED, text_acts::TEXT]],
        Stage::InPlace,
    ));
}
