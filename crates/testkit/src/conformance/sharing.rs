//! Checks of several openings and several threads: locks, disjoint writes, whole records.

use std::io::IoSlice;
use std::thread;

use folio_engine::storage::LockKind::{Exclusive, Shared};

use super::Check;
use super::ground::{Ground, appending, ok, write_all};

pub(super) const CHECKS: &[Check] = &[
    ("every opening sees what another has written", openings_share),
    ("an exclusive lock excludes, a shared one is shared", locks_exclude),
    ("a lock goes with its opening", locks_end),
    ("writes of several threads to their own ranges all arrive", disjoint_writes),
    ("appends of several threads never share an offset", appends_apart),
];

/// Threads that write at a time.
const THREADS: usize = 4;

/// Records that each of them writes.
const RECORDS: usize = 50;

/// Bytes of a record, not a divisor of the page, so that records lie across pages.
const RECORD_BYTES: usize = 100;

fn openings_share(on: &Ground) {
    on.put("a", b"abc");
    let (one, two) = (on.file("a"), on.file("a"));
    write_all(&*one, b"xyz!", 1);
    let mut buf = [0; 8];
    let count = ok(two.read_at(&mut buf, 0));
    assert!(count > 0 && b"axyz!".starts_with(&buf[..count]));
    assert_eq!(ok(two.len()), 5);
}

fn locks_exclude(on: &Ground) {
    on.put("a", b"");
    let (one, two, three) = (on.file("a"), on.file("a"), on.file("a"));
    assert!(ok(one.try_lock(Shared)));
    assert!(ok(two.try_lock(Shared)));
    assert!(!ok(three.try_lock(Exclusive)));
    ok(one.unlock());
    assert!(!ok(three.try_lock(Exclusive)), "the other one still holds it");
    ok(two.unlock());
    assert!(ok(three.try_lock(Exclusive)));
    assert!(ok(three.try_lock(Exclusive)), "whoever holds it gets it again");
    assert!(!ok(one.try_lock(Shared)));
    assert!(ok(three.try_lock(Shared)), "the kind may change");
    assert!(ok(one.try_lock(Shared)));
    ok(one.unlock());
    ok(one.unlock());
}

fn locks_end(on: &Ground) {
    on.put("a", b"");
    let (one, two) = (on.file("a"), on.file("a"));
    assert!(ok(one.try_lock(Exclusive)));
    assert!(!ok(two.try_lock(Exclusive)));
    drop(one);
    assert!(ok(two.try_lock(Exclusive)));
}

fn disjoint_writes(on: &Ground) {
    on.put("a", b"");
    let file = on.file("a");
    thread::scope(|scope| {
        for writer in 0..THREADS {
            let file = &file;
            scope.spawn(move || {
                for record in (writer..THREADS * RECORDS).step_by(THREADS) {
                    write_all(&**file, &[record as u8; RECORD_BYTES], (record * RECORD_BYTES) as u64);
                }
            });
        }
    });
    let bytes = on.contents("a");
    assert_eq!(bytes.len(), THREADS * RECORDS * RECORD_BYTES);
    for (index, record) in bytes.chunks(RECORD_BYTES).enumerate() {
        assert!(record.iter().all(|byte| *byte == index as u8), "record {index}");
    }
}

fn appends_apart(on: &Ground) {
    let offsets: Vec<(usize, u64, usize)> = thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|writer| {
                let file = on.open("a", &appending()).file;
                scope.spawn(move || {
                    let record = [writer as u8 + 1; RECORD_BYTES];
                    let append = |_| ok(file.append(&[IoSlice::new(&record)]));
                    (0..RECORDS).map(append).map(|(count, at)| (count, at, writer)).collect::<Vec<_>>()
                })
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().expect("no writer fails")).collect()
    });
    let bytes = on.contents("a");
    assert_eq!(bytes.len(), offsets.iter().map(|(count, _, _)| count).sum::<usize>());
    for (count, at, writer) in offsets {
        let record = &bytes[at as usize..at as usize + count];
        assert!(record.iter().all(|byte| *byte == writer as u8 + 1), "at {at}: {record:?}");
    }
}
