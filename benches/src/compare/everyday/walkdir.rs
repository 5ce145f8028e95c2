//! The walkdir crate, on the caller's own thread.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use walkdir::WalkDir;

use crate::contender::Column;
use crate::everyday::EverydayRival;
use crate::job::Everyday;

/// walkdir, which only walks.
#[derive(Debug)]
pub(crate) struct Walkdir;

impl EverydayRival for Walkdir {
    const COLUMN: Column = Column::Walkdir;
    type Sink = BufWriter<File>;

    fn takes(job: Everyday) -> bool {
        job == Everyday::Walk
    }

    async fn walk(root: &Path, mut see: impl FnMut(&Path, bool) + Send) -> io::Result<()> {
        for entry in WalkDir::new(root) {
            let entry = entry?;
            see(entry.path(), entry.file_type().is_dir());
        }
        Ok(())
    }
}
