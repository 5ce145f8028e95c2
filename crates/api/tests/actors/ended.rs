//! Whoever has a reference may end a file's actor, and ends nothing but that: what it was sent happens, and the
//! next need starts another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use folio::File;
use folio::actor::kameo::actor::Spawn;
use folio::actor::kameo::error::Infallible;
use folio::actor::kameo::message::{Context, Message};
use folio::actor::kameo::prelude::Actor;
use folio::actor::{ActorRef, Append, FileActor};
use folio_testkit::{Call, Gate};

use crate::{PATH, actor_of, bench, eventually, open, record, records, soon};

/// An actor of a program, with a bug.
struct Faulty;

impl Actor for Faulty {
    type Args = ();
    type Error = Infallible;

    async fn on_start((): (), _: ActorRef<Self>) -> Result<Self, Infallible> {
        Ok(Faulty)
    }
}

struct Fail;

impl Message<Fail> for Faulty {
    type Reply = ();

    async fn handle(&mut self, Fail: Fail, _: &mut Context<Self, ()>) {
        panic!("a bug of its own");
    }
}

/// What an outsider may do to a file's actor.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Kill,
    Stop,
    LinkPanics,
    LinkKilled,
    RecipientKills,
}

const ENDS: [End; 5] = [End::Kill, End::Stop, End::LinkPanics, End::LinkKilled, End::RecipientKills];

impl End {
    async fn happen(self, actor: &ActorRef<FileActor>) {
        match self {
            End::Kill => actor.kill(),
            // It waits for its turn in a mailbox that may be full.
            End::Stop => drop(tokio::spawn({
                let actor = actor.clone();
                async move { actor.stop_gracefully().await }
            })),
            End::LinkPanics | End::LinkKilled => {
                let faulty = Faulty::spawn(());
                faulty.link(actor).await;
                match self {
                    End::LinkKilled => faulty.kill(),
                    _ => faulty.tell(Fail).await.unwrap(),
                }
                faulty.wait_for_shutdown().await;
            }
            End::RecipientKills => actor.clone().recipient::<Append>().kill(),
        }
    }

    fn ends_the_actor(self) -> bool {
        !matches!(self, End::LinkPanics | End::LinkKilled)
    }
}

#[tokio::test]
async fn the_other_clones_go_on() {
    for end in ENDS {
        let (disk, engine) = bench(|engine| engine);
        let file = open(&engine).await;
        let (actor, other) = (actor_of(&file), file.clone());
        end.happen(&actor).await;
        if end.ends_the_actor() {
            soon("the end of the actor", actor.wait_for_shutdown()).await;
        }
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let file = other.clone();
                tokio::spawn(async move {
                    file.append(b"y").await?;
                    file.sync_data().await
                })
            })
            .collect();
        for task in tasks {
            soon("an append and a sync", task).await.unwrap().unwrap();
        }
        assert_eq!(disk.contents(PATH).len(), 64, "{end:?}");
        let next = actor_of(&file);
        assert_eq!(next.id() == actor.id(), !end.ends_the_actor(), "{end:?}");
        next.ask(Append { bytes: "y".into() }).await.unwrap();
        file.close().await.unwrap();
        assert_eq!(engine.snapshot().counters.unobserved_errors, 0, "{end:?}");
    }
}

/// Everything that can be on its way is: running, posted, waiting for a permit, in the mailbox.
#[tokio::test]
async fn nothing_on_its_way_is_lost() {
    const TOLD: usize = 100;
    for end in ENDS {
        for ops_max in [1, 2, 64] {
            let (disk, engine) = bench(|engine| engine.ops_max(ops_max));
            let gate = Gate::closed();
            disk.plan().on(Call::Append).nth(1).wait_for(&gate);
            let file = open(&engine).await;
            let actor = actor_of(&file);
            let first = tokio::spawn(append(file.clone(), 0));
            eventually("a call comes to the gate", || gate.waiting() == 1).await;
            let second = tokio::spawn(append(file.clone(), 1));
            tokio::task::yield_now().await;
            let admitted = ops_max.min(2) as u64;
            eventually("it is posted, or waits", || engine.snapshot().in_flight == admitted).await;
            for number in 2..TOLD {
                actor.tell(Append { bytes: record(number).into() }).await.unwrap();
            }
            let behind = tokio::spawn(append(file.clone(), TOLD));
            tokio::task::yield_now().await;
            end.happen(&actor).await;
            gate.open();
            for (number, task) in [(0, first), (1, second), (TOLD, behind)] {
                assert_eq!(soon("an append", task).await.unwrap(), (number * 8) as u64, "{end:?}, {ops_max}");
            }
            assert_eq!(disk.contents(PATH), records(TOLD + 1).as_bytes(), "{end:?}, {ops_max}");
            soon("a sync", file.sync_data()).await.unwrap();
            assert_eq!(engine.snapshot().counters.unobserved_errors, 0, "{end:?}, {ops_max}");
        }
    }
}

async fn append(file: File, number: usize) -> u64 {
    file.append_bytes(record(number)).await.unwrap()
}

/// Someone who does nothing but end actors.
///
/// Cause: kameo empties the mailbox of an actor that ends without waiting for those who are just sending. Loss: on a busy
/// machine, a message that was told `Ok`, and an append of a handle that went behind messages. Fix: the actor shuts its
/// mailbox and keeps it until they have sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_file_outlives_any_number_of_its_actors() {
    const ROUNDS: usize = 200;
    for ops_max in [1, 64] {
        let (disk, engine) = bench(|engine| engine.ops_max(ops_max));
        let file = open(&engine).await;
        let done = Arc::new(AtomicBool::new(false));
        let killer = tokio::spawn({
            let (file, done) = (file.clone(), done.clone());
            async move {
                while !done.load(Ordering::Relaxed) {
                    actor_of(&file).kill();
                    tokio::task::yield_now().await;
                }
            }
        });
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let file = file.clone();
                tokio::spawn(async move {
                    let mut told = 0;
                    for number in 0..ROUNDS {
                        file.append(b"method..").await.unwrap();
                        _ = file.read_bytes_at((number * 8) as u64, 8).await.unwrap();
                        let sent = actor_of(&file).tell(Append { bytes: "message.".into() }).await;
                        told += usize::from(sent.is_ok());
                    }
                    told
                })
            })
            .collect();
        let mut told = 0;
        for writer in writers {
            told += soon("a writer is done", writer).await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
        killer.await.unwrap();
        soon("a sync", file.sync_data()).await.unwrap();
        assert_eq!(disk.contents(PATH).len(), (4 * ROUNDS + told) * 8, "{told} were told");
        assert!(engine.snapshot().counters.actors > 1);
        assert_eq!((engine.snapshot().in_flight, engine.snapshot().counters.unobserved_errors), (0, 0));
    }
}
