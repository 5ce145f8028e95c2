//! What is measured: each row is a lap of work with a store, whose answers are checked.

use std::ops::Range;
use std::sync::Arc;

use ::object_store::path::Path;
use ::object_store::{ObjectStore, ObjectStoreExt, PutPayload, Result};
use bytes::Bytes;
use futures::TryStreamExt;
use futures::future::{BoxFuture, try_join_all};

/// Bytes of the one large object, that of which ranges are read.
const LARGE_BYTES: usize = 16 * 1024 * 1024;

/// Ranges that are read of it at once, and the bytes of each: pages of columns.
const RANGES: u64 = 100;
const RANGE_BYTES: u64 = 4 * 1024;

/// Objects of each of the two sizes that are read as a whole.
const OBJECTS: usize = 100;
const SMALL_BYTES: usize = 16 * 1024;
const MEDIUM_BYTES: usize = 1024 * 1024;
const MEDIUM_OBJECTS: usize = 16;

/// Objects that are listed, in ten directories.
const LISTED: usize = 2_000;

/// One line of the table.
pub(super) struct Row {
    pub(super) title: &'static str,
    pub(super) lap: fn(Arc<dyn ObjectStore>) -> BoxFuture<'static, Result<Answer>>,
}

pub(super) const ROWS: [Row; 8] = [
    Row { title: "100 ranges of one object at once", lap: |store| Box::pin(ranges_at_once(store)) },
    Row { title: "100 ranges of one object, a task each", lap: |store| Box::pin(ranges_by_tasks(store)) },
    Row { title: "100 ranges of one object in one call", lap: |store| Box::pin(ranges_in_one_call(store)) },
    Row { title: "whole gets of 16 KiB", lap: |store| Box::pin(gets(store, "small", OBJECTS, SMALL_BYTES)) },
    Row {
        title: "whole gets of 1 MiB",
        lap: |store| Box::pin(gets(store, "medium", MEDIUM_OBJECTS, MEDIUM_BYTES)),
    },
    Row { title: "puts of 16 KiB", lap: |store| Box::pin(puts(store)) },
    Row { title: "puts of 16 KiB, 100 at once", lap: |store| Box::pin(puts_at_once(store)) },
    Row { title: "a list of 2,000 objects", lap: |store| Box::pin(list(store)) },
];

/// What a lap has read, with what it should be.
pub(super) enum Answer {
    Bytes(Vec<(Bytes, usize)>, Range<u64>),
    Counted(usize, usize),
}

impl Answer {
    /// Panics at a wrong one.
    pub(super) fn check(self) {
        match self {
            Answer::Bytes(answers, from) => {
                for (bytes, start) in answers {
                    assert_eq!(
                        bytes.len() as u64,
                        from.end - from.start,
                        "the answer is as long as was asked for"
                    );
                    let is_right = |(at, byte): (usize, &u8)| *byte == byte_at(start + at);
                    assert!(bytes.iter().enumerate().all(is_right), "it is what was written");
                }
            }
            Answer::Counted(found, wanted) => assert_eq!(found, wanted),
        }
    }
}

fn byte_at(offset: usize) -> u8 {
    (offset % 251) as u8 ^ (offset >> 12) as u8
}

fn contents(len: usize) -> PutPayload {
    (0..len).map(byte_at).collect::<Vec<u8>>().into()
}

/// Writes the objects that the laps read.
pub(super) async fn prepare(store: &dyn ObjectStore) -> Result<()> {
    store.put(&large(), contents(LARGE_BYTES)).await?;
    for (kind, count, len) in [("small", OBJECTS, SMALL_BYTES), ("medium", MEDIUM_OBJECTS, MEDIUM_BYTES)] {
        let payload = contents(len);
        for number in 0..count {
            store.put(&object(kind, number), payload.clone()).await?;
        }
    }
    for number in 0..LISTED {
        store.put(&object(&format!("listed/{}", number % 10), number), "x".into()).await?;
    }
    Ok(())
}

fn large() -> Path {
    Path::from("large.parquet")
}

fn object(kind: &str, number: usize) -> Path {
    Path::from(format!("{kind}/{number}"))
}

/// Ranges all over the object, in no order.
fn ranges() -> impl Iterator<Item = Range<u64>> {
    let places = LARGE_BYTES as u64 / RANGES;
    (0..RANGES).map(move |number| (number * 37 % RANGES) * places).map(|start| start..start + RANGE_BYTES)
}

fn checked(answers: Vec<Bytes>) -> Answer {
    Answer::Bytes(
        answers.into_iter().zip(ranges().map(|range| range.start as usize)).collect(),
        0..RANGE_BYTES,
    )
}

async fn ranges_at_once(store: Arc<dyn ObjectStore>) -> Result<Answer> {
    let large = large();
    try_join_all(ranges().map(|range| store.get_range(&large, range))).await.map(checked)
}

async fn ranges_by_tasks(store: Arc<dyn ObjectStore>) -> Result<Answer> {
    let tasks: Vec<_> = ranges()
        .map(|range| {
            let store = store.clone();
            tokio::spawn(async move { store.get_range(&large(), range).await })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await??);
    }
    Ok(checked(answers))
}

async fn ranges_in_one_call(store: Arc<dyn ObjectStore>) -> Result<Answer> {
    let ranges: Vec<_> = ranges().collect();
    store.get_ranges(&large(), &ranges).await.map(checked)
}

async fn gets(store: Arc<dyn ObjectStore>, kind: &str, count: usize, len: usize) -> Result<Answer> {
    let mut answers = Vec::new();
    for number in 0..count {
        answers.push((store.get(&object(kind, number)).await?.bytes().await?, 0));
    }
    Ok(Answer::Bytes(answers, 0..len as u64))
}

async fn puts(store: Arc<dyn ObjectStore>) -> Result<Answer> {
    let payload = contents(SMALL_BYTES);
    for number in 0..OBJECTS {
        store.put(&object("written", number), payload.clone()).await?;
    }
    Ok(Answer::Counted(store.list(Some(&"written".into())).try_fold(0, count).await?, OBJECTS))
}

async fn puts_at_once(store: Arc<dyn ObjectStore>) -> Result<Answer> {
    let payload = contents(SMALL_BYTES);
    let names: Vec<_> = (0..OBJECTS).map(|number| object("at_once", number)).collect();
    try_join_all(names.iter().map(|name| store.put(name, payload.clone()))).await?;
    Ok(Answer::Counted(store.list(Some(&"at_once".into())).try_fold(0, count).await?, OBJECTS))
}

async fn list(store: Arc<dyn ObjectStore>) -> Result<Answer> {
    Ok(Answer::Counted(store.list(Some(&"listed".into())).try_fold(0, count).await?, LISTED))
}

async fn count<T>(counted: usize, _: T) -> Result<usize> {
    Ok(counted + 1)
}
