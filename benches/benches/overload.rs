//! What an engine takes that is offered far more than it may carry: `cargo bench -p folio-benches --bench overload`.

use std::process::ExitCode;

fn main() -> ExitCode {
    folio_benches::overload()
}
