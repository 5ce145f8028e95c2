//! When a shutdown returns beside stuck operations, and what becomes of them.

use std::io;
use std::time::{Duration, Instant};

use folio::{Engine, File, fs};

use super::frozen::Device;
use super::runtime;

const TRIALS: usize = 200;
const TRIALS_QUICK: usize = 3;
const DEADLINE: Duration = Duration::from_millis(50);
/// How much later it may return.
const SLACK: Duration = Duration::from_millis(50);
/// Appends and whole writes of a trial: more than a lane has workers.
const APPENDS: u64 = 20;
const WHOLE: u64 = 20;
/// Bytes of an appended record.
const RECORD: usize = 8;

pub(super) fn measure(device: &Device, quick: bool) -> io::Result<()> {
    let trials = if quick { TRIALS_QUICK } else { TRIALS };
    let runtime = runtime()?;
    let mut over: Vec<Duration> = Vec::new();
    for _ in 0..trials {
        over.push(runtime.block_on(trial(device))?);
    }
    over.sort_unstable();
    let at = |share: usize| over[(over.len() * share / 100).min(over.len() - 1)].as_secs_f64() * 1e3;
    let in_time = over.iter().filter(|late| **late <= SLACK).count();
    println!(
        "shutdown beside stuck operations, deadline {} ms: later by {:.1} ms (median), {:.1} ms (p99), {:.1} ms (most); \
         {in_time} of {trials} within {} ms",
        DEADLINE.as_millis(),
        at(50),
        at(99),
        at(100),
        SLACK.as_millis(),
    );
    Ok(())
}

/// How much later than its deadline one shutdown returns.
async fn trial(device: &Device) -> io::Result<Duration> {
    let engine = Engine::builder().start()?;
    let log = device.path().join("log");
    let file = File::options().append(true).create(true).open_on(&engine, &log).await?;
    device.freeze()?;
    let appends: Vec<_> = (0..APPENDS)
        .map(|index| {
            let file = file.clone();
            tokio::spawn(async move { file.append(format!("{index:07}\n").as_bytes()).await.map(drop) })
        })
        .collect();
    let whole: Vec<_> = (0..WHOLE)
        .map(|index| {
            let (engine, path) = (engine.clone(), device.path().join(index.to_string()));
            tokio::spawn(async move { engine.scope(fs::write(path, b"whole")).await })
        })
        .collect();
    // All are admitted, and some have begun.
    while engine.snapshot().in_flight < APPENDS + WHOLE || engine.snapshot().pool.running < 2 {
        tokio::task::yield_now().await;
    }
    let begun = Instant::now();
    let report = engine.shutdown(DEADLINE).await?;
    let over = begun.elapsed().saturating_sub(DEADLINE);
    let mut unknown = (Vec::new(), Vec::new());
    for (index, append) in appends.into_iter().enumerate() {
        let error = append.await?.expect_err("nothing is written to a frozen device");
        unknown.0.extend(error.may_have_happened().then_some(index));
    }
    for (index, write) in whole.into_iter().enumerate() {
        let error = write.await?.expect_err("nothing is written to a frozen device");
        unknown.1.extend(error.may_have_happened().then_some(index));
    }
    device.thaw()?;
    while engine.snapshot().in_flight > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    check(device, &unknown.0, &unknown.1)?;
    let told = report.abandoned.len() as u64 + report.never_started;
    if told != APPENDS + WHOLE {
        return Err(io::Error::other(format!("{told} operations in the report: {report:?}")));
    }
    Ok(over)
}

/// What is unknown lands once, and nothing else does.
fn check(device: &Device, appends: &[usize], whole: &[usize]) -> io::Result<()> {
    let log = device.path().join("log");
    let mut records: Vec<_> = std::fs::read(&log)?.chunks(RECORD).map(<[u8]>::to_vec).collect();
    records.sort_unstable();
    let expected: Vec<_> = appends.iter().map(|index| format!("{index:07}\n").into_bytes()).collect();
    std::fs::remove_file(&log)?;
    if records != expected {
        return Err(io::Error::other(format!("{records:?} in the log instead of {expected:?}")));
    }
    for index in 0..WHOLE as usize {
        let path = device.path().join(index.to_string());
        let landed = std::fs::read(&path).is_ok_and(|bytes| bytes == b"whole");
        if landed != whole.contains(&index) {
            return Err(io::Error::other(format!("the whole write {index} is there: {landed}")));
        }
        drop(std::fs::remove_file(path));
    }
    Ok(())
}
