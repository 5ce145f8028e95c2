//! One table: its rows, its columns, and who stands in them.

use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::contender::{Column, Contender};
use crate::job::Job;
use crate::workload::Workload;

/// Worker threads of the runtime, and threads of std where the others run many tasks.
pub(crate) const WORKERS: u64 = 2;

/// Columns of figures that fit on a screen.
pub(crate) const COLUMNS: usize = 5;

/// One table: its rows, its columns, and who stands in them.
#[derive(Debug)]
pub struct Suite {
    pub(crate) workloads: &'static [Workload],
    /// From left to right; contenders without a column get a note under the rows that they take part in.
    pub(crate) columns: [Column; COLUMNS],
    /// Rows that the noise is shown for.
    pub(crate) noise: &'static [Job],
    pub(crate) contenders: fn(&Arc<Runtime>) -> Vec<Box<dyn Contender>>,
}
