//! The position of the cursor, and the bytes that cancelled reads give back to it.

use super::{Kind, items};
use crate::file::{Batch, Core, CursorMove, Taken};
use crate::random::{Random, seeds};

use super::Item;

/// Reads at the cursor in place; returns the range that was read.
fn read(state: &mut Core<Item>, len: u64) -> (u64, u64) {
    let (offset, len) = (state.position(), len.min(state.room()));
    state.shift(CursorMove::Read { offset, len });
    (offset, len)
}

fn give_back(state: &mut Core<Item>, (offset, len): (u64, u64)) {
    let mut taken = Taken::from(offset);
    state.stamp(&mut taken);
    state.give_back(taken, len);
}

#[test]
fn a_cursor_that_nobody_moved_on_goes_back() {
    let mut state = Core::default();
    let taken = read(&mut state, 10);
    give_back(&mut state, taken);
    assert_eq!((state.position(), state.room()), (0, u64::MAX));
}

#[test]
fn what_was_given_back_is_read_first_and_then_the_file_goes_on() {
    let mut state = Core::default();
    let first = read(&mut state, 10);
    let second = read(&mut state, 10);
    let third = read(&mut state, 10);
    give_back(&mut state, second);
    give_back(&mut state, first);
    assert_eq!(read(&mut state, 4), (0, 4));
    assert_eq!(read(&mut state, 100), (4, 6), "a read ends where the given-back range ends");
    assert_eq!(read(&mut state, 100), (10, 10));
    assert_eq!(read(&mut state, 5), (30, 5));
    assert_eq!(third, (20, 10));
}

#[test]
fn a_seek_forgets_what_was_given_back_before_and_after_it() {
    let mut state = Core::default();
    let first = read(&mut state, 10);
    let mut late = Taken::from(10);
    state.stamp(&mut late);
    read(&mut state, 10);
    read(&mut state, 10);
    give_back(&mut state, first);
    state.shift(CursorMove::To(50));
    assert_eq!(read(&mut state, 10), (50, 10));
    state.give_back(late, 10);
    assert_eq!(read(&mut state, 10), (60, 10), "it was taken before the seek");
}

#[test]
fn a_range_that_the_file_no_longer_has_is_dropped() {
    let mut state = Core::default();
    let first = read(&mut state, 10);
    read(&mut state, 10);
    give_back(&mut state, first);
    state.shift(CursorMove::Read { offset: 0, len: 0 });
    assert_eq!((state.position(), state.room()), (20, u64::MAX));
}

#[test]
fn nothing_given_back_changes_nothing() {
    let mut state = Core::default();
    read(&mut state, 10);
    give_back(&mut state, (10, 0));
    assert_eq!(state.position(), 10);
}

/// Cause: a range given back while another cursor read was running was put where that read's end then lost
/// it, or moved the cursor under it. Loss: bytes were delivered twice or never. Fix: `is_moving_cursor`, and
/// ranges looked up by their start.
#[test]
fn what_is_given_back_while_another_read_runs_is_neither_lost_nor_doubled() {
    for from_returned in [false, true] {
        let mut state = Core::default();
        let (first, second) = (read(&mut state, 10), read(&mut state, 10));
        if from_returned {
            give_back(&mut state, second);
        }
        items([Kind::CursorRead(10)]).into_iter().for_each(|item| state.push(item));
        let running = state.next(false).expect("nothing is before it");
        give_back(&mut state, first);
        state
            .finish(running.batch_id, CursorMove::Read { offset: running.cursor, len: running.room.min(10) });
        assert_eq!(read(&mut state, 10), (0, 10), "{from_returned}");
        assert_eq!(read(&mut state, 10), if from_returned { (20, 10) } else { (30, 10) });
    }
}

/// A cursor read at a worker, or answered and not yet received.
enum Reading {
    Runs(Batch<Item>),
    Answered(Taken, (u64, u64)),
}

/// Cancelled and delivered reads in any order; returns how often each byte was delivered.
fn deliveries(seed: u64, bytes: usize) -> Vec<u32> {
    let mut dice = Random::new(seed);
    let mut state = Core::default();
    let mut delivered = vec![0; bytes];
    let mut readings: Vec<Reading> = Vec::new();
    let left = |offset: u64| bytes as u64 - offset.min(bytes as u64);
    for step in 0.. {
        // Towards the end no reader cancels, so that the simulation terminates.
        let cancels = step < 200 && dice.chance(50);
        if readings.len() < 4 && dice.chance(50) {
            state.push(items([Kind::CursorRead(dice.within(1..9))]).remove(0));
        }
        if let Some(batch) = state.next(false) {
            readings.push(Reading::Runs(batch));
        }
        if readings.is_empty() {
            if left(state.position()) == 0 {
                return delivered;
            }
            continue;
        }
        match readings.swap_remove(dice.index(readings.len())) {
            Reading::Runs(batch) => {
                let Kind::CursorRead(len) = batch.items[0].kind else {
                    unreachable!("nothing else is pushed")
                };
                let (offset, len) = (batch.cursor, len.min(batch.room).min(left(batch.cursor)));
                if cancels {
                    state.finish(batch.batch_id, CursorMove::Stay);
                    continue;
                }
                let mut taken = Taken::from(offset);
                state.stamp(&mut taken);
                state.finish(batch.batch_id, CursorMove::Read { offset, len });
                readings.push(Reading::Answered(taken, (offset, len)));
            }
            Reading::Answered(taken, (_, len)) if cancels => state.give_back(taken, len),
            Reading::Answered(_, (offset, len)) => {
                (offset..offset + len).for_each(|byte| delivered[byte as usize] += 1);
            }
        }
    }
    unreachable!("the steps do not end")
}

#[test]
fn every_byte_is_delivered_once_however_reads_are_cancelled() {
    seeds(1_000, |seed| assert_eq!(deliveries(seed, 300), vec![1; 300]));
}
