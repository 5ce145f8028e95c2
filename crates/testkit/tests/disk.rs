//! The simulated disk does what its fault contract says.
#![allow(clippy::unwrap_used, reason = "a test says by its failure what went wrong")]

use std::io::IoSlice;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use std::{io, thread};

use folio_engine::storage::{Links, Names, OpenRequest, Storage, StorageFile};
use folio_testkit::errno::{EAGAIN, EIO, ENOSPC, EXDEV};
use folio_testkit::{Call, Disk, FileModel, Gate, ModelOp, Mount, Outcome, Random, Survivors, seeds};

#[test]
fn a_rule_meets_the_calls_it_names_and_counts_them() {
    let check = |name: &str, expected: [bool; 6], rule: fn(&Disk) -> folio_testkit::Fault| {
        let (disk, file) = disk_with(b"abc");
        let fault = rule(&disk);
        let failed = [(); 6].map(|()| file.sync(true).is_err());
        assert_eq!(failed, expected, "{name}");
        let fired = expected.iter().filter(|failed| **failed).count() as u64;
        assert_eq!((fault.fired(), disk.plan().fired(), disk.calls(Call::Sync)), (fired, fired, 6), "{name}");
    };
    let (t, f) = (true, false);
    check("always", [t; 6], |disk| disk.plan().on(Call::Sync).fail(EIO));
    check("nth", [f, f, t, f, f, f], |disk| disk.plan().on(Call::Sync).nth(3).fail(EIO));
    check("from", [f, f, t, t, t, t], |disk| disk.plan().on(Call::Sync).from(3).fail(EIO));
    check("every", [f, t, f, t, f, t], |disk| disk.plan().on(Call::Sync).every(2).fail(EIO));
    check("any kind", [f, t, f, f, f, f], |disk| disk.plan().on_any().nth(2).fail(EIO));
    check("under", [t; 6], |disk| disk.plan().on(Call::Sync).under("/dir").fail(EIO));
    check("elsewhere", [f; 6], |disk| disk.plan().on(Call::Sync).under("/other").fail(EIO));
    check("another kind", [f; 6], |disk| disk.plan().on(Call::WriteAt).fail(EIO));
    check("lifted", [f; 6], |disk| {
        let fault = disk.plan().on(Call::Sync).fail(EIO);
        fault.lift();
        fault
    });
}

#[test]
fn short_and_torn_calls_move_exactly_what_the_plan_says() {
    let (disk, file) = disk_with(b"abcdef");
    disk.plan().on(Call::ReadAt).nth(1).at_most(2);
    disk.plan().on(Call::WriteAt).nth(1).at_most(1);
    disk.plan().on(Call::WriteAt).nth(2).tear(2, ENOSPC);
    let mut buf = [0; 6];
    assert_eq!(file.read_at(&mut buf, 0).unwrap(), 2);
    assert_eq!(file.read_at(&mut buf, 0).unwrap(), 6);
    assert_eq!(write(&*file, b"XYZ", 0).unwrap(), 1);
    assert_eq!(write(&*file, b"123", 3).unwrap_err().raw_os_error(), Some(ENOSPC));
    assert_eq!(disk.contents(FILE), b"Xbc12f");
}

#[test]
fn a_cache_that_misses_sends_callers_to_the_blocking_call() {
    let (disk, file) = disk_with(b"abc");
    assert_eq!(file.read_now(&mut [0; 3], 0).unwrap().unwrap(), 3);
    disk.plan().on_any().would_block();
    assert!(file.read_now(&mut [0; 3], 0).is_none());
    assert!(disk.metadata_cached(Path::new(FILE), Links::Follow).is_none());
    assert!(disk.open_cached(Path::new(FILE), &OpenRequest::default().read(true)).is_none());
    assert_eq!(file.read_at(&mut [0; 3], 0).unwrap_err().raw_os_error(), Some(EAGAIN));
}

#[test]
fn a_gate_holds_calls_until_it_opens() {
    let (disk, file) = disk_with(b"abc");
    let gate = Gate::closed();
    disk.plan().on(Call::WriteAt).wait_for(&gate);
    thread::scope(|scope| {
        let file = &*file;
        let writers: Vec<_> = (0..3).map(|at| scope.spawn(move || write(file, b"x", at).unwrap())).collect();
        gate.arrived(3);
        assert_eq!((gate.waiting(), disk.running()), (3, 3));
        assert_eq!(disk.contents(FILE), b"abc", "a call that waits has no effect yet");
        gate.release(1);
        gate.open();
        assert_eq!(writers.into_iter().map(|writer| writer.join().unwrap()).sum::<usize>(), 3);
    });
    assert_eq!((disk.contents(FILE), disk.running(), disk.running_max()), (b"xxx".to_vec(), 0, 3));
}

#[test]
fn a_gate_that_is_dropped_leaves_nobody_blocked() {
    let (disk, file) = disk_with(b"abc");
    let gate = Gate::closed();
    disk.plan().on(Call::Sync).wait_for(&gate);
    thread::scope(|scope| {
        let sync = scope.spawn(|| file.sync(true).unwrap());
        gate.arrived(1);
        drop(gate);
        sync.join().unwrap();
    });
    file.sync(true).unwrap();
}

#[test]
fn slow_calls_are_done_when_the_clock_says_so() {
    let (disk, file) = disk_with(b"abc");
    let clock = disk.plan().clock();
    let hour = Duration::from_secs(3600);
    let slow = disk.plan().on(Call::WriteAt).takes(hour);
    thread::scope(|scope| {
        let writing = scope.spawn(|| write(&*file, b"x", 0).unwrap());
        clock.arrived(1);
        assert_eq!((clock.waiting(), clock.next(), disk.running()), (1, Some(hour), 1));
        clock.advance(hour - Duration::from_nanos(1));
        assert_eq!((clock.waiting(), disk.contents(FILE)), (1, b"abc".to_vec()));
        clock.advance(Duration::from_nanos(1));
        assert_eq!(writing.join().unwrap(), 1);
    });
    assert_eq!((clock.waiting(), clock.next(), clock.now(), slow.fired()), (0, None, hour, 1));
}

#[test]
fn a_clock_that_nobody_holds_runs_by_itself() {
    let (disk, file) = disk_with(b"abc");
    disk.plan().on(Call::WriteAt).takes(Duration::from_secs(1));
    disk.plan().on(Call::Sync).takes(Duration::MAX);
    write(&*file, b"x", 0).unwrap();
    write(&*file, b"y", 0).unwrap();
    let clock = disk.plan().clock();
    assert_eq!(clock.now(), Duration::from_secs(2));
    thread::scope(|scope| {
        let stuck = scope.spawn(|| file.sync(true).unwrap());
        clock.arrived(3);
        clock.advance(Duration::from_secs(1_000_000));
        assert_eq!(clock.waiting(), 1, "it is stuck");
        drop(clock);
        stuck.join().unwrap();
    });
}

#[test]
fn a_planned_panic_costs_one_call_and_nothing_else() {
    let (disk, file) = disk_with(b"abc");
    let fault = disk.plan().on(Call::WriteAt).nth(1).panic();
    assert!(catch_unwind(AssertUnwindSafe(|| write(&*file, b"x", 0))).is_err());
    assert_eq!((fault.fired(), disk.running()), (1, 0));
    assert_eq!(write(&*file, b"y", 0).unwrap(), 1);
    assert_eq!(disk.contents(FILE), b"ybc");
}

#[test]
fn a_sync_covers_what_was_written_before_it_began() {
    let (disk, file) = disk_with(b"...");
    write(&*file, b"a", 0).unwrap();
    assert_eq!(disk.durable(FILE), b"...");
    let gate = Gate::closed();
    disk.plan().on(Call::Sync).nth(1).wait_for(&gate);
    thread::scope(|scope| {
        let sync = scope.spawn(|| file.sync(false).unwrap());
        gate.arrived(1);
        write(&*file, b"b", 1).unwrap();
        gate.open();
        sync.join().unwrap();
    });
    assert_eq!((disk.contents(FILE), disk.durable(FILE)), (b"ab.".to_vec(), b"a..".to_vec()));
}

#[test]
fn a_sync_after_a_failed_one_does_not_cover_what_that_one_lost() {
    let (disk, file) = disk_with(b"...");
    write(&*file, b"a", 0).unwrap();
    disk.plan().on(Call::Sync).nth(1).fail(EIO);
    assert!(file.sync(true).is_err());
    write(&*file, b"c", 2).unwrap();
    file.sync(true).unwrap();
    assert_eq!((disk.contents(FILE), disk.durable(FILE)), (b"a.c".to_vec(), b"..c".to_vec()));
}

#[test]
fn a_power_cut_leaves_synced_bytes_under_synced_names() {
    let (disk, file) = disk_with(b"old");
    write(&*file, b"new", 0).unwrap();
    file.sync(true).unwrap();
    disk.rename(Path::new(FILE), &disk, Path::new("/dir/renamed")).unwrap();
    let lost = disk.after_power_cut(Survivors::Nothing);
    assert_eq!((lost.list("/dir"), lost.contents(FILE)), (vec!["file".to_owned()], b"new".to_vec()));
    assert_eq!(disk.after_power_cut(Survivors::Everything).list("/dir"), ["renamed"]);
    let dir = OpenRequest::default().read(true);
    disk.open(Path::new("/dir"), &dir).unwrap().file.sync(true).unwrap();
    seeds(20, |seed| {
        let cut = disk.after_power_cut(Survivors::Random(seed));
        assert_eq!(
            (cut.list("/dir"), cut.contents("/dir/renamed")),
            (vec!["renamed".to_owned()], b"new".to_vec())
        );
    });
}

#[test]
fn overlapping_calls_tear_each_other_as_page_by_page() {
    let (disk, file) = disk_with(&[b'a'; 64]);
    disk.set_piece_bytes(1);
    let seen = AtomicBool::new(false);
    let torn = thread::scope(|scope| {
        // As many as it takes on a busy machine, where the reader may not run for long.
        let writer = scope.spawn(|| {
            let rounds = (0..500_000u32).take_while(|_| !seen.load(Relaxed));
            rounds.for_each(|round| drop(write(&*file, &[b'a' + round as u8 % 2; 64], 0)));
        });
        let mut torn = false;
        while !writer.is_finished() && !torn {
            let mut buf = [0; 64];
            file.read_at(&mut buf, 0).unwrap();
            torn = buf.iter().any(|byte| *byte != buf[0]);
        }
        seen.store(true, Relaxed);
        torn
    });
    assert!(torn, "a reader between two pieces of a write sees half of it");
}

#[test]
fn mounts_have_devices_of_their_own() {
    let disk = Disk::new();
    disk.put("/near/file", "");
    disk.put("/far/file", "");
    disk.mount("/far", Mount { device: 7, remote: true });
    let open = |path| disk.open(Path::new(path), &OpenRequest::default().read(true)).unwrap();
    let (near, far) = (open("/near/file"), open("/far/file"));
    assert_eq!((far.device, far.remote, near.remote), (7, true, false));
    assert_ne!(near.device, 7);
    let across = disk.rename(Path::new("/near/file"), &disk, Path::new("/far/other"));
    assert_eq!(across.unwrap_err().raw_os_error(), Some(EXDEV));
    assert_eq!(disk.open_files(), 2);
    drop((near, far));
    assert_eq!(disk.open_files(), 0);
}

#[test]
fn the_disk_does_what_the_model_does() {
    seeds(200, |seed| {
        let mut dice = Random::new(seed);
        let (disk, file) = disk_with(b"start");
        disk.set_piece_bytes(1 + dice.index(8));
        disk.plan().on(Call::ReadAt).delay(Duration::ZERO, seed);
        disk.plan().on(Call::ReadAt).every(3).at_most(2);
        disk.plan().on(Call::WriteAt).every(3).at_most(2);
        let mut model = FileModel::new(*b"start").with_short_reads().with_short_writes();
        for _ in 0..60 {
            let (offset, len) = (dice.within(0..40), dice.index(12));
            let op = match dice.index(6) {
                0 | 1 => ModelOp::ReadAt { offset, len },
                2 => ModelOp::WriteAt { offset, bytes: dice.bytes(len) },
                3 => ModelOp::Append { bytes: dice.bytes(len) },
                4 => ModelOp::SetLen(offset),
                _ => ModelOp::Len,
            };
            let outcome = run(&*file, &op);
            let Some(next) = model.after(&op, &outcome) else {
                panic!("{op:?} gave {outcome:?} on {:?}", model.bytes());
            };
            model = next;
        }
        assert_eq!(disk.contents(FILE), model.bytes());
    });
}

const FILE: &str = "/dir/file";

fn disk_with(bytes: &[u8]) -> (Disk, Box<dyn StorageFile>) {
    let disk = Disk::new();
    disk.put(FILE, bytes);
    let request = OpenRequest::default().read(true).write(true);
    let file = disk.open(Path::new(FILE), &request).unwrap().file;
    (disk, file)
}

fn write(file: &dyn StorageFile, bytes: &[u8], offset: u64) -> io::Result<usize> {
    file.write_at(&[IoSlice::new(bytes)], offset)
}

fn run(file: &dyn StorageFile, op: &ModelOp) -> Outcome {
    match op {
        ModelOp::ReadAt { offset, len } => {
            let mut buf = vec![0; *len];
            let count = file.read_at(&mut buf, *offset).unwrap();
            Outcome::Bytes(buf[..count].to_vec())
        }
        ModelOp::WriteAt { offset, bytes } => Outcome::Written(write(file, bytes, *offset).unwrap()),
        ModelOp::Append { bytes } => Outcome::Offset(file.append(&[IoSlice::new(bytes)]).unwrap().1),
        ModelOp::SetLen(len) => {
            file.set_len(*len).unwrap();
            Outcome::Done
        }
        ModelOp::Len => Outcome::Len(file.len().unwrap()),
        ModelOp::Read { .. }
        | ModelOp::ReadUntil { .. }
        | ModelOp::Write { .. }
        | ModelOp::Seek(_)
        | ModelOp::Sync => {
            unreachable!("not made by this test")
        }
    }
}
