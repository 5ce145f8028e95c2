//! What open files take of memory, and whether any stays when they are gone.
//!
//! ```text
//! cargo bench -p folio-benches --bench memory                all rows, about a minute
//! cargo bench -p folio-benches --bench memory -- --quick     small numbers, for a check that it still runs
//! ```
//!
//! By the memory of the process that is not shared with files, as the kernel counts it, before and after. The files are
//! made in `FOLIO_BENCH_DIR`.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use folio::tempfile::NamedTemporaryFile;
use folio::{Engine, File};
use folio_testkit::process::resident_bytes;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;

use crate::machine;

/// How many of each are made.
struct Counts {
    handles: usize,
    clones: usize,
    openings: usize,
    temporary: usize,
    engines: usize,
}

const FULL: Counts =
    Counts { handles: 15_000, clones: 100_000, openings: 1_000_000, temporary: 50_000, engines: 100 };
const QUICK: Counts = Counts { handles: 150, clones: 1_000, openings: 1_000, temporary: 100, engines: 3 };

/// Prints the table. The exit code is 0 if every operation succeeded, whatever the figures are.
pub fn memory(default_dir: &Path) -> ExitCode {
    let counts = if env::args().any(|argument| argument == "--quick") { QUICK } else { FULL };
    let dir = env::var_os("FOLIO_BENCH_DIR").map_or_else(|| default_dir.to_owned(), PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(measure(&dir, &counts))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("not to be measured below {}: {error}", dir.display());
            ExitCode::FAILURE
        }
    }
}

async fn measure(dir: &Path, counts: &Counts) -> io::Result<()> {
    println!("{}", machine::describe(dir));
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most })?;
    let room = TempDir::new_in(dir)?;
    let path = room.path().join("file");
    fs::write(&path, vec![7; 64 * 1024])?;
    // Whatever starts once has started.
    openings(&path, 1_000).await?;
    temporary(room.path(), 100).await?;

    handles(&path, counts).await?;
    grown("openings, reads and closes", counts.openings, openings(&path, counts.openings)).await?;
    grown("temporary files", counts.temporary, temporary(room.path(), counts.temporary)).await?;
    engines(&path, 1).await?;
    grown("engines, made, used and dropped", counts.engines, engines(&path, counts.engines)).await?;
    for count in [counts.handles / 15, counts.handles] {
        let open = open(&path, count).await?;
        let begun = Instant::now();
        drop(open);
        println!("{count:>9} openings of one file dropped: {:?} each", begun.elapsed() / count as u32);
    }
    Ok(())
}

/// What handles take that only are open, then after a write, then with their actors; and what clones take.
async fn handles(path: &Path, counts: &Counts) -> io::Result<()> {
    let count = counts.handles;
    let begin = resident_bytes();
    let open = open(path, count).await?;
    let idle = resident_bytes();
    for file in &open {
        file.write_all_at(b"x", 0).await?;
    }
    let written = resident_bytes();
    let actors: Vec<_> = open.iter().map(File::actor).collect();
    let with_actors = resident_bytes();
    let each = |later: u64| later.saturating_sub(begin) / count as u64;
    println!("{count:>9} open files: {} bytes each", each(idle));
    println!("{:>9} after a write: {} bytes each", "", each(written));
    println!("{:>9} with their actors: {} bytes each", "", each(with_actors));
    drop(actors);
    let before = resident_bytes();
    let clones: Vec<File> = (0..counts.clones).map(|_| open[0].clone()).collect();
    let each = resident_bytes().saturating_sub(before) / counts.clones as u64;
    println!(
        "{:>9} clones of one: {each} bytes each, of which {} are the value",
        clones.len(),
        size_of::<File>()
    );
    drop((clones, open));
    settled().await?;
    println!(
        "{:>9} {} KiB more than before, when all are gone",
        "",
        resident_bytes().saturating_sub(begin) / 1024
    );
    Ok(())
}

/// Prints by how much the process has grown for so many of something.
async fn grown(what: &str, count: usize, work: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    let before = resident_bytes();
    work.await?;
    settled().await?;
    let after = resident_bytes();
    println!("{count:>9} {what}: {} KiB before, {} KiB after", before / 1024, after / 1024);
    Ok(())
}

async fn open(path: &Path, count: usize) -> io::Result<Vec<File>> {
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        open.push(File::options().read(true).write(true).open(path).await?);
    }
    Ok(open)
}

async fn openings(path: &Path, count: usize) -> io::Result<()> {
    let mut block = [0; 4096];
    for _ in 0..count {
        let file = File::open(path).await?;
        file.read_exact_at(&mut block, 0).await?;
        file.close().await?;
    }
    Ok(())
}

async fn temporary(dir: &Path, count: usize) -> io::Result<()> {
    for _ in 0..count {
        let mut file = NamedTemporaryFile::builder().in_dir(dir).create().await?;
        file.file().write_all(b"some bytes").await?;
        file.close().await?;
    }
    Ok(())
}

async fn engines(path: &Path, count: usize) -> io::Result<()> {
    for _ in 0..count {
        let engine = Engine::builder().start()?;
        let file = File::options().read(true).write(true).open_on(&engine, path).await?;
        file.write_all_at(b"x", 0).await?;
        file.close().await?;
        engine.shutdown(Duration::from_secs(5)).await?;
    }
    Ok(())
}

/// Waits until no file is open and nothing is under way.
async fn settled() -> io::Result<()> {
    let engine = Engine::global();
    while engine.snapshot().files.len() + engine.snapshot().pool.running > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}
