//! A3: a record of any size stays in one piece and begins where its append said. A4: a closure is one step.

use std::os::unix::fs::FileExt;

use folio::File;
use folio_testkit::{Call, Random, errno};
use tempfile::TempDir;

use crate::{PATH, bench, open, soon};

const TASKS: u64 = 16;
const RECORDS_PER_TASK: usize = 12;
const COUNTED_PER_TASK: u64 = 100;

/// Longest record, in bytes: more than one call in place, one merged batch and one page cache folio hold.
const RECORD_BYTES_MAX: u64 = 3 << 20;

/// A record, as its writer knows it.
struct Record {
    offset: u64,
    mark: u8,
    len: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a3_appended_records_of_any_size_never_interleave() {
    // Elsewhere an end is found before the write, unless the file is open for appending.
    if cfg!(any(folio_portable, not(target_os = "linux"))) {
        return;
    }
    let room = TempDir::new().unwrap();
    let path = room.path().join("log");
    let file = File::options().read(true).write(true).create(true).open(&path).await.unwrap();
    let second = File::options().append(true).open(&path).await.unwrap();
    let tasks = (0..TASKS).map(|task| {
        // Two of three share one opening; the third goes through another one, unordered with the first.
        let file = if task % 3 == 2 { second.clone() } else { file.clone() };
        tokio::spawn(append_records(file, task))
    });
    let mut records = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        records.extend(soon("a task of appends", task).await.unwrap());
    }
    records.sort_by_key(|record| record.offset);
    let contents = std::fs::read(&path).unwrap();
    let mut end = 0;
    for record in &records {
        assert_eq!(record.offset, end, "records overlap or leave a gap");
        end += record.len as u64;
        let piece = &contents[record.offset as usize..end as usize];
        assert!(piece.iter().all(|byte| *byte == record.mark), "the record at {} is torn", record.offset);
    }
    assert_eq!(contents.len() as u64, end);
    assert_eq!(records.len(), TASKS as usize * RECORDS_PER_TASK);
}

async fn append_records(file: File, task: u64) -> Vec<Record> {
    let mut random = Random::new(task);
    let mut records = Vec::new();
    for round in 0..RECORDS_PER_TASK {
        // Evenly over the orders of magnitude, and each task writes the longest and the shortest.
        let len = match round {
            0 => RECORD_BYTES_MAX,
            1 => 1,
            _ => 1 + random.bits() % (1 << random.within(0..21)),
        } as usize;
        let mark = (task * 16 + round as u64) as u8;
        let offset = file.append_bytes(vec![mark; len]).await.unwrap();
        records.push(Record { offset, mark, len });
    }
    records
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a3_writes_through_an_appending_file_never_interleave() {
    let room = TempDir::new().unwrap();
    let path = room.path().join("log");
    let file = File::options().append(true).create(true).open(&path).await.unwrap();
    let tasks = (0..TASKS as u8).map(|task| {
        let file = file.clone();
        tokio::spawn(async move { file.write_all(&vec![task; 300_000]).await })
    });
    for task in tasks.collect::<Vec<_>>() {
        soon("a write", task).await.unwrap().unwrap();
    }
    let contents = std::fs::read(&path).unwrap();
    let mut marks: Vec<u8> = contents.chunks(300_000).map(|piece| piece[0]).collect();
    assert!(
        contents.chunks(300_000).all(|piece| piece.iter().all(|byte| *byte == piece[0])),
        "a torn record"
    );
    marks.sort_unstable();
    assert_eq!(marks, (0..TASKS as u8).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a4_a_closure_reads_and_writes_in_one_step() {
    let room = TempDir::new().unwrap();
    let file =
        File::options().read(true).write(true).create(true).open(room.path().join("counter")).await.unwrap();
    file.write_all_at(&[0; 8], 0).await.unwrap();
    let tasks = (0..TASKS).map(|_| {
        let file = file.clone();
        tokio::spawn(async move {
            for _ in 0..COUNTED_PER_TASK {
                file.run(count).await.unwrap().unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        soon("a task that counts", task).await.unwrap();
    }
    assert_eq!(file.read_bytes_at(0, 8).await.unwrap()[..], (TASKS * COUNTED_PER_TASK).to_le_bytes());
}

/// Adds one to the number in a file, by two calls.
fn count(file: &std::fs::File) -> std::io::Result<()> {
    let mut bytes = [0; 8];
    file.read_exact_at(&mut bytes, 0)?;
    file.write_all_at(&(u64::from_le_bytes(bytes) + 1).to_le_bytes(), 0)
}

#[tokio::test]
async fn a3_a_failed_append_says_how_much_of_its_record_stays() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    assert_eq!(file.append(b"first ").await.unwrap(), 0);
    // As the kernel has it: a short call, and a refusal of the one that goes on with the rest.
    let short = disk.plan().on(Call::Append).nth(1).at_most(3);
    let full = disk.plan().on(Call::Append).nth(2).fail(errno::ENOSPC);
    let error = file.append(b"second ").await.unwrap_err();
    assert_eq!((error.raw_os_error(), error.bytes_done()), (Some(errno::ENOSPC), 3), "{error}");
    assert_eq!(file.append(b"third").await.unwrap(), 9);
    assert_eq!((disk.contents(PATH), short.fired() + full.fired()), (b"first secthird".to_vec(), 2));
}
