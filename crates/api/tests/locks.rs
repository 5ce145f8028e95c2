//! Advisory locks: who waits gets them in order, at once and not by polling; who gives up never keeps them.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::time::Duration;

use folio::{Engine, File};
use folio_testkit::polling::poll_once;
use folio_testkit::wait::{PATIENCE, eventually, soon};
use folio_testkit::{Call, Disk, Gate};
use rustix::fs::{FlockOperation, flock};

struct Room {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

impl Room {
    fn new() -> Room {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        std::fs::write(&path, "").unwrap();
        Room { _dir: dir, path }
    }

    async fn open(&self) -> File {
        File::options().read(true).write(true).open(&self.path).await.unwrap()
    }

    fn foreign(&self) -> Foreign {
        Foreign(std::fs::File::open(&self.path).unwrap())
    }

    /// Whether nobody has the lock, as anyone else sees it.
    fn is_free(&self) -> bool {
        self.foreign().try_lock().is_ok()
    }
}

/// An opening that folio knows nothing of.
struct Foreign(std::fs::File);

impl Foreign {
    fn call(&self, operation: FlockOperation) -> rustix::io::Result<()> {
        rustix::io::retry_on_intr(|| flock(&self.0, operation))
    }

    fn lock(&self) -> rustix::io::Result<()> {
        self.call(FlockOperation::LockExclusive)
    }

    fn lock_shared(&self) -> rustix::io::Result<()> {
        self.call(FlockOperation::LockShared)
    }

    fn try_lock(&self) -> rustix::io::Result<()> {
        self.call(FlockOperation::NonBlockingLockExclusive)
    }

    fn try_lock_shared(&self) -> rustix::io::Result<()> {
        self.call(FlockOperation::NonBlockingLockShared)
    }

    fn unlock(&self) -> rustix::io::Result<()> {
        self.call(FlockOperation::Unlock)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Shared,
    Exclusive,
}
use Kind::{Exclusive, Shared};

async fn lock(file: &File, kind: Kind) -> folio::Result<()> {
    match kind {
        Shared => file.lock_shared().await,
        Exclusive => file.lock().await,
    }
}

/// Has a task wait for the lock by an opening of its own; it says when it has it, and ends when told to.
struct Waiter {
    task: tokio::task::JoinHandle<()>,
    release: tokio::sync::oneshot::Sender<()>,
}

async fn waiter(room: &Room, kind: Kind, number: usize, log: &Arc<Mutex<Vec<usize>>>) -> Waiter {
    let (file, log) = (room.open().await, log.clone());
    let (release, released) = tokio::sync::oneshot::channel();
    let (waiting, joined) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        {
            let mut locked = pin!(lock(&file, kind));
            let mut waiting = Some(waiting);
            std::future::poll_fn(|cx| {
                let polled = locked.as_mut().poll(cx);
                waiting.take().map_or(Ok(()), |waiting| waiting.send(())).unwrap();
                polled
            })
            .await
            .unwrap();
        }
        log.lock().unwrap().push(number);
        released.await.unwrap();
        file.unlock().await.unwrap();
    });
    joined.await.unwrap();
    Waiter { task, release }
}

fn seen(log: &Arc<Mutex<Vec<usize>>>) -> Vec<usize> {
    log.lock().unwrap().clone()
}

#[tokio::test]
async fn openings_get_the_lock_in_the_order_they_came() {
    let room = Room::new();
    let holder = room.open().await;
    holder.lock().await.unwrap();
    let log = Arc::default();
    let mut waiters = Vec::new();
    for number in 0..5 {
        waiters.push(waiter(&room, Exclusive, number, &log).await);
    }
    holder.unlock().await.unwrap();
    for (number, waiter) in waiters.into_iter().enumerate() {
        eventually("it has the lock", || seen(&log).len() == number + 1).await;
        assert_eq!(seen(&log), (0..=number).collect::<Vec<_>>());
        waiter.release.send(()).unwrap();
        soon("it ends", waiter.task).await.unwrap();
    }
}

#[tokio::test]
async fn those_who_share_come_in_together_and_nobody_passes_whoever_does_not() {
    let room = Room::new();
    let holder = room.open().await;
    holder.lock_shared().await.unwrap();
    let log = Arc::default();
    let alone = waiter(&room, Exclusive, 0, &log).await;
    let (one, two) = (waiter(&room, Shared, 1, &log).await, waiter(&room, Shared, 2, &log).await);
    assert_eq!(seen(&log), [] as [usize; 0], "the exclusive one waits, the others behind it");
    holder.unlock().await.unwrap();
    eventually("the exclusive one has it", || seen(&log) == [0]).await;
    alone.release.send(()).unwrap();
    eventually("both others have it", || seen(&log).len() == 3).await;
    assert!(room.foreign().try_lock_shared().is_ok() && !room.is_free());
    for waiter in [one, two] {
        waiter.release.send(()).unwrap();
        soon("it ends", waiter.task).await.unwrap();
    }
}

type End = fn(File) -> Pin<Box<dyn Future<Output = ()>>>;

#[tokio::test]
async fn whatever_ends_a_holder_hands_the_lock_over() {
    let ends: [(&str, End); 9] = [
        ("unlock", |file| Box::pin(async move { file.unlock().await.unwrap() })),
        ("close", |file| Box::pin(async move { file.close().await.unwrap() })),
        ("close_all", |file| Box::pin(async move { file.clone().close_all().await.unwrap() })),
        ("drop", |file| Box::pin(async move { drop(file) })),
        ("drop after a write", |file| {
            Box::pin(async move {
                file.write_all(b"x").await.unwrap();
                drop(file);
            })
        }),
        ("into_std and drop", |file| Box::pin(async move { drop(file.into_std().await.unwrap()) })),
        ("into_std and unlock", |file| {
            Box::pin(async move { Foreign(file.into_std().await.unwrap()).unlock().unwrap() })
        }),
        ("a closure that unlocks", |file| {
            Box::pin(
                async move { file.run(|std| flock(std, FlockOperation::Unlock).unwrap()).await.unwrap() },
            )
        }),
        ("a second handle and drop", |file| {
            Box::pin(async move {
                let limited = file.with_time_limit(PATIENCE);
                drop(file);
                drop(limited);
            })
        }),
    ];
    for (way, end) in ends {
        for (held, wanted) in [(Exclusive, Exclusive), (Exclusive, Shared), (Shared, Exclusive)] {
            let room = Room::new();
            let holder = room.open().await;
            lock(&holder, held).await.unwrap();
            let next = room.open().await;
            let mut waiting = Box::pin(lock(&next, wanted));
            assert!(poll_once(waiting.as_mut()).is_pending());
            end(holder).await;
            soon(way, waiting).await.unwrap();
            assert!(!room.is_free(), "{way}");
        }
    }
}

#[tokio::test]
async fn a_lock_that_others_hold_is_waited_for_without_polling() {
    for (held, wanted) in [(Exclusive, Exclusive), (Exclusive, Shared), (Shared, Exclusive)] {
        let room = Room::new();
        let foreign = room.foreign();
        match held {
            Shared => foreign.lock_shared().unwrap(),
            Exclusive => foreign.lock().unwrap(),
        }
        let (one, two) = (room.open().await, room.open().await);
        let mut first = Box::pin(lock(&one, wanted));
        assert!(poll_once(first.as_mut()).is_pending());
        let mut second = Box::pin(lock(&two, Exclusive));
        assert!(poll_once(second.as_mut()).is_pending());
        foreign.unlock().unwrap();
        soon("the first gets it", first.as_mut()).await.unwrap();
        assert!(poll_once(second.as_mut()).is_pending());
        drop(first);
        one.unlock().await.unwrap();
        soon("the second gets it", second).await.unwrap();
        two.unlock().await.unwrap();
        assert!(room.is_free());
    }
}

#[test]
fn a_lock_of_another_process_is_waited_for() {
    let room = Room::new();
    let mut child = std::process::Command::new("flock")
        .arg(&room.path)
        .args(["sh", "-c", "echo held; read end"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 5];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let file = room.open().await;
        let mut waiting = Box::pin(file.lock());
        assert!(poll_once(waiting.as_mut()).is_pending());
        drop(child.stdin.take());
        soon("the process ends and the lock comes", waiting).await.unwrap();
    });
    child.wait().unwrap();
}

#[tokio::test]
async fn whoever_gives_up_never_keeps_the_lock() {
    // However far it had come: a future is dropped after each number of polls.
    for polls in 1..40 {
        let room = Room::new();
        let foreign = room.foreign();
        let holder = room.open().await;
        let by_foreign = polls % 2 == 0;
        match by_foreign {
            true => foreign.lock().unwrap(),
            false => holder.lock().await.unwrap(),
        }
        let file = room.open().await;
        let mut waiting = Box::pin(file.lock());
        let mut result = Poll::Pending;
        for round in 0..polls {
            result = poll_once(waiting.as_mut());
            if result.is_ready() {
                break;
            }
            if round == polls / 2 {
                match by_foreign {
                    true => foreign.unlock().unwrap(),
                    false => holder.unlock().await.unwrap(),
                }
            }
            tokio::task::yield_now().await;
        }
        drop(waiting);
        if result.is_ready() {
            file.unlock().await.unwrap();
        }
        match by_foreign {
            true => foreign.unlock().unwrap(),
            false => holder.unlock().await.unwrap(),
        }
        eventually("nobody has it", || room.is_free()).await;
        // And it can be had.
        soon("the next gets it", file.lock()).await.unwrap();
    }
}

#[tokio::test]
async fn whoever_gives_up_lets_those_behind_it_go_on() {
    let room = Room::new();
    let holder = room.open().await;
    holder.lock_shared().await.unwrap();
    let (one, two) = (room.open().await, room.open().await);
    let mut alone = Box::pin(one.lock());
    assert!(poll_once(alone.as_mut()).is_pending());
    let mut shared = Box::pin(two.lock_shared());
    assert!(poll_once(shared.as_mut()).is_pending());
    drop(alone);
    soon("nobody is before it that does not share", shared).await.unwrap();
}

/// A thread that waits in the kernel for nobody gets the lock one day, and must not be taken for somebody.
#[tokio::test]
async fn a_wait_that_was_given_up_is_in_nobodys_way() {
    let room = Room::new();
    let (file, other) = (room.open().await, room.open().await);
    for _ in 0..100 {
        let foreign = room.foreign();
        foreign.lock().unwrap();
        let hasty = file.with_time_limit(Duration::from_millis(1));
        assert!(hasty.lock().await.unwrap_err().is_timed_out());
        foreign.unlock().unwrap();
        assert!(other.try_lock().await.unwrap());
        other.unlock().await.unwrap();
        assert!(file.try_lock().await.unwrap());
        file.unlock().await.unwrap();
    }
}

#[tokio::test]
async fn a_time_limit_ends_the_wait_and_leaves_no_lock() {
    let room = Room::new();
    for foreign in [false, true] {
        let (std, holder) = (room.foreign(), room.open().await);
        match foreign {
            true => std.lock().unwrap(),
            false => holder.lock().await.unwrap(),
        }
        let file = room.open().await;
        let hasty = file.with_time_limit(Duration::from_millis(20));
        for kind in [Exclusive, Shared] {
            let error = soon("the limit", lock(&hasty, kind)).await.unwrap_err();
            assert!(error.is_timed_out() && !error.may_have_happened(), "{error}");
        }
        match foreign {
            true => std.unlock().unwrap(),
            false => holder.unlock().await.unwrap(),
        }
        eventually("nobody has it", || room.is_free()).await;
        soon("without a limit", file.lock()).await.unwrap();
        file.unlock().await.unwrap();
    }
}

#[tokio::test]
async fn whoever_holds_the_lock_does_not_wait_behind_those_who_wait_for_it() {
    let room = Room::new();
    let (holder, other) = (room.open().await, room.open().await);
    holder.lock().await.unwrap();
    let mut waiting = Box::pin(other.lock());
    assert!(poll_once(waiting.as_mut()).is_pending());
    soon("again", holder.lock()).await.unwrap();
    soon("shared, which lets nobody in who wants it alone", holder.lock_shared()).await.unwrap();
    assert!(poll_once(waiting.as_mut()).is_pending());
    holder.unlock().await.unwrap();
    soon("the other", waiting).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_nobody_heard_is_taken_back_but_not_from_a_clone() {
    let disk = Disk::new();
    disk.put("/lock", "");
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    let open = || async { File::options().write(true).open_on(&engine, "/lock").await.unwrap() };
    let (file, other) = (open().await, open().await);
    for clone_locks in [false, true] {
        let gate = Gate::closed();
        let held = disk.plan().on(Call::Lock).wait_for(&gate);
        let mut given_up = Box::pin(file.try_lock());
        assert!(poll_once(given_up.as_mut()).is_pending());
        eventually("the call is made", || held.fired() == 1).await;
        held.lift();
        drop(given_up);
        let clone = file.clone();
        let mut cloned = Box::pin(clone.try_lock());
        if clone_locks {
            assert!(poll_once(cloned.as_mut()).is_pending());
        }
        gate.open();
        if clone_locks {
            assert!(soon("the clone's attempt", cloned).await.unwrap());
            assert!(!other.try_lock().await.unwrap(), "the clone has it");
            clone.unlock().await.unwrap();
        }
        // Behind everything of `file`, so that what was to be taken back has been.
        file.run(|_| ()).await.unwrap_err();
        assert!(other.try_lock().await.unwrap(), "clone locks: {clone_locks}");
        other.unlock().await.unwrap();
    }
}

#[tokio::test]
async fn other_operations_go_on_while_a_clone_waits() {
    let room = Room::new();
    std::fs::write(&room.path, "contents").unwrap();
    let (holder, file) = (room.open().await, room.open().await);
    holder.lock().await.unwrap();
    let clone = file.clone();
    let mut waiting = Box::pin(clone.lock());
    assert!(poll_once(waiting.as_mut()).is_pending());
    assert_eq!(soon("a read", file.read_bytes_at(0, 8)).await.unwrap(), "contents");
    soon("a write", file.write_all_at(b"C", 0)).await.unwrap();
    holder.unlock().await.unwrap();
    soon("the lock", waiting).await.unwrap();
}

#[tokio::test]
async fn more_files_are_waited_for_than_there_are_threads() {
    let rooms: Vec<Room> = (0..40).map(|_| Room::new()).collect();
    let foreign: Vec<Foreign> = rooms.iter().map(Room::foreign).collect();
    foreign.iter().for_each(|file| file.lock().unwrap());
    let mut waiting = Vec::new();
    for room in &rooms {
        let file = room.open().await;
        waiting.push(tokio::spawn(async move { file.lock().await.map(|()| file) }));
    }
    for (foreign, waiting) in foreign.iter().zip(waiting).rev() {
        foreign.unlock().unwrap();
        soon("its lock", waiting).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_shutdown_ends_the_wait() {
    let room = Room::new();
    let foreign = room.foreign();
    foreign.lock().unwrap();
    let engine = Engine::builder().start().unwrap();
    let file = File::options().write(true).open_on(&engine, &room.path).await.unwrap();
    let second = File::options().write(true).open_on(&engine, &room.path).await.unwrap();
    let waiting = [file, second].map(|file| tokio::spawn(async move { file.lock().await }));
    eventually("both wait", || engine.snapshot().counters.hops >= 4).await;
    soon("the shutdown", engine.shutdown(PATIENCE)).await.unwrap();
    for waiting in waiting {
        soon("the wait", waiting).await.unwrap().unwrap_err();
    }
    foreign.unlock().unwrap();
    eventually("nobody has it", || room.is_free()).await;
}

/// Two openings that hand the lock to and fro, as often as a poll every millisecond never could.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gets_lost_when_many_want_the_lock() {
    let room = Room::new();
    let (counted, count) = mpsc::channel();
    let mut tasks = Vec::new();
    for task in 0..8 {
        let (file, counted) = (room.open().await, counted.clone());
        tasks.push(tokio::spawn(async move {
            for round in 0..50 {
                match (task + round) % 3 {
                    0 => {
                        file.lock_shared().await.unwrap();
                        file.unlock().await.unwrap();
                    }
                    1 => {
                        let hasty = file.with_time_limit(Duration::from_micros(50 * round as u64));
                        if hasty.lock().await.is_ok() {
                            file.unlock().await.unwrap();
                        }
                    }
                    _ => {
                        file.lock().await.unwrap();
                        counted.send(round).unwrap();
                        file.unlock().await.unwrap();
                    }
                }
            }
        }));
    }
    drop(counted);
    for task in tasks {
        soon("a task", task).await.unwrap();
    }
    assert!(count.iter().count() > 100);
    eventually("nobody has it", || room.is_free()).await;
    assert!(Path::new(&room.path).exists());
}
