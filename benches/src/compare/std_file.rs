//! The floor: the same calls made directly, in plain loops without futures.
//!
//! Where the others run many tasks, std runs as many threads as their runtime has workers, so that all have the
//! same cores: its time per operation is wall time over operations, as theirs is.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

use tokio::runtime::Runtime;

use crate::contender::{Column, Contender, Lap, Outcome};
use crate::files::BLOCK_BYTES;
use crate::job::{HotPath, Job};
use crate::records::Records;
use crate::rival::Access;
use crate::suite::WORKERS;
use crate::witness::Witness;
use crate::workloads::{MIB_BYTES, RECORD_BYTES};

/// `std::fs::File` and `FileExt`, on the runtime's own workers.
///
/// A thread of its own would be scheduled differently, having slept or worked more than the workers: on a busy
/// machine that alone made std look up to twice as slow as the same calls made by a worker.
#[derive(Debug)]
pub(crate) struct StdFile {
    runtime: Arc<Runtime>,
}

impl StdFile {
    pub(crate) fn new(runtime: &Arc<Runtime>) -> Self {
        Self { runtime: Arc::clone(runtime) }
    }
}

impl Contender for StdFile {
    fn column(&self) -> Column {
        Column::Std
    }

    fn lap(&self, job: Job, lap: &Lap) -> Option<io::Result<Outcome>> {
        let Job::HotPath(job) = job else { return None };
        let lap = lap.clone();
        let task = self.runtime.spawn(async move { run(job, &lap) });
        Some(self.runtime.block_on(task).unwrap_or_else(|panic| Err(io::Error::other(panic))))
    }
}

fn run(job: HotPath, lap: &Lap) -> io::Result<Outcome> {
    match job {
        HotPath::RandomReads => random_reads(lap, 1),
        HotPath::SharedRandomReads => random_reads(lap, WORKERS),
        HotPath::CursorReads => cursor_reads(lap),
        HotPath::BigCursorReads => big_cursor_reads(lap),
        HotPath::Writes => writes(lap, 1),
        HotPath::SharedWrites => writes(lap, WORKERS),
        HotPath::SyncedAppends => synced_appends(lap),
        HotPath::OpenReadClose => open_read_close(lap),
    }
}

fn random_reads(lap: &Lap, threads: u64) -> io::Result<Outcome> {
    let file = Access::Read.options().open(lap.files.big())?;
    on_threads(lap, threads, |thread| {
        let mut buffer = lap.files.buffers.take(thread, BLOCK_BYTES);
        let mut witness = Witness::new(lap.check);
        let offsets = lap.files.random_offsets(lap.round, thread);
        for offset in offsets.take((lap.ops / threads) as usize) {
            let read = file.read_at(&mut buffer, offset)?;
            witness.see(offset, &buffer[..read]);
        }
        lap.files.buffers.give_back(thread, buffer);
        Ok(witness)
    })
}

fn cursor_reads(lap: &Lap) -> io::Result<Outcome> {
    let mut file = Access::Read.options().open(lap.files.big())?;
    let (mut position, end) = lap.cursor_range();
    file.seek(SeekFrom::Start(position))?;
    let mut buffer = lap.files.buffers.take(0, BLOCK_BYTES);
    let mut witness = Witness::new(lap.check);
    let start = Instant::now();
    while position < end {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        witness.see(position, &buffer[..read]);
        position += read as u64;
    }
    let elapsed = start.elapsed();
    lap.files.buffers.give_back(0, buffer);
    Ok(Outcome { elapsed, witness })
}

fn big_cursor_reads(lap: &Lap) -> io::Result<Outcome> {
    let mut file = Access::Read.options().open(lap.files.big())?;
    let mut buffer = lap.files.buffers.take(0, MIB_BYTES);
    let mut witness = Witness::new(lap.check);
    let start = Instant::now();
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        witness.see(witness.seen, &buffer[..read]);
    }
    let elapsed = start.elapsed();
    lap.files.buffers.give_back(0, buffer);
    Ok(Outcome { elapsed, witness })
}

fn writes(lap: &Lap, threads: u64) -> io::Result<Outcome> {
    let file = Access::Write.options().open(lap.files.scratch())?;
    on_threads(lap, threads, |thread| {
        let mut records = Records::new(thread, BLOCK_BYTES);
        for _ in 0..lap.ops / threads {
            (&file).write_all(records.stamped())?;
        }
        Ok(Witness::new(lap.check))
    })
}

/// One thread: threads that sync at the same time share the file system's commits, which is the work that
/// folio's group commit is measured on.
fn synced_appends(lap: &Lap) -> io::Result<Outcome> {
    let mut file = Access::Append.options().open(lap.files.scratch())?;
    let mut records = Records::new(0, RECORD_BYTES);
    let start = Instant::now();
    for _ in 0..lap.ops {
        file.write_all(records.stamped())?;
        file.sync_data()?;
    }
    Ok(Outcome { elapsed: start.elapsed(), witness: Witness::new(lap.check) })
}

fn open_read_close(lap: &Lap) -> io::Result<Outcome> {
    let paths = lap.small_paths();
    let mut buffer = lap.files.buffers.take(0, BLOCK_BYTES);
    let mut witness = Witness::new(lap.check);
    let start = Instant::now();
    for path in paths.iter().cycle().take(lap.ops as usize) {
        let read = File::open(path)?.read(&mut buffer)?;
        witness.see(0, &buffer[..read]);
    }
    let elapsed = start.elapsed();
    lap.files.buffers.give_back(0, buffer);
    Ok(Outcome { elapsed, witness })
}

/// Runs `body` on `threads` threads at once, timed from the first start to the last end. The threads take these
/// times themselves: with as many threads as cores, one that only waits for them would look at the clock late.
fn on_threads<B>(lap: &Lap, threads: u64, body: B) -> io::Result<Outcome>
where
    B: Fn(u64) -> io::Result<Witness> + Sync,
{
    if threads == 1 {
        let start = Instant::now();
        return body(0).map(|witness| Outcome { elapsed: start.elapsed(), witness });
    }
    let gate = Barrier::new(threads as usize);
    let timed = |thread| {
        gate.wait();
        let start = Instant::now();
        body(thread).map(|witness| (start, Instant::now(), witness))
    };
    thread::scope(|scope| {
        let timed = &timed;
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || timed(thread))).collect();
        let (mut spans, mut witness) = (Vec::new(), Witness::new(lap.check));
        for thread in running {
            let (start, end, seen) =
                thread.join().map_err(|_| io::Error::other("a std thread panicked"))??;
            spans.push((start, end));
            witness.merge(seen);
        }
        let first = spans.iter().map(|span| span.0).min().expect("at least one thread");
        let last = spans.iter().map(|span| span.1).max().expect("at least one thread");
        Ok(Outcome { elapsed: last - first, witness })
    })
}
