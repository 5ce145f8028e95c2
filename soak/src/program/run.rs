//! One run of all writers, and the check that nothing of it remains.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use folio::{Engine, Limits, fs};
use folio_testkit::wait::{eventually, settled, soon};
use folio_testkit::{Disk, DiskHistory, Random};

use super::claims::Claims;
use super::place::{APPENDED, FOLDER, REPLACED, SLOT, SLOTS, SLOTS_COUNT, path};
use super::plan::plan_faults;
use super::writers::World;
use crate::bug::Bug;
use crate::figures::Size;
use crate::planted::planted;
use crate::runtime::runtime;

/// Time in which an engine has to end.
const SHUTDOWN: Duration = Duration::from_secs(30);

/// Whether calls fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Troubles {
    None,
    Planned,
}

/// A program that has ended.
pub(super) struct Ran {
    pub(super) disk: Disk,
    pub(super) history: DiskHistory,
    pub(super) claims: Arc<Claims>,
    pub(super) operations: u64,
}

/// Runs the writers a few times over one disk; each time all files are opened and closed.
pub(super) fn run(
    random: &mut Random,
    size: Size,
    bug: Option<Bug>,
    troubles: Troubles,
) -> Result<Ran, String> {
    let (times, steps) = match size {
        Size::Short => (2, 6),
        Size::Full => (random.within(1..5), random.within(4..24)),
    };
    let disk = Disk::new();
    for (name, bytes) in [(APPENDED, 0), (SLOTS, SLOTS_COUNT as usize * SLOT), (REPLACED, 8)] {
        disk.put(path(name), vec![0; bytes]);
    }
    let history = disk.history();
    let mut ran = Ran { disk, history, claims: Arc::default(), operations: 0 };
    let multi_thread = random.chance(50);
    runtime(multi_thread).block_on(async {
        for time in 0..times {
            if troubles == Troubles::Planned {
                plan_faults(ran.disk.plan(), random);
            }
            ran.operations += once(&ran, time, steps, random, bug).await?;
            ran.disk.plan().lift_all();
        }
        Ok::<(), String>(())
    })?;
    is_clean_after_sweep(&ran.disk)?;
    Ok(ran)
}

async fn once(
    ran: &Ran,
    time: u64,
    steps: u64,
    random: &mut Random,
    bug: Option<Bug>,
) -> Result<u64, String> {
    let mut limits = Limits::default();
    (limits.workers_max, limits.lane_workers_max) = (4, 3);
    let storage = planted(Arc::new(ran.disk.clone()), bug);
    let engine = Engine::builder().limits(limits).storage(storage).start();
    let engine = engine.map_err(|error| error.to_string())?;
    let world = World::new(&engine, ran.disk.clone(), Arc::clone(&ran.claims), time, steps);
    let operations = soon("all writers end", engine.scope(world.run(random))).await?;
    settled(|| engine.snapshot()).await;
    eventually("all files are closed", || {
        ran.disk.open_files() == 0 && ran.disk.running() == 0 && engine.snapshot().files.is_empty()
    })
    .await;
    let report = soon("the engine ends", engine.shutdown(SHUTDOWN)).await;
    report.map_err(|error| format!("the engine does not end: {error}"))?;
    Ok(operations)
}

/// Whether only files of the program are there after temporary ones have been swept.
pub(super) fn is_clean_after_sweep(disk: &Disk) -> Result<(), String> {
    let expected = |name: &String| {
        let known = ["buffered-", "name-", "new-"].iter().any(|start| name.starts_with(start));
        known || [APPENDED, SLOTS, REPLACED].contains(&name.as_str())
    };
    let strangers = || disk.list(FOLDER).into_iter().filter(|name| !expected(name)).collect::<BTreeSet<_>>();
    if strangers().is_empty() {
        return Ok(());
    }
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start();
    let engine = engine.map_err(|error| error.to_string())?;
    let swept = runtime(false).block_on(engine.scope(fs::sweep_replacements(FOLDER)));
    swept.map_err(|error| format!("the sweep failed: {error}"))?;
    let left = strangers();
    if left.is_empty() { Ok(()) } else { Err(format!("the sweep leaves {left:?}")) }
}
