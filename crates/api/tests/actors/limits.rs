//! Messages wait for their permits like everything else: none is lost, none is kept without bound, and what waits
//! never keeps from running what it waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use folio::actor::kameo::actor::{Recipient, Spawn};
use folio::actor::kameo::error::Infallible;
use folio::actor::kameo::message::{Context, Message};
use folio::actor::kameo::prelude::Actor;
use folio::actor::{ActorRef, Append, SyncData};
use folio::{Engine, EngineBuilder, File};
use folio_testkit::{Call, Disk, Gate};

use crate::{PATH, actor_of, bench, eventually, open, record, records, soon};

const RECORDS: usize = 2_000;

/// More than a mailbox holds, and the messages that wait beside it.
const UNDERWAY_MAX: usize = 256 + 8;

/// Tells everyone who has subscribed.
struct Broadcaster {
    subscribers: Vec<Recipient<Append>>,
}

impl Actor for Broadcaster {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(state)
    }
}

struct Publish(Append);

impl Message<Publish> for Broadcaster {
    type Reply = ();

    async fn handle(&mut self, Publish(append): Publish, _: &mut Context<Self, ()>) {
        for subscriber in &self.subscribers {
            subscriber.tell(append.clone()).await.unwrap();
        }
    }
}

/// A way by which a record reaches a file.
#[derive(Clone, Copy, Debug)]
enum Way {
    Tell,
    Recipient,
    Broadcast,
    Ask,
}

impl Way {
    /// Sends every record, one after the other, counting those that were taken.
    async fn send(self, file: File, sent: Arc<AtomicUsize>) {
        let actor = actor_of(&file);
        let recipient = actor.clone().recipient::<Append>();
        let broadcaster = Broadcaster::spawn(Broadcaster { subscribers: vec![recipient.clone()] });
        for number in 0..RECORDS {
            let append = Append { bytes: record(number).into() };
            match self {
                Way::Tell => actor.tell(append).await.unwrap(),
                Way::Recipient => recipient.tell(append).await.unwrap(),
                Way::Broadcast => broadcaster.ask(Publish(append)).await.unwrap(),
                Way::Ask => assert_eq!(actor.ask(append).await.unwrap(), (number * 8) as u64),
            }
            sent.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn check(way: Way, what: &str, limits: fn(EngineBuilder) -> EngineBuilder) {
    let (disk, engine) = bench(limits);
    let gate = Gate::closed();
    disk.plan().on(Call::Append).wait_for(&gate);
    let file = open(&engine).await;
    let sent = Arc::new(AtomicUsize::new(0));
    let sending = tokio::spawn(way.send(file.clone(), sent.clone()));
    eventually("a call comes to the gate", || gate.waiting() == 1).await;
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    let ops_max = engine.snapshot().in_flight_peak;
    let under_way = sent.load(Ordering::Relaxed);
    assert!(under_way <= UNDERWAY_MAX + ops_max as usize, "{way:?}, {what}: {under_way} were taken");
    gate.open();
    soon("every record is sent", sending).await.unwrap();
    soon("a sync", file.sync_data()).await.unwrap();
    assert_eq!(disk.contents(PATH), records(RECORDS).as_bytes(), "{way:?}, {what}");
    let counters = engine.snapshot().counters;
    assert_eq!((counters.refusals, counters.unobserved_errors), (0, 0), "{way:?}, {what}");
    soon("a close", file.close()).await.unwrap();
}

#[tokio::test]
async fn no_record_is_lost_at_any_limit_on_any_way() {
    for way in [Way::Tell, Way::Recipient, Way::Broadcast, Way::Ask] {
        check(way, "one operation", |engine| engine.ops_max(1)).await;
        check(way, "two operations", |engine| engine.ops_max(2)).await;
        check(way, "sixteen operations", |engine| engine.ops_max(16)).await;
        check(way, "bytes of one record", |engine| engine.bytes_max(8)).await;
        check(way, "bytes of less than a record", |engine| engine.bytes_max(1)).await;
        check(way, "no limit", |engine| engine).await;
    }
}

/// Methods, messages, refusals and syncs at once, with fewer permits than callers: whoever holds a permit gets on.
async fn mix(ops_max: usize) {
    const ROUNDS: usize = 50;
    let (disk, engine) = bench(|engine| engine.ops_max(ops_max).workers_max(2));
    let file = open(&engine).await;
    let mut tasks = Vec::new();
    for sender in 0..3_usize {
        let (file, actor) = (file.clone(), actor_of(&file));
        tasks.push(tokio::spawn(async move {
            for number in 0..ROUNDS {
                let bytes = format!("{sender}{number:06}\n");
                match (number + sender) % 5 {
                    0 => actor.tell(Append { bytes: bytes.into() }).await.unwrap(),
                    1 => _ = file.append_bytes(bytes).await.unwrap(),
                    2 => _ = actor.ask(Append { bytes: bytes.into() }).await.unwrap(),
                    3 => {
                        file.append_bytes(bytes).await.unwrap();
                        _ = file.read_bytes_at(0, 8).await.unwrap();
                    }
                    _ => {
                        actor.tell(SyncData).await.unwrap();
                        actor.tell(Append { bytes: bytes.into() }).await.unwrap();
                        file.sync_data().await.unwrap();
                    }
                }
                // Whether it is refused is a matter of luck; that it is answered is not.
                if let Err(refused) = file.try_write_bytes_at("", 0).await {
                    assert!(refused.error.is_overloaded(), "{refused}");
                }
            }
        }));
    }
    for task in tasks {
        soon("a sender is done", task).await.unwrap();
    }
    file.sync_data().await.unwrap();
    let text = String::from_utf8(disk.contents(PATH)).unwrap();
    for sender in 0..3_usize {
        let theirs: Vec<_> = text.lines().filter(|line| line.starts_with(&sender.to_string())).collect();
        let sent: Vec<_> = (0..ROUNDS).map(|number| format!("{sender}{number:06}")).collect();
        assert_eq!(theirs, sent, "the records of sender {sender} with {ops_max} permits");
    }
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
}

#[tokio::test]
async fn messages_and_methods_get_on_with_few_permits() {
    for ops_max in [1, 2, 4] {
        mix(ops_max).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_and_methods_of_several_threads_get_on_with_few_permits() {
    for ops_max in [1, 2, 4] {
        mix(ops_max).await;
    }
}

/// What holds the only permit has been posted and cannot start before a reader leaves; a message waits for it.
#[tokio::test]
async fn a_waiting_message_keeps_nothing_posted_from_running() {
    let (disk, engine) = bench(|engine| engine.ops_max(2));
    let gate = Gate::closed();
    disk.plan().on(Call::SetLen).nth(1).wait_for(&gate);
    let file = open(&engine).await;
    let actor = actor_of(&file);
    let cutting = tokio::spawn({
        let file = file.clone();
        async move { file.set_len(0).await }
    });
    eventually("a call comes to the gate", || gate.waiting() == 1).await;
    // It takes the second permit, and its place behind the cut.
    let posted = tokio::spawn({
        let file = file.clone();
        async move { file.append(b"posted\n").await }
    });
    eventually("both permits are out", || engine.snapshot().in_flight == 2).await;
    for _ in 0..300 {
        // More than the mailbox takes: the last ones are given up by their senders.
        _ = actor.tell(Append { bytes: "told\n".into() }).try_send();
        tokio::task::yield_now().await;
    }
    gate.open();
    soon("the cut", cutting).await.unwrap().unwrap();
    assert_eq!(soon("what was posted", posted).await.unwrap().unwrap(), 0);
    soon("a sync", file.sync_data()).await.unwrap();
    assert!(disk.contents(PATH).starts_with(b"posted\ntold\n"));
}

/// A default engine that is told more bytes than it admits at a time.
#[tokio::test]
async fn large_records_wait_for_their_bytes() {
    let disk = Disk::new();
    disk.put(PATH, "");
    let builder = Engine::builder().bytes_max(4 << 20);
    let engine = builder.storage(Arc::new(disk.clone())).start().unwrap();
    let file = open(&engine).await;
    let recipient = actor_of(&file).recipient::<Append>();
    let large = bytes::Bytes::from(vec![7; 1 << 20]);
    for _ in 0..40 {
        recipient.tell(Append { bytes: large.clone() }).await.unwrap();
    }
    file.sync_data().await.unwrap();
    assert_eq!(disk.contents(PATH).len(), 40 << 20);
    assert_eq!(engine.snapshot().counters.refusals, 0);
}
