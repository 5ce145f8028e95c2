//! The `manifest` example: hashes a tree and writes what `sha256sum -c` reads.
//!
//! ```text
//!   walk ── bounded channel of paths ──▶ N workers: open, read, hash ── append ──▶ one shared folio::File
//! ```
//!
//! The workers share one handle and never lock it: a record that goes through `append` is never interleaved
//! with another, whoever sends it. Memory is bounded by the channel, one chunk per worker and one open
//! directory per level of the tree.

mod args;
mod hash;
mod line;
mod report;
mod run;
mod walk;

pub use run::run;
