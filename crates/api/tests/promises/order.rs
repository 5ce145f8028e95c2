//! O1, O2: one file is linearizable over all its clones, and everybody reads his own writes.

use std::io::SeekFrom;
use std::sync::Arc;
use std::time::Duration;

use folio::storage::Storage;
use folio::{Buffering, Engine, File, Limits};
use folio_testkit::{
    Call, Disk, FileModel, History, ModelOp, Outcome, Random, Recorder, Violation, ViolationKind, check,
    seeds,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::late::Late;
use crate::{PATH, soon};

/// Histories that are checked; `FOLIO_SEEDS` runs another number.
const SEEDS: u64 = 1_000;

/// The same for a file that keeps writes back.
const SEEDS_BUFFERED: u64 = 1_000;

/// Histories within which the planted bug has to be found. It is found in nearly every one.
const SEEDS_TO_CATCH: u64 = 20;

const CLIENTS: usize = 8;
const OPS_PER_CLIENT: usize = 50;

/// Operations of each client between two moments at which everybody rests and the whole file is read. From there
/// on a new history begins: in a longer one the check has to guess the order of too many writes at a time.
const OPS_PER_ROUND: usize = 5;

/// Bytes that operations aim at: few, so that most of them meet.
const AIM_BYTES: u64 = 48;

/// Longest delay inside a storage call, long enough for others to overtake if they may.
const DELAY_MAX: Duration = Duration::from_micros(20);

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn o1_one_file_is_linearizable_over_all_its_clones() {
    let ways = check_histories(SEEDS, |_| Buffering::Unbuffered);
    assert!(ways[..3].iter().all(|count| *count > 0), "a way was never taken: {ways:?}");
}

#[test]
fn o1_a_file_that_keeps_writes_back_is_linearizable_too() {
    // Some writes fit into such a buffer, alone or together, and some do not.
    let ways = check_histories(SEEDS_BUFFERED, |seed| Buffering::Bytes(2 + seed as usize % 30));
    assert!(ways.iter().all(|count| *count > 0), "a way was never taken: {ways:?}");
}

/// Checks the histories of so many seeds; returns how many operations were done in place, by workers, by message,
/// and how many writes were kept back.
fn check_histories(count: u64, buffering: impl Fn(u64) -> Buffering) -> [u64; 4] {
    let runtime = runtime();
    let mut ways = [0; 4];
    let (mut checked, mut undecided) = (0u64, 0u64);
    seeds(count, |seed| {
        let disk = troubled_disk(seed);
        let storage = Arc::new(disk.clone());
        let (histories, engine) = runtime.block_on(histories(storage, seed, buffering(seed)));
        let counters = engine.snapshot().counters;
        let taken = [counters.in_place, counters.hops, counters.messages, counters.writes_buffered];
        ways = std::array::from_fn(|way| ways[way] + taken[way]);
        assert!(disk.plan().fired() > 0);
        for history in &histories {
            checked += 1;
            match check(history) {
                Err(violation) if violation.kind() == ViolationKind::Undecided => undecided += 1,
                verdict => verdict.unwrap_or_else(|violation| panic!("seed {seed}: {violation}")),
            }
        }
    });
    // Which operations meet depends on the threads, and now and then so many do that the search gives up.
    assert!(undecided * 1_000 <= checked, "{undecided} of {checked} histories were too hard to decide");
    ways
}

#[test]
fn o1_a_read_that_overtakes_a_write_is_caught() {
    let runtime = runtime();
    let caught = (0..SEEDS_TO_CATCH).any(|seed| {
        let late = Late(troubled_disk(seed));
        let (histories, _engine) = runtime.block_on(histories(Arc::new(late), seed, Buffering::Unbuffered));
        let found = |found: Violation| found.kind() == ViolationKind::NotLinearizable;
        histories.iter().any(|history| check(history).is_err_and(found))
    });
    assert!(caught, "the check finds nothing, so what it passes is worth nothing");
}

/// A check that took the seek first, because it changes nothing there, found no order: a false alarm.
#[test]
fn o1_the_check_knows_that_a_seek_to_where_the_cursor_stands_may_come_later() {
    let recorder = Recorder::new(FileModel::new(*b"abc"));
    let seek = recorder.call(0, ModelOp::Seek(SeekFrom::Start(0)));
    let read = |client| recorder.call(client, ModelOp::Read { len: 2 });
    let (first, second) = (read(1), read(2));
    first.returned(Outcome::Bytes(b"ab".to_vec()));
    second.returned(Outcome::Bytes(b"ab".to_vec()));
    seek.returned(Outcome::Offset(0));
    check(&recorder.history()).unwrap();
}

/// Small pieces, random delays, reads that come short, and reads in place that are declined now and then, so
/// that both ways of reading mix.
fn troubled_disk(seed: u64) -> Disk {
    let disk = Disk::new();
    disk.put(PATH, start());
    disk.set_piece_bytes(4);
    let mut random = Random::new(seed);
    for call in [Call::ReadAt, Call::WriteAt, Call::Append, Call::SetLen, Call::Sync] {
        disk.plan().on(call).every(random.within(1..5)).delay(DELAY_MAX, random.bits());
    }
    disk.plan().on(Call::ReadNow).every(random.within(1..6)).would_block();
    disk.plan().on(Call::ReadNow).every(random.within(2..9)).at_most(3);
    disk.plan().on(Call::ReadAt).every(random.within(2..9)).at_most(3);
    disk
}

fn start() -> Vec<u8> {
    (1..=32).collect()
}

/// Lets all clients loose on one file; one history for each round.
async fn histories(storage: Arc<dyn Storage>, seed: u64, buffering: Buffering) -> (Vec<History>, Engine) {
    let mut limits = Limits::default();
    (limits.workers_max, limits.lane_workers_max) = (4, 3);
    let engine = Engine::builder().limits(limits).storage(storage).start().unwrap();
    let mut options = File::options();
    let file = options.read(true).write(true).buffering(buffering).open_on(&engine, PATH).await.unwrap();
    let mut known = (start(), 0);
    let mut histories = Vec::new();
    for round in 0..OPS_PER_CLIENT / OPS_PER_ROUND {
        let recorder = Recorder::new(FileModel::new(known.0).with_short_reads());
        recorder.call(0, ModelOp::Seek(SeekFrom::Start(known.1))).returned(Outcome::Offset(known.1));
        let clients = (0..CLIENTS).map(|client| {
            let (file, recorder) = (file.clone(), recorder.clone());
            let random = Random::new(seed ^ (client as u64) << 48 ^ (round as u64) << 56);
            tokio::spawn(run_client(client, file, recorder, random))
        });
        for client in clients.collect::<Vec<_>>() {
            soon("a client ends", client).await.unwrap();
        }
        known = look_at_all(&file, &recorder).await;
        histories.push(recorder.history());
    }
    (histories, engine)
}

async fn run_client(client: usize, file: File, recorder: Recorder, mut random: Random) {
    for _ in 0..OPS_PER_ROUND {
        recorded(client, &file, &recorder, &some_op(&mut random)).await;
    }
}

/// Reads everything, cursor included, while nobody else does anything.
async fn look_at_all(file: &File, recorder: &Recorder) -> (Vec<u8>, u64) {
    let Outcome::Offset(cursor) = recorded(0, file, recorder, &ModelOp::Seek(SeekFrom::Current(0))).await
    else {
        panic!("the cursor cannot be asked for")
    };
    let mut all = Vec::new();
    loop {
        let op = ModelOp::ReadAt { offset: all.len() as u64, len: 4_096 };
        match recorded(0, file, recorder, &op).await {
            Outcome::Bytes(bytes) if bytes.is_empty() => return (all, cursor),
            Outcome::Bytes(bytes) => all.extend(bytes),
            other => panic!("the file cannot be read: {other:?}"),
        }
    }
}

async fn recorded(client: usize, file: &File, recorder: &Recorder, op: &ModelOp) -> Outcome {
    let call = recorder.call(client, op.clone());
    let outcome = run(file, op).await;
    call.returned(outcome.clone());
    outcome
}

fn some_op(random: &mut Random) -> ModelOp {
    let (offset, len) = (random.within(0..AIM_BYTES), random.within(1..13) as usize);
    match random.within(0..100) {
        0..25 => ModelOp::ReadAt { offset, len },
        25..45 => ModelOp::WriteAt { offset, bytes: random.bytes(len) },
        45..55 => ModelOp::Read { len },
        55..60 => ModelOp::ReadUntil { delimiter: random.bits() as u8, limit: 8 * len },
        60..70 => ModelOp::Write { bytes: random.bytes(len) },
        70..78 => ModelOp::Seek(SeekFrom::Start(offset)),
        78..82 => ModelOp::Seek(SeekFrom::Current(-(len as i64))),
        82..85 => ModelOp::Seek(SeekFrom::End(0)),
        85..93 => ModelOp::Append { bytes: random.bytes(len) },
        93..97 => ModelOp::SetLen(offset),
        _ => ModelOp::Sync,
    }
}

async fn run(file: &File, op: &ModelOp) -> Outcome {
    let outcome = match op {
        ModelOp::ReadAt { offset, len } => {
            let mut buf = vec![0; *len];
            let count = file.read_at(&mut buf, *offset).await;
            count.map(|count| Outcome::Bytes(buf[..count].to_vec()))
        }
        ModelOp::Read { len } => file.read_bytes(*len).await.map(|bytes| Outcome::Bytes(bytes.to_vec())),
        ModelOp::ReadUntil { delimiter, limit } => {
            file.read_until(*delimiter, *limit).await.map(|bytes| Outcome::Bytes(bytes.to_vec()))
        }
        ModelOp::WriteAt { offset, bytes } => {
            file.write_all_at(bytes, *offset).await.map(|()| Outcome::Written(bytes.len()))
        }
        ModelOp::Write { bytes } => file.write_all(bytes).await.map(|()| Outcome::Written(bytes.len())),
        ModelOp::Seek(to) => file.seek(*to).await.map(Outcome::Offset),
        ModelOp::Append { bytes } => file.append_bytes(bytes.clone()).await.map(Outcome::Offset),
        ModelOp::SetLen(len) => file.set_len(*len).await.map(|()| Outcome::Done),
        ModelOp::Len => file.metadata().await.map(|metadata| Outcome::Len(metadata.len())),
        ModelOp::Sync => file.sync_data().await.map(|()| Outcome::Done),
    };
    outcome.unwrap_or(Outcome::Failed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn o2_everybody_reads_his_own_writes_across_drop_and_reopen() {
    let room = TempDir::new().unwrap();
    let tasks = (0..16_u64).map(|task| {
        let path = room.path().join((task % 4).to_string());
        tokio::spawn(async move {
            let mut random = Random::new(task);
            for round in 0..50 {
                let options = || File::options().read(true).write(true).create(true).clone();
                let record = random.bytes(1 + random.clone().index(2_000));
                let file = options().open(&path).await.unwrap();
                file.write_all_at(&record, task * 4_096).await.unwrap();
                if round % 3 == 0 {
                    file.close().await.unwrap();
                } else {
                    drop(file);
                }
                let again = options().open(&path).await.unwrap();
                let mut seen = vec![0; record.len()];
                again.read_exact_at(&mut seen, task * 4_096).await.unwrap();
                assert_eq!(seen, record, "task {task}, round {round}");
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        soon("a task of writes and reads", task).await.unwrap();
    }
}
