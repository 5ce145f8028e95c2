//! Measures folio against what it replaces, and prints ratios taken in one run.
//!
//! ```text
//! cargo bench -p folio-benches --bench hot_path                      all rows, at most 90 seconds
//! cargo bench -p folio-benches --bench everyday -- --only T8,T12     some rows
//! cargo bench -p folio-benches --bench everyday -- --quick           tiny counts: results are checked, times are not
//! cargo bench -p folio-benches --bench everyday -- --json FILE       the medians too, as a file
//! cargo bench -p folio-benches --bench everyday -- --alone           folio without its rivals
//! ```
//!
//! Each row is one workload, each column one contender. Contenders take turns lap by lap, so that a slow
//! minute of the machine hits all of them:
//!
//! ```text
//!   suite ── workload ──▶ rounds ── lap ──▶ contender ── outcome ──▶ verify ──▶ table
//!                           ▲                                          │
//!                           └── next round: another contender first ◀──┘
//! ```
//!
//! A lap opens its files, then starts the clock, so that only the operations are timed. Every lap's result is
//! checked (its length and the ends of each block), and one lap of each contender is checked to the last byte.
//! The process fails if a result is wrong and never because of a time.
//!
//! Do not read absolute times from another machine into the table: only the ratios travel, and the noise
//! line above the table (std against std) says how far to trust them.

mod buffers;
mod compare;
mod contender;
mod everyday;
mod fairness;
mod far;
mod figures;
mod files;
mod goal;
mod job;
mod machine;
mod memory;
mod noise;
mod object_store;
mod on_runtime;
mod options;
mod ours;
mod overload;
mod quantile;
mod records;
mod rival;
mod rounds;
mod run;
mod stuck;
mod suite;
mod suites;
mod table;
mod text;
mod ticker;
mod tree;
mod witness;
mod workload;
mod workloads;

pub use fairness::fairness;
pub use far::far;
pub use memory::memory;
pub use object_store::object_store;
pub use overload::overload;
pub use run::run;
pub use stuck::stuck;
pub use suite::Suite;
pub use suites::{EVERYDAY, HOT_PATH};
pub use ticker::ticker;
