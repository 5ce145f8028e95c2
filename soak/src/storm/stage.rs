//! The shared files of a storm.

use std::sync::Arc;

use folio::storage::Os;
use folio::{Engine, File, Limits};
use folio_testkit::Random;
use tempfile::TempDir;

use super::ledger::Ledger;
use crate::bug::Bug;
use crate::planted::planted;

/// Tasks that call at a time.
pub(super) const CALLERS: u64 = 128;

/// Files that records are appended to.
pub(super) const LOGS: usize = 40;

/// Files with a slot for each caller.
pub(super) const SLOT_FILES: usize = 16;

/// Files that buffer the records that are written to them.
pub(super) const BUFFERED: usize = 8;

/// Bytes that each of them may buffer: a few records.
const BUFFER: i64 = 4_096;

/// Files that are replaced and written as a whole, by name.
pub(super) const WHOLE_FILES: usize = 16;

pub(super) struct Stage {
    pub(super) engine: Engine,
    pub(super) ledger: Ledger,
    pub(super) logs: Vec<File>,
    pub(super) slots: Vec<File>,
    pub(super) buffered: Vec<File>,
    pub(super) room: TempDir,
}

impl Stage {
    pub(super) async fn new(random: &mut Random, bug: Option<Bug>) -> Result<Stage, String> {
        let room = TempDir::new().map_err(|error| error.to_string())?;
        let mut limits = Limits::default();
        // So few that admission is a queue.
        (limits.workers_max, limits.lane_workers_max) = (4, 3);
        limits.ops_max = random.within(4..64) as usize;
        limits.lane_ops_max = limits.ops_max;
        limits.bytes_max = random.within(8..256) as usize * 1_024;
        limits.lane_bytes_max = limits.bytes_max;
        let storage = planted(Arc::new(Os::default()), bug);
        let engine = Engine::builder().limits(limits).storage(storage).start();
        let engine = engine.map_err(|error| error.to_string())?;
        let mut stage = Stage {
            engine,
            ledger: Ledger::default(),
            logs: Vec::new(),
            slots: Vec::new(),
            buffered: Vec::new(),
            room,
        };
        stage.open().await.map_err(|error| error.to_string())?;
        Ok(stage)
    }

    async fn open(&mut self) -> folio::Result<()> {
        let mut options = File::options();
        options.read(true).write(true).create(true);
        for log in 0..LOGS {
            // Half of them tell the kernel to append, the others the engine only.
            let options = options.clone().append(log % 2 == 0).clone();
            self.logs.push(options.open_on(&self.engine, self.path("log", log)).await?);
        }
        for slots in 0..SLOT_FILES {
            self.slots.push(options.open_on(&self.engine, self.path("slots", slots)).await?);
        }
        for buffered in 0..BUFFERED {
            let options = options.clone().buffering(BUFFER).clone();
            self.buffered.push(options.open_on(&self.engine, self.path("buffered", buffered)).await?);
        }
        Ok(())
    }

    pub(super) fn path(&self, kind: &str, index: usize) -> std::path::PathBuf {
        self.room.path().join(format!("{kind}-{index}"))
    }

    /// Closes all files; an error would be one that no call has returned.
    pub(super) async fn close(self) -> Result<(Ledger, TempDir), String> {
        for file in self.logs.into_iter().chain(self.slots).chain(self.buffered) {
            file.close().await.map_err(|error| format!("a close fails: {error}"))?;
        }
        Ok((self.ledger, self.room))
    }
}
