//! Histories of one file: many callers, random operations, and the search for an order that explains every answer.

mod opening;
mod ops;
mod setting;
mod stage;

use std::sync::Arc;

use folio_testkit::wait::{settled, soon};
use folio_testkit::{Entry, FileModel, History, ModelOp, Outcome, Random, Recorder, ViolationKind, check};

use crate::bug::Bug;
use crate::figures::{Figures, Size, Verdict};
use crate::runtime::runtime;
use opening::Opening;
pub use setting::Setting;
use stage::Stage;

/// Callers of one file.
const CLIENTS: usize = 8;

/// The same where writes may be seen late: then more of them overlap, and the check takes longer.
const CLIENTS_SEEN_LATE: usize = 6;

/// Operations of each between two moments at which all rest and the whole file is read. A new history begins there: in
/// a longer one the check has to guess the order of too many writes at a time.
const OPS_PER_CLIENT: usize = 5;

/// Histories of one file.
const HISTORIES_PER_FILE: u64 = 10;

/// Runs one round: files in many settings.
pub(crate) fn round(seed: u64, size: Size, bug: Option<Bug>) -> Verdict {
    let files = match size {
        Size::Short => 8,
        Size::Full => 64,
    };
    let mut random = Random::new(seed);
    let mut figures = Figures::default();
    for _ in 0..files {
        figures += check_file(Setting::random(&mut random), random.bits(), bug)?;
    }
    Ok(figures)
}

/// Checks ten histories of one file in this setting.
///
/// # Errors
///
/// The history that no order explains, or an operation that failed without a reason.
pub fn check_file(setting: Setting, seed: u64, bug: Option<Bug>) -> Verdict {
    let histories = runtime(setting.multi_thread).block_on(histories(setting, seed, bug))?;
    let mut figures = Figures::default();
    for history in &histories {
        figures.checked += 1;
        figures.operations += history.entries.len() as u64;
        figures.given_up += history.entries.iter().filter(|entry| entry.returned.is_none()).count() as u64;
        match check(history) {
            Ok(()) => {}
            Err(violation) if violation.kind() == ViolationKind::Undecided => figures.undecided += 1,
            Err(violation) => return Err(format!("{setting:?}: {violation}{}", shown(history))),
        }
    }
    Ok(figures)
}

/// The whole history, a line for each operation: runs differ, so that no second one may show it again.
fn shown(history: &History) -> String {
    let line = |entry: &Entry| format!("{entry:?}\n");
    let lines: String = history.entries.iter().map(line).collect();
    format!("of {:?}\n{lines}", history.start.bytes())
}

async fn histories(setting: Setting, seed: u64, bug: Option<Bug>) -> Result<Vec<History>, String> {
    let mut random = Random::new(seed);
    let stage = Stage::new(setting, &mut random, bug).await?;
    let mut known = (stage::start(), vec![0; stage.openings.len()]);
    let mut histories = Vec::new();
    for _ in 0..HISTORIES_PER_FILE {
        let recorder = Recorder::new(FileModel::new(known.0).with_short_reads());
        for (opening, cursor) in known.1.into_iter().enumerate() {
            let seek = recorder.call_through(opening, 0, ModelOp::Seek(std::io::SeekFrom::Start(cursor)));
            seek.returned(Outcome::Offset(cursor));
        }
        let count = if stage.openings[0].is_seen_late() { CLIENTS_SEEN_LATE } else { CLIENTS };
        let clients: Vec<_> = (0..count)
            .map(|client| {
                // Clones of the first opening are as many as those of the others together.
                let through = if client % 2 == 0 { 0 } else { random.index(stage.openings.len()) };
                let opening = Arc::clone(&stage.openings[through]);
                let random = Random::new(random.bits());
                tokio::spawn(run_client(client, opening, recorder.clone(), random))
            })
            .collect();
        for client in clients {
            let ended = soon("a client ends", client).await.map_err(|error| error.to_string());
            let ended = ended.and_then(|ended| ended);
            ended.map_err(|what| format!("{setting:?}: {what}\n{}", shown(&recorder.history())))?;
        }
        let looked = look_at_all(&stage, &recorder).await;
        known = looked.map_err(|what| format!("{setting:?}: {what}\n{}", shown(&recorder.history())))?;
        histories.push(recorder.history());
    }
    Ok(histories)
}

async fn run_client(
    client: usize,
    opening: Arc<Opening>,
    recorder: Recorder,
    mut random: Random,
) -> Result<(), String> {
    for _ in 0..OPS_PER_CLIENT {
        let op = ops::some_op(opening.setting, opening.is_seen_late(), &mut random);
        opening.act(client, &recorder, &op, &mut random).await?;
    }
    Ok(())
}

/// Reads everything, cursors included, while no other call runs.
async fn look_at_all(stage: &Stage, recorder: &Recorder) -> Result<(Vec<u8>, Vec<u64>), String> {
    for opening in &stage.openings {
        opening.flush(recorder).await?;
    }
    // A call that was given up after it had begun goes on to its end.
    settled(|| stage.engine.snapshot()).await;
    let mut cursors = Vec::new();
    for opening in &stage.openings {
        let op = ModelOp::Seek(std::io::SeekFrom::Current(0));
        match opening.recorded(recorder, &op).await? {
            Outcome::Offset(cursor) => cursors.push(cursor),
            other => return Err(format!("a cursor cannot be asked for: {other:?}")),
        }
    }
    let mut all = Vec::new();
    loop {
        let op = ModelOp::ReadAt { offset: all.len() as u64, len: 4_096 };
        match stage.openings[0].recorded(recorder, &op).await? {
            Outcome::Bytes(bytes) if bytes.is_empty() => return Ok((all, cursors)),
            Outcome::Bytes(bytes) => all.extend(bytes),
            other => return Err(format!("the file cannot be read: {other:?}")),
        }
    }
}
