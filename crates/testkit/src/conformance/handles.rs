//! Checks of what an open file can do besides reading and writing: second handles, space, conversions into std.

use std::io::{IoSlice, Read};
use std::sync::Arc;

use folio_engine::storage::{Advice, Allocation, LockKind, Nature, StorageFile};

use super::Check;
use super::ground::{Ground, appending, both, contents, fails, if_supported, ok, write_all};
use crate::errno::{EAGAIN, EINVAL};

pub(super) const CHECKS: &[Check] = &[
    ("a second handle is the same file, and outlives the first", second_handles),
    ("a file takes a range of another in at its place", receives),
    ("space is reserved, zeroed and given back as asked", space),
    ("advice changes nothing", advice),
    ("what nobody saw can be taken back, and is read again first", taken_back),
    ("a second opening waits for a lock", stands_in),
    ("std's file reads from the position it was given", into_std),
    ("a file says what it is", says),
    ("a stream answers at once", streams),
];

fn second_handles(on: &Ground) {
    on.put("a", b"abc");
    let one = on.file("a");
    let Some(other) = if_supported(one.duplicate()) else { return };
    write_all(&*one, b"x", 0);
    ok(one.close());
    assert_eq!(contents(&*other), b"xbc");
    ok(other.close());
}

fn receives(on: &Ground) {
    on.put("from", b"0123456789");
    on.put("to", b"----");
    let (from, to) = (on.file("from"), on.file("to"));
    let Some(first) = if_supported(to.receive(&*from, 2, 5, 3)) else { return };
    let mut done = first;
    while done < 5 {
        let more = ok(to.receive(&*from, 2 + done, 5 - done, 3 + done));
        assert!(more > 0, "there is more to receive");
        done += more;
    }
    assert_eq!(on.contents("to"), b"---23456");
    assert_eq!(ok(to.receive(&*from, 10, 5, 0)), 0);
    fails(on.open("to", &appending()).file.receive(&*from, 0, 1, 0), &[EINVAL]);
}

fn space(on: &Ground) {
    on.put("a", b"abcdef");
    let file = on.file("a");
    let allocate = |how, offset, len| if_supported(file.allocate(how, offset, len));
    if allocate(Allocation::KeepSize, 0, 100).is_none() {
        return;
    }
    assert_eq!(ok(file.len()), 6);
    ok(file.allocate(Allocation::Extend, 0, 8));
    assert_eq!(contents(&*file), b"abcdef\0\0");
    if allocate(Allocation::PunchHole, 1, 2).is_some() {
        assert_eq!(contents(&*file), b"a\0\0def\0\0");
    }
    if allocate(Allocation::ZeroRange, 4, 2).is_some() {
        assert_eq!(&contents(&*file)[3..], b"d\0\0\0\0");
    }
    fails(file.allocate(Allocation::Extend, 0, 0), &[EINVAL]);
}

fn advice(on: &Ground) {
    on.put("a", b"abc");
    let file = on.file("a");
    for advice in [Advice::Sequential, Advice::WillNeed, Advice::DontNeed, Advice::Normal] {
        if if_supported(file.advise(advice, 0, 0)).is_none() {
            return;
        }
    }
    assert_eq!(contents(&*file), b"abc");
}

fn taken_back(on: &Ground) {
    on.put("a", b"abcdef");
    let file = on.file("a");
    let mut buf = [0; 2];
    let count = ok(file.read_at(&mut buf, 0));
    file.take_back(&buf[..count], 0);
    let mut again = [0; 6];
    match file.read_returned(&mut again, 0) {
        // It can be read twice, so nothing was kept.
        None | Some(0) => assert_eq!(contents(&*file), b"abcdef"),
        Some(returned) => assert_eq!(again[..returned], buf[..returned]),
    }
}

fn stands_in(on: &Ground) {
    on.put("a", b"");
    let file = on.file("a");
    let Some(waiting) = if_supported(file.stand_in()) else { return };
    ok(waiting.lock(LockKind::Exclusive));
    assert!(!ok(file.try_lock(LockKind::Shared)));
    drop(waiting);
    assert!(ok(file.try_lock(LockKind::Shared)));
}

fn into_std(on: &Ground) {
    on.put("a", b"0123");
    let file: Arc<dyn StorageFile> = on.file("a").into();
    let Some(mut std) = if_supported(file.to_std(1)) else { return };
    let mut rest = String::new();
    ok(std.read_to_string(&mut rest));
    assert_eq!(rest, "123");
    assert!(file.into_std(0).is_some());
}

fn says(on: &Ground) {
    on.put("a", b"");
    let file = on.file("a");
    assert!(file.has_positions() && !file.appends() && !file.is_direct());
    file.refresh_flags();
}

fn streams(on: &Ground) {
    if if_supported(on.storage.make_fifo(&on.path("fifo"), 0o600)).is_none() {
        return;
    }
    let opened = on.open("fifo", &both());
    assert_eq!(opened.nature, Nature::Stream);
    let mut buf = [0; 8];
    fails(opened.file.read_stream(&mut buf), &[EAGAIN]);
    assert_eq!(ok(opened.file.write_stream(b"abc")), 3);
    assert_eq!(ok(opened.file.read_stream(&mut buf)), 3);
    assert!(opened.file.write_at(&[IoSlice::new(b"x")], 0).is_err(), "a stream has no offsets");
}
