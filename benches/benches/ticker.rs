//! How late a ticker is beside file work: `cargo bench -p folio-benches --bench ticker`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    folio_benches::ticker(Path::new(env!("CARGO_TARGET_TMPDIR")))
}
