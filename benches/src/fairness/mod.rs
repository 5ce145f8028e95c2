//! One task makes a small operation now and then, and others flood a file meanwhile: what the small one takes.
//!
//! ```text
//! cargo bench -p folio-benches --bench fairness               all rows, about two minutes
//! cargo bench -p folio-benches --bench fairness -- --quick    few samples: contents are checked, times are not
//! ```
//!
//! A row is a flood and a quiet operation. Contenders take turns, each alone and then flooded, so that the two
//! quantiles that are compared come from the same minute. The files are made in `FOLIO_BENCH_DIR`.

mod contender;
mod flood;

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use self::contender::{Contender, Folio, TokioFs};
use self::flood::{FLOODS, Flood, Running};
use crate::machine;
use crate::quantile::quantile;

/// What the quiet task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quiet {
    /// Writes a block to a file of its own.
    Other,
    /// The same in a runtime of its own, whose line of ready tasks the flood does not share.
    Apart,
    /// Writes a block to the flooded file, beyond all of the flood.
    Same,
    /// Writes a small file as a whole.
    Whole,
}

const QUIET: [(Quiet, &str); 4] = [
    (Quiet::Other, "4 KiB to another file"),
    (Quiet::Apart, "the same, own runtime"),
    (Quiet::Same, "4 KiB to the flooded file"),
    (Quiet::Whole, "a whole file of 4 KiB"),
];

/// Bytes of the quiet operation.
const QUIET_BYTES: usize = 4 * 1024;
/// Where the quiet task writes in the flooded file: behind all that the flood writes.
const BEHIND_THE_FLOOD: u64 = 1 << 30;
/// Blocks that the quiet task writes in turn.
const QUIET_BLOCKS: u64 = 256;
/// Pause of the quiet task between two operations.
const PAUSE: Duration = Duration::from_micros(500);
/// Time of one measurement; the quantiles are of three.
const LAP: Duration = Duration::from_millis(1_000);
const ROUNDS: usize = 3;
/// A lap ends after so many operations, whatever the time.
const SAMPLES_MAX: usize = 1_000;
const SAMPLES_QUICK: usize = 3;

/// Times of the quiet operation, alone and beside the flood.
#[derive(Debug, Default)]
struct Times {
    alone: Vec<Duration>,
    flooded: Vec<Duration>,
}

/// Prints the table. The exit code is 0 if every byte was right, whatever the times are.
pub fn fairness(default_dir: &Path) -> ExitCode {
    let quick = env::args().any(|argument| argument == "--quick");
    let only = env::args().skip_while(|argument| argument != "--only").nth(1);
    let dir = env::var_os("FOLIO_BENCH_DIR").map_or_else(|| default_dir.to_owned(), PathBuf::from);
    match measure(&dir, quick, only.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wrong, or not to be measured below {}: {error}", dir.display());
            ExitCode::FAILURE
        }
    }
}

fn measure(dir: &Path, quick: bool, only: Option<&str>) -> io::Result<()> {
    println!("{}", machine::describe(dir));
    println!("{:<28}{:<30}{:>10}{:>34}{:>34}", "quiet operation", "beside", "", "folio", "tokio::fs");
    println!("{:<58}{:>10}{:>34}{:>34}", "", "", "p50 ▸ flooded, p99 ▸ flooded (×)", "the same");
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    for (quiet, quiet_name) in QUIET {
        for flood in FLOODS.iter().filter(|flood| only.is_none_or(|only| flood.name.contains(only))) {
            let (mut ours, mut theirs) = (Times::default(), Times::default());
            for _ in 0..if quick { 1 } else { ROUNDS } {
                lap::<Folio>(&runtime, dir, quiet, flood, quick, &mut ours)?;
                lap::<TokioFs>(&runtime, dir, quiet, flood, quick, &mut theirs)?;
            }
            println!("{quiet_name:<28}{:<40}{:>34}{:>34}", flood.name, ours.figures(), theirs.figures());
        }
    }
    Ok(())
}

fn lap<C: Contender>(
    runtime: &Runtime,
    dir: &Path,
    quiet: Quiet,
    flood: &Flood,
    quick: bool,
    times: &mut Times,
) -> io::Result<()> {
    let room = TempDir::new_in(dir)?;
    let samples = if quick { SAMPLES_QUICK } else { SAMPLES_MAX };
    runtime.block_on(async {
        let path = room.path().to_owned();
        times.alone.extend(run_quiet::<C>(path.clone(), quiet, samples).await?);
        let flooded = C::open(&path.join("flooded")).await?;
        let running = Running::start::<C>(&flooded, flood, quick);
        running.under_way().await;
        times.flooded.extend(run_quiet::<C>(path, quiet, samples).await?);
        let written = running.stop().await?;
        C::close(flooded).await?;
        flood.check(&room.path().join("flooded"), written)
    })?;
    check_quiet(room.path(), quiet)
}

/// Runs the quiet task as a task of this runtime, as the others are, or on a thread of its own.
async fn run_quiet<C: Contender>(room: PathBuf, quiet: Quiet, samples: usize) -> io::Result<Vec<Duration>> {
    let task = quiet_task::<C>(room, quiet, samples);
    if quiet != Quiet::Apart {
        return tokio::spawn(task).await?;
    }
    let (ended, times) = oneshot::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build();
        // Nobody waits for it any more if this fails.
        let _ = ended.send(runtime.and_then(|runtime| runtime.block_on(task)));
    });
    times.await.map_err(io::Error::other)?
}

async fn quiet_task<C: Contender>(room: PathBuf, quiet: Quiet, samples: usize) -> io::Result<Vec<Duration>> {
    let (path, first) = match quiet {
        Quiet::Other | Quiet::Apart => (room.join("quiet"), 0),
        Quiet::Same => (room.join("flooded"), BEHIND_THE_FLOOD),
        Quiet::Whole => (room.join("whole"), 0),
    };
    let file = C::open(&path).await?;
    let block = vec![b'q'; QUIET_BYTES];
    let (begun, mut times) = (Instant::now(), Vec::new());
    while times.len() < samples && (begun.elapsed() < LAP || times.len() < SAMPLES_QUICK) {
        let offset = first + times.len() as u64 % QUIET_BLOCKS * QUIET_BYTES as u64;
        let before = Instant::now();
        match quiet {
            Quiet::Other | Quiet::Apart | Quiet::Same => C::write_at(&file, &block, offset).await?,
            Quiet::Whole => C::write_whole(&path, &block).await?,
        }
        times.push(before.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    C::close(file).await?;
    Ok(times)
}

fn check_quiet(room: &Path, quiet: Quiet) -> io::Result<()> {
    let (path, first) = match quiet {
        Quiet::Other | Quiet::Apart => ("quiet", 0),
        Quiet::Same => ("flooded", BEHIND_THE_FLOOD),
        Quiet::Whole => ("whole", 0),
    };
    flood::check_from(&room.join(path), first, b'q')
}

impl Times {
    fn figures(&mut self) -> String {
        let (alone, flooded) = (quantiles(&mut self.alone), quantiles(&mut self.flooded));
        format!(
            "{} ▸ {}, {} ▸ {} ({:.1})",
            micros(alone.0),
            micros(flooded.0),
            micros(alone.1),
            micros(flooded.1),
            flooded.1.as_secs_f64() / alone.1.as_secs_f64()
        )
    }
}

/// The median, and what one in a hundred exceeds.
fn quantiles(times: &mut [Duration]) -> (Duration, Duration) {
    times.sort_unstable();
    (quantile(times, 500), quantile(times, 990))
}

fn micros(time: Duration) -> String {
    match time.as_micros() {
        micros @ 0..1_000 => format!("{micros} µs"),
        micros => format!("{:.1} ms", micros as f64 / 1_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_times() {
        let mut times: Vec<_> = (1..=200).rev().map(Duration::from_micros).collect();
        assert_eq!(quantiles(&mut times), (Duration::from_micros(101), Duration::from_micros(199)));
        assert_eq!(quantiles(&mut []), (Duration::ZERO, Duration::ZERO));
    }
}
