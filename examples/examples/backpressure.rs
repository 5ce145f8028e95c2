//! A producer that is faster than its disk, held back by an engine with small limits, so that memory stays
//! flat however much is written: `cargo run --release --example backpressure`.

use std::time::Duration;

use folio::{Engine, File};
use tokio::task::JoinSet;

const RECORD_BYTES: usize = 64 * 1024;
const RECORDS: u64 = 8_192;
const RECORDS_PER_ROUND: u64 = 2_048;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    // At most 2 MiB may wait for the disk. One worker and a sync with every round make the disk slow.
    let engine = Engine::builder().workers_max(1).ops_max(64).bytes_max(2 * 1024 * 1024).start()?;
    let path = dir.path().join("out.bin");
    let file = File::options().write(true).create(true).open_on(&engine, &path).await?;

    println!("before: {}", resident().await?);
    for first in (0..RECORDS).step_by(RECORDS_PER_ROUND as usize) {
        let mut round: JoinSet<_> =
            (first..first + RECORDS_PER_ROUND).map(|record| produce(file.clone(), record)).collect();
        while let Some(written) = round.join_next().await {
            written.expect("no task panics")?;
        }
        file.sync_data().await?;
        let mebibytes = (first + RECORDS_PER_ROUND) * RECORD_BYTES as u64 / (1024 * 1024);
        println!("{mebibytes} MiB written: {}", resident().await?);
    }
    println!("operations in flight at the most: {}", engine.snapshot().in_flight_peak);
    file.close().await?;
    engine.shutdown(Duration::from_secs(5)).await?;
    Ok(())
}

/// Waits inside `write_all_at` until the engine admits the operation. 2,048 tasks do that at a time.
async fn produce(file: File, record: u64) -> folio::Result<()> {
    static DATA: [u8; RECORD_BYTES] = [7; RECORD_BYTES];
    file.write_all_at(&DATA, record * RECORD_BYTES as u64).await
}

/// Memory of this process as the kernel counts it.
async fn resident() -> std::io::Result<String> {
    let status = folio::fs::read_to_string("/proc/self/status").await?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    Ok(format!("{} resident", line.unwrap_or("unknown").trim()))
}
