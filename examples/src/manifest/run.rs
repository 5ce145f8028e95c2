//! The run: one walker, some workers, one list.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use folio::{Engine, File};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use super::args::{self, Args, Asked};
use super::hash::{CHUNK_BYTES, Hashed, Identity, hash};
use super::line::line;
use super::report::Tally;
use super::walk::{Found, Walk};
use crate::engine_on;

/// Paths the walk may be ahead of the workers: enough to keep them busy over a slow directory.
const WALK_AHEAD_PATHS: usize = 1024;

/// Pause between two drawings of the progress bar.
const REDRAW_PAUSE: Duration = Duration::from_millis(100);

/// Something could not be read or written.
const EXIT_FAILED: u8 = 1;
/// The command line makes no sense.
const EXIT_USAGE: u8 = 2;
/// The user pressed Ctrl-C: 128 and the signal's number, as shells have it.
const EXIT_STOPPED: u8 = 130;

type Paths = Arc<Mutex<mpsc::Receiver<PathBuf>>>;

/// Runs the program with the arguments after its name; returns 0, 1 (something was unreadable), 2 (wrong
/// usage) or 130 (stopped by Ctrl-C).
///
/// # Cancellation
///
/// Files whose lines were not appended yet are missing from the list; no line is cut.
pub async fn run(raw: impl IntoIterator<Item = OsString>) -> ExitCode {
    match args::parse(raw) {
        Ok(Asked::Help) => {
            print!("{}", args::USAGE);
            ExitCode::SUCCESS
        }
        Ok(Asked::Manifest(args)) => match engine_on(args.storage.as_deref()) {
            Ok(engine) => manifest_on(engine, args).await,
            Err(why) => {
                eprintln!("manifest: {why}");
                ExitCode::from(EXIT_USAGE)
            }
        },
        Err(error) => {
            eprint!("manifest: {error}\n\n{}", args::USAGE);
            ExitCode::from(EXIT_USAGE)
        }
    }
}

async fn manifest_on(engine: Engine, args: Args) -> ExitCode {
    match engine.scope(folio::fs::metadata(&args.dir)).await {
        Ok(metadata) if metadata.is_dir() => manifest(engine, args).await.unwrap_or_else(|error| {
            eprintln!("manifest: {error}");
            ExitCode::from(EXIT_FAILED)
        }),
        Ok(_) => {
            eprintln!("manifest: {}: not a directory", args.dir.display());
            ExitCode::from(EXIT_USAGE)
        }
        Err(error) => {
            eprintln!("manifest: {error}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

async fn manifest(engine: Engine, args: Args) -> folio::Result<ExitCode> {
    let began = Instant::now();
    let job = Arc::new(Job::start(&args.out).await?);
    tokio::spawn(stop_on_ctrl_c(job.clone()));

    let (found, paths) = mpsc::channel(WALK_AHEAD_PATHS);
    // A task does not inherit the engine of the one that spawns it.
    let walker = tokio::spawn(engine.scope(walk(job.clone(), args.dir, found)));
    let paths: Paths = Arc::new(Mutex::new(paths));
    let worker = |_| engine.scope(work(job.clone(), paths.clone()));
    let mut workers: JoinSet<_> = (0..args.jobs).map(worker).collect();
    // From here on the workers alone hold the receiver: if all of them give up, the walker hears of it.
    drop(paths);

    let mut result = Ok(());
    while let Some(worker) = workers.join_next().await {
        result = result.and(worker.expect("a worker does not panic"));
    }
    walker.await.expect("the walker does not panic");
    job.bar.finish_and_clear();
    result.and(job.list.sync_data().await)?;
    print!("{}", job.tally.table(began.elapsed(), &engine));
    Ok(job.verdict())
}

/// What the walker and the workers share.
#[derive(Debug)]
struct Job {
    list: File,
    identity: Identity,
    tally: Tally,
    bar: ProgressBar,
    /// Set once, by Ctrl-C or by a worker that cannot write; everyone looks between two steps.
    stopping: AtomicBool,
    interrupted: AtomicBool,
}

impl Job {
    async fn start(out: &Path) -> folio::Result<Job> {
        let list = File::options().append(true).create(true).open(out).await?;
        list.set_len(0).await?;
        // Hides itself where stderr is not a terminal.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(
            ProgressStyle::with_template("{spinner} {msg} files  {decimal_bytes}  {decimal_bytes_per_sec}")
                .expect("the template is well formed"),
        );
        bar.set_message("0");
        bar.enable_steady_tick(REDRAW_PAUSE);
        Ok(Job {
            identity: Identity::of(&list.metadata().await?),
            list,
            tally: Tally::default(),
            bar,
            stopping: AtomicBool::new(false),
            interrupted: AtomicBool::new(false),
        })
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn unreadable(&self, why: &str) {
        Tally::one(&self.tally.unreadable);
        self.bar.suspend(|| eprintln!("manifest: {why}"));
    }

    fn verdict(&self) -> ExitCode {
        if self.interrupted.load(Ordering::Relaxed) {
            eprintln!("manifest: stopped; the list holds whole lines, but not every file");
            ExitCode::from(EXIT_STOPPED)
        } else if self.tally.unreadable.load(Ordering::Relaxed) > 0 {
            ExitCode::from(EXIT_FAILED)
        } else {
            ExitCode::SUCCESS
        }
    }
}

/// Lets appends that are under way finish, where the signal's default would cut a line in two.
async fn stop_on_ctrl_c(job: Arc<Job>) {
    if tokio::signal::ctrl_c().await.is_ok() {
        job.interrupted.store(true, Ordering::Relaxed);
        job.stopping.store(true, Ordering::Relaxed);
    }
}

async fn walk(job: Arc<Job>, dir: PathBuf, found: mpsc::Sender<PathBuf>) {
    let mut walk = match Walk::start(&dir).await {
        Ok(walk) => walk,
        Err(why) => return job.unreadable(&why),
    };
    while let Some(next) = walk.next().await {
        match next {
            Found::File(path) => {
                if found.send(path).await.is_err() {
                    return;
                }
            }
            Found::Other => drop(Tally::one(&job.tally.passed)),
            Found::Unreadable(why) => job.unreadable(&why),
        }
        if job.stopping() {
            return;
        }
    }
}

async fn work(job: Arc<Job>, paths: Paths) -> folio::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let next = paths.lock().await.recv().await;
        let Some(path) = next.filter(|_| !job.stopping()) else { return Ok(()) };
        let read = |bytes| {
            job.tally.bytes.fetch_add(bytes, Ordering::Relaxed);
            job.bar.inc(bytes);
        };
        match hash(&path, job.identity, &mut chunk, &job.stopping, read).await {
            Ok(Hashed::Whole(digest)) => put(&job, &digest, &path).await?,
            Ok(Hashed::Passed) => drop(Tally::one(&job.tally.passed)),
            Ok(Hashed::Stopped) => return Ok(()),
            Err(error) => job.unreadable(&error.to_string()),
        }
    }
}

/// Appends one line. If that fails the list is worthless, so the run stops.
async fn put(job: &Job, digest: &[u8], path: &Path) -> folio::Result<()> {
    job.list
        .append_bytes(line(digest, path))
        .await
        .inspect_err(|_| job.stopping.store(true, Ordering::Relaxed))?;
    job.bar.set_message(Tally::one(&job.tally.files).to_string());
    Ok(())
}
