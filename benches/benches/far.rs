//! Many calls at once on a storage that takes 50 ms for each: `cargo bench -p folio-benches --bench far`.

use std::process::ExitCode;

fn main() -> ExitCode {
    folio_benches::far()
}
