//! The whole run: files, contenders, rows, exit code.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Builder;

use crate::contender::Column;
use crate::files::Files;
use crate::options::Options;
use crate::suite::{Suite, WORKERS};
use crate::{figures, machine, noise, rounds, table};

/// Exit code for arguments that make no sense, as shells have it.
const EXIT_USAGE: u8 = 2;

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
