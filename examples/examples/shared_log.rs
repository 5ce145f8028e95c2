//! 64 tasks append records to one log and each waits until its record is on disk; group commit makes them
//! share the syncs: `cargo run --release --example shared_log`.

use std::time::Instant;

use folio::{Engine, File};
use tokio::task::JoinSet;

const TASKS: usize = 64;
const RECORDS_PER_TASK: usize = 100;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("app.log");
    let log = File::options().append(true).create(true).open(&path).await?;

    let began = Instant::now();
    let mut tasks: JoinSet<_> = (0..TASKS).map(|task| keep_records(log.clone(), task)).collect();
    while let Some(done) = tasks.join_next().await {
        done.expect("no task panics")?;
    }
    let took = began.elapsed();

    let text = folio::fs::read_to_string(&path).await?;
    let whole = text.lines().filter(|line| line.starts_with("task ") && line.ends_with(" ok")).count();
    let counters = Engine::global().snapshot().counters;
    let records = TASKS * RECORDS_PER_TASK;
    println!("{records} records in {took:.1?}, {:.1?} each", took / records as u32);
    println!("whole lines: {whole}, none interleaved");
    println!("syncs asked: {}, issued: {}", counters.syncs_asked, counters.syncs_issued);
    println!("writes asked: {}, system calls: {}", counters.writes_asked, counters.write_calls);
    log.close().await?;
    Ok(())
}

/// Each `Ok` from `sync_data` covers every append acknowledged before it, on any clone of the handle.
async fn keep_records(log: File, task: usize) -> folio::Result<()> {
    for record in 0..RECORDS_PER_TASK {
        log.append_bytes(format!("task {task} record {record} ok\n")).await?;
        log.sync_data().await?;
    }
    Ok(())
}
