//! By the allocator of this test's own binary.

use std::future::Future;
use std::io::SeekFrom;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use folio::{Engine, File, OpenOptions};
use folio_testkit::skip;

/// Measured repetitions, so that an allocation now and then shows too.
const ROUNDS: u64 = 1_000;

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("the system gives a runtime").block_on(future)
}

/// A file in the page cache that can be read in place; `None`, loudly, where this system cannot.
fn warm_file() -> Option<(tempfile::TempDir, Engine, File)> {
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    let path = dir.path().join("file");
    std::fs::write(&path, vec![7; 64 * 1024]).expect("the temporary directory takes files");
    let engine = Engine::builder().start().expect("the engine starts");
    let file = block_on(OpenOptions::new().read(true).open_on(&engine, &path)).expect("it was just written");
    block_on(file.read_at(&mut [0; 512], 0)).expect("it can be read");
    if engine.snapshot().counters.in_place == 0 {
        skip("counting the allocations of a read in place", "nothing is read in place here");
        return None;
    }
    Some((dir, engine, file))
}

/// Polls once; what is done in place is done then.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("this is done in place"),
    }
}

fn allocations(mut act: impl FnMut()) -> u64 {
    act();
    allocation_counter::measure(|| (0..ROUNDS).for_each(|_| act())).count_total
}

#[test]
fn a_read_in_place_into_a_borrowed_buffer_allocates_nothing() {
    let Some((_dir, _engine, file)) = warm_file() else { return };
    let mut buf = [0; 4096];
    let at_an_offset = allocations(|| assert_eq!(now(file.read_at(&mut buf, 4096)).expect("it reads"), 4096));
    assert_eq!(at_an_offset, 0, "read_at");
    let at_the_cursor = allocations(|| {
        assert_eq!(now(file.read(&mut buf)).expect("it reads"), 4096);
        now(file.seek(SeekFrom::Start(0))).expect("a file has a position");
    });
    assert_eq!(at_the_cursor, 0, "read and seek");
    let exactly = allocations(|| now(file.read_exact_at(&mut buf, 100)).expect("it reads"));
    assert_eq!(exactly, 0, "read_exact_at");
}

#[test]
fn the_counter_sees_an_allocation_where_there_is_one() {
    let Some((_dir, _engine, file)) = warm_file() else { return };
    let owned = allocations(|| assert_eq!(now(file.read_bytes_at(0, 4096)).expect("it reads").len(), 4096));
    assert!(owned >= ROUNDS, "bytes of their own have an owner: {owned}");
}

/// Handles that are measured together.
const HANDLES: usize = 100;

#[test]
fn an_open_handle_takes_two_kibibytes_at_most_and_eight_with_its_actor() {
    let Some((dir, engine, _file)) = warm_file() else { return };
    let path = dir.path().join("file");
    let mut handles = Vec::with_capacity(HANDLES);
    let opened = allocation_counter::measure(|| {
        for _ in 0..HANDLES {
            handles
                .push(now(OpenOptions::new().read(true).open_on(&engine, &path)).expect("it opens in place"));
        }
    });
    let each = usize::try_from(opened.bytes_current).expect("they hold memory") / HANDLES;
    assert!((size_of::<File>()..=2 * 1024).contains(&each), "{each} bytes a handle");
    let mut actors = Vec::with_capacity(HANDLES);
    let with_actors = allocation_counter::measure(|| actors.extend(handles.iter().map(File::actor)));
    let actor = usize::try_from(with_actors.bytes_current).expect("they hold memory") / HANDLES;
    assert!(actor > 0 && each + actor <= 8 * 1024, "{actor} bytes more with its actor");
    let mut clones = Vec::with_capacity(HANDLES);
    let cloned = allocation_counter::measure(|| clones.extend((0..HANDLES).map(|_| handles[0].clone())));
    assert_eq!(cloned.bytes_current, 0, "a clone allocates nothing");
}
