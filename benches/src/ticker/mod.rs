//! Four tasks keep files busy, and a ticker of one millisecond shares their runtime: how late it is.
//!
//! ```text
//! cargo bench -p folio-benches --bench ticker                    all rows, about two minutes
//! cargo bench -p folio-benches --bench ticker -- --quick         few ticks: results are checked, times are not
//! cargo bench -p folio-benches --bench ticker -- --only lines    some rows
//! cargo bench -p folio-benches --bench ticker -- --alone         folio without its rival
//! ```
//!
//! A row is a kind of work on a runtime of one thread, then on one of two workers. The contenders take turns lap by
//! lap, so that a slow minute of the machine hits both. The files are made in `FOLIO_BENCH_DIR`.
//!
//! Beside other programs a ticker is as late as the kernel lets it be. Two figures do not depend on them: the processor
//! time of a turn (one poll of one task, before others of its thread get theirs), and the work that a second of
//! processor time does, on all threads of the process.

mod contender;
mod folio;
mod load;
mod ticks;
mod tokio_fs;
mod turns;

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use self::contender::Contender;
use self::folio::Folio;
use self::load::{LOADS, Load, Room};
use self::tokio_fs::TokioFs;
use self::turns::{Turns, process_time};
use crate::machine;
use crate::quantile::quantile;

pub(crate) use self::ticks::ticks;

/// Tasks that keep files busy.
const TASKS: usize = 4;
/// Ticks of a lap: a second of them.
const TICKS: usize = 1_000;
const TICKS_QUICK: usize = 20;
const ROUNDS: usize = 3;

/// How it is run.
#[derive(Clone, Debug, Default)]
struct Settings {
    quick: bool,
    alone: bool,
    only: Option<String>,
}

/// What one contender has shown in one row.
#[derive(Debug, Default)]
struct Seen {
    late: Vec<Duration>,
    /// Processor times of the polls of its tasks.
    turns: Vec<Duration>,
    done: u64,
    time: Duration,
    /// Processor time of all threads.
    cpu_time: Duration,
}

/// What the tasks of a lap share.
#[derive(Debug)]
struct Lap {
    load: Load,
    room: Arc<Room>,
    stop: AtomicBool,
    done: AtomicU64,
    memories: Mutex<Vec<Vec<u8>>>,
}

/// Prints the table. The exit code is 0 if every result was right, whatever the times are.
pub fn ticker(default_dir: &Path) -> ExitCode {
    let settings = Settings {
        quick: env::args().any(|argument| argument == "--quick"),
        alone: env::args().any(|argument| argument == "--alone"),
        only: env::args().skip_while(|argument| argument != "--only").nth(1),
    };
    let dir = env::var_os("FOLIO_BENCH_DIR").map_or_else(|| default_dir.to_owned(), PathBuf::from);
    match measure(&dir, &settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wrong, or not to be measured below {}: {error}", dir.display());
            ExitCode::FAILURE
        }
    }
}

fn measure(dir: &Path, settings: &Settings) -> io::Result<()> {
    println!("{}", machine::describe(dir));
    println!("{:<24}{:<12}{:>54}{:>54}", "beside 4 tasks", "runtime", "folio", "tokio::fs");
    println!("{:<36}{:>54}{:>54}", "", "late p50, p99, p99.9 · turn p99.9 · work (a CPU s)", "the same");
    let room = Arc::new(Room::new(dir)?);
    for (runtime, runtime_name) in runtimes()? {
        let late = runtime.block_on(async { tokio::spawn(ticks(settings.ticks())).await? })?;
        let mut idle = Seen { late, ..Seen::default() };
        println!("{:<24}{runtime_name:<12}{:>54}", "nothing", idle.lateness());
        for (load, load_name, unit) in LOADS {
            if settings.only.as_deref().is_some_and(|only| !load_name.contains(only)) {
                continue;
            }
            let (mut ours, mut theirs) = (Seen::default(), Seen::default());
            for _ in 0..if settings.quick { 1 } else { ROUNDS } {
                lap::<Folio>(&runtime, load, &room, settings, &mut ours)?;
                if !settings.alone && TokioFs::has(load) {
                    lap::<TokioFs>(&runtime, load, &room, settings, &mut theirs)?;
                }
            }
            println!(
                "{load_name:<24}{runtime_name:<12}{:>54}{:>54}",
                ours.figures(unit),
                theirs.figures(unit)
            );
        }
    }
    Ok(())
}

fn runtimes() -> io::Result<[(Runtime, &'static str); 2]> {
    let one = Builder::new_current_thread().enable_all().build()?;
    let two = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    Ok([(one, "one thread"), (two, "two workers")])
}

fn lap<C: Contender>(
    runtime: &Runtime,
    load: Load,
    room: &Arc<Room>,
    settings: &Settings,
    seen: &mut Seen,
) -> io::Result<()> {
    let (stop, done, memories) =
        (AtomicBool::new(false), AtomicU64::new(0), Mutex::new(load.memories(TASKS)));
    let lap = Arc::new(Lap { load, room: room.clone(), stop, done, memories });
    let count = settings.ticks();
    runtime.block_on(async {
        let (mut tasks, begun, cpu_begun) = (JoinSet::new(), Instant::now(), process_time());
        for task in 0..TASKS {
            tasks.spawn(Turns::of(work::<C>(lap.clone(), task)));
        }
        // In a task of its own, as the others are: the thread of `block_on` is not the runtime's.
        let late = tokio::spawn(ticks(count)).await?;
        lap.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = tasks.join_next().await {
            let (worked, turns) = ended?;
            worked?;
            seen.turns.extend(turns);
        }
        seen.late.extend(late?);
        seen.time += begun.elapsed();
        seen.cpu_time += process_time() - cpu_begun;
        seen.done += lap.done.load(Ordering::Relaxed);
        Ok(())
    })
}

async fn work<C: Contender>(lap: Arc<Lap>, task: usize) -> io::Result<()> {
    let mut memory = lap.memories.lock().expect("nobody panics").pop().unwrap_or_default();
    while !lap.stop.load(Ordering::Relaxed) {
        let done = C::pass(lap.load, &lap.room, task, &mut memory).await?;
        lap.done.fetch_add(done, Ordering::Relaxed);
    }
    lap.memories.lock().expect("nobody panics").push(memory);
    Ok(())
}

impl Settings {
    fn ticks(&self) -> usize {
        if self.quick { TICKS_QUICK } else { TICKS }
    }
}

impl Seen {
    fn figures(mut self, unit: &str) -> String {
        if self.late.is_empty() {
            return String::from("–");
        }
        let done = self.done as f64 / if unit == "MB" { 1e6 } else { 1e3 };
        let (rate, cpu_rate) = (done / self.time.as_secs_f64(), done / self.cpu_time.as_secs_f64());
        self.turns.sort_unstable();
        let turn = millis(quantile(&self.turns, 999));
        format!("{} · {turn} ms · {rate:.0} ({cpu_rate:.0}) {unit}", self.lateness())
    }

    fn lateness(&mut self) -> String {
        self.late.sort_unstable();
        let at = |thousandths| millis(quantile(&self.late, thousandths));
        format!("{}, {}, {}", at(500), at(990), at(999))
    }
}

fn millis(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}
