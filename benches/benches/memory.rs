//! What handles take of memory, and what is left of it: `cargo bench -p folio-benches --bench memory`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    folio_benches::memory(Path::new(env!("CARGO_TARGET_TMPDIR")))
}
