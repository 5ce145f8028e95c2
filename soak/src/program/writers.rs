//! The writers of a program: appends, slots, a buffered file, replacements, renames.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use folio::fs::{self, RenameOptions};
use folio::{Engine, File, Result};
use folio_testkit::{Disk, Random};

use tokio::task::JoinError;

use super::claims::Claims;
use super::place::{APPENDED, FOLDER, REPLACED, SLOT, SLOTS, SLOTS_COUNT, filled, path};

/// Tasks that append to one file.
const APPENDERS: u64 = 3;

/// Longest record, in bytes: a little more than a sector of the simulated disk.
const RECORD: u64 = 700;

/// Bytes that the buffered file accepts before it writes.
const BUFFER: i64 = 512;

type Writer = Pin<Box<dyn Future<Output = std::result::Result<(), String>> + Send>>;

/// What the writers share.
#[derive(Clone, Debug)]
pub(super) struct World {
    engine: Engine,
    disk: Disk,
    claims: Arc<Claims>,
    /// How many times the program has run before.
    time: u64,
    steps: u64,
    operations: Arc<AtomicU64>,
}

impl World {
    pub(super) fn new(engine: &Engine, disk: Disk, claims: Arc<Claims>, time: u64, steps: u64) -> World {
        World { engine: engine.clone(), disk, claims, time, steps, operations: Arc::default() }
    }

    /// Runs all writers to their ends; returns how many operations they asked for.
    pub(super) async fn run(self, random: &mut Random) -> std::result::Result<u64, String> {
        let mut dice = || Random::new(random.bits());
        let mut writers: Vec<Writer> = Vec::new();
        let mut options = File::options();
        if let Ok(file) = self.counted(options.read(true).append(true).open(path(APPENDED))).await {
            for _ in 0..APPENDERS {
                writers.push(Box::pin(self.clone().append(file.clone(), dice())));
            }
        }
        if let Ok(file) = self.counted(File::options().read(true).write(true).open(path(SLOTS))).await {
            for slot in 0..SLOTS_COUNT {
                writers.push(Box::pin(self.clone().fill_slot(file.clone(), slot, dice())));
            }
        }
        writers.push(Box::pin(self.clone().write_buffered(dice())));
        writers.push(Box::pin(self.clone().replace(dice())));
        writers.push(Box::pin(self.clone().rename(dice())));
        writers.push(Box::pin(self.clone().look_around(dice())));
        let started: Vec<_> = writers
            .into_iter()
            .map(|writer| {
                let engine = self.engine.clone();
                tokio::spawn(async move { engine.scope(writer).await })
            })
            .collect();
        for writer in started {
            match writer.await {
                Ok(ended) => ended?,
                // A call that the storage makes in the caller's own poll panics there, and ends the caller.
                Err(error) if is_planned(&error) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(self.operations.load(Relaxed))
    }

    async fn counted<T>(&self, operation: impl Future<Output = Result<T>>) -> Result<T> {
        self.operations.fetch_add(1, Relaxed);
        operation.await
    }

    async fn append(self, file: File, mut random: Random) -> std::result::Result<(), String> {
        let mut unsynced = Vec::new();
        for _ in 0..self.steps {
            let len = random.within(1..RECORD) as usize;
            let record = random.bytes(len);
            if let Ok(offset) = self.counted(file.append(&record)).await {
                unsynced.push(self.claims.appended(offset, record.clone()));
                let again = self.counted(file.read_exact_bytes_at(offset, len)).await;
                if again.is_ok_and(|again| again != record) {
                    return Err(format!("the record at {offset} reads as another one"));
                }
            }
            if random.chance(50) {
                match self.counted(sync(&file, &mut random)).await {
                    Ok(()) => self.claims.records_durable(self.disk.moment(), &unsynced),
                    // The file is poisoned for all who have it open.
                    Err(_) => unsynced.clear(),
                }
            }
        }
        Ok(())
    }

    async fn fill_slot(self, file: File, slot: u64, mut random: Random) -> std::result::Result<(), String> {
        for _ in 0..self.steps {
            let moment = self.disk.moment();
            let number = self.claims.all().slots.entry(slot).or_default().begin(moment);
            let written =
                self.counted(file.write_all_at(&filled(number, SLOT), slot * SLOT as u64)).await.is_ok();
            // A failed write may have torn the slot: a later sync says nothing about an earlier version.
            let unsynced = written.then_some(number);
            if written {
                self.claims.all().slots.entry(slot).or_default().acknowledge(number);
            }
            if random.chance(50) {
                let synced = self.counted(sync(&file, &mut random)).await.is_ok();
                let moment = self.disk.moment();
                if let Some(number) = unsynced.filter(|_| synced) {
                    self.claims.all().slots.entry(slot).or_default().durable_from(moment, number);
                }
            }
        }
        Ok(())
    }

    /// Claims nothing more after the first error, which may be about any byte that was accepted.
    async fn write_buffered(self, mut random: Random) -> std::result::Result<(), String> {
        let name = format!("buffered-{}", self.time);
        let mut options = File::options();
        options.write(true).create(true).buffering(BUFFER);
        let Ok(file) = self.counted(options.open(path(&name))).await else { return Ok(()) };
        if self.counted(fs::sync_dir(FOLDER)).await.is_err() {
            return Ok(());
        }
        let mut failed = false;
        for _ in 0..self.steps * 4 {
            let len = random.within(1..200) as usize;
            let bytes = random.bytes(len);
            failed |= self.counted(file.write_all(&bytes)).await.is_err();
            if failed {
                continue;
            }
            self.claims.all().streams.entry(name.clone()).or_default().accepted.extend(&bytes);
            if random.chance(12) {
                failed = self.counted(file.sync_all()).await.is_err();
                if !failed {
                    let moment = self.disk.moment();
                    let mut all = self.claims.all();
                    let stream = all.streams.entry(name.clone()).or_default();
                    stream.durable.push((moment, stream.accepted.len()));
                }
            }
        }
        let closed = self.counted(file.close()).await.is_ok();
        self.claims.all().streams.entry(name).or_default().closed = closed && !failed;
        Ok(())
    }

    async fn replace(self, mut random: Random) -> std::result::Result<(), String> {
        for _ in 0..self.steps {
            let moment = self.disk.moment();
            let number = self.claims.all().replaced.begin(moment);
            let contents = filled(number, 8 * random.within(1..200) as usize);
            let replaced = if random.chance(50) {
                self.counted(fs::replace(path(REPLACED), contents)).await
            } else {
                self.counted(self.replace_by_handle(contents)).await
            };
            if replaced.is_ok() {
                let moment = self.disk.moment();
                let mut all = self.claims.all();
                all.replaced.acknowledge(number);
                all.replaced.durable_from(moment, number);
            }
        }
        Ok(())
    }

    async fn replace_by_handle(&self, contents: Vec<u8>) -> Result<()> {
        let replacement = File::replace(path(REPLACED)).await?;
        for piece in contents.chunks(300) {
            replacement.file().write_all(piece).await?;
        }
        replacement.commit().await
    }

    async fn rename(self, _: Random) -> std::result::Result<(), String> {
        for step in 0..self.steps {
            let number = self.time * 1_000 + step + 1;
            if self.counted(self.rename_one(number)).await.is_ok() {
                let moment = self.disk.moment();
                self.claims.all().named.push((moment, number));
            }
        }
        Ok(())
    }

    async fn rename_one(&self, number: u64) -> Result<()> {
        let (unnamed, named) = (path(&format!("new-{number}")), path(&format!("name-{number}")));
        let file = File::create(&unnamed).await?;
        file.write_all(&filled(number, SLOT)).await?;
        file.sync_all().await?;
        file.close().await?;
        RenameOptions::new().durable(true).rename(&unnamed, &named).await
    }

    /// Asks for what changes nothing; the answers do not matter, only that they come.
    async fn look_around(self, mut random: Random) -> std::result::Result<(), String> {
        for _ in 0..self.steps * 2 {
            let name = path([APPENDED, SLOTS, REPLACED][random.index(3)]);
            match random.within(0..4) {
                0 => drop(self.counted(fs::metadata(&name)).await),
                1 => drop(self.counted(fs::read(&name)).await),
                2 => drop(self.counted(fs::try_exists(path("missing"))).await),
                _ => drop(self.counted(self.list()).await),
            }
        }
        Ok(())
    }

    async fn list(&self) -> Result<()> {
        let mut entries = fs::read_dir(FOLDER).await?;
        while entries.next_entry().await?.is_some() {}
        Ok(())
    }
}

async fn sync(file: &File, random: &mut Random) -> Result<()> {
    if random.chance(50) { file.sync_data().await } else { file.sync_all().await }
}

/// Whether a task ended by a panic of the plan.
fn is_planned(error: &JoinError) -> bool {
    error.is_panic() && error.to_string().contains("planned panic")
}
