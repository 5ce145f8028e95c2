//! The tables there are.

use crate::compare::{AsyncFs, SpawnBlocking, StdFile, TokioFs, TokioFsUnflushed, everyday};
use crate::contender::Column;
use crate::job::{Everyday, HotPath, Job};
use crate::on_runtime::{Async, OnRuntime};
use crate::ours::Folio;
use crate::suite::Suite;
use crate::workloads;

/// Single operations on open files, where every microsecond shows.
pub const HOT_PATH: Suite = Suite {
    workloads: &workloads::HOT_PATH,
    columns: [Column::Ours, Column::Std, Column::Tokio, Column::SpawnBlocking, Column::AsyncFs],
    // A processor-bound one, one of two threads, and one that allocates pages.
    noise: &[
        Job::HotPath(HotPath::RandomReads),
        Job::HotPath(HotPath::SharedRandomReads),
        Job::HotPath(HotPath::Writes),
    ],
    contenders: |runtime| {
        vec![
            Box::new(Async::<Folio>::new(runtime)),
            Box::new(StdFile::new(runtime)),
            Box::new(Async::<TokioFs>::new(runtime)),
            Box::new(Async::<SpawnBlocking>::new(runtime)),
            Box::new(Async::<AsyncFs>::new(runtime)),
            Box::new(Async::<TokioFsUnflushed>::new(runtime)),
        ]
    },
};

/// What a program does with whole files, names and trees.
pub const EVERYDAY: Suite = Suite {
    workloads: &workloads::EVERYDAY,
    columns: [Column::Ours, Column::Std, Column::Tokio, Column::AsyncFs, Column::Walkdir],
    // One that allocates pages, and two bound by the processor.
    noise: &[
        Job::Everyday(Everyday::BufferedWrites),
        Job::Everyday(Everyday::SmallReads),
        Job::Everyday(Everyday::Metadata),
    ],
    contenders: |runtime| {
        vec![
            OnRuntime::<Folio>::contender(runtime),
            OnRuntime::<everyday::StdFs>::contender(runtime),
            OnRuntime::<everyday::TokioFs>::contender(runtime),
            OnRuntime::<everyday::AsyncFs>::contender(runtime),
            OnRuntime::<everyday::Walkdir>::contender(runtime),
            OnRuntime::<everyday::StdSameBuffer>::contender(runtime),
            OnRuntime::<everyday::TokioBuffered>::contender(runtime),
        ]
    },
};
