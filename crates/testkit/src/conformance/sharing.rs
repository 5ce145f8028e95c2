//! Checks of several openings and several threads: locks, disjoint writes, whole records.

use std::io::{IoSlice, Read};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::thread;

use folio_engine::storage::LockKind::{Exclusive, Shared};
use folio_engine::storage::StorageFile;

use super::Check;
use super::ground::{Ground, appending, ok, write_all};

pub(super) const CHECKS: &[Check] = &[
    ("every opening sees what another has written", openings_share),
    ("an exclusive lock excludes, a shared one is shared", locks_exclude),
    ("a lock goes with its opening, by the drop, by close and by abandon", locks_end),
    ("a closed file has no descriptor, and closing it again does nothing", closed_for_good),
    ("a descriptor that was handed over is the one that was opened", handed_over),
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
    type End = fn(&mut Option<Box<dyn StorageFile>>);
    let ends: [End; 3] = [
        |file| drop(file.take()),
        |file| file.iter().for_each(|file| ok(file.close())),
        |file| file.iter().for_each(|file| ok(file.abandon())),
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let (one, two) = (on.file("a"), on.file("a"));
        assert!(ok(one.try_lock(Exclusive)));
        assert!(!ok(two.try_lock(Exclusive)));
        let mut one = Some(one);
        end(&mut one);
        assert!(ok(two.try_lock(Exclusive)), "end {number}");
    }
}

fn closed_for_good(on: &Ground) {
    on.put("a", b"");
    let one = on.file("a");
    write_all(&*one, b"written", 0);
    ok(one.close());
    assert!(one.as_std().is_none());
    let two = on.file("a");
    assert!(ok(two.try_lock(Exclusive)));
    ok(one.close());
    drop(one);
    write_all(&*two, b"W", 0);
    assert!(!ok(on.file("a").try_lock(Exclusive)), "the first one's end is not the second's");
    assert_eq!(on.contents("a"), b"Written");
}

fn handed_over(on: &Ground) {
    on.put("a", b"0123");
    let one: Arc<dyn StorageFile> = on.file("a").into();
    let Some(number) = one.as_std().map(AsRawFd::as_raw_fd) else { return };
    let other = one.clone();
    assert!(one.into_std(0).is_none(), "there is another reference");
    assert!(ok(other.try_lock(Exclusive)));
    let mut std = other.into_std(2).expect("the only reference hands its descriptor over");
    assert_eq!(std.as_raw_fd(), number);
    let mut rest = String::new();
    ok(std.read_to_string(&mut rest));
    assert_eq!(rest, "23");
    assert!(!ok(on.file("a").try_lock(Exclusive)), "the lock came along");
    drop(std);
    assert!(ok(on.file("a").try_lock(Exclusive)));
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
