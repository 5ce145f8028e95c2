//! The table of everyday work with files: `cargo bench -p folio-benches --bench everyday`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    folio_benches::run(&folio_benches::EVERYDAY, Path::new(env!("CARGO_TARGET_TMPDIR")))
}
