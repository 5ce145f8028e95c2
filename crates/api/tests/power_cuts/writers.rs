//! What is written while the power is cut, what of it was acknowledged, and the check of what is left.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};

use folio::fs::{self, RenameOptions};
use folio::{Engine, File, Result};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Tasks that append to one file, and as many that write to places of another.
const SHARERS: u64 = 4;

/// Bytes of a place in the file of slots: less than a sector, so that a cut cannot tear it.
const SLOT_BYTES: usize = 64;

/// Bytes that the buffered file accepts before it writes.
const BUFFER_BYTES: i64 = 10_000;

/// Records of the buffered file between two syncs.
const BUFFERED_RECORDS: u64 = 16;

/// Whether writers sync before they count a record as acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syncs {
    All,
    /// To show that a cut loses something.
    None,
}

/// The records that were acknowledged before the cut began.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged {
    /// By offset.
    appended: BTreeMap<u64, Vec<u8>>,
    slots: BTreeMap<u64, u64>,
    buffered: u64,
    replaced: u64,
    renamed: BTreeSet<u64>,
    count: usize,
    /// Nothing counts from the cut on: an answer may race with it.
    closed: bool,
}

/// Collects them.
#[derive(Debug)]
pub(crate) struct Log {
    acknowledged: Mutex<Acknowledged>,
    count: watch::Sender<u64>,
    stopped: AtomicBool,
}

impl Default for Log {
    fn default() -> Self {
        Log { acknowledged: Mutex::default(), count: watch::Sender::new(0), stopped: AtomicBool::new(false) }
    }
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, Acknowledged> {
        self.acknowledged.lock().expect("no holder panics")
    }

    /// Records what was acknowledged, unless the cut has begun.
    fn note(&self, note: impl FnOnce(&mut Acknowledged)) {
        let mut acknowledged = self.lock();
        if !acknowledged.closed {
            note(&mut acknowledged);
            acknowledged.count += 1;
            self.count.send_modify(|count| *count += 1);
        }
    }

    /// Waits until so many records are acknowledged.
    pub(crate) async fn reached(&self, count_min: u64) {
        let mut count = self.count.subscribe();
        count.wait_for(|count| *count >= count_min).await.expect("the sender is here");
    }

    /// Counts nothing any more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
    }

    /// Ends the writers whose file system goes on.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    fn goes_on(&self) -> bool {
        !self.stopped.load(Relaxed)
    }

    pub(crate) fn take(&self) -> Acknowledged {
        std::mem::take(&mut self.lock())
    }
}

/// Starts all writers. They end with the first error, which is the cut.
pub(crate) async fn start(
    engine: &Engine,
    folder: &Path,
    log: &Arc<Log>,
    syncs: Syncs,
) -> Vec<JoinHandle<()>> {
    let synced = syncs == Syncs::All;
    let path = |name: &str| folder.join(name);
    let appended = File::options().append(true).create(true).open(path("appended")).await.expect("room");
    let slots = File::create(path("slots")).await.expect("room");
    let mut options = File::options();
    options.write(true).create(true).buffering(BUFFER_BYTES);
    let buffered = options.open(path("buffered")).await.expect("room");
    fs::sync_dir(folder).await.expect("it syncs");
    let mut writers: Vec<Pin<Box<dyn Future<Output = Result<()>> + Send>>> = Vec::new();
    for me in 0..SHARERS {
        writers.push(Box::pin(append(appended.clone(), me, log.clone(), synced)));
        writers.push(Box::pin(fill_slot(slots.clone(), me, log.clone(), synced)));
    }
    writers.push(Box::pin(write_buffered(buffered, log.clone(), synced)));
    writers.push(Box::pin(replace(path("replaced"), log.clone(), synced)));
    writers.push(Box::pin(rename(folder.to_owned(), log.clone(), synced)));
    let started = writers.into_iter().map(|writer| {
        let engine = engine.clone();
        tokio::spawn(async move { drop(engine.scope(writer).await) })
    });
    started.collect()
}

async fn append(file: File, me: u64, log: Arc<Log>, synced: bool) -> Result<()> {
    for n in (0..).take_while(|_| log.goes_on()) {
        let record = format!("{me}:{n}:{};", "x".repeat((n as usize * 37) % 900)).into_bytes();
        let offset = file.append(&record).await?;
        if synced {
            file.sync_data().await?;
        }
        log.note(|all| {
            all.appended.insert(offset, record);
        });
    }
    Ok(())
}

async fn fill_slot(file: File, slot: u64, log: Arc<Log>, synced: bool) -> Result<()> {
    for n in (1..).take_while(|_| log.goes_on()) {
        file.write_all_at(&filled(n, SLOT_BYTES), slot * SLOT_BYTES as u64).await?;
        if synced {
            file.sync_data().await?;
        }
        log.note(|all| {
            all.slots.insert(slot, n);
        });
    }
    Ok(())
}

async fn write_buffered(file: File, log: Arc<Log>, synced: bool) -> Result<()> {
    for n in (1..).take_while(|_| log.goes_on()) {
        file.write_all(&filled(n, SLOT_BYTES)).await?;
        if n % BUFFERED_RECORDS == 0 {
            if synced {
                file.sync_all().await?;
            }
            log.note(|all| all.buffered = n);
        }
    }
    Ok(())
}

async fn replace(path: PathBuf, log: Arc<Log>, synced: bool) -> Result<()> {
    for n in (1..).take_while(|_| log.goes_on()) {
        if synced {
            fs::replace(&path, filled(n, version_bytes(n))).await?;
        } else {
            fs::write(&path, filled(n, version_bytes(n))).await?;
        }
        log.note(|all| all.replaced = n);
    }
    Ok(())
}

async fn rename(folder: PathBuf, log: Arc<Log>, synced: bool) -> Result<()> {
    for n in (1..).take_while(|_| log.goes_on()) {
        let (unnamed, named) = (folder.join(format!("new-{n}")), folder.join(format!("name-{n}")));
        let file = File::create(&unnamed).await?;
        file.write_all(&filled(n, SLOT_BYTES)).await?;
        if synced {
            file.sync_all().await?;
        }
        RenameOptions::new().durable(synced).rename(&unnamed, &named).await?;
        log.note(|all| {
            all.renamed.insert(n);
        });
    }
    Ok(())
}

/// So many bytes that all say `n`.
fn filled(n: u64, bytes: usize) -> Vec<u8> {
    n.to_le_bytes().repeat(bytes / 8)
}

fn version_bytes(n: u64) -> usize {
    8 * (1 + (n as usize * 131) % 2_000)
}

/// The number that all of `bytes` say.
fn number(bytes: &[u8]) -> Option<u64> {
    let n = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?);
    (filled(n, bytes.len()) == bytes).then_some(n)
}

impl Acknowledged {
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// What was acknowledged and is not in `folder`, and what should not be there.
    pub(crate) fn missing(&self, folder: &Path) -> Vec<String> {
        let mut missing = Vec::new();
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap_or_default();
        let appended = std::fs::File::open(folder.join("appended"));
        for (offset, record) in &self.appended {
            let mut there = vec![0; record.len()];
            let found = appended.as_ref().is_ok_and(|file| file.read_exact_at(&mut there, *offset).is_ok());
            if !found || there != *record {
                missing.push(format!("appended at {offset}"));
            }
        }
        let slots = read("slots");
        for (slot, n) in &self.slots {
            let there = slots.chunks(SLOT_BYTES).nth(*slot as usize).and_then(number);
            if there.is_none_or(|there| there < *n) {
                missing.push(format!("slot {slot}: {there:?} instead of {n}"));
            }
        }
        let buffered = read("buffered");
        let whole =
            buffered.chunks(SLOT_BYTES).map(number).zip(1..).take_while(|(there, n)| *there == Some(*n));
        let whole = whole.count() as u64;
        if whole < self.buffered {
            missing.push(format!("buffered: {whole} instead of {}", self.buffered));
        }
        let replaced = read("replaced");
        let version = number(&replaced).filter(|n| replaced.len() == version_bytes(*n));
        if version.is_none_or(|version| version < self.replaced)
            && (self.replaced > 0 || !replaced.is_empty())
        {
            missing.push(format!("replaced: {version:?} instead of {}", self.replaced));
        }
        for n in &self.renamed {
            if number(&read(&format!("name-{n}"))) != Some(*n) {
                missing.push(format!("renamed: {n}"));
            }
        }
        missing.extend(litter(folder).into_iter().map(|name| format!("litter: {name}")));
        missing
    }
}

/// What a sweep leaves beside the files that were asked for.
fn litter(folder: &Path) -> Vec<String> {
    folio_testkit::wait::block_on(fs::sweep_replacements(folder)).expect("it can be listed");
    let names = std::fs::read_dir(folder).expect("it is a directory").map(|entry| {
        let entry = entry.expect("it can be listed");
        entry.file_name().into_string().expect("all names are ASCII")
    });
    let expected = |name: &String| {
        ["appended", "slots", "buffered", "replaced"].contains(&name.as_str())
            || name.starts_with("name-")
            || name.starts_with("new-")
    };
    names.filter(|name| !expected(name)).collect()
}
