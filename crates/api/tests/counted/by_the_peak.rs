//! By the most memory that the process has held: big operations run in a process of their own.

use std::fs;

use folio::os::Advice;
use folio::{Dir, Engine, File, OpenOptions};
use folio_testkit::process::again;
use folio_testkit::skip;

/// Says that this process is the one to be measured, and what it is to do.
const TASK: &str = "FOLIO_PEAK_TASK";
const FILE: &str = "FOLIO_PEAK_FILE";

/// What that process says if no worker did any of it, so that there was nothing to measure.
const IN_PLACE: &str = "all of it was done in place";

/// Bytes of one operation.
const BIG_BYTES: usize = 64 << 20;

/// Most memory, in KiB, that one may take beside its caller's: a few pieces, and what starting a worker takes.
const EXTRA_KIB_MAX: u64 = 4 << 10;

/// What is measured. Each is one call on 64 MiB of the caller's.
const TASKS: [&str; 10] = [
    "write_all",
    "write_all_at",
    "append",
    "fs::write of a slice",
    "fs::write of a vector",
    "Dir::write",
    "fs::write_bytes",
    "read_exact",
    "read_exact_at",
    "read_vectored",
];

#[test]
fn a_big_operation_takes_no_more_memory_than_a_few_pieces() {
    if fs::write("/proc/self/clear_refs", "5").is_err() {
        return skip("measuring the memory of big operations", "its peak cannot be reset here");
    }
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    for task in TASKS {
        let child = again("by_the_peak::the_task_to_be_measured")
            .env(TASK, task)
            .env(FILE, dir.path().join("file"))
            .output()
            .expect("this binary runs");
        let said =
            String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success() && said.contains("1 passed"), "{task}:\n{said}");
        if said.contains(IN_PLACE) {
            skip(&format!("measuring the memory of {task}"), "the page cache does not let go of a file");
        }
    }
}

/// Most bytes that the process has held since it was last reset, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it tells the peak");
    line.trim().trim_end_matches("kB").trim().parse().expect("it is a number")
}

#[test]
fn the_task_to_be_measured() {
    let Ok(task) = std::env::var(TASK) else { return };
    let path = std::env::var(FILE).expect("the parent says where");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("the system gives a runtime").block_on(measure(&task, path.as_ref()));
}

async fn measure(task: &str, path: &std::path::Path) {
    let engine = Engine::builder().start().expect("the engine starts");
    let appends = task == "append";
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).open_on(&engine, path).await.expect("it is made");
    let dir =
        engine.scope(Dir::open(path.parent().expect("it is in a directory"))).await.expect("as is this");
    let mut buf = vec![7_u8; BIG_BYTES];
    if task.starts_with("read") {
        // And it has to come from the disk, or it is read in place.
        file.write_all(&buf).await.expect("there is room");
        file.sync_all().await.expect("it gets there");
        file.fadvise(Advice::DontNeed, 0, 0).await.expect("the kernel takes advice");
        file.rewind().await.expect("a file has a position");
    } else {
        // Its worker and its actor are there.
        file.write_all_at(b"small", 0).await.expect("there is room");
    }
    let record = if appends { std::mem::take(&mut buf) } else { Vec::new() };
    let hops = engine.snapshot().counters.hops;
    fs::write("/proc/self/clear_refs", "5").expect("it could be reset before");
    let before = peak();
    act(task, &engine, &file, &dir, path, &mut buf, record).await;
    // The kernel counts pages by CPU and adds them up now and then, so less is possible too.
    let extra = peak().saturating_sub(before);
    assert!(extra <= EXTRA_KIB_MAX, "{task} of {BIG_BYTES} bytes took {extra} KiB more");
    if engine.snapshot().counters.hops == hops {
        println!("{IN_PLACE}");
    }
    assert_eq!(buf.iter().filter(|byte| **byte == 7).count(), buf.len(), "{task}");
}

async fn act(
    task: &str,
    engine: &Engine,
    file: &File,
    dir: &Dir,
    path: &std::path::Path,
    buf: &mut Vec<u8>,
    record: Vec<u8>,
) {
    let done = match task {
        "write_all" => file.write_all(buf).await,
        "write_all_at" => file.write_all_at(buf, 0).await,
        "append" => file.append_bytes(record).await.map(|_| ()),
        "fs::write of a slice" => engine.scope(folio::fs::write(path, &*buf)).await,
        "fs::write of a vector" => engine.scope(folio::fs::write(path, std::mem::take(buf))).await,
        "fs::write_bytes" => engine.scope(folio::fs::write_bytes(path, std::mem::take(buf))).await,
        "Dir::write" => dir.write("file", &*buf).await,
        "read_exact" => file.read_exact(buf).await.map(|_| ()),
        "read_exact_at" => file.read_exact_at(buf, 0).await,
        "read_vectored" => {
            let (first, second) = buf.split_at_mut(BIG_BYTES / 2);
            let mut bufs = [std::io::IoSliceMut::new(first), std::io::IoSliceMut::new(second)];
            file.read_vectored(&mut bufs).await.map(|_| ())
        }
        other => unreachable!("{other} is not among the tasks"),
    };
    done.expect("the disk does it");
}
