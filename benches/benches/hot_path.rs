//! The table of folio's hot path: `cargo bench -p folio-benches --bench hot_path`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    folio_benches::run(&folio_benches::HOT_PATH, Path::new(env!("CARGO_TARGET_TMPDIR")))
}
