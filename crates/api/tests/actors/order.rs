//! O1, O2: a caller's messages and methods happen in the order in which it sent them.

use std::io::SeekFrom;

use folio::actor::{Append, WriteAt};
use folio::{Engine, File};
use folio_testkit::{Call, Gate};
use tempfile::TempDir;

use crate::{PATH, actor_of, bench, eventually, open, record, records, soon};

const ROUNDS: usize = 300;

/// One sender that changes its way with every record.
async fn alternate(file: &File) {
    let actor = actor_of(file);
    for number in 0..ROUNDS {
        let bytes = record(number);
        match number % 4 {
            0 | 1 => actor.tell(Append { bytes: bytes.into() }).await.unwrap(),
            2 => assert_eq!(file.append_bytes(bytes).await.unwrap(), (number * 8) as u64),
            _ => assert_eq!(actor.ask(Append { bytes: bytes.into() }).await.unwrap(), (number * 8) as u64),
        }
    }
    file.sync_data().await.unwrap();
}

#[tokio::test]
async fn one_senders_records_keep_their_order() {
    for ops_max in [1, 2, 4, 64] {
        let (disk, engine) = bench(|engine| engine.ops_max(ops_max));
        soon("every record", alternate(&open(&engine).await)).await;
        assert_eq!(disk.contents(PATH), records(ROUNDS).as_bytes(), "{ops_max}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_senders_records_keep_their_order_on_several_threads() {
    for ops_max in [1, 64] {
        let (disk, engine) = bench(|engine| engine.ops_max(ops_max));
        soon("every record", alternate(&open(&engine).await)).await;
        assert_eq!(disk.contents(PATH), records(ROUNDS).as_bytes(), "{ops_max}");
    }
}

/// On a real file, where reading and asking are done in place as soon as nothing is in the way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_told_is_seen_by_whatever_comes_after_it() {
    let dir = TempDir::new().unwrap();
    let file = File::options().read(true).write(true).create(true).open(dir.path().join("a")).await.unwrap();
    let actor = actor_of(&file);
    for number in 0..ROUNDS {
        let bytes = bytes::Bytes::from(record(number));
        let (offset, end) = ((number * 8) as u64, (number * 8 + 8) as u64);
        actor.tell(WriteAt { bytes: bytes.clone(), offset }).await.unwrap();
        match number % 5 {
            0 => assert_eq!(file.read_bytes_at(offset, 8).await.unwrap(), bytes),
            1 => assert_eq!(file.metadata().await.unwrap().len(), end),
            2 => assert_eq!(file.seek(SeekFrom::End(0)).await.unwrap(), end),
            3 => {
                file.seek(SeekFrom::Start(offset)).await.unwrap();
                assert_eq!(file.read_bytes(8).await.unwrap(), bytes);
            }
            _ => assert_eq!(file.run(|std| std.metadata().unwrap().len()).await.unwrap(), end),
        }
    }
}

#[tokio::test]
async fn a_buffered_file_accepts_nothing_past_a_message() {
    let (disk, engine) = bench(|engine| engine);
    let file = File::options()
        .append(true)
        .buffering(folio::Buffering::Bytes(4096))
        .open_on(&engine, PATH)
        .await
        .unwrap();
    let actor = actor_of(&file);
    for number in 0..ROUNDS {
        match number % 2 {
            0 => actor.tell(Append { bytes: record(number).into() }).await.unwrap(),
            _ => file.write_all(record(number).as_bytes()).await.unwrap(),
        }
    }
    file.sync_data().await.unwrap();
    assert_eq!(disk.contents(PATH), records(ROUNDS).as_bytes());
}

#[tokio::test]
async fn close_comes_after_what_was_told() {
    let (disk, engine) = bench(|engine| engine.ops_max(1));
    let file = open(&engine).await;
    let actor = actor_of(&file);
    for number in 0..100 {
        actor.tell(Append { bytes: record(number).into() }).await.unwrap();
    }
    file.close().await.unwrap();
    assert_eq!(disk.contents(PATH), records(100).as_bytes());
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
}

#[tokio::test]
async fn what_was_told_is_written_though_every_handle_is_dropped() {
    let (disk, engine) = bench(|engine| engine.ops_max(1));
    let file = open(&engine).await;
    let actor = actor_of(&file);
    for number in 0..100 {
        actor.tell(Append { bytes: record(number).into() }).await.unwrap();
    }
    drop((file, actor));
    eventually("the file is closed", || disk.open_files() == 0).await;
    assert_eq!(disk.contents(PATH), records(100).as_bytes());
}

/// A time limit, a refusal and a dropped future behind a message that waits.
#[tokio::test]
async fn whoever_waits_behind_messages_can_give_up() {
    let gate = Gate::closed();
    let (disk, engine) = bench(|engine: folio::EngineBuilder| engine.ops_max(1));
    disk.plan().on(Call::Append).nth(1).wait_for(&gate);
    let file = open(&engine).await;
    let actor = actor_of(&file);
    for number in 0..3 {
        actor.tell(Append { bytes: record(number).into() }).await.unwrap();
    }
    eventually("a call comes to the gate", || gate.waiting() == 1).await;
    let limited = file.with_time_limit(std::time::Duration::from_millis(1));
    let late = limited.append(b"late").await.unwrap_err();
    assert!(late.is_timed_out() && !late.may_have_happened(), "{late}");
    let refused = file.try_append_bytes("refused").await.unwrap_err();
    assert_eq!((refused.error.is_overloaded(), refused.payload.unwrap().as_ref()), (true, &b"refused"[..]));
    tokio::select! {
        biased;
        _ = file.append(b"dropped") => unreachable!("the gate is closed"),
        () = tokio::task::yield_now() => {}
    }
    gate.open();
    file.sync_data().await.unwrap();
    assert_eq!(disk.contents(PATH), records(3).as_bytes());
    let snapshot: folio::Snapshot = Engine::snapshot(&engine);
    assert_eq!((snapshot.counters.refusals, snapshot.in_flight), (1, 0));
}
