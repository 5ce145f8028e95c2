//! Storms: thousands of calls on shared files that are dropped, timed out and aborted, on a real file system.

mod caller;
mod calls;
mod judge;
mod ledger;
mod record;
mod stage;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use folio_testkit::Random;
use folio_testkit::wait::{PATIENCE, eventually, settled};

use crate::bug::Bug;
use crate::figures::{Figures, Size, Verdict};
use crate::runtime::runtime;
use stage::{CALLERS, Stage};

/// Time in which all callers have to end: their calls are short, and none waits for a device that is stuck.
const CALLERS_TIME: Duration = Duration::from_secs(300);

/// Time in which the engine has to end.
const SHUTDOWN: Duration = Duration::from_secs(30);

/// Pause between two looks at the descriptors.
const PAUSE: Duration = Duration::from_millis(5);

/// Runs one storm.
pub(crate) fn round(seed: u64, size: Size, bug: Option<Bug>) -> Verdict {
    let calls_per_caller = match size {
        Size::Short => 40,
        Size::Full => 1_600,
    };
    let mut random = Random::new(seed);
    let runtime = runtime(random.chance(50));
    let figures = runtime.block_on(storm(&mut random, calls_per_caller, bug));
    // Aborted tasks are dropped with their executor at the latest.
    drop(runtime);
    figures
}

async fn storm(random: &mut Random, calls_per_caller: u64, bug: Option<Bug>) -> Verdict {
    let descriptors = descriptors()?;
    let stage = Arc::new(Stage::new(random, bug).await?);
    let started: Vec<_> = (0..CALLERS)
        .map(|me| {
            let (stage, random) = (Arc::clone(&stage), Random::new(random.bits()));
            let engine = stage.engine.clone();
            let caller = caller::run(me, calls_per_caller, stage, random);
            tokio::spawn(async move { engine.scope(caller).await })
        })
        .collect();
    let ended = tokio::time::timeout(CALLERS_TIME, async {
        for caller in started {
            caller.await.map_err(|error| error.to_string())??;
        }
        Ok::<(), String>(())
    });
    ended.await.map_err(|_| "some caller waits for ever".to_owned())??;
    // Aborted calls may still run; each holds a clone of the stage.
    eventually("the last aborted call ends", || Arc::strong_count(&stage) == 1).await;
    settled(|| stage.engine.snapshot()).await;
    let stage = Arc::into_inner(stage).ok_or("a call outlives its task")?;
    let engine = stage.engine.clone();
    let (ledger, room) = stage.close().await?;
    eventually("all files are closed", || engine.snapshot().files.is_empty()).await;
    let now = engine.snapshot();
    if now.in_flight != 0 {
        return Err(format!("{} permits are never returned", now.in_flight));
    }
    let checked = judge::judge(room.path(), &ledger)?;
    engine.shutdown(SHUTDOWN).await.map_err(|error| format!("the engine does not end: {error}"))?;
    drop((engine, room));
    // Those of earlier rounds may have been closed meanwhile.
    let kept = || self::descriptors().map(|now| now.difference(&descriptors).cloned().collect::<Vec<_>>());
    if !holds_soon(|| kept().is_ok_and(|kept| kept.is_empty())).await {
        return Err(format!("descriptors are never returned: {:?}", kept()));
    }
    let (operations, given_up) = ledger.counts();
    Ok(Figures { operations, given_up, checked, ..Figures::default() })
}

/// Whether a condition holds within the time that all waits have.
async fn holds_soon(mut condition: impl FnMut() -> bool) -> bool {
    let until = tokio::time::Instant::now() + PATIENCE;
    while !condition() {
        if tokio::time::Instant::now() >= until {
            return false;
        }
        tokio::time::sleep(PAUSE).await;
    }
    true
}

/// The descriptors of this process, each with what it is open for.
fn descriptors() -> Result<BTreeSet<(OsString, PathBuf)>, String> {
    let listed = std::fs::read_dir("/proc/self/fd").map_err(|error| error.to_string())?;
    let entries: Vec<_> = listed.flatten().map(|entry| (entry.file_name(), entry.path())).collect();
    // The descriptor of the listing itself is gone by now.
    let open = entries.into_iter().filter_map(|(name, path)| Some((name, std::fs::read_link(path).ok()?)));
    Ok(open.collect())
}
