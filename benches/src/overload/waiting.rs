//! What a task costs while it waits for its turn.

use std::future::{Future, pending};
use std::sync::mpsc;
use std::time::Duration;

use folio::{File, fs};
use folio_testkit::process::resident_bytes;
use tokio::runtime::{Builder, Runtime};

use super::stuck::Stuck;

/// Bytes that all tasks write from.
static CONTENTS: [u8; 1024] = [7; 1024];
/// Threads of the runtime whose blocking calls are stuck.
const BLOCKED_THREADS: usize = 2;
/// Time for tasks to come to a rest.
const REST: Duration = Duration::from_millis(200);

pub(super) fn write_all_at(tasks: usize) -> String {
    of_file(tasks, |file, index| async move {
        let _ = file.write_all_at(&CONTENTS, (index * CONTENTS.len()) as u64).await;
    })
}

pub(super) fn write_bytes_at(tasks: usize) -> String {
    of_file(tasks, |file, index| async move {
        let _ = file.write_bytes_at(&CONTENTS[..], (index * CONTENTS.len()) as u64).await;
    })
}

pub(super) fn append(tasks: usize) -> String {
    of_file(tasks, |file, _| async move {
        let _ = file.append(&CONTENTS).await;
    })
}

pub(super) fn whole(tasks: usize) -> String {
    let stuck = Stuck::by_default();
    let engine = stuck.engine.clone();
    let (figures, tasks) = held(&stuck.runtime, tasks, |index| {
        let engine = engine.clone();
        async move {
            let _ = engine.scope(fs::write(format!("/whole-{index}"), &CONTENTS)).await;
        }
    });
    tasks.abort_all();
    stuck.recover();
    figures
}

pub(super) fn tokio_whole(tasks: usize) -> String {
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).max_blocking_threads(BLOCKED_THREADS).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (open, gate) = mpsc::channel::<()>();
    let gate = std::sync::Arc::new(std::sync::Mutex::new(gate));
    for _ in 0..BLOCKED_THREADS {
        let gate = gate.clone();
        runtime.spawn_blocking(move || drop(gate.lock().map(|gate| gate.recv())));
    }
    let room = std::env::temp_dir();
    let (figures, tasks) = held(&runtime, tasks, |index| {
        let path = room.join(format!("no-directory/{index}"));
        async move {
            let _ = tokio::fs::write(path, &CONTENTS).await;
        }
    });
    tasks.abort_all();
    drop(open);
    figures
}

pub(super) fn bare(tasks: usize) -> String {
    let stuck = Stuck::by_default();
    held(&stuck.runtime, tasks, |_| pending::<()>()).0
}

fn of_file<F: Future<Output = ()> + Send + 'static>(
    tasks: usize,
    write: impl Fn(File, usize) -> F,
) -> String {
    let stuck = Stuck::by_default();
    let (figures, tasks) = held(&stuck.runtime, tasks, |index| write(stuck.file.clone(), index));
    tasks.abort_all();
    stuck.recover();
    figures
}

struct Tasks(Vec<tokio::task::JoinHandle<()>>);

impl Tasks {
    fn abort_all(self) {
        self.0.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Starts the tasks; returns them, and the memory that each takes once none moves any more.
fn held<F: Future<Output = ()> + Send + 'static>(
    runtime: &Runtime,
    tasks: usize,
    task: impl Fn(usize) -> F,
) -> (String, Tasks) {
    let mut running = Vec::with_capacity(tasks);
    let before = resident_bytes();
    running.extend((0..tasks).map(|index| runtime.spawn(task(index))));
    runtime.block_on(async { tokio::time::sleep(REST).await });
    let each = resident_bytes().saturating_sub(before) / tasks as u64;
    let bytes = size_of::<F>();
    (format!("{each} B each, {bytes} B of them its future"), Tasks(running))
}
