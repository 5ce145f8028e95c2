//! How long a small operation takes beside floods of others: `cargo bench -p folio-benches --bench fairness`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    folio_benches::fairness(Path::new(env!("CARGO_TARGET_TMPDIR")))
}
