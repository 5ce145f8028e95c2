//! One device is frozen, or two are: what goes on beside them, how late the executor is, when a shutdown returns, and what
//! becomes of the operations that were stuck.
//!
//! ```text
//! cargo bench -p folio-benches --bench stuck               all of it, about four minutes
//! cargo bench -p folio-benches --bench stuck -- --quick    a few laps and trials: results are checked, times are not
//! ```
//!
//! Laps alternate, quiet and then stuck, so that the two rates that are compared come from the same seconds; a cell is
//! the median of their ratios. It needs the right to mount.

mod beside;
mod frozen;
mod shutdowns;

use std::env;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use self::frozen::Device;
use crate::machine;

/// Prints the tables. The exit code is 0 if every operation did what it should, whatever the times are.
pub fn stuck(default_dir: &Path) -> ExitCode {
    let quick = env::args().any(|argument| argument == "--quick");
    match measure(default_dir, quick) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wrong, or not to be measured: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(dir: &Path, quick: bool) -> io::Result<()> {
    println!("{}", machine::describe(dir));
    let room = TempDir::new_in(dir)?;
    let devices = [Device::make(room.path(), "first")?, Device::make(room.path(), "second")?];
    let healthy = room.path().join("healthy");
    std::fs::create_dir(&healthy)?;
    beside::measure(&devices, &healthy, quick)?;
    shutdowns::measure(&devices[0], quick)
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).enable_all().build()
}
