//! The calls of a storm, and what each of them promises.

use std::sync::Arc;
use std::time::Duration;

use folio::{File, Result, fs};
use folio_testkit::Random;

use super::record::{HEAD, parse, record};
use super::stage::{BUFFERED, CALLERS, LOGS, SLOT_FILES, Stage, WHOLE_FILES};

/// Bytes of a slot.
pub(super) const SLOT: usize = 256;

/// Longest record that is appended, in bytes: some are longer than a page.
const RECORD: u64 = 6_000;

/// Longest record that is written to a buffered file, in bytes: some need room that others have to leave first.
const BUFFERED_RECORD: u64 = 900;

/// Longest time limit, in microseconds.
const LIMIT_MICROS: u64 = 300;

/// Bytes of a read.
const READ: usize = 2_048;

/// What a caller asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Call {
    Append,
    AppendBytes,
    TryAppend,
    AppendLimited,
    FillSlot,
    ReadSlot,
    ReadAt,
    ReadOn,
    Sync,
    Metadata,
    WriteBuffered,
    Flush,
    Reopen,
    Replace,
    ReplaceByHandle,
    ReadWhole,
    List,
    Closure,
}

const CALLS: [Call; 22] = [
    Call::Append,
    Call::Append,
    Call::AppendBytes,
    Call::TryAppend,
    Call::AppendLimited,
    Call::FillSlot,
    Call::FillSlot,
    Call::ReadSlot,
    Call::ReadSlot,
    Call::ReadAt,
    Call::ReadOn,
    Call::Sync,
    Call::Metadata,
    Call::WriteBuffered,
    Call::WriteBuffered,
    Call::Flush,
    Call::Reopen,
    Call::Replace,
    Call::ReplaceByHandle,
    Call::ReadWhole,
    Call::List,
    Call::Closure,
];

impl Call {
    pub(super) fn random(random: &mut Random) -> Call {
        CALLS[random.index(CALLS.len())]
    }
}

/// Makes one call and records what was promised. An error that the call may return is none here.
pub(super) async fn make(
    call: Call,
    me: u64,
    stage: Arc<Stage>,
    mut random: Random,
) -> std::result::Result<(), String> {
    let log = random.index(LOGS);
    let any = stage.logs[log].clone();
    let outcome = match call {
        Call::Append | Call::AppendBytes | Call::TryAppend | Call::AppendLimited => {
            return append(call, &stage, log, random).await;
        }
        Call::FillSlot => return fill_slot(me, &stage, random).await,
        Call::ReadSlot => return read_slot(&stage, random).await,
        Call::WriteBuffered => return write_buffered(&stage, random).await,
        Call::Replace | Call::ReplaceByHandle => return replace(call, &stage, random).await,
        Call::ReadWhole => return read_whole(&stage, random).await,
        Call::ReadAt => {
            let mut buf = vec![0; READ];
            any.read_at(&mut buf, random.within(0..100_000)).await.map(drop)
        }
        Call::ReadOn => any.read_bytes(READ).await.map(drop),
        Call::Sync if random.chance(50) => any.sync_data().await,
        Call::Sync => any.sync_all().await,
        Call::Metadata => any.metadata().await.map(drop),
        Call::Flush => stage.buffered[random.index(BUFFERED)].flush().await,
        Call::Reopen => reopen(&stage, log).await,
        Call::List => list(&stage).await,
        Call::Closure => any.run(|_| ()).await,
    };
    outcome.map_err(|error| format!("{call:?} fails: {error}"))
}

async fn append(
    call: Call,
    stage: &Stage,
    log: usize,
    mut random: Random,
) -> std::result::Result<(), String> {
    let number = stage.ledger.number();
    let bytes = record(number, random.within(HEAD as u64..RECORD) as usize);
    let file = &stage.logs[log];
    let limit = Duration::from_micros(random.within(1..LIMIT_MICROS));
    let appended = match call {
        Call::AppendBytes => file.append_bytes(bytes).await,
        Call::TryAppend => file.try_append(&bytes).await,
        Call::AppendLimited => file.with_time_limit(limit).append(&bytes).await,
        _ => file.append(&bytes).await,
    };
    match appended {
        Ok(offset) => {
            stage.ledger.all().appended.entry(log).or_default().push((offset, number));
            Ok(())
        }
        Err(error) if error.is_overloaded() || error.is_timed_out() => Ok(()),
        Err(error) => Err(format!("{call:?} fails: {error}")),
    }
}

/// Writes the next version into this caller's slot. A version that was given up may still come, before the next one.
async fn fill_slot(me: u64, stage: &Stage, mut random: Random) -> std::result::Result<(), String> {
    let file = random.index(SLOT_FILES);
    let number = stage.ledger.number();
    stage.ledger.all().slots.entry((file, me)).or_default().1 = number;
    let written = stage.slots[file].write_all_at(&record(number, SLOT), me * SLOT as u64).await;
    written.map_err(|error| format!("a slot cannot be written: {error}"))?;
    stage.ledger.all().slots.entry((file, me)).or_default().0 = number;
    Ok(())
}

async fn read_slot(stage: &Stage, mut random: Random) -> std::result::Result<(), String> {
    let (file, slot) = (random.index(SLOT_FILES), random.within(0..CALLERS));
    let read = stage.slots[file].read_bytes_at(slot * SLOT as u64, SLOT).await;
    let bytes = read.map_err(|error| format!("a slot cannot be read: {error}"))?;
    // A short read is one at the end of the file.
    let empty = bytes.len() < SLOT || bytes.iter().all(|byte| *byte == 0);
    if empty || parse(&bytes).is_some() { Ok(()) } else { Err(format!("slot {slot} is torn")) }
}

async fn write_buffered(stage: &Stage, mut random: Random) -> std::result::Result<(), String> {
    let (number, file) = (stage.ledger.number(), random.index(BUFFERED));
    let bytes = record(number, random.within(HEAD as u64..BUFFERED_RECORD) as usize);
    let written = stage.buffered[file].write_all(&bytes).await;
    written.map_err(|error| format!("a buffered file cannot be written: {error}"))?;
    stage.ledger.all().accepted.entry(file).or_default().insert(number);
    Ok(())
}

async fn replace(call: Call, stage: &Stage, mut random: Random) -> std::result::Result<(), String> {
    let (number, file) = (stage.ledger.number(), random.index(WHOLE_FILES));
    let bytes = record(number, random.within(HEAD as u64..RECORD) as usize);
    stage.ledger.all().replaced.entry(file).or_default().insert(number);
    let path = stage.path("whole", file);
    let replaced = match call {
        Call::Replace => fs::replace(path, bytes).await,
        _ => replace_by_handle(path, &bytes).await,
    };
    replaced.map_err(|error| format!("{call:?} fails: {error}"))
}

async fn replace_by_handle(path: std::path::PathBuf, bytes: &[u8]) -> Result<()> {
    let replacement = File::replace(path).await?;
    replacement.file().write_all(bytes).await?;
    replacement.commit().await
}

async fn read_whole(stage: &Stage, mut random: Random) -> std::result::Result<(), String> {
    let file = random.index(WHOLE_FILES);
    match fs::read(stage.path("whole", file)).await {
        Ok(bytes) if is_one_of(stage, file, &bytes) => Ok(()),
        Ok(_) => Err(format!("the replaced file {file} is torn")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(format!("a replaced file cannot be read: {error}")),
    }
}

fn is_one_of(stage: &Stage, file: usize, bytes: &[u8]) -> bool {
    let all = stage.ledger.all();
    let known = |number| all.replaced.get(&file).is_some_and(|numbers| numbers.contains(&number));
    parse(bytes).is_some_and(|(number, len)| len == bytes.len() && known(number))
}

async fn reopen(stage: &Stage, log: usize) -> Result<()> {
    let file = File::open(stage.path("log", log)).await?;
    file.read_bytes(READ).await?;
    file.close().await
}

async fn list(stage: &Stage) -> Result<()> {
    let mut entries = fs::read_dir(stage.room.path()).await?;
    while entries.next_entry().await?.is_some() {}
    Ok(())
}
