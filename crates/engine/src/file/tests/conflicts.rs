//! Conflicts between two operations.

use super::{Kind, items};
use crate::file::{Arrival, Core, CursorMove, Merge, Seen};
use crate::limits::{CHANGES_REMEMBERED_MAX, LONG_WRITES_MAX, PIECE_BYTES};

/// The end of the file: beyond everything that most of these operations touch.
const END: u64 = 100;

/// Whether `later` has to wait while `earlier` runs, and equally while it waits itself.
#[track_caller]
fn check(earlier: Kind, later: Kind, waits: bool) {
    check_in(END, earlier, later, waits);
}

#[track_caller]
fn check_in(known_len: u64, earlier: Kind, later: Kind, waits: bool) {
    let state = || {
        let mut state = Core::default();
        state.note_len(known_len);
        state
    };
    let running = || {
        let [first, second] =
            <[_; 2]>::try_from(items([earlier.clone(), later.clone()])).expect("two of two");
        let mut state = state();
        state.push(first);
        let batch = state.next(false).expect("nothing is before it");
        state.push(second);
        let started = state.next(false).is_some();
        state.finish(batch.batch_id, CursorMove::Stay);
        assert_eq!(state.next(false).is_some(), !started, "it starts once");
        !started
    };
    let waiting = || {
        // A barrier that both wait for keeps the first from running.
        let kinds = [Kind::Exclusive, earlier.clone(), later.clone()];
        let mut state = state();
        items(kinds).into_iter().for_each(|item| state.push(item));
        let barrier = state.next(false).expect("nothing is before it");
        assert!(state.next(false).is_none(), "nothing passes a barrier");
        state.finish(barrier.batch_id, CursorMove::Stay);
        state.note_len(known_len);
        let batch = state.next(false).expect("the barrier is gone");
        assert_eq!(batch.items[0].id, 1, "first come, first served");
        batch.items.len() == 1 && state.next(false).is_none()
    };
    assert_eq!(running(), waits, "{later:?} while {earlier:?} runs");
    let merged = earlier == later && earlier.merge() != Merge::Alone;
    assert_eq!(waiting(), waits && !merged, "{later:?} behind {earlier:?}");
}

#[test]
fn operations_wait_exactly_for_those_they_conflict_with() {
    use Kind::{Append, CursorRead, CursorWrite, Exclusive, Read, Seek, Sync, Write};
    let append = Append { len: 4, cursor: false };
    let append_write = Append { len: 4, cursor: true };
    for (earlier, later, waits) in [
        (Read(0..9), Read(0..9), false),
        (Read(0..9), Write(8..12), true),
        (Read(0..9), Write(9..12), false),
        (Read(0..9), append.clone(), true),
        (Read(0..9), Sync, false),
        (Write(0..9), Read(8..9), true),
        (Write(0..9), Read(9..12), false),
        (Write(0..9), Read(0..0), false),
        (Write(0..9), Write(8..12), true),
        (Write(4..9), Write(0..4), false),
        (Write(0..9), append.clone(), true),
        (Write(0..9), Sync, true),
        (append.clone(), Read(0..1), true),
        (append.clone(), Write(0..1), true),
        (append.clone(), append.clone(), true),
        (append.clone(), append_write.clone(), true),
        (append_write.clone(), append_write.clone(), true),
        (append.clone(), Sync, true),
        (Sync, Read(0..9), false),
        (Sync, Write(0..9), false),
        (Sync, append.clone(), false),
        (Sync, Sync, true),
        (CursorRead(4), CursorRead(4), true),
        (CursorRead(4), Seek(0), true),
        (Seek(0), CursorRead(4), true),
        (Seek(0), Read(0..9), false),
        (Seek(0), Write(0..9), false),
        (Seek(0), append.clone(), true),
        (CursorRead(4), append_write.clone(), true),
        (CursorRead(4), Write(0..1), true),
        (CursorRead(4), Write(4..9), false),
        (CursorWrite(4), Read(3..9), true),
        (CursorWrite(4), Read(4..9), false),
        (Write(0..4), CursorRead(4), true),
        (Write(4..8), CursorRead(4), false),
    ] {
        check(earlier, later, waits);
    }
    for other in [
        Read(0..9),
        Write(0..9),
        append,
        append_write,
        Sync,
        CursorRead(1),
        CursorWrite(1),
        Seek(1),
        Exclusive,
    ] {
        check(Exclusive, other.clone(), true);
        check(other, Exclusive, true);
    }
}

#[test]
fn a_read_where_only_the_other_makes_the_file_reach_conflicts_with_it() {
    use Kind::{CursorRead, CursorWrite, Read, Write};
    for (known_len, read, write, waits) in [
        (9, Read(0..9), Write(20..30), false),
        (8, Read(0..9), Write(20..30), true),
        (0, Read(3..4), Write(4..5), true),
        (0, Read(3..3), Write(4..5), false),
        (0, Read(5..9), Write(4..5), false),
        (0, CursorRead(2), Write(4..5), true),
        (2, CursorRead(2), Write(4..5), false),
    ] {
        check_in(known_len, write.clone(), read.clone(), waits);
        check_in(known_len, read, write, waits);
    }
    check_in(0, CursorWrite(9), Read(9..10), false);
}

#[test]
fn where_the_file_reaches_is_learnt_from_what_ends_and_forgotten_with_a_barrier() {
    let reads = |state: &Core<_>| state.is_free(&Kind::Read(0..10).footprint(0, u64::MAX));
    let [low, high, barrier, again] = <[_; 4]>::try_from(items([
        Kind::Write(0..10),
        Kind::Write(40..50),
        Kind::Exclusive,
        Kind::Write(60..70),
    ]))
    .expect("four of four");
    let mut state = Core::default();
    state.push(low);
    let batch = state.next(false).expect("nothing is before it");
    state.note_written(batch.batch_id);
    state.finish(batch.batch_id, CursorMove::Stay);
    state.push(high);
    let batch = state.next(false).expect("nothing is before it");
    assert!(reads(&state), "the file is known to reach that far");
    assert!(!state.note_read(0..10, 5), "somebody else has cut it, and it may yet grow");
    assert!(!reads(&state));
    state.finish(batch.batch_id, CursorMove::Stay);
    assert!(state.note_read(0..10, 10), "nothing is on its way");
    state.push(barrier);
    let batch = state.next(false).expect("nothing is before it");
    state.finish(batch.batch_id, CursorMove::Stay);
    state.push(again);
    state.next(false).expect("nothing is before it");
    assert!(!reads(&state), "nobody knows where it ends now");
}

#[test]
fn what_changes_the_bytes_waits_for_readers_in_a_shared_turn() {
    let table = [
        (Kind::Read(0..9), true),
        (Kind::CursorRead(9), true),
        (Kind::Seek(1), true),
        (Kind::Sync, true),
        (Kind::Write(0..9), false),
        (Kind::CursorWrite(9), false),
        (Kind::Append { len: 9, cursor: false }, false),
        (Kind::Exclusive, false),
    ];
    for (kind, starts) in table {
        let mut state = Core::default();
        items([kind.clone()]).into_iter().for_each(|item| state.push(item));
        assert_eq!(state.next(true).is_some(), starts, "{kind:?} beside readers");
    }
}

#[test]
fn nothing_acts_in_place_past_what_is_still_in_the_mailbox() {
    let [write, read] = <[_; 2]>::try_from(items([Kind::Write(0..1), Kind::Read(5..6)])).expect("two of two");
    let mut state = Core::default();
    state.note_len(END);
    let footprint = read.kind.footprint(0, u64::MAX);
    assert!(state.is_free(&footprint));
    let Arrival::Wait(mailed) = state.arrive(write, || false) else { panic!("readers are inside") };
    assert!(!state.is_free(&footprint), "nobody knows what is mailed");
    state.receive(mailed);
    assert!(state.is_free(&footprint), "it is known not to overlap");
}

#[test]
fn a_peek_is_out_of_date_once_what_it_saw_may_have_changed() {
    let changed_by = |kind: Kind, len: u64| {
        let mut state = Core::default();
        let mut seen = Seen::from(10);
        state.stamp_seen(&mut seen);
        items([kind]).into_iter().for_each(|item| state.push(item));
        let batch = state.next(false).expect("nothing is before it");
        state.finish(batch.batch_id, CursorMove::Stay);
        !state.is_unchanged_since(seen, len)
    };
    for (kind, bytes, end) in [
        (Kind::Read(0..100), false, false),
        (Kind::Write(0..10), false, true),
        (Kind::Write(0..11), true, true),
        (Kind::Write(19..30), true, true),
        (Kind::Write(20..30), false, true),
        (Kind::Append { len: 5, cursor: false }, false, true),
        (Kind::Exclusive, true, true),
    ] {
        assert_eq!(changed_by(kind.clone(), 10), bytes, "bytes, {kind:?}");
        assert_eq!(changed_by(kind.clone(), 0), end, "the end, {kind:?}");
    }
}

#[test]
fn more_changes_than_are_remembered_count_as_changes_of_everything() {
    let mut state = Core::default();
    let mut seen = Seen::from(10);
    state.stamp_seen(&mut seen);
    for round in 1..=CHANGES_REMEMBERED_MAX + 1 {
        items([Kind::Write(500..600)]).into_iter().for_each(|item| state.push(item));
        let batch = state.next(false).expect("nothing is before it");
        state.finish(batch.batch_id, CursorMove::Stay);
        assert_eq!(state.is_unchanged_since(seen, 10), round <= CHANGES_REMEMBERED_MAX, "after {round}");
    }
}

#[test]
fn of_writes_that_take_turns_one_runs_beside_a_few_long_ones() {
    let piece = PIECE_BYTES as u64;
    let long = |index: u64| Kind::Write(index * 10 * piece..index * 10 * piece + 2 * piece);
    let short = |index: u64| Kind::Write(index * 10 * piece + 5 * piece..index * 10 * piece + 6 * piece);
    let mut state = Core::default();
    state.write_in_turn();
    items((0..8).map(long).chain((0..8).map(short))).into_iter().for_each(|item| state.push(item));
    state.push(items([Kind::Read(0..1)]).remove(0));
    state.note_len(u64::MAX);
    let mut running = Vec::new();
    let mut longs = 0;
    while let Some(batch) = state.next(false) {
        longs += usize::from(batch.items[0].kind == long(batch.items[0].id as u64));
        running.push(batch);
    }
    assert_eq!(longs, LONG_WRITES_MAX);
    assert_eq!(
        running.len(),
        LONG_WRITES_MAX + 1,
        "one short write, and no read in front of the first long one"
    );
    let first_short = running.pop().expect("it was counted");
    state.finish(first_short.batch_id, CursorMove::Stay);
    let next = state.next(false).expect("its turn has ended");
    assert_eq!(next.items[0].kind, short(1), "first come, first served");
    assert!(state.next(false).is_none(), "all turns are taken");
}
