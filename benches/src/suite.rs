//! The whole run: files, contenders, rows, exit code.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::{Builder, Runtime};

use crate::compare::{AsyncFs, SpawnBlocking, StdFile, TokioFs, TokioFsUnflushed};
use crate::contender::Contender;
use crate::files::Files;
use crate::options::Options;
use crate::rival::Async;
use crate::{machine, noise, ours, rounds, table, workloads};

/// Worker threads of the runtime, and threads of std where the others run many tasks.
pub(crate) const WORKERS: u64 = 2;

/// Exit code for arguments that make no sense, as shells have it.
const EXIT_USAGE: u8 = 2;

/// Runs the table and prints it. The exit code is 0 if every result was right, whatever the times are.
///
/// The files are made in `FOLIO_BENCH_DIR`, or in `default_dir`, which should be on a real disk.
pub fn run(default_dir: &Path) -> ExitCode {
    let options = match Options::read(default_dir) {
        Ok(options) => options,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match measure(&options) {
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
fn measure(options: &Options) -> io::Result<usize> {
    let begun = Instant::now();
    let files = Arc::new(Files::prepare(&options.dir, options.quick)?);
    let runtime =
        Arc::new(Builder::new_multi_thread().worker_threads(WORKERS as usize).enable_all().build()?);
    let contenders = contenders(&runtime);
    if options.quick {
        println!("quick: results are checked, the times below mean nothing");
    }
    let mut wrong = usize::from(noise::print(&runtime, &files, options.quick).inspect_err(report).is_err());
    table::print_heading();
    for workload in workloads::ALL.iter().filter(|workload| options.wants(workload.id)) {
        let contenders: Vec<_> = contenders.iter().map(AsRef::as_ref).collect();
        match rounds::run(workload, &contenders, &files, options.quick) {
            Ok(row) => table::print_row(workload, &row, options.quick),
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
    Ok(wrong)
}

fn contenders(runtime: &Arc<Runtime>) -> Vec<Box<dyn Contender>> {
    vec![
        ours::contender(runtime),
        Box::new(StdFile::new(runtime)),
        Box::new(Async::<TokioFs>::new(runtime)),
        Box::new(Async::<SpawnBlocking>::new(runtime)),
        Box::new(Async::<AsyncFs>::new(runtime)),
        Box::new(Async::<TokioFsUnflushed>::new(runtime)),
    ]
}

fn report(what: &String) {
    println!("WRONG: {what}");
    eprintln!("wrong: {what}");
}
