//! A storage that takes 50 ms for a call, and a thousand calls at once.
//!
//! ```text
//! cargo bench -p folio-benches --bench far               all rows, some seconds
//! cargo bench -p folio-benches --bench far -- --quick    few calls, for a check that it still runs
//! ```
//!
//! The rival is what a program does with a client library that blocks: tokio's blocking pool, at most 512 threads. Both wait
//! the same 50 ms and move the same bytes, so that what differs is what waiting costs. Every answer is checked.

use std::env;
use std::fs;
use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use folio::fs as folio_fs;
use folio::{Engine, File};
use folio_testkit::FarStore;
use folio_testkit::process::resident_bytes;
use futures::future::join_all;

use crate::machine;
use crate::quantile::quantile;

/// What each call takes.
const DELAY: Duration = Duration::from_millis(50);

/// Bytes of a read or a write.
const BYTES: usize = 16 * 1024;

/// Calls at once.
const CALLS: usize = 1_000;
const CALLS_QUICK: usize = 100;

/// Laps of a row.
const LAPS: usize = 11;
const LAPS_QUICK: usize = 2;

type Failure = Box<dyn std::error::Error>;

/// Prints the table. The exit code is 0 if every answer was right, whatever the figures are.
pub fn far() -> ExitCode {
    let quick = env::args().any(|argument| argument == "--quick");
    let (calls, laps) = if quick { (CALLS_QUICK, LAPS_QUICK) } else { (CALLS, LAPS) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let measured = runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(measure(calls, laps)));
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wrong, or not to be measured: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(calls: usize, laps: usize) -> Result<(), Failure> {
    println!("{}", machine::describe(&env::temp_dir()));
    println!("{:<52} {:>9} {:>9} {:>9} {:>9}", "", "median", "most", "threads", "memory");
    let store = FarStore::new();
    let contents: Vec<u8> = (0..BYTES).map(|at| (at % 251) as u8).collect();
    store.put("/data", contents.repeat(calls));
    for number in 0..calls {
        store.put(format!("/files/{number}"), contents.clone());
    }
    store.delay(DELAY);
    // Their permits count the bytes of all calls at once.
    let engine = Engine::builder().storage(Arc::new(store.storage())).start()?;
    let contents = &contents;
    engine
        .scope(async {
            let file = File::open("/data").await?;
            let file = &file;
            row(&format!("{calls} reads of 16 KiB of one file at once"), laps, || async move {
                let read = |at| file.read_exact_bytes_at((at * BYTES) as u64, BYTES);
                all_are(contents, join_all((0..calls).map(read)).await)
            })
            .await?;
            row(&format!("{calls} whole files of 16 KiB at once, two calls each"), laps, || async move {
                let read = |number: usize| folio_fs::read(format!("/files/{number}"));
                all_are(contents, join_all((0..calls).map(read)).await)
            })
            .await?;
            row(&format!("{calls} files of 16 KiB written at once, three calls each"), laps, || async move {
                let write = |number: usize| folio_fs::write(format!("/files/{number}"), contents);
                Ok(join_all((0..calls).map(write)).await.into_iter().collect::<folio::Result<()>>()?)
            })
            .await
        })
        .await?;
    row(&format!("{calls} blocking reads of 16 KiB at once, tokio's pool"), laps, || async move {
        let read = |_| {
            let contents = contents.clone();
            #[expect(clippy::disallowed_methods, reason = "it is the rival")]
            tokio::task::spawn_blocking(move || {
                thread::sleep(DELAY);
                contents
            })
        };
        all_are(contents, join_all((0..calls).map(read)).await)
    })
    .await
}

fn all_are<T: AsRef<[u8]>, E: std::error::Error + 'static>(
    contents: &[u8],
    answers: Vec<Result<T, E>>,
) -> Result<(), Failure> {
    for answer in answers {
        if answer?.as_ref() != contents {
            return Err("other bytes than were put".into());
        }
    }
    Ok(())
}

async fn row<F: Future<Output = Result<(), Failure>>>(
    title: &str,
    laps: usize,
    lap: impl Fn() -> F,
) -> Result<(), Failure> {
    let before = resident_bytes();
    let (mut times, mut threads) = (Vec::new(), 0);
    for _ in 0..laps {
        let begun = Instant::now();
        lap().await?;
        times.push(begun.elapsed());
        threads = threads.max(fs::read_dir("/proc/self/task")?.count());
    }
    let grown = resident_bytes().saturating_sub(before) as f64 / (1024.0 * 1024.0);
    times.sort_unstable();
    let millis = |time: Duration| format!("{:.0} ms", time.as_secs_f64() * 1e3);
    let (median, most) = (millis(quantile(&times, 500)), millis(quantile(&times, 1000)));
    println!("{title:<52} {median:>9} {most:>9} {threads:>9} {grown:>5.1} MiB");
    Ok(())
}
