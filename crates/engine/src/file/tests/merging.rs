//! Merging into one system call.

use super::{Kind, items};
use crate::file::{Core, CursorMove};
use crate::limits::{MERGE_BYTES_MAX, MERGE_OPS_MAX, ORDER_WINDOW_OPS};

/// Sizes of the batches in which queued operations start, each ended before the next starts.
fn batches(kinds: impl IntoIterator<Item = Kind>) -> Vec<usize> {
    let mut state = Core::default();
    // No write extends the file, so that earlier reads beyond its end block nothing.
    state.note_len(u64::MAX);
    items(kinds).into_iter().for_each(|item| state.push(item));
    let mut sizes = Vec::new();
    while let Some(batch) = state.next(false) {
        sizes.push(batch.items.len());
        let moved: u64 = batch.items.iter().map(|item| item.kind.bytes()).sum();
        let cursor = matches!(batch.items[0].kind, Kind::CursorWrite(_));
        state.finish(
            batch.batch_id,
            if cursor { CursorMove::To(batch.cursor + moved) } else { CursorMove::Stay },
        );
    }
    sizes
}

#[track_caller]
fn check(kinds: impl IntoIterator<Item = Kind>, expected: &[usize]) {
    assert_eq!(batches(kinds), expected);
}

fn contiguous(count: usize, len: u64) -> impl Iterator<Item = Kind> {
    (0..count as u64).map(move |index| Kind::Write(index * len..(index + 1) * len))
}

#[test]
fn contiguous_writes_appends_and_syncs_become_one_batch_each() {
    let append = || Kind::Append { len: 10, cursor: false };
    check(contiguous(64, 4096), &[64]);
    check((0..64).map(|_| append()), &[64]);
    check((0..64).map(|_| Kind::Sync), &[64]);
    check((0..64).map(|_| Kind::CursorWrite(100)), &[64]);
    check([Kind::Write(0..4), Kind::Write(5..8)], &[1, 1]);
    check([Kind::Write(4..8), Kind::Write(0..4)], &[1, 1]);
    check([append(), Kind::Append { len: 1, cursor: true }, append()], &[1, 1, 1]);
    check([Kind::CursorWrite(4), Kind::Write(4..8)], &[1, 1]);
    check([Kind::Write(0..4), Kind::Read(0..4), Kind::Write(4..8)], &[2, 1]);
    check([Kind::Write(0..4), Kind::Read(0..8), Kind::Write(4..8)], &[1, 1, 1]);
    check([append(), Kind::Sync, append(), Kind::Sync], &[2, 2]);
    check([Kind::Sync, append(), Kind::Sync], &[1, 1, 1]);
}

#[test]
fn a_batch_stays_within_its_limits() {
    check(contiguous(MERGE_OPS_MAX + 1, 1), &[MERGE_OPS_MAX, 1]);
    let half = MERGE_BYTES_MAX / 2;
    check(contiguous(3, half), &[2, 1]);
    check(contiguous(2, half + 1), &[1, 1]);
    check(contiguous(2, MERGE_BYTES_MAX + 1), &[1, 1]);
    check((0..3).map(|_| Kind::Append { len: half, cursor: false }), &[2, 1]);
}

#[test]
fn a_scan_ends_at_the_window_and_what_is_behind_it_still_starts() {
    let blocked = |count: usize| {
        let mut state = Core::default();
        items([Kind::Write(0..1)]).into_iter().for_each(|item| state.push(item));
        let running = state.next(false).expect("nothing is before it");
        items((0..count).map(|_| Kind::Read(0..1)).chain([Kind::Read(5..6)]))
            .into_iter()
            .for_each(|item| state.push(item));
        let passes = state.next(false).is_some();
        state.finish(running.batch_id, CursorMove::Stay);
        let mut left = 0;
        while state.next(false).is_some() {
            left += 1;
        }
        (passes, left + usize::from(passes))
    };
    assert_eq!(blocked(ORDER_WINDOW_OPS - 1), (true, ORDER_WINDOW_OPS));
    assert_eq!(blocked(ORDER_WINDOW_OPS), (false, ORDER_WINDOW_OPS + 1));
}

#[test]
fn each_closing_of_the_gate_is_counted_for_its_reopening() {
    for (kinds, closers) in [
        (vec![Kind::Write(0..1), Kind::Write(1..2), Kind::Write(2..3)], 3),
        (vec![Kind::Append { len: 1, cursor: false }; 2], 2),
        (vec![Kind::Sync; 2], 0),
        (vec![Kind::Read(0..1)], 0),
        (vec![Kind::Exclusive], 1),
    ] {
        let mut state = Core::default();
        items(kinds.clone()).into_iter().for_each(|item| state.push(item));
        assert_eq!(state.next(false).expect("nothing is before it").closers, closers, "{kinds:?}");
    }
}
