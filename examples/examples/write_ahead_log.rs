//! A log whose records survive power cuts; each run adds one: `cargo run --example write_ahead_log -- DIR`.
//!
//! The log is in `examples/src/write_ahead_log.rs`, and what shows that it is right in `examples/tests/programs/`.

use folio_examples::write_ahead_log::Log;

/// Records after which the log is replaced by its last one.
const RECORDS_MAX: usize = 5;

#[tokio::main]
async fn main() -> folio::Result<()> {
    let dir = std::env::args_os().nth(1).unwrap_or_else(|| "example-log".into());
    folio::fs::create_dir_all(&dir).await?;
    let (mut log, records) = Log::open(&dir).await?;
    records.iter().for_each(|record| println!("found: {}", String::from_utf8_lossy(record)));

    let runs =
        records.last().and_then(|last| std::str::from_utf8(last).ok()?.strip_prefix("run ")?.parse().ok());
    let record = format!("run {}", 1 + runs.unwrap_or(0_u64));
    if records.len() < RECORDS_MAX {
        log.append(&[record.as_bytes()]).await?;
    } else {
        log.checkpoint(&[record.as_bytes()]).await?;
    }
    println!("acknowledged: {record}");
    Ok(())
}
