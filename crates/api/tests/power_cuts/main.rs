//! Real file systems on loop devices, whose power is cut in the middle of writing: what was acknowledged as durable is
//! there afterwards, what is replaced is the old or the new, and a sweep leaves no litter.
//!
//! `FOLIO_POWER_CUTS=1000` cuts so often on each file system; without it, 30 times.

mod volume;
mod writers;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use folio::Engine;
use folio_testkit::process::is_superuser;
use folio_testkit::{Random, skip};
use tempfile::TempDir;

use volume::{FileSystem, Volume};
use writers::{Acknowledged, Syncs};

/// Cuts on each file system, unless the environment says otherwise.
const CUTS: u64 = 30;

/// How long an engine may take to stop when its file system is gone.
const STOP_MAX: Duration = Duration::from_secs(20);

/// What came of cuts on one file system.
#[derive(Debug, Default)]
struct Tally {
    records: usize,
    lost: Vec<String>,
}

/// Cuts the power so often; `None` if this machine has no such file system.
fn cut(file_system: FileSystem, cuts: u64, syncs: Syncs) -> Option<Tally> {
    let what = format!("cutting the power of {file_system:?}");
    if !is_superuser() {
        skip(&what, "only the superuser can mount");
        return None;
    }
    let room = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("there is room");
    let mut volume = match Volume::make(file_system, room.path()) {
        Ok(volume) => volume,
        Err(why) => {
            skip(&what, &why);
            return None;
        }
    };
    let mut dice = Random::new(file_system as u64);
    let mut tally = Tally::default();
    for round in 0..cuts {
        let folder = volume.mounted().join(round.to_string());
        std::fs::create_dir(&folder).expect("there is room");
        std::fs::File::open(volume.mounted()).and_then(|root| root.sync_all()).expect("it syncs");
        let acknowledged = write_until_cut(&volume, &folder, dice.within(20..300), syncs);
        volume.restart();
        tally.records += acknowledged.count();
        tally
            .lost
            .extend(acknowledged.missing(&folder).into_iter().map(|lost| format!("cut {round}: {lost}")));
        std::fs::remove_dir_all(&folder).expect("it is ours");
    }
    Some(tally)
}

/// Runs all writers in `folder` until so many records are acknowledged, and cuts the power then.
fn write_until_cut(volume: &Volume, folder: &Path, acknowledged_min: u64, syncs: Syncs) -> Acknowledged {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("the system gives threads");
    let engine = Engine::builder().start().expect("it starts");
    let log = Arc::new(writers::Log::default());
    runtime.block_on(engine.scope(async {
        let tasks = writers::start(&engine, folder, &log, syncs).await;
        log.reached(acknowledged_min).await;
        log.close();
        volume.cut();
        log.stop();
        for task in tasks {
            task.await.expect("no writer panics");
        }
        engine.shutdown(STOP_MAX).await.expect("it stops");
    }));
    log.take()
}

fn cuts() -> u64 {
    std::env::var("FOLIO_POWER_CUTS").ok().and_then(|cuts| cuts.parse().ok()).unwrap_or(CUTS)
}

fn nothing_is_lost_on(file_system: FileSystem) {
    let Some(tally) = cut(file_system, cuts(), Syncs::All) else { return };
    assert!(tally.lost.is_empty(), "{file_system:?}: of {} records: {:#?}", tally.records, tally.lost);
    assert!(tally.records > 0, "{file_system:?}: no record was acknowledged");
    println!("{file_system:?}: {} cuts, {} acknowledged records, none lost", cuts(), tally.records);
}

#[test]
fn a1_d2_power_cuts_of_ext4_lose_nothing_acknowledged() {
    nothing_is_lost_on(FileSystem::Ext4);
}

#[test]
fn a1_d2_power_cuts_of_xfs_lose_nothing_acknowledged() {
    nothing_is_lost_on(FileSystem::Xfs);
}

#[test]
fn a1_d2_crash_images_of_btrfs_lose_nothing_acknowledged() {
    nothing_is_lost_on(FileSystem::Btrfs);
}

/// The power is really cut, and the check would find it.
#[test]
fn power_cuts_lose_what_is_not_synced() {
    for file_system in [FileSystem::Ext4, FileSystem::Xfs] {
        let Some(tally) = cut(file_system, 3, Syncs::None) else { continue };
        assert!(
            !tally.lost.is_empty(),
            "{file_system:?}: {} records, all there without a sync",
            tally.records
        );
    }
}
