//! Several payloads against a file whose calls follow a script.
//!
//! Every byte of a payload has that payload's own value, so the file itself shows what was written where; the
//! outcomes must agree.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{FileTimes, Permissions};
use std::io::{self, IoSlice};
use std::sync::Mutex;

use bytes::Bytes;

use super::payload::Written;
use super::{Append, Payload, Write, append_all, write_all};
use crate::file::CursorMove;
use crate::file_op::{Answer, Offset};
use crate::random::{Random, seeds};
use crate::storage::{LockKind, Metadata, StorageFile};

const EINTR: i32 = 4;
const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// Behaviour of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It takes at most so many bytes; 0 is a device that takes nothing.
    Take(usize),
    /// It fails.
    Fail(i32),
    /// Another process appends so many bytes first; then all is taken.
    After(usize),
}

/// A file in which every byte is known by its value.
#[derive(Debug, Default)]
struct Script {
    state: Mutex<Scripted>,
}

#[derive(Debug, Default)]
struct Scripted {
    steps: VecDeque<Step>,
    bytes: BTreeMap<u64, u8>,
    calls: u64,
    /// The errno of every call that failed for good, or 0 where the device took nothing.
    failures: Vec<i32>,
}

impl Script {
    fn new(len: u64, steps: &[Step]) -> Script {
        let bytes = (0..len).map(|at| (at, 0)).collect();
        Script {
            state: Mutex::new(Scripted {
                steps: steps.iter().copied().collect(),
                bytes,
                ..Scripted::default()
            }),
        }
    }

    fn write(&self, bufs: &[IoSlice<'_>], at: impl FnOnce(&Scripted) -> u64) -> io::Result<(usize, u64)> {
        let mut state = self.state.lock().unwrap();
        state.calls += 1;
        let asked: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
        assert!(!asked.is_empty(), "a call for nothing");
        let taken = match state.steps.pop_front() {
            None => asked.len(),
            Some(Step::Take(count)) => count.min(asked.len()),
            Some(Step::After(count)) => {
                let end = state.end();
                state.bytes.extend((end..end + count as u64).map(|at| (at, 0)));
                asked.len()
            }
            Some(Step::Fail(errno)) => {
                state.failures.extend((errno != EINTR).then_some(errno));
                return Err(io::Error::from_raw_os_error(errno));
            }
        };
        state.failures.extend((taken == 0).then_some(0));
        let start = at(&state);
        state.bytes.extend((start..).zip(asked[..taken].iter().copied()));
        Ok((taken, start))
    }

    /// Positions of the bytes with this value.
    fn places(&self, value: u8) -> Vec<u64> {
        let state = self.state.lock().unwrap();
        state.bytes.iter().filter(|(_, byte)| **byte == value).map(|(at, _)| *at).collect()
    }
}

impl Scripted {
    fn end(&self) -> u64 {
        self.bytes.last_key_value().map_or(0, |(at, _)| at + 1)
    }
}

impl StorageFile for Script {
    fn write_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        self.write(bufs, |_| offset).map(|(count, _)| count)
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> io::Result<(usize, u64)> {
        self.write(bufs, Scripted::end)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.state.lock().unwrap().end())
    }

    fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
        unreachable!("writes do not read")
    }

    fn sync(&self, _: bool) -> io::Result<()> {
        unreachable!("writes do not sync")
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        unreachable!("writes do not cut")
    }

    fn metadata(&self) -> io::Result<Metadata> {
        unreachable!("writes ask for nothing but the length")
    }

    fn set_permissions(&self, _: Permissions) -> io::Result<()> {
        unreachable!("writes do not change attributes")
    }

    fn set_times(&self, _: FileTimes) -> io::Result<()> {
        unreachable!("writes do not change attributes")
    }

    fn try_lock(&self, _: LockKind) -> io::Result<bool> {
        unreachable!("writes do not lock")
    }

    fn unlock(&self) -> io::Result<()> {
        unreachable!("writes do not lock")
    }

    fn close(&self) -> io::Result<()> {
        unreachable!("writes do not close")
    }
}

/// Payload number `index` from 1: `len` bytes of that value.
fn payload(index: usize, len: usize) -> Payload {
    let value = u8::try_from(index).expect("the tests have few payloads");
    Payload::Shared(Bytes::from(vec![value; len]))
}

/// An outcome as the number of bytes that reached the file, and the errno if it failed.
fn ended(written: &Written, index: usize) -> (u64, Option<i32>, Option<u64>) {
    match &written.outcomes[index] {
        Ok(Answer::Written(count)) => (*count as u64, None, None),
        Ok(Answer::Position(begin)) => (u64::MAX, None, Some(*begin)),
        Ok(other) => panic!("a write answers {other:?}"),
        Err(failure) => (failure.bytes_done, Some(failure.error.raw_os_error().unwrap_or(0)), None),
    }
}

/// Runs writes at the cursor or at offsets, and compares their outcomes with the file.
fn check_writes(lens: &[usize], all: bool, at_cursor: bool, gap: u64, steps: &[Step]) {
    const CURSOR: u64 = 5;
    let case = format!("{lens:?}, all {all}, at cursor {at_cursor}, gap {gap}, {steps:?}");
    let script = Script::new(3, steps);
    let mut offset = CURSOR;
    let writes: Vec<Write> = (lens.iter().enumerate())
        .map(|(index, len)| {
            let place = if at_cursor { Offset::Cursor } else { Offset::At(offset) };
            offset += *len as u64 + gap;
            Write { offset: place, payload: payload(index + 1, *len), all, buffered: false }
        })
        .collect();
    let written = write_all(&writes.iter().collect::<Vec<_>>(), &script, CURSOR);
    assert_eq!(written.outcomes.len(), lens.len(), "{case}");
    let mut cursor = CURSOR;
    let mut failures = Vec::new();
    for (index, write) in writes.iter().enumerate() {
        let (count, errno, _) = ended(&written, index);
        let start = if let Offset::At(offset) = write.offset { offset } else { cursor };
        assert_eq!(
            script.places(index as u8 + 1),
            (start..start + count).collect::<Vec<_>>(),
            "{index} of {case}"
        );
        assert!(
            errno.is_some() || count == lens[index] as u64 || !all && count > 0,
            "{index} of {case}: short"
        );
        cursor += if at_cursor { count } else { 0 };
        failures.extend(errno);
    }
    check_calls(&script, &written, &failures, lens, &case);
    assert_eq!(
        written.moved,
        if cursor == CURSOR { CursorMove::Stay } else { CursorMove::To(cursor) },
        "{case}"
    );
}

/// Every failure of a call belongs to one payload, and every call is counted.
fn check_calls(script: &Script, written: &Written, failures: &[i32], lens: &[usize], case: &str) {
    let state = script.state.lock().unwrap();
    // A device that took nothing is called once more if an empty payload came first.
    let counted = |errno: &&i32| **errno != 0 || !lens.contains(&0);
    let made: Vec<_> = state.failures.iter().filter(counted).collect();
    assert_eq!(failures.iter().filter(counted).collect::<Vec<_>>(), made, "{case}");
    assert_eq!(written.calls, state.calls, "{case}");
}

/// Runs appends, and compares their outcomes with the file.
fn check_appends(lens: &[usize], moves_cursor: bool, steps: &[Step]) {
    const END: u64 = 7;
    let case = format!("{lens:?}, moves the cursor {moves_cursor}, {steps:?}");
    let script = Script::new(END, steps);
    let appends: Vec<Append> = (lens.iter().enumerate())
        .map(|(index, len)| Append {
            payload: payload(index + 1, *len),
            moves_cursor,
            wants_offset: !moves_cursor,
            buffered: false,
        })
        .collect();
    let written = append_all(&appends.iter().collect::<Vec<_>>(), &script);
    assert_eq!(written.outcomes.len(), lens.len(), "{case}");
    let alone = !steps.iter().any(|step| matches!(step, Step::After(_)));
    let (mut failures, mut end) = (Vec::new(), END);
    for (index, len) in lens.iter().enumerate() {
        let (count, errno, begin) = ended(&written, index);
        let count = if begin.is_some() { *len as u64 } else { count };
        let places = script.places(index as u8 + 1);
        assert_eq!(places.len() as u64, count, "{index} of {case}: bytes done");
        assert!(errno.is_some() || count == *len as u64, "{index} of {case}: an append is never short");
        if let (Some(begin), Some(first)) = (begin, places.first()) {
            assert_eq!(begin, *first, "{index} of {case}: where it begins");
        }
        if alone {
            assert_eq!(
                places,
                (end..end + count).collect::<Vec<_>>(),
                "{index} of {case}: in one piece, in order"
            );
            assert!(begin.is_none_or(|begin| begin == end), "{index} of {case}: {begin:?}, not {end}");
        }
        end = places.last().map_or(end, |last| last + 1);
        failures.extend(errno);
    }
    check_calls(&script, &written, &failures, lens, &case);
    let wrote = end > END;
    match written.moved {
        CursorMove::To(position) => assert!(moves_cursor && position == end, "{case}: cursor at {position}"),
        CursorMove::Stay => assert!(!moves_cursor || !wrote, "{case}: the cursor stayed"),
        CursorMove::Read { .. } => panic!("an append is no read"),
    }
}

const LENS: [&[usize]; 6] = [&[4], &[4, 4, 4], &[1, 5, 2, 7], &[0], &[3, 0, 4], &[0, 0, 6, 0]];

#[test]
fn a_short_or_failed_call_at_any_place_is_told_exactly() {
    let turns =
        [Step::Take(1), Step::Take(3), Step::Take(5), Step::Take(0), Step::Fail(EINTR), Step::Fail(EIO)];
    for lens in LENS {
        for call in 0..6 {
            for turn in turns {
                // Short calls first, so that there is a call with this number.
                let steps: Vec<Step> = std::iter::repeat_n(Step::Take(2), call).chain([turn]).collect();
                for (all, at_cursor, gap) in
                    [(true, true, 0), (true, false, 0), (true, false, 3), (false, true, 0), (false, false, 0)]
                {
                    check_writes(lens, all, at_cursor, gap, &steps);
                }
                check_appends(lens, true, &steps);
                check_appends(lens, false, &steps);
            }
        }
    }
}

#[test]
fn any_script_comes_to_what_its_file_shows() {
    seeds(3_000, |seed| {
        let mut dice = Random::new(seed);
        let lens: Vec<usize> = (0..dice.within(1..12)).map(|_| dice.within(0..9) as usize).collect();
        let steps: Vec<Step> = (0..dice.within(0..12))
            .map(|_| match dice.index(8) {
                0..5 => Step::Take(dice.within(0..20) as usize),
                5 => Step::Fail(EINTR),
                _ => Step::Fail([EIO, ENOSPC][dice.index(2)]),
            })
            .collect();
        check_writes(&lens, dice.chance(50), dice.chance(50), dice.within(0..2) * 10, &steps);
        check_appends(&lens, dice.chance(50), &steps);
        let among_others: Vec<Step> =
            steps.iter().map(|step| if dice.chance(30) { Step::After(4) } else { *step }).collect();
        check_appends(&lens, dice.chance(50), &among_others);
    });
}

#[test]
fn contiguous_payloads_cost_one_call_and_gaps_one_each() {
    for (at_cursor, gap, calls) in [(true, 0, 1), (false, 0, 1), (false, 1, 64)] {
        let script = Script::new(0, &[]);
        let place = |index: u64| if at_cursor { Offset::Cursor } else { Offset::At(index * (4 + gap)) };
        let writes: Vec<Write> = (0..64)
            .map(|index| Write { offset: place(index), payload: payload(1, 4), all: true, buffered: false })
            .collect();
        assert_eq!(write_all(&writes.iter().collect::<Vec<_>>(), &script, 0).calls, calls);
    }
    let appends: Vec<Append> = (0..64)
        .map(|_| Append { payload: payload(1, 4), moves_cursor: false, wants_offset: true, buffered: false })
        .collect();
    assert_eq!(append_all(&appends.iter().collect::<Vec<_>>(), &Script::new(0, &[])).calls, 1);
}
