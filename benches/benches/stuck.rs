//! What goes on beside devices that do not answer: `cargo bench -p folio-benches --bench stuck`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    folio_benches::stuck(Path::new(env!("CARGO_TARGET_TMPDIR")))
}
