//! One file with its openings, on a simulated disk or a real one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use folio::storage::{Os, Storage};
use folio::{Buffering, Engine, File, Limits, fs};
use folio_testkit::{Call, Disk, Random};
use tempfile::TempDir;

use super::opening::Opening;
use super::setting::Setting;
use crate::bug::Bug;
use crate::planted::planted;

/// Longest delay inside a storage call, long enough for others to overtake if they may.
const DELAY_MAX: Duration = Duration::from_micros(20);

/// Bytes that a simulated disk copies at a time: so few tear calls that overlap, which only one opening forbids.
const TEARING_PIECE: usize = 4;

/// So many are more than any operation has.
const WHOLE_PIECE: usize = 256;

pub(super) struct Stage {
    pub(super) engine: Engine,
    pub(super) openings: Vec<Arc<Opening>>,
    /// Removed with the stage.
    _room: Option<TempDir>,
}

/// What the file starts with.
pub(super) fn start() -> Vec<u8> {
    (1..=32).collect()
}

impl Stage {
    pub(super) async fn new(
        setting: Setting,
        random: &mut Random,
        bug: Option<Bug>,
    ) -> Result<Stage, String> {
        let (storage, folder, room): (Arc<dyn Storage>, PathBuf, _) = if setting.simulated {
            let disk = Disk::new();
            disk.put_dir("/room");
            trouble(&disk, setting, random);
            (Arc::new(disk), PathBuf::from("/room"), None)
        } else {
            let room = TempDir::new().map_err(|error| error.to_string())?;
            (Arc::new(Os::default()), room.path().to_owned(), Some(room))
        };
        let mut limits = Limits::default();
        (limits.workers_max, limits.lane_workers_max) = (4, 3);
        let builder = Engine::builder().limits(limits).storage(planted(storage, bug));
        let engine = builder.start().map_err(|error| error.to_string())?;
        let openings = engine.scope(openings(&folder, setting, &engine)).await;
        Ok(Stage { engine, openings: openings.map_err(|error| error.to_string())?, _room: room })
    }
}

/// Opens the file by its name, a hard link, another spelling and a symbolic link.
async fn openings(folder: &Path, setting: Setting, engine: &Engine) -> folio::Result<Vec<Arc<Opening>>> {
    let name = folder.join("file");
    fs::write(&name, start()).await?;
    fs::create_dir(folder.join("beside")).await?;
    fs::hard_link(&name, folder.join("linked")).await?;
    fs::symlink("file", folder.join("soft")).await?;
    let spellings = ["file", "linked", "beside/../file", "soft"];
    let mut openings = Vec::new();
    for (index, spelling) in spellings.into_iter().enumerate().take(setting.openings) {
        let mut options = File::options();
        options.read(true).write(true);
        let buffer = setting.buffer.filter(|_| index == 0);
        options.buffering(buffer.map_or(Buffering::Unbuffered, Buffering::Bytes));
        let file = options.open_on(engine, folder.join(spelling)).await?;
        openings.push(Arc::new(Opening::new(file, index, setting)));
    }
    Ok(openings)
}

/// Random delays, reads that come short, and reads in place that are declined now and then, so that both ways of
/// reading mix.
fn trouble(disk: &Disk, setting: Setting, random: &mut Random) {
    disk.set_piece_bytes(if setting.openings == 1 { TEARING_PIECE } else { WHOLE_PIECE });
    for call in [Call::ReadAt, Call::WriteAt, Call::Append, Call::SetLen, Call::Sync, Call::Len] {
        disk.plan().on(call).every(random.within(1..5)).delay(DELAY_MAX, random.bits());
    }
    disk.plan().on(Call::ReadNow).every(random.within(1..6)).would_block();
    disk.plan().on(Call::ReadNow).every(random.within(2..9)).at_most(3);
    disk.plan().on(Call::ReadAt).every(random.within(2..9)).at_most(3);
}
