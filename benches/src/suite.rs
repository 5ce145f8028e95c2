//! The whole run: files, contenders, rows, exit code.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::{Builder, Runtime};

use crate::compare::{AsyncFs, SpawnBlocking, StdFile, TokioFs, TokioFsUnflushed, everyday};
use crate::contender::{Column, Contender};
use crate::everyday::OnRuntime;
use crate::files::Files;
use crate::options::Options;
use crate::ours::Folio;
use crate::rival::Async;
use crate::workloads::{self, Everyday, HotPath, Job, Workload};
use crate::{figures, machine, noise, rounds, table};

/// Worker threads of the runtime, and threads of std where the others run many tasks.
pub(crate) const WORKERS: u64 = 2;

/// Exit code for arguments that make no sense, as shells have it.
const EXIT_USAGE: u8 = 2;

/// One table: its rows, its columns, and who stands in them.
#[derive(Debug)]
pub struct Suite {
    pub(crate) workloads: &'static [Workload],
    /// From left to right; contenders without a column get a note under the rows that they take part in.
    pub(crate) columns: [Column; table::COLUMNS],
    /// Rows that the noise is shown for.
    pub(crate) noise: &'static [Job],
    contenders: fn(&Arc<Runtime>) -> Vec<Box<dyn Contender>>,
}

/// Single operations on open files, where every microsecond shows.
pub const HOT_PATH: Suite = Suite {
    workloads: &workloads::HOT_PATH,
    columns: [Column::Ours, Column::Std, Column::Tokio, Column::SpawnBlocking, Column::AsyncFs],
    // A processor-bound one, one of two threads, and one that allocates pages.
    noise: &[
        Job::HotPath(HotPath::RandomReads),
        Job::HotPath(HotPath::SharedRandomReads),
        Job::HotPath(HotPath::Writes),
    ],
    contenders: |runtime| {
        vec![
            Box::new(Async::<Folio>::new(runtime)),
            Box::new(StdFile::new(runtime)),
            Box::new(Async::<TokioFs>::new(runtime)),
            Box::new(Async::<SpawnBlocking>::new(runtime)),
            Box::new(Async::<AsyncFs>::new(runtime)),
            Box::new(Async::<TokioFsUnflushed>::new(runtime)),
        ]
    },
};

/// What a program does with whole files, names and trees.
pub const EVERYDAY: Suite = Suite {
    workloads: &workloads::EVERYDAY,
    columns: [Column::Ours, Column::Std, Column::Tokio, Column::AsyncFs, Column::Walkdir],
    // One that allocates pages, and two bound by the processor.
    noise: &[
        Job::Everyday(Everyday::BufferedWrites),
        Job::Everyday(Everyday::SmallReads),
        Job::Everyday(Everyday::Metadata),
    ],
    contenders: |runtime| {
        vec![
            OnRuntime::<Folio>::contender(runtime),
            OnRuntime::<everyday::StdFs>::contender(runtime),
            OnRuntime::<everyday::TokioFs>::contender(runtime),
            OnRuntime::<everyday::AsyncFs>::contender(runtime),
            OnRuntime::<everyday::Walkdir>::contender(runtime),
            OnRuntime::<everyday::StdSameBuffer>::contender(runtime),
            OnRuntime::<everyday::TokioBuffered>::contender(runtime),
        ]
    },
};

/// Runs the table and prints it. The exit code is 0 if every result was right, whatever the times are.
///
/// The files are made in `FOLIO_BENCH_DIR`, or in `default_dir`, which should be on a real disk.
pub fn run(suite: &Suite, default_dir: &Path) -> ExitCode {
    let options = match Options::read(suite, default_dir) {
        Ok(options) => options,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match measure(suite, &options) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(wrong) => {
            eprintln!("{wrong} rows with wrong results");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("cannot measure below {}: {error}", options.dir.display());
            ExitCode::FAILURE
        }
    }
}

/// Prints everything and returns the number of rows with wrong results.
fn measure(suite: &Suite, options: &Options) -> io::Result<usize> {
    let begun = Instant::now();
    let files = Arc::new(Files::new(&options.dir, options.quick)?);
    let runtime =
        Arc::new(Builder::new_multi_thread().worker_threads(WORKERS as usize).enable_all().build()?);
    let contenders = (suite.contenders)(&runtime);
    let mut contenders: Vec<_> = contenders.iter().map(AsRef::as_ref).collect();
    if options.quick {
        println!("quick: results are checked, the times below mean nothing");
    }
    let mut wrong = 0;
    if options.alone {
        contenders.retain(|contender| contender.column() == Column::Ours);
    } else if let Some(std) = contenders.iter().find(|contender| contender.column() == Column::Std) {
        wrong += usize::from(noise::print(suite, *std, &files, options.quick).inspect_err(report).is_err());
    }
    table::print_heading(suite);
    let mut measured = Vec::new();
    for workload in suite.workloads.iter().filter(|workload| options.wants(workload.id)) {
        match rounds::run(workload, &contenders, &files, options.quick) {
            Ok(row) => {
                table::print_row(suite, workload, &row, options.quick);
                measured.push((workload, row));
            }
            Err(what) => {
                report(&what);
                wrong += 1;
            }
        }
    }
    println!("{}", machine::describe(files.dir()));
    println!(
        "tokio multi-thread, {WORKERS} workers; warm cache; medians of interleaved rounds; {:.0} s in all",
        begun.elapsed().as_secs_f64()
    );
    if let Some(path) = &options.json {
        figures::write(path, &measured)?;
    }
    Ok(wrong)
}

fn report(what: &String) {
    println!("WRONG: {what}");
    eprintln!("wrong: {what}");
}
