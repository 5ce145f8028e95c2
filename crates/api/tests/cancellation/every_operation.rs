//! Every operation of an open file, dropped after each of its polls: nothing is lost.

use std::fs::{FileTimes, Permissions};
use std::future::Future;
use std::io::{IoSlice, IoSliceMut, SeekFrom};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use folio::os::{Advice, Allocation};
use folio::storage::{Os, Storage};
use folio::{Buffering, Engine, File};
use folio_testkit::polling::poll_then_drop;
use folio_testkit::process::descriptors_below;
use folio_testkit::wait::eventually_blocking;
use folio_testkit::{Call, Disk};

use crate::stage::{read_write, wait};

type Act = fn(File) -> Pin<Box<dyn Future<Output = ()>>>;

/// What the file may hold afterwards, besides what it held before.
type After = &'static [u8];

const BEFORE: &[u8] = b"0123456789";

/// Bytes the engine admits: a lost byte permit shows in an operation that needs all of them.
const BYTES_MAX: usize = 1_024;

macro_rules! act {
    (|$file:ident| $call:expr) => {
        |$file: File| Box::pin(async move { drop($call.await) })
    };
}

const ACTS: [(&str, Act, After); 45] = [
    ("read", act!(|file| file.read(&mut [0; 4])), BEFORE),
    ("read_at", act!(|file| file.read_at(&mut [0; 4], 2)), BEFORE),
    ("read_exact", act!(|file| file.read_exact(&mut [0; 4])), BEFORE),
    ("read_exact_at", act!(|file| file.read_exact_at(&mut [0; 4], 2)), BEFORE),
    ("read_bytes", act!(|file| file.read_bytes(4)), BEFORE),
    ("read_bytes_at", act!(|file| file.read_bytes_at(2, 4)), BEFORE),
    ("read_vectored", act!(|file| file.read_vectored(&mut [IoSliceMut::new(&mut [0; 4])])), BEFORE),
    ("read_vectored_at", act!(|file| file.read_vectored_at(&mut [IoSliceMut::new(&mut [0; 4])], 2)), BEFORE),
    ("read_to_end_limited", act!(|file| file.read_to_end_limited(100)), BEFORE),
    ("read_until", act!(|file| file.read_until(b'5', 100)), BEFORE),
    ("read_line", act!(|file| file.read_line(100)), BEFORE),
    ("read_full", act!(|file| file.read_full(4)), BEFORE),
    ("peek", act!(|file| file.peek(4)), BEFORE),
    ("reader", act!(|file| file.reader(2..5).read(&mut [0; 9])), BEFORE),
    ("write", act!(|file| file.write(b"abc")), b"abc3456789"),
    ("write_all", act!(|file| file.write_all(b"abc")), b"abc3456789"),
    ("write_at", act!(|file| file.write_at(b"abc", 2)), b"01abc56789"),
    ("write_all_at", act!(|file| file.write_all_at(b"abc", 2)), b"01abc56789"),
    (
        "write_vectored",
        act!(|file| file.write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"c")])),
        b"abc3456789",
    ),
    ("write_vectored_at", act!(|file| file.write_vectored_at(&[IoSlice::new(b"abc")], 2)), b"01abc56789"),
    ("write_bytes", act!(|file| file.write_bytes("abc")), b"abc3456789"),
    ("write_bytes_at", act!(|file| file.write_bytes_at("abc", 2)), b"01abc56789"),
    ("append", act!(|file| file.append(b"abc")), b"0123456789abc"),
    ("append_bytes", act!(|file| file.append_bytes("abc")), b"0123456789abc"),
    ("try_append", act!(|file| file.try_append(b"abc")), b"0123456789abc"),
    ("try_append_bytes", act!(|file| file.try_append_bytes("abc")), b"0123456789abc"),
    ("try_write_bytes_at", act!(|file| file.try_write_bytes_at("abc", 2)), b"01abc56789"),
    ("flush", act!(|file| file.flush()), BEFORE),
    ("seek", act!(|file| file.seek(SeekFrom::End(-1))), BEFORE),
    ("rewind", act!(|file| file.rewind()), BEFORE),
    ("stream_position", act!(|file| file.stream_position()), BEFORE),
    ("set_len", act!(|file| file.set_len(3)), b"012"),
    ("fallocate", act!(|file| file.fallocate(Allocation::Extend, 0, 12)), b"0123456789\0\0"),
    ("fadvise", act!(|file| file.fadvise(Advice::Random, 0, 0)), BEFORE),
    ("sync_all", act!(|file| file.sync_all()), BEFORE),
    ("sync_data", act!(|file| file.sync_data()), BEFORE),
    ("metadata", act!(|file| file.metadata()), BEFORE),
    ("set_permissions", act!(|file| file.set_permissions(Permissions::from_mode(0o600))), BEFORE),
    ("set_times", act!(|file| file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH))), BEFORE),
    ("run", act!(|file| file.run(|std| std.set_len(0))), b""),
    (
        "lock, unlock",
        act!(|file| async {
            file.lock().await?;
            file.unlock().await
        }),
        BEFORE,
    ),
    ("lock_shared", act!(|file| file.lock_shared()), BEFORE),
    ("try_lock", act!(|file| file.try_lock()), BEFORE),
    ("close", act!(|file| file.close()), BEFORE),
    ("into_std", act!(|file| file.into_std()), BEFORE),
];

/// Where a file lives, and how to look at it past the engine.
struct Home {
    engine: Engine,
    /// Bytes that the file may keep back.
    buffer_bytes: usize,
    path: String,
    contents: Box<dyn Fn() -> Vec<u8>>,
    descriptors: Box<dyn Fn() -> usize>,
}

fn engine(storage: Arc<dyn Storage>) -> Engine {
    let engine = Engine::builder().workers_max(2).bytes_max(BYTES_MAX).storage(storage).start();
    engine.expect("the engine starts")
}

fn simulated(in_place: bool) -> Home {
    let disk = Disk::new();
    if !in_place {
        disk.plan().on(Call::ReadNow).would_block();
    }
    disk.put("/file", BEFORE);
    let (read, opened) = (disk.clone(), disk.clone());
    Home {
        engine: engine(Arc::new(disk)),
        buffer_bytes: 0,
        path: "/file".to_owned(),
        contents: Box::new(move || read.contents("/file")),
        descriptors: Box::new(move || opened.open_files()),
    }
}

fn on_this_system(dir: &Path) -> Home {
    let path = dir.join("file");
    std::fs::write(&path, BEFORE).expect("the temporary directory takes files");
    let (name, counted) = (path.to_str().expect("a temporary path is text").to_owned(), dir.to_owned());
    Home {
        engine: engine(Arc::new(Os::new())),
        buffer_bytes: 0,
        path: name,
        contents: Box::new(move || std::fs::read(&path).expect("the file is there")),
        descriptors: Box::new(move || descriptors_below(&counted)),
    }
}

/// Drops `act` after so many polls; says whether it was done before.
fn check(home: &Home, name: &str, act: Act, after: After, polls: usize, until_woken: bool) -> bool {
    let case = format!("{name}, dropped after {polls} polls, woken: {until_woken}");
    let mut options = read_write();
    options.buffering(Buffering::Bytes(home.buffer_bytes));
    let file = wait(options.open_on(&home.engine, &home.path)).expect(&case);
    let done = poll_then_drop(act(file.clone()), polls, until_woken).is_some();
    wait(file.flush()).expect(&case);
    eventually_blocking(&format!("{case}: every permit is back"), || home.engine.snapshot().in_flight == 0);
    let now = (home.contents)();
    assert!(now == BEFORE || now == after, "{case}: half done: {now:?}");
    assert!(!done || now == after, "{case}: done, and the file holds {now:?}");
    drop(file);
    let file = wait(read_write().open_on(&home.engine, &home.path)).expect(&case);
    let all_permits = vec![b'-'; BYTES_MAX];
    wait(file.try_write_bytes_at(all_permits, 0)).expect(&case);
    wait(file.set_len(0)).expect(&case);
    wait(file.write_all_at(BEFORE, 0)).expect(&case);
    drop(file);
    eventually_blocking(&format!("{case}: the file is forgotten"), || {
        home.engine.snapshot().files.is_empty()
    });
    eventually_blocking(&format!("{case}: every descriptor is closed"), || (home.descriptors)() == 0);
    done
}

fn check_all(home: impl Fn() -> Home) {
    for (name, act, after) in ACTS {
        let home = home();
        let simulated = home.path == "/file";
        // The simulated disk has no descriptors to hand out.
        let after = if simulated && name == "run" { BEFORE } else { after };
        for until_woken in [false, true] {
            let polls = (1..).find(|polls| check(&home, name, act, after, *polls, until_woken));
            assert!(polls.is_some_and(|polls| polls < 10), "{name} took {polls:?} polls");
        }
    }
}

#[test]
fn c2_dropped_after_any_poll_on_a_disk_that_has_nothing_at_hand() {
    check_all(|| simulated(false));
}

#[test]
fn c2_dropped_after_any_poll_on_a_disk_that_answers_in_place() {
    check_all(|| simulated(true));
}

#[test]
fn c2_dropped_after_any_poll_on_a_file_that_keeps_small_writes_back() {
    check_all(|| Home { buffer_bytes: 64, ..simulated(false) });
}

#[test]
fn c2_dropped_after_any_poll_on_a_file_whose_buffer_is_smaller_than_each_write() {
    check_all(|| Home { buffer_bytes: 2, ..simulated(false) });
}

#[test]
fn c2_dropped_after_any_poll_on_this_system() {
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    let path = dir.path().canonicalize().expect("it was just made");
    check_all(|| on_this_system(&path));
}
