//! Creations dropped after each of their polls: nothing is left of them.

use std::future::Future;
use std::path::PathBuf;
use std::pin::{Pin, pin};

use folio::Engine;
use folio::tempfile::{NamedTemporaryFile, SpooledTemporaryFile, TemporaryDirectory, TemporaryFile};
use folio_testkit::polling::poll_then_drop;
use folio_testkit::{Call, Gate};

use crate::{ROOM, eventually, names, poll_once, refusing, room, settled, stage};

/// Polls after which a creation must be done.
const POLLS_MAX: usize = 100;

/// Each of these is tried so often: whether a worker has begun by the drop is a matter of luck.
const ROUNDS: usize = 20;

type Act = fn(Engine, PathBuf) -> Pin<Box<dyn Future<Output = ()>>>;

/// The kinds of creation. What is made in the end goes by its own drop.
const ACTS: [(&str, Act); 5] = [
    ("named", |engine, dir| {
        Box::pin(
            async move { drop(NamedTemporaryFile::builder().in_dir(dir).create_on(&engine).await.unwrap()) },
        )
    }),
    ("named, to stay", |engine, dir| {
        Box::pin(async move {
            let mut builder = NamedTemporaryFile::builder();
            let named = builder.delete(false).in_dir(dir).create_on(&engine).await.unwrap();
            std::fs::remove_file(named.path()).unwrap();
        })
    }),
    ("unnamed", |engine, dir| {
        Box::pin(async move { drop(TemporaryFile::builder().in_dir(dir).create_on(&engine).await.unwrap()) })
    }),
    ("directory", |engine, dir| {
        Box::pin(
            async move { drop(TemporaryDirectory::builder().in_dir(dir).create_on(&engine).await.unwrap()) },
        )
    }),
    ("spooled", |engine, dir| {
        Box::pin(async move {
            let mut spool = SpooledTemporaryFile::builder().max_size(1).in_dir(dir).build_on(&engine);
            spool.write_all(b"more than one").await.unwrap();
        })
    }),
];

#[tokio::test]
async fn dropped_after_any_poll_a_creation_leaves_nothing() {
    let engine = Engine::builder().start().unwrap();
    for (name, act) in ACTS {
        for round in 0..ROUNDS {
            let until_woken = round % 2 == 0;
            let room = room();
            let mut polls = 1;
            // Under tokio's budget a poll may be refused without a reason, so each future gets one of its own.
            while !tokio::task::unconstrained(async {
                let creation = act(engine.clone(), room.path().to_owned());
                poll_then_drop(creation, polls, until_woken).is_some()
            })
            .await
            {
                settled(|| engine.snapshot()).await;
                let case = format!("{name}, dropped after {polls} polls, woken: {until_woken}");
                assert_eq!(names(room.path()), [""; 0], "{case}");
                // A sweep that is just looking at the file keeps it for that long.
                eventually(&case, || engine.snapshot().files.is_empty()).await;
                polls += 1;
                assert!(polls < POLLS_MAX, "{name} took {polls} polls");
            }
            settled(|| engine.snapshot()).await;
            assert_eq!(names(room.path()), [""; 0], "{name}, done");
        }
    }
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
}

#[tokio::test]
async fn a_creation_that_had_begun_is_undone_even_by_a_shutdown() {
    let (disk, engine) = stage(100);
    let gate = Gate::closed();
    let _fault = disk.plan().on(Call::CreateDir).wait_for(&gate);
    let mut builder = TemporaryDirectory::builder();
    builder.in_dir(ROOM);
    {
        let mut creation = pin!(builder.create_on(&engine));
        assert!(poll_once(creation.as_mut()).is_pending());
        gate.arrived(1);
    }
    let mut shutdown = pin!(engine.shutdown(crate::PATIENCE));
    assert!(poll_once(shutdown.as_mut()).is_pending());
    refusing(&engine).await;
    gate.open();
    shutdown.await.unwrap();
    assert_eq!(disk.list(ROOM), [""; 0]);
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
}

#[tokio::test]
async fn a_rollover_that_is_dropped_leaves_the_contents_in_memory() {
    let room = room();
    let engine = Engine::builder().start().unwrap();
    let mut spool = SpooledTemporaryFile::builder().max_size(10).in_dir(room.path()).build_on(&engine);
    spool.write_all(b"0123456789").await.unwrap();
    let mut polls = 0;
    let mut left_in_memory = 0;
    while !spool.is_rolled_over() {
        polls += 1;
        assert!(polls < POLLS_MAX, "it takes {polls} polls");
        let rollover = async { spool.rollover().await.unwrap() };
        let done =
            tokio::task::unconstrained(async { poll_then_drop(rollover, polls, false).is_some() }).await;
        assert_eq!(done, spool.is_rolled_over());
        left_in_memory += u32::from(!done);
        spool.seek(std::io::SeekFrom::Start(0)).await.unwrap();
        assert_eq!(spool.read_to_end().await.unwrap(), b"0123456789");
    }
    assert!(left_in_memory > 0, "no rollover was ever cancelled");
}
