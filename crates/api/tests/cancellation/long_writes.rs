//! A write of many pieces is one operation: given up at any moment it is there whole or not at all, and nothing
//! comes between its pieces.

use std::future::Future;
use std::io::SeekFrom;
use std::pin::Pin;
use std::time::Duration;

use folio::{Dir, File, fs};
use folio_testkit::polling::{poll_once, poll_then_drop};
use folio_testkit::wait::eventually_blocking;
use folio_testkit::{Call, Gate, errno::ENOSPC};

use crate::stage::{Stage, wait};

/// Four pieces, the last of them a short one.
const LONG_BYTES: usize = (3 << 20) + 3;

/// Polls of a long write that is not given up, and more.
const POLLS_MAX: usize = 16;

fn long(mark: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(LONG_BYTES);
    while bytes.len() < LONG_BYTES {
        let len = (bytes.len() + 1000).min(LONG_BYTES);
        bytes.resize(len, mark ^ (len / 1000) as u8);
    }
    bytes
}

type Act = for<'a> fn(&'a File, &'a [u8]) -> Pin<Box<dyn Future<Output = folio::Result<()>> + 'a>>;

/// What writes at length from borrowed bytes, and whether the cursor goes along.
const ACTS: [(&str, Act, bool); 3] = [
    ("write_all", |file, bytes| Box::pin(file.write_all(bytes)), true),
    ("write_all_at", |file, bytes| Box::pin(file.write_all_at(bytes, 0)), false),
    (
        "write_all of a handle with a time limit",
        |file, bytes| {
            let file = file.with_time_limit(Duration::from_secs(3600));
            Box::pin(async move { file.write_all(bytes).await })
        },
        true,
    ),
];

#[test]
fn c2_a_long_write_dropped_after_any_poll_is_there_whole_or_not_at_all() {
    for (name, act, moves) in ACTS {
        let mut finished = false;
        for polls in 0..POLLS_MAX {
            let stage = Stage::new(1);
            let file = stage.open("/file", b"before");
            let bytes = long(1);
            finished |= poll_then_drop(act(&file, &bytes), polls, false).is_some();
            stage.settle();
            let contents = stage.disk.contents("/file");
            let position = wait(file.stream_position()).expect("a file has a position");
            match contents == b"before" {
                true => assert_eq!(position, 0, "{name} after {polls} polls"),
                false => {
                    assert!(contents == bytes, "{name} after {polls} polls: {} bytes", contents.len());
                    assert_eq!(position, if moves { LONG_BYTES as u64 } else { 0 }, "{name}, {polls} polls");
                }
            }
            assert!(polls > 0 || contents == b"before", "{name}: nothing was polled");
            wait(file.close()).expect("nothing has failed");
        }
        assert!(finished, "{name} takes more than {POLLS_MAX} polls");
    }
}

#[test]
fn c2_a_whole_file_dropped_after_any_poll_is_there_whole_or_not_at_all() {
    let mut finished = false;
    for polls in 0..POLLS_MAX {
        let stage = Stage::new(1);
        let bytes = long(2);
        let write = stage.engine.scope(fs::write("/file", &bytes));
        finished |= poll_then_drop(write, polls, false).is_some();
        stage.settle();
        eventually_blocking("the file is closed", || stage.disk.open_files() == 0);
        let whole = stage.disk.exists("/file") && stage.disk.contents("/file") == bytes;
        assert!(whole || !stage.disk.exists("/file"), "after {polls} polls");
    }
    assert!(finished, "it takes more than {POLLS_MAX} polls");
}

#[test]
fn c2_a_whole_file_below_a_directory_dropped_after_any_poll_is_there_whole_or_not_at_all() {
    let ground = tempfile::tempdir().expect("the system has room for temporary files");
    let engine = folio::Engine::builder().start().expect("the engine starts");
    let mut finished = false;
    for polls in 0..POLLS_MAX {
        let (bytes, name) = (long(3), format!("file {polls}"));
        let dir = wait(engine.scope(Dir::open(ground.path()))).expect("it is there");
        finished |= poll_then_drop(dir.write(&name, &bytes), polls, false).is_some();
        eventually_blocking("every permit comes back", || engine.snapshot().in_flight == 0);
        let path = ground.path().join(&name);
        let whole = std::fs::read(&path).is_ok_and(|contents| contents == bytes);
        assert!(whole || !path.exists(), "after {polls} polls");
    }
    assert!(finished, "it takes more than {POLLS_MAX} polls");
}

#[test]
fn c3_a_long_write_whose_time_is_over_finishes_whole() {
    let stage = Stage::new(1);
    let file = stage.open("/file", b"before");
    let gate = Gate::closed();
    stage.disk.plan().on(Call::WriteAt).nth(2).wait_for(&gate);
    let hasty = file.with_time_limit(Duration::from_millis(50));
    let bytes = long(4);
    let error = wait(hasty.write_all(&bytes)).expect_err("its second piece is stuck");
    assert!(error.is_timed_out() && error.may_have_happened(), "{error}");
    gate.open();
    stage.settle();
    assert!(stage.disk.contents("/file") == bytes);
    assert_eq!(wait(file.stream_position()).expect("a file has a position"), LONG_BYTES as u64);
}

#[test]
fn a4_nothing_comes_between_the_pieces_of_a_long_write() {
    let stage = Stage::new(3);
    let file = stage.open("/file", b"");
    let gate = Gate::closed();
    let fault = stage.disk.plan().on(Call::WriteAt).nth(2).wait_for(&gate);
    let (first, second) = (long(5), long(6));
    let mut write = Box::pin(file.write_all(&first));
    let mut behind = Box::pin(file.write_all(&second));
    let mut small = Box::pin(file.write_all(b"small"));
    let mut look = Box::pin(file.read_bytes_at(0, 1));
    assert!(poll_once(write.as_mut()).is_pending());
    assert!(poll_once(behind.as_mut()).is_pending() && poll_once(small.as_mut()).is_pending());
    assert!(poll_once(look.as_mut()).is_pending(), "half a write is nothing to look at");
    while gate.waiting() == 0 {
        assert!(poll_once(write.as_mut()).is_pending());
    }
    gate.open();
    fault.lift();
    wait(write).expect("the disk takes it");
    wait(behind).expect("the disk takes it");
    wait(small).expect("the disk takes it");
    assert_eq!(wait(look).expect("it reads"), first[..1]);
    assert!(stage.disk.contents("/file") == [&first[..], &second, b"small"].concat());
}

#[test]
fn a_long_write_that_fails_midway_says_how_much_got_there_and_can_go_on() {
    let stage = Stage::new(1);
    let file = stage.open("/file", b"");
    stage.disk.plan().on(Call::WriteAt).nth(3).at_most(1000);
    stage.disk.plan().on(Call::WriteAt).nth(4).fail(ENOSPC);
    let bytes = long(7);
    let error = wait(file.write_all(&bytes)).expect_err("its third piece does not fit");
    let done = (2 << 20) + 1000;
    assert_eq!((error.raw_os_error(), error.bytes_done()), (Some(ENOSPC), done), "{error}");
    assert_eq!(wait(file.stream_position()).expect("a file has a position"), done);
    wait(file.write_all(&bytes[done as usize..])).expect("there is room again");
    assert!(stage.disk.contents("/file") == bytes);
    assert_eq!(wait(file.sync_data()).expect_err("owed once").raw_os_error(), Some(ENOSPC));
}

#[test]
fn a_whole_file_that_fails_midway_says_how_much_got_there() {
    let stage = Stage::new(1);
    stage.disk.plan().on(Call::WriteAt).nth(2).at_most(1000);
    stage.disk.plan().on(Call::WriteAt).nth(3).fail(ENOSPC);
    let error = wait(stage.engine.scope(fs::write("/file", long(8)))).expect_err("it does not fit");
    assert_eq!((error.raw_os_error(), error.bytes_done()), (Some(ENOSPC), (1 << 20) + 1000), "{error}");
    eventually_blocking("the file is closed", || stage.disk.open_files() == 0);
}

#[test]
fn a_long_write_whose_caller_rests_holds_no_worker() {
    let stage = Stage::new(1);
    let file = stage.open("/file", b"");
    let other = stage.open("/other", b"");
    let bytes = long(9);
    let mut write = Box::pin(file.write_all(&bytes));
    assert!(poll_once(write.as_mut()).is_pending());
    wait(other.write_all(b"meanwhile")).expect("the only worker is free");
    wait(write).expect("the disk takes it");
    assert!(stage.disk.contents("/file") == bytes);
}

#[test]
fn a_panic_in_a_piece_fails_the_write_alone() {
    let stage = Stage::new(1);
    let file = stage.open("/file", b"");
    stage.disk.plan().on(Call::WriteAt).nth(2).panic();
    let error = wait(file.write_all(&long(10))).expect_err("its second piece panics");
    assert_eq!(error.bytes_done(), 1 << 20, "{error}");
    wait(file.seek(SeekFrom::Start(0))).expect("the file is not blocked");
    wait(file.write_all(&long(11))).expect("nor is the worker gone");
}

#[test]
fn an_engine_that_stops_amid_a_long_write_answers_it() {
    let stage = Stage::new(1);
    let file = stage.open("/file", b"");
    let bytes = long(12);
    let mut write = Box::pin(file.write_all(&bytes));
    assert!(poll_once(write.as_mut()).is_pending());
    let report = wait(stage.engine.shutdown(Duration::from_millis(50)));
    report.expect("it had not been stopped");
    match wait(write) {
        // A slow worker was still in its first piece, and found the others behind it.
        Ok(()) => assert!(stage.disk.contents("/file") == bytes),
        Err(error) => assert!(error.is_closed(), "{error}"),
    }
}
