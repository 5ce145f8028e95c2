//! `object_store` on folio against its own store of local files.
//!
//! ```text
//! cargo bench -p folio-benches --bench object_store               all of it, about a minute
//! cargo bench -p folio-benches --bench object_store -- --quick    a few laps: results are checked, times are not
//! FOLIO_BENCH_DIR=/dev/shm cargo bench …                          files in memory: what puts cost beside the disk
//! ```
//!
//! Laps alternate between the two, so that a slow minute of the machine hits both, and each lap is checked. A cell is the
//! median of the ratios of neighbouring laps.

mod rows;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::object_store::local::LocalFileSystem;
use ::object_store::{ObjectStore, Result};
use folio_object_store::FolioStore;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use self::rows::{ROWS, Row};
use crate::machine;
use crate::quantile::quantile;

/// Laps of each store for a row.
const LAPS: usize = 61;

/// Laps of a quick run.
const LAPS_QUICK: usize = 3;

/// Prints the table. The exit code is 0 if every answer was right, whatever the times are.
pub fn object_store(default_dir: &Path) -> ExitCode {
    let quick = env::args().any(|argument| argument == "--quick");
    let dir = env::var_os("FOLIO_BENCH_DIR").map_or_else(|| default_dir.to_owned(), PathBuf::from);
    match measure(&dir, if quick { LAPS_QUICK } else { LAPS }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wrong, or not to be measured: {error}");
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error>;

fn measure(dir: &Path, laps: usize) -> std::result::Result<(), Failure> {
    println!("{}", machine::describe(dir));
    println!("{:<44} {:>16} {:>12} {:>10}", "", "LocalFileSystem", "folio", "faster by");
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    for row in &ROWS {
        let rooms = [TempDir::new_in(dir)?, TempDir::new_in(dir)?];
        let theirs = Arc::new(LocalFileSystem::new_with_prefix(rooms[0].path())?);
        let ours = Arc::new(FolioStore::new_with_prefix(rooms[1].path())?);
        print(row, laps, &mut [lapped(&runtime, theirs, row)?, lapped(&runtime, ours, row)?])?;
    }
    Ok(())
}

/// One lap, which returns how long it took.
type Lap<'a> = Box<dyn FnMut() -> Result<Duration> + 'a>;

/// Prepares a store and its laps, of which one is run to warm it up.
fn lapped<'a>(runtime: &'a Runtime, store: Arc<dyn ObjectStore>, row: &Row) -> Result<Lap<'a>> {
    runtime.block_on(rows::prepare(&*store))?;
    let work = row.lap;
    let mut lap: Lap<'a> = Box::new(move || {
        let store = store.clone();
        let lap = async move {
            let begun = Instant::now();
            let answer = work(store).await?;
            let took = begun.elapsed();
            answer.check();
            Ok(took)
        };
        // On a worker of the runtime, as in a service.
        runtime.block_on(runtime.spawn(lap))?
    });
    lap()?;
    Ok(lap)
}

fn print(row: &Row, laps: usize, [theirs, ours]: &mut [Lap<'_>; 2]) -> Result<()> {
    let (mut their_times, mut our_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for lap in 0..laps {
        let (their_time, our_time) = if lap % 2 == 0 {
            let their_time = theirs()?;
            (their_time, ours()?)
        } else {
            let our_time = ours()?;
            (theirs()?, our_time)
        };
        ratios.push(their_time.as_secs_f64() / our_time.as_secs_f64());
        their_times.push(their_time);
        our_times.push(our_time);
    }
    their_times.sort_unstable();
    our_times.sort_unstable();
    ratios.sort_unstable_by(f64::total_cmp);
    let micros = |times: &[Duration]| format!("{:.0} µs", quantile(times, 500).as_secs_f64() * 1e6);
    let ratio = format!("{:.1} ×", ratios[ratios.len() / 2]);
    println!("{:<44} {:>16} {:>12} {:>10}", row.title, micros(&their_times), micros(&our_times), ratio);
    Ok(())
}
