//! The linearizability checker: accepts what a file could have done, rejects what it could not.
#![allow(clippy::unwrap_used, reason = "a test says by its failure what went wrong")]

use std::io::SeekFrom;
use std::time::Instant;

use folio_testkit::{
    Entry, FileModel, History, ModelOp, Outcome, Random, Recorder, ViolationKind, check, seeds,
};

/// Bytes of the file that random operations touch; mutations use the bytes behind them.
const COMMON: u64 = 64;
const START_LEN: usize = 128;

#[test]
fn legal_histories_are_accepted() {
    seeds(400, |seed| {
        let history = legal(seed, 3, 20, seed % 4);
        if let Err(violation) = check(&history) {
            panic!("{violation}");
        }
    });
}

#[test]
fn short_reads_are_accepted_only_where_allowed() {
    let entries = vec![done(0, 0, 1, ModelOp::ReadAt { offset: 0, len: 4 }, bytes(b"ab"))];
    let strict = FileModel::new(*b"abcd");
    let lenient = strict.clone().with_short_reads();
    assert!(check(&History { start: strict, entries: entries.clone() }).is_err());
    assert!(check(&History { start: lenient.clone(), entries }).is_ok());
    let nothing = vec![done(0, 0, 1, ModelOp::ReadAt { offset: 0, len: 4 }, bytes(b""))];
    assert!(check(&History { start: lenient, entries: nothing }).is_err(), "0 means the end");
}

#[test]
fn a_byte_that_nobody_wrote_is_rejected() {
    seeds(300, |seed| {
        let mut history = legal(seed, 3, 20, 3);
        let mut dice = Random::new(seed);
        let mut reads: Vec<_> = history.entries.iter_mut().filter_map(read_bytes).collect();
        let len = reads.len();
        let read = &mut reads[dice.index(len)];
        let at = dice.index(read.len());
        read[at] = NEVER_WRITTEN;
        assert!(check(&history).is_err());
    });
}

#[test]
fn each_broken_promise_is_rejected_after_any_legal_history() {
    seeds(100, |seed| {
        for (name, broken) in broken_tails() {
            // None cancelled: the tail must not be excused by an operation that takes effect late.
            let mut history = legal(seed, 4, 15, 0);
            let behind = u64::MAX / 2;
            let calm = [
                done(9, behind, behind + 1, ModelOp::SetLen(START_LEN as u64), Outcome::Done),
                done(9, behind + 2, behind + 3, seek(100), Outcome::Offset(100)),
            ];
            history.entries.extend(calm);
            assert!(check(&history).is_ok(), "the calm before {name:?}");
            history.entries.extend(broken.into_iter().map(|entry| later(entry, behind + 10)));
            let violation = check(&history).expect_err(name);
            assert_eq!(violation.kind(), ViolationKind::NotLinearizable, "{name}");
        }
    });
}

#[test]
fn a_cancelled_write_may_have_happened_or_not_but_not_both() {
    let read = |called, got| done(1, called, called + 1, ModelOp::ReadAt { offset: 0, len: 1 }, bytes(got));
    let check_reads = |first, second| {
        let cancelled = Entry { client: 0, opening: 0, op: write_at(0, b"x"), called: 0, returned: None };
        let entries = vec![cancelled, read(1, first), read(3, second)];
        check(&History { start: FileModel::new(*b"a"), entries }).is_ok()
    };
    assert!(check_reads(b"a", b"a"), "never");
    assert!(check_reads(b"a", b"x"), "late");
    assert!(check_reads(b"x", b"x"), "at once");
    assert!(!check_reads(b"x", b"a"), "taken back");
}

#[test]
fn a_cancelled_cursor_read_must_not_move_the_cursor() {
    let entries = vec![
        Entry { client: 0, opening: 0, op: ModelOp::Read { len: 1 }, called: 0, returned: None },
        done(0, 1, 2, ModelOp::Read { len: 1 }, bytes(b"b")),
    ];
    let start = FileModel::new(*b"ab");
    assert!(check(&History { start: start.clone(), entries: entries.clone() }).is_err());
    assert!(check(&History { start: start.with_cancelled_reads_moving(), entries }).is_ok());
}

#[test]
fn a_write_that_changes_nothing_yet_may_be_needed_later() {
    let entries = vec![
        done(0, 0, 9, write_at(0, b"a"), Outcome::Written(1)),
        done(1, 1, 2, write_at(0, b"b"), Outcome::Written(1)),
        done(2, 10, 11, ModelOp::ReadAt { offset: 0, len: 1 }, bytes(b"a")),
    ];
    check(&History { start: FileModel::new(*b"a"), entries }).unwrap();
}

#[test]
fn a_failed_operation_has_no_effect() {
    let recorder = Recorder::new(FileModel::new(*b"a"));
    recorder.call(0, write_at(0, b"x")).returned(Outcome::Failed);
    let read = ModelOp::ReadAt { offset: 0, len: 1 };
    recorder.call(0, read.clone()).returned(bytes(b"a"));
    assert!(check(&recorder.history()).is_ok());
    recorder.call(0, read).returned(bytes(b"x"));
    assert!(check(&recorder.history()).is_err());
}

#[test]
fn a_violation_names_the_operation_and_what_it_should_have_given() {
    let recorder = Recorder::new(FileModel::new(*b"old"));
    recorder.call(3, write_at(0, b"new")).returned(Outcome::Written(3));
    recorder.call(7, ModelOp::ReadAt { offset: 0, len: 3 }).returned(bytes(b"old"));
    let violation = check(&recorder.history()).unwrap_err();
    let text = violation.to_string();
    assert_eq!(violation.stuck().len(), 1);
    for part in ["client 3", "client 7 [2..3]", "\"old\", but the file would give 3 bytes \"new\""] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn eight_clients_with_fifty_operations_each_are_decided() {
    for (name, mix, cancelled_percent) in [
        ("positioned", Mix::Positioned, 0),
        ("positioned, some cancelled", Mix::Positioned, 2),
        ("with cursor", Mix::WithCursor, 0),
    ] {
        let mut times: Vec<_> = (0..20)
            .map(|seed| {
                let history = legal_mix(seed, 8, 50, cancelled_percent, mix);
                let begun = Instant::now();
                if let Err(violation) = check(&history) {
                    panic!("{name}, seed {seed}: {violation}");
                }
                begun.elapsed()
            })
            .collect();
        times.sort();
        // Printed and not asserted: the bound that counts is the checker's own, on configurations.
        println!("{name}: median {:?}, slowest {:?}", times[10], times[19]);
    }
}

const NEVER_WRITTEN: u8 = 0xFF;

/// Runs random operations of several clients on the model, each taking effect somewhere between its call
/// and its return, some cancelled before or after that.
fn legal(seed: u64, clients: usize, ops_each: usize, cancelled_percent: u64) -> History {
    legal_mix(seed, clients, ops_each, cancelled_percent, Mix::WithCursor)
}

/// Which operations random histories are made of.
#[derive(Clone, Copy)]
enum Mix {
    /// Those that name their offset, and appends.
    Positioned,
    /// Also those that use the cursor.
    WithCursor,
}

fn legal_mix(seed: u64, clients: usize, ops_each: usize, cancelled_percent: u64, mix: Mix) -> History {
    let mut dice = Random::new(seed);
    let start = FileModel::new(vec![b'.'; START_LEN]);
    let recorder = Recorder::new(start.clone());
    let mut file = start;
    let mut left = vec![ops_each; clients];
    let mut running: Vec<_> = (0..clients).map(|_| None).collect();
    while left.iter().any(|left| *left > 0) || running.iter().any(Option::is_some) {
        let client = dice.index(clients);
        running[client] = match running[client].take() {
            None if left[client] > 0 => {
                left[client] -= 1;
                let op = random_op(&mut dice, mix);
                Some((recorder.call(client, op.clone()), op, None))
            }
            None => None,
            // A cancelled cursor read is the one operation whose effect must not outlive it.
            Some((call, op, outcome)) if dice.chance(cancelled_percent) && !moves_by_reading(&op) => {
                drop((call, op, outcome));
                None
            }
            Some((call, op, None)) => {
                let outcome = file.run(&op);
                Some((call, op, Some(outcome)))
            }
            Some((call, _, Some(outcome))) => {
                call.returned(outcome);
                None
            }
        };
    }
    recorder.history()
}

/// Reads a line of any length.
const LINE: ModelOp = ModelOp::ReadUntil { delimiter: b'\n', limit: usize::MAX };

fn random_op(dice: &mut Random, mix: Mix) -> ModelOp {
    let offset = dice.within(0..COMMON);
    let len = 1 + dice.index(16);
    // Below 0x80, so that `NEVER_WRITTEN` is what it says.
    let fresh: Vec<u8> = dice.bytes(len).into_iter().map(|byte| byte & 0x7F).collect();
    let kinds = match mix {
        Mix::Positioned => 7,
        Mix::WithCursor => 11,
    };
    match dice.index(kinds) {
        0..=2 => ModelOp::ReadAt { offset, len },
        3 | 4 => ModelOp::WriteAt { offset, bytes: fresh },
        5 => ModelOp::Append { bytes: fresh },
        7 => ModelOp::Read { len },
        8 => ModelOp::Write { bytes: fresh },
        9 => seek(offset),
        10 => ModelOp::ReadUntil { delimiter: dice.index(128) as u8, limit: len },
        _ => [ModelOp::Len, ModelOp::Sync, ModelOp::SetLen(COMMON + offset)][dice.index(3)].clone(),
    }
}

/// For each promise a few operations that break it, on a file of `START_LEN` bytes with the cursor at 100.
fn broken_tails() -> Vec<(&'static str, Vec<Entry>)> {
    let read = |len| ModelOp::ReadAt { offset: 100, len };
    let written = Outcome::Written;
    let write = |client, called, returned, new: &[u8]| {
        done(client, called, returned, write_at(100, new), written(new.len()))
    };
    let end = START_LEN as u64;
    let append = |client| done(client, 0, 5, ModelOp::Append { bytes: b"rr".to_vec() }, Outcome::Offset(end));
    vec![
        (
            "a stale read",
            vec![write(0, 0, 1, b"one"), write(0, 2, 3, b"two"), done(1, 4, 5, read(3), bytes(b"one"))],
        ),
        (
            "a lost write",
            vec![
                write(0, 0, 5, b"left"),
                done(1, 0, 5, write_at(104, b"right"), written(5)),
                write(2, 6, 7, b"lost"),
                done(1, 8, 9, read(9), bytes(b"leftright")),
            ],
        ),
        (
            "a read that overtakes a completed write",
            vec![
                write(0, 0, 1, b"aaa"),
                write(0, 2, 9, b"bbb"),
                done(1, 3, 4, read(3), bytes(b"bbb")),
                done(2, 5, 6, read(3), bytes(b"aaa")),
            ],
        ),
        (
            "a torn write",
            vec![write(0, 0, 1, b"oooo"), write(0, 2, 9, b"nnnn"), done(1, 3, 8, read(4), bytes(b"nnoo"))],
        ),
        ("two appends with one offset", vec![append(0), append(1)]),
        (
            "a cursor read delivered twice",
            vec![
                write(0, 0, 1, b"abcd"),
                done(1, 2, 9, ModelOp::Read { len: 2 }, bytes(b"ab")),
                done(2, 3, 8, ModelOp::Read { len: 2 }, bytes(b"ab")),
            ],
        ),
        (
            "a line in two halves",
            vec![
                write(0, 0, 1, b"line 1\nline 2\n"),
                done(1, 2, 9, LINE, bytes(b"line")),
                done(2, 3, 8, LINE, bytes(b" 1\n")),
            ],
        ),
        ("a wrong length", vec![done(0, 0, 1, ModelOp::Len, Outcome::Len(end + 1))]),
    ]
}

fn moves_by_reading(op: &ModelOp) -> bool {
    matches!(op, ModelOp::Read { .. } | ModelOp::ReadUntil { .. })
}

fn read_bytes(entry: &mut Entry) -> Option<&mut Vec<u8>> {
    match &mut entry.returned {
        Some((_, Outcome::Bytes(bytes))) if !bytes.is_empty() => Some(bytes),
        _ => None,
    }
}

fn later(entry: Entry, by: u64) -> Entry {
    let returned = entry.returned.map(|(at, outcome)| (at + by, outcome));
    Entry { called: entry.called + by, returned, ..entry }
}

fn done(client: usize, called: u64, returned: u64, op: ModelOp, outcome: Outcome) -> Entry {
    Entry { client, opening: 0, op, called, returned: Some((returned, outcome)) }
}

fn write_at(offset: u64, bytes: &[u8]) -> ModelOp {
    ModelOp::WriteAt { offset, bytes: bytes.to_vec() }
}

fn seek(to: u64) -> ModelOp {
    ModelOp::Seek(SeekFrom::Start(to))
}

fn bytes(bytes: &[u8]) -> Outcome {
    Outcome::Bytes(bytes.to_vec())
}

#[test]
fn each_opening_has_a_cursor_of_its_own() {
    let recorder = Recorder::new(FileModel::new(*b"abcd"));
    for got in [b"ab", b"cd"] {
        for opening in 0..2 {
            let read = recorder.call_through(opening, opening, ModelOp::Read { len: 2 });
            read.returned(Outcome::Bytes(got.to_vec()));
        }
    }
    check(&recorder.history()).unwrap();
    recorder.call_through(1, 1, ModelOp::Read { len: 2 }).returned(Outcome::Bytes(b"ab".to_vec()));
    assert!(check(&recorder.history()).is_err(), "the second opening stands at the end");
}

#[test]
fn a_write_that_another_opening_does_not_see_is_caught() {
    let recorder = Recorder::new(FileModel::new(*b"old"));
    let write = ModelOp::WriteAt { offset: 0, bytes: b"new".to_vec() };
    recorder.call_through(0, 0, write).returned(Outcome::Written(3));
    let read = recorder.call_through(1, 1, ModelOp::ReadAt { offset: 0, len: 3 });
    read.returned(Outcome::Bytes(b"old".to_vec()));
    assert!(check(&recorder.history()).is_err());
}
