//! D2, D4: a told operation that fails has nobody to hear of it. The next sync or close does, it is counted, and
//! what was refused is no different from what failed.

use folio::actor::kameo::error::SendError;
use folio::actor::{ActorRef, Append, FileActor, ReadAt, SetLen, SyncData, WriteAt};
use folio_testkit::{
    Call, Gate,
    errno::{EBADF, EFBIG, EINVAL, EIO, ENOSPC},
};

use crate::{PATH, actor_of, bench, eventually, open, soon};

/// Something that is told, with the call that carries it out.
type Told = (&'static str, Call, fn(ActorRef<FileActor>) -> tokio::task::JoinHandle<()>);

const TOLD: [Told; 4] = [
    ("append", Call::Append, |actor| {
        tokio::spawn(async move { actor.tell(Append { bytes: "told".into() }).await.unwrap() })
    }),
    ("write", Call::WriteAt, |actor| {
        tokio::spawn(async move { actor.tell(WriteAt { bytes: "told".into(), offset: 3 }).await.unwrap() })
    }),
    ("length", Call::SetLen, |actor| {
        tokio::spawn(async move { actor.tell(SetLen { len: 9 }).await.unwrap() })
    }),
    ("recipient", Call::Append, |actor| {
        let recipient = actor.recipient::<Append>();
        tokio::spawn(async move { recipient.tell(Append { bytes: "told".into() }).await.unwrap() })
    }),
];

#[tokio::test]
async fn a_told_failure_is_heard_by_the_next_sync_or_close_once() {
    for (name, call, tell) in TOLD {
        for errno in [EIO, ENOSPC, EBADF, EINVAL, EFBIG] {
            for closes in [false, true] {
                let (disk, engine) = bench(|engine| engine);
                let fault = disk.plan().on(call).nth(1).fail(errno);
                let file = open(&engine).await;
                tell(actor_of(&file)).await.unwrap();
                let heard = if closes { file.clone().close().await } else { file.sync_data().await };
                let error = heard.expect_err("somebody has to hear of it");
                assert_eq!((error.raw_os_error(), fault.fired()), (Some(errno), 1), "{name}: {error}");
                assert_eq!(engine.snapshot().counters.unobserved_errors, 1, "{name}, {errno}");
                if !closes {
                    file.sync_data().await.unwrap();
                    file.close().await.unwrap();
                }
            }
        }
    }
}

#[tokio::test]
async fn a_told_operation_on_a_closed_file_is_remembered_for_the_other_openings() {
    for (name, _, tell) in TOLD {
        let (disk, engine) = bench(|engine| engine);
        let gate = Gate::closed();
        disk.plan().on(Call::SetLen).nth(1).wait_for(&gate);
        let (file, other) = (open(&engine).await, open(&engine).await);
        let actor = actor_of(&file);
        let cutting = tokio::spawn({
            let file = file.clone();
            async move { file.set_len(0).await }
        });
        eventually("a call comes to the gate", || gate.waiting() == 1).await;
        let closing = tokio::spawn(file.close_all());
        eventually("the close is on its way", || engine.snapshot().in_flight == 2).await;
        // Its place is behind the close.
        tell(actor).await.unwrap();
        gate.open();
        cutting.await.unwrap().unwrap();
        soon("the close", closing).await.unwrap().unwrap();
        eventually("it is counted", || engine.snapshot().counters.unobserved_errors == 1).await;
        let error = other.sync_data().await.unwrap_err();
        assert!(error.to_string().contains("closed"), "{name}: {error}");
        other.sync_data().await.unwrap();
        assert_eq!(disk.contents(PATH), b"", "{name}: it was carried out");
    }
}

#[tokio::test]
async fn what_is_told_to_a_stopping_engine_is_counted_and_owed() {
    for (name, call, tell) in TOLD {
        let (disk, engine) = bench(|engine| engine.ops_max(1));
        let gate = Gate::closed();
        disk.plan().on(call).nth(1).wait_for(&gate);
        let file = open(&engine).await;
        let actor = actor_of(&file);
        tell(actor.clone()).await.unwrap();
        eventually("a call comes to the gate", || gate.waiting() == 1).await;
        let stopping = tokio::spawn({
            let engine = engine.clone();
            async move { engine.shutdown(crate::PATIENCE).await }
        });
        eventually("the engine stops", || {
            let refused = std::pin::pin!(file.try_append_bytes(""));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            matches!(refused.poll(&mut context), std::task::Poll::Ready(Err(e)) if e.error.is_closed())
        })
        .await;
        tell(actor.clone()).await.unwrap();
        eventually("it is counted", || engine.snapshot().counters.unobserved_errors == 1).await;
        let asked = actor.ask(ReadAt { offset: 0, len: 1 }).await.unwrap_err();
        assert!(matches!(asked, SendError::HandlerError(error) if error.is_closed()), "{name}");
        // Asking is not losing.
        assert_eq!(engine.snapshot().counters.unobserved_errors, 1, "{name}");
        gate.open();
        soon("the shutdown", stopping).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_failure_of_an_ask_that_was_dropped_is_remembered() {
    let (disk, engine) = bench(|engine| engine);
    let gate = Gate::closed();
    disk.plan().on(Call::Append).wait_for(&gate);
    disk.plan().on(Call::Append).nth(1).fail(ENOSPC);
    let file = open(&engine).await;
    let actor = actor_of(&file);
    let asking = tokio::spawn(async move { actor.ask(Append { bytes: "asked".into() }).await.map(|_| ()) });
    eventually("a call comes to the gate", || gate.waiting() == 1).await;
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    gate.open();
    assert_eq!(file.sync_data().await.unwrap_err().raw_os_error(), Some(ENOSPC));
    assert_eq!(engine.snapshot().counters.unobserved_errors, 1);
}

#[tokio::test]
async fn an_ask_that_is_answered_is_nobody_elses() {
    let (disk, engine) = bench(|engine| engine);
    disk.plan().on(Call::ReadAt).nth(1).fail(EIO);
    let file = open(&engine).await;
    let actor = actor_of(&file);
    let failed = actor.ask(ReadAt { offset: 0, len: 1 }).await.unwrap_err();
    assert!(matches!(failed, SendError::HandlerError(error) if error.raw_os_error() == Some(EIO)));
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
    file.sync_data().await.unwrap();
}

#[tokio::test]
async fn a_told_sync_that_fails_is_counted_and_final() {
    let (disk, engine) = bench(|engine| engine);
    disk.plan().on(Call::Sync).nth(1).fail(EIO);
    let file = open(&engine).await;
    actor_of(&file).tell(SyncData).await.unwrap();
    // It may have been merged with the one that was told.
    assert_eq!(file.sync_data().await.unwrap_err().raw_os_error(), Some(EIO));
    assert!(file.sync_data().await.unwrap_err().is_poisoned());
    assert_eq!((engine.snapshot().counters.unobserved_errors, disk.calls(Call::Sync)), (1, 1));
}
