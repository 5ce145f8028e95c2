//! By the engine's own counters and by the calls that a simulated disk has seen.

use std::sync::Arc;

use folio::{Counters, Engine, File, OpenOptions};
use folio_testkit::wait::eventually;
use folio_testkit::{Call, Disk, Gate};

use crate::burst::{ASKED, Burst};

async fn stage() -> (Disk, Engine, File) {
    let disk = Disk::new();
    disk.put("/file", vec![7; 64 * 1024]);
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().expect("the engine starts");
    let file =
        OpenOptions::new().read(true).write(true).open_on(&engine, "/file").await.expect("it was put there");
    (disk, engine, file)
}

/// What has been counted by `engine`: operations in place, hops, jobs, messages, actors.
fn told(engine: &Engine) -> [u64; 5] {
    let Counters { in_place, hops, jobs, messages, actors, .. } = engine.snapshot().counters;
    [in_place, hops, jobs, messages, actors]
}

fn since(before: [u64; 5], now: [u64; 5]) -> [u64; 5] {
    std::array::from_fn(|index| now[index] - before[index])
}

#[tokio::test]
async fn a_read_in_place_is_one_call_and_no_hop() {
    let (disk, engine, file) = stage().await;
    let (before, calls) = (told(&engine), disk.calls(Call::ReadNow));
    for index in 0..100 {
        file.read_at(&mut [0; 512], index * 512).await.expect("the disk reads");
        file.read(&mut [0; 512]).await.expect("the disk reads");
        file.read_bytes(16).await.expect("the disk reads");
    }
    assert_eq!(since(before, told(&engine)), [300, 0, 0, 0, 0], "in place, hops, jobs, messages, actors");
    assert_eq!(disk.calls(Call::ReadNow) - calls, 300);
    assert_eq!(disk.calls(Call::ReadAt), 0);
}

#[tokio::test]
async fn a_read_by_the_pool_is_one_call_and_one_hop() {
    let (disk, engine, file) = stage().await;
    disk.plan().on(Call::ReadNow).would_block();
    let before = told(&engine);
    for index in 0..100 {
        file.read_at(&mut [0; 512], index * 512).await.expect("the disk reads");
    }
    assert_eq!(since(before, told(&engine)), [0, 100, 100, 0, 0], "in place, hops, jobs, messages, actors");
    assert_eq!(disk.calls(Call::ReadAt), 100);
}

#[tokio::test]
async fn a_write_that_nothing_holds_up_is_one_call_and_one_hop() {
    let (disk, engine, file) = stage().await;
    let before = told(&engine);
    for index in 0..100 {
        file.write_all_at(&[1; 512], index * 512).await.expect("the disk takes it");
    }
    assert_eq!(since(before, told(&engine)), [0, 100, 100, 0, 0], "in place, hops, jobs, messages, actors");
    assert_eq!(disk.calls(Call::WriteAt), 100);
}

#[tokio::test]
async fn seeks_and_positions_cost_no_call_at_all() {
    let (disk, engine, file) = stage().await;
    let before = told(&engine);
    for index in 0..100 {
        file.seek(std::io::SeekFrom::Start(index)).await.expect("a file has a position");
        file.stream_position().await.expect("a file has a position");
    }
    assert_eq!(since(before, told(&engine)), [200, 0, 0, 0, 0], "in place, hops, jobs, messages, actors");
    assert_eq!(disk.calls(Call::Len), 0);
}

#[tokio::test]
async fn a_burst_that_is_queued_is_a_few_calls() {
    for (burst, call, calls_max) in
        [(Burst::Writes, Call::WriteAt, 4), (Burst::Appends, Call::Append, 4), (Burst::Syncs, Call::Sync, 2)]
    {
        let (disk, engine, file) = stage().await;
        let gate = Gate::closed();
        disk.plan().on(Call::SetLen).wait_for(&gate);
        let holder = file.clone();
        let holder = tokio::spawn(async move { holder.set_len(0).await });
        eventually("a worker is inside", || engine.snapshot().files[0].running > 0).await;
        let before = engine.snapshot().counters;
        burst.run(&engine, &file, || gate.open()).await;
        holder.await.expect("it does not panic").expect("the disk cuts");
        let now = engine.snapshot().counters;
        // The burst's own last write is one of the writes.
        let last = u64::from(call == Call::WriteAt);
        assert!(disk.calls(call) <= calls_max + last, "{burst:?}: {} calls", disk.calls(call));
        let (asked, made) = match burst {
            Burst::Writes | Burst::Appends => {
                (now.writes_asked - before.writes_asked, now.write_calls - before.write_calls)
            }
            Burst::Syncs => {
                (now.syncs_asked - before.syncs_asked + 1, now.syncs_issued - before.syncs_issued)
            }
        };
        assert_eq!(asked, ASKED + 1, "{burst:?}");
        assert!(made <= calls_max + 1, "{burst:?}: {made} calls by the engine's count");
    }
}
