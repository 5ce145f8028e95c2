//! `object_store` on folio against its own store of files: `cargo bench -p folio-benches --bench object_store`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    folio_benches::object_store(Path::new(env!("CARGO_TARGET_TMPDIR")))
}
