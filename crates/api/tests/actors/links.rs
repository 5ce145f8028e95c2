//! A link to a file's actor tells when the file is closed or poisoned, and why.

use std::ops::ControlFlow;

use folio::actor::kameo::actor::{ActorId, Spawn, WeakActorRef};
use folio::actor::kameo::error::{ActorStopReason, Infallible};
use folio::actor::kameo::prelude::Actor;
use folio::actor::{ActorRef, Append, ReadAt};
use folio::{Error, File};
use folio_testkit::{Call, errno::EIO};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{PATH, actor_of, bench, open, soon};

/// Passes on why those died whom it is linked to.
struct Watcher {
    news: UnboundedSender<ActorStopReason>,
}

impl Actor for Watcher {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(state)
    }

    async fn on_link_died(
        &mut self,
        _: WeakActorRef<Self>,
        _: ActorId,
        reason: ActorStopReason,
    ) -> Result<ControlFlow<ActorStopReason>, Infallible> {
        self.news.send(reason).unwrap();
        Ok(ControlFlow::Continue(()))
    }
}

async fn watch(file: &File) -> (ActorRef<Watcher>, UnboundedReceiver<ActorStopReason>) {
    let (news, heard) = unbounded_channel();
    let watcher = Watcher::spawn(Watcher { news });
    watcher.link(&actor_of(file)).await;
    (watcher, heard)
}

/// The file's own error, if that is the reason.
fn failure(reason: &ActorStopReason) -> Option<Error> {
    match reason {
        ActorStopReason::Panicked(error) => error.with_downcast_ref(|error: &Error| error.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn a_close_is_a_normal_end() {
    for writes in [true, false] {
        let (_disk, engine) = bench(|engine| engine);
        let file = File::options().read(true).write(writes).open_on(&engine, PATH).await.unwrap();
        let (_watcher, mut news) = watch(&file).await;
        let actor = actor_of(&file);
        file.close_all().await.unwrap();
        let reason = soon("news of the close", news.recv()).await.unwrap();
        assert!(reason.is_normal(), "{writes}: {reason:?}");
        let refused = actor.tell(Append { bytes: "late".into() }).await;
        assert!(refused.is_err(), "what is sent after the end comes back");
    }
}

#[tokio::test]
async fn a_drop_is_a_normal_end() {
    let (_disk, engine) = bench(|engine| engine);
    let file = open(&engine).await;
    let (_watcher, mut news) = watch(&file).await;
    drop(file);
    assert!(soon("news of the drop", news.recv()).await.unwrap().is_normal());
}

#[tokio::test]
async fn a_failed_sync_is_told_with_its_reason_at_every_opening() {
    let (disk, engine) = bench(|engine| engine);
    let (file, other) = (open(&engine).await, open(&engine).await);
    let (_watcher, mut news) = watch(&file).await;
    let (_other_watcher, mut other_news) = watch(&other).await;
    disk.plan().on(Call::Sync).nth(1).fail(EIO);
    assert!(!file.sync_data().await.unwrap_err().is_poisoned());
    for heard in [&mut news, &mut other_news] {
        let reason = soon("news of the failure", heard.recv()).await.unwrap();
        let error = failure(&reason).expect("the reason is an error of the file");
        assert_eq!((error.is_poisoned(), error.raw_os_error()), (true, Some(EIO)), "{error}");
        assert_eq!(error.path(), Some(PATH.as_ref()));
    }
    // The next one is there at the next need, and the poison is no news to it.
    let (_watcher, mut news) = watch(&file).await;
    actor_of(&file).ask(ReadAt { offset: 0, len: 1 }).await.unwrap();
    assert!(actor_of(&file).ask(Append { bytes: "more".into() }).await.is_err());
    assert!(actor_of(&file).is_alive() && news.try_recv().is_err());
}

#[tokio::test]
async fn a_failed_close_is_told_with_its_reason() {
    let (disk, engine) = bench(|engine| engine);
    let (file, other) = (open(&engine).await, open(&engine).await);
    file.write_all(b"data").await.unwrap();
    let (_watcher, mut news) = watch(&file).await;
    let (_other_watcher, mut other_news) = watch(&other).await;
    disk.plan().on(Call::Close).nth(1).fail(EIO);
    file.close().await.unwrap_err();
    for heard in [&mut news, &mut other_news] {
        let reason = soon("news of the failure", heard.recv()).await.unwrap();
        assert!(failure(&reason).expect("the reason is an error of the file").is_poisoned());
    }
}

#[tokio::test]
async fn a_failed_write_is_no_end() {
    let (disk, engine) = bench(|engine| engine);
    let file = open(&engine).await;
    let (_watcher, mut news) = watch(&file).await;
    disk.plan().on(Call::Append).nth(1).fail(EIO);
    actor_of(&file).tell(Append { bytes: "told".into() }).await.unwrap();
    assert_eq!(file.sync_data().await.unwrap_err().raw_os_error(), Some(EIO));
    assert!(actor_of(&file).is_alive() && news.try_recv().is_err());
}
