//! The rates of other devices' operations beside stuck ones, and the executor's ticks.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use folio::{Engine, File, fs};
use tokio::task::JoinHandle;

use super::frozen::Device;
use super::runtime;
use crate::quantile::quantile;
use crate::ticker::ticks;

/// Tasks that make one kind of operation at a time.
const TASKS: usize = 4;
/// Time of one lap of one kind.
const LAP: Duration = Duration::from_millis(250);
const LAP_QUICK: Duration = Duration::from_millis(10);
const ROUNDS: usize = 5;
/// Milliseconds for operations to get stuck before the lap: what a sweep takes to notice each lane full of them.
const SETTLING_TICKS: usize = 1_000;
const BLOCK: [u8; 4096] = [b'h'; 4096];

/// What is stuck: how many whole writes and how many writes to an open file, on the first device and on the second.
#[derive(Debug)]
struct Row {
    name: &'static str,
    whole: [u64; 2],
    open: [u64; 2],
}

const ROWS: [Row; 8] = [
    Row { name: "1 fs::write", whole: [1, 0], open: [0, 0] },
    Row { name: "12 fs::write", whole: [12, 0], open: [0, 0] },
    Row { name: "64 fs::write", whole: [64, 0], open: [0, 0] },
    Row { name: "1 write to a file", whole: [0, 0], open: [1, 0] },
    Row { name: "12 writes to files", whole: [0, 0], open: [12, 0] },
    Row { name: "64 writes to files", whole: [0, 0], open: [64, 0] },
    Row { name: "12 fs::write, 4 to files", whole: [12, 0], open: [4, 0] },
    Row { name: "two devices, 64 of each", whole: [64, 64], open: [64, 64] },
];

/// A kind of operation on the healthy device.
#[derive(Clone, Copy, Debug)]
enum Kind {
    WriteAt,
    ReadAt,
    Whole,
    Metadata,
    Rename,
    Run,
    /// Without folio: what the machine itself does beside a frozen device.
    Std,
}

const KINDS: [(Kind, &str); 7] = [
    (Kind::WriteAt, "write_all_at"),
    (Kind::ReadAt, "read_at"),
    (Kind::Whole, "fs::write"),
    (Kind::Metadata, "metadata"),
    (Kind::Rename, "rename"),
    (Kind::Run, "run"),
    (Kind::Std, "std write_at"),
];

pub(super) fn measure(devices: &[Device; 2], healthy: &Path, quick: bool) -> io::Result<()> {
    let runtime = runtime()?;
    let engine = Engine::builder().start()?;
    print!("{:<28}", "stuck");
    KINDS.iter().for_each(|(_, name)| print!("{name:>14}"));
    println!("{:>44}", "tick late, p99.9 and most: quiet ▸ stuck");
    for row in &ROWS[if quick { ROWS.len() - 1 } else { 0 }..] {
        let mut ratios = vec![Vec::new(); KINDS.len()];
        let mut late = [Vec::new(), Vec::new()];
        for _ in 0..if quick { 1 } else { ROUNDS } {
            runtime.block_on(round(&engine, devices, healthy, row, quick, (&mut ratios, &mut late)))?;
        }
        print!("{:<28}", row.name);
        ratios.iter_mut().for_each(|ratios| print!("{:>13.0}%", 100.0 * median(ratios)));
        let [quiet, stuck] = late.each_mut().map(|late| lateness(late));
        println!("{:>14.2}, {:.1} ▸ {:.2}, {:.1} ms", quiet.0, quiet.1, stuck.0, stuck.1);
    }
    Ok(())
}

/// A quiet lap, then one beside what is stuck, then the thaw and what was stuck.
async fn round(
    engine: &Engine,
    devices: &[Device; 2],
    healthy: &Path,
    row: &Row,
    quick: bool,
    (ratios, late): (&mut [Vec<f64>], &mut [Vec<Duration>; 2]),
) -> io::Result<()> {
    let lap = if quick { LAP_QUICK } else { LAP };
    let quiet = rates(engine, healthy, lap).await?;
    let files = [open(engine, &devices[0]).await?, open(engine, &devices[1]).await?];
    // Nothing else runs meanwhile, so that what the second delays are more is the engine's.
    late[0].extend(ticks(SETTLING_TICKS).await?);
    for device in devices {
        device.freeze()?;
    }
    let ticker = tokio::spawn(ticks(SETTLING_TICKS));
    let stuck: Vec<_> = (0..2).flat_map(|at| get_stuck(engine, &devices[at], &files[at], row, at)).collect();
    late[1].extend(ticker.await??);
    let beside = rates(engine, healthy, lap).await?;
    let early = stuck.iter().filter(|one| one.is_finished()).count();
    for device in devices {
        device.thaw()?;
    }
    for one in stuck {
        one.await??;
    }
    if early > 0 {
        return Err(io::Error::other(format!("{early} operations ended on a frozen device")));
    }
    for (at, device) in devices.iter().enumerate() {
        check(device, row, at)?;
    }
    ratios
        .iter_mut()
        .zip(quiet.iter().zip(beside))
        .for_each(|(ratios, (quiet, beside))| ratios.push(beside / quiet));
    Ok(())
}

async fn open(engine: &Engine, device: &Device) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    Ok(options.open_on(engine, device.path().join("open")).await?)
}

fn get_stuck(
    engine: &Engine,
    device: &Device,
    file: &File,
    row: &Row,
    at: usize,
) -> Vec<JoinHandle<folio::Result<()>>> {
    let whole = (0..row.whole[at]).map(|index| {
        let (engine, path) = (engine.clone(), device.path().join(index.to_string()));
        tokio::spawn(async move { engine.scope(fs::write(path, BLOCK)).await })
    });
    let open = (0..row.open[at]).map(|index| {
        let file = file.clone();
        // With a gap behind each, so that no two of them merge.
        tokio::spawn(async move { file.write_all_at(&BLOCK, index * 2 * BLOCK.len() as u64).await })
    });
    whole.chain(open).collect()
}

/// Looks for what was acknowledged after the thaw.
fn check(device: &Device, row: &Row, at: usize) -> io::Result<()> {
    for index in 0..row.whole[at] {
        if std::fs::read(device.path().join(index.to_string()))? != BLOCK {
            return Err(io::Error::other("a whole write is not there"));
        }
        std::fs::remove_file(device.path().join(index.to_string()))?;
    }
    let written = std::fs::read(device.path().join("open"))?;
    let whole = written.chunks(2 * BLOCK.len()).all(|chunk| chunk.starts_with(&BLOCK));
    if !whole || written.len() as u64 != (row.open[at] * 2).saturating_sub(1) * BLOCK.len() as u64 {
        return Err(io::Error::other("a write to an open file is not there"));
    }
    Ok(())
}

/// Operations a second of each kind.
async fn rates(engine: &Engine, room: &Path, lap: Duration) -> io::Result<Vec<f64>> {
    let mut rates = Vec::new();
    for (kind, _) in KINDS {
        let stop = Arc::new(AtomicBool::new(false));
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let (engine, room, stop) = (engine.clone(), room.join(task.to_string()), stop.clone());
                tokio::spawn(async move { engine.scope(repeat(kind, engine.clone(), room, stop)).await })
            })
            .collect();
        tokio::time::sleep(lap).await;
        stop.store(true, Ordering::Relaxed);
        let mut count = 0;
        for task in tasks {
            count += task.await??;
        }
        rates.push(count as f64 / lap.as_secs_f64());
    }
    Ok(rates)
}

async fn repeat(kind: Kind, engine: Engine, room: PathBuf, stop: Arc<AtomicBool>) -> io::Result<u64> {
    fs::create_dir_all(&room).await?;
    let path = room.join("file");
    fs::write(&path, BLOCK).await?;
    let file = File::options().read(true).write(true).open(&path).await?;
    let std = std::fs::File::options().write(true).open(&path)?;
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        match kind {
            Kind::WriteAt => file.write_all_at(&BLOCK, 0).await?,
            Kind::ReadAt => file.read_exact_at(&mut [0; 4096], 0).await?,
            Kind::Whole => fs::write(&path, BLOCK).await?,
            Kind::Metadata => drop(fs::metadata(&path).await?),
            Kind::Rename => fs::rename(&path, room.join("renamed")).await?,
            Kind::Run => engine.run(|| ()).await?,
            Kind::Std => {
                std.write_all_at(&BLOCK, 0)?;
                tokio::task::consume_budget().await;
            }
        }
        if matches!(kind, Kind::Rename) {
            fs::rename(room.join("renamed"), &path).await?;
        }
        count += 1;
    }
    Ok(count)
}

/// What one tick in a thousand exceeds, and the most, in milliseconds.
fn lateness(late: &mut [Duration]) -> (f64, f64) {
    late.sort_unstable();
    let at = |thousandths| quantile(late, thousandths).as_secs_f64() * 1e3;
    (at(999), at(1_000))
}

fn median(ratios: &mut [f64]) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or_default()
}
