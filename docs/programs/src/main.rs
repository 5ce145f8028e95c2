//! The programs of README.md and of the pages in docs/: `cargo run -p folio-programs -- docs_guide_sharing_1`.

#![allow(clippy::unwrap_used, reason = "a page may show what a reader would try first")]

use std::process::ExitCode;

include!(concat!(env!("OUT_DIR"), "/programs.rs"));

fn main() -> ExitCode {
    let name = std::env::args().nth(1).expect("name a program: its page and its number there");
    run(&name)
}
