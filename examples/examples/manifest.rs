//! Hashes a real tree and writes a list that `sha256sum -c` accepts:
//! `cargo run --release --example manifest -- DIR [--out FILE] [--jobs N] [--storage URI]`.
//!
//! The parts are in `examples/src/manifest/`, so that they can be tested one by one.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    folio_examples::manifest::run(std::env::args_os().skip(1)).await
}
