//! By the kernel's own account: this binary runs one of its tests again under `strace`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;

use folio::{Dir, Engine, File, OpenOptions};
use folio_testkit::skip;
use folio_testkit::wait::eventually;

use crate::burst::{Burst, WRITE_BYTES};

/// Says that this process is the one under `strace`, and what it is to do.
const TASK: &str = "FOLIO_COUNTED_TASK";

/// Operations between the marks, where one is counted at a time.
const ROUNDS: u64 = 100;

/// Paths that do not exist: asking for one marks a place in the trace.
const BEGIN: &str = "/folio-counting-begins";
const END: &str = "/folio-counting-ends";

/// Whether calls can be traced here; if not, says so.
fn can_trace(what: &str) -> bool {
    match Command::new("strace").args(["-o", "/dev/null", "true"]).output() {
        Err(error) => skip(what, &format!("strace cannot be started: {error}")),
        Ok(output) if !output.status.success() => {
            skip(what, &format!("strace may not trace: {}", String::from_utf8_lossy(&output.stderr).trim()));
        }
        Ok(_) => return true,
    }
    false
}

/// The calls between the marks: by thread and name, how many.
type Calls = BTreeMap<(String, String), u64>;

/// Does `task` in a process under `strace`; returns the calls of all its threads between the marks, and the
/// thread that made the marks.
fn trace(task: &str) -> (Calls, String) {
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    let log = dir.path().join("trace");
    let this = std::env::current_exe().expect("a running test has a path");
    let child = Command::new("strace")
        .args(["-f", "-qq", "-o"])
        .arg(&log)
        .arg(this)
        .args(["by_the_kernel::the_task_under_strace", "--exact", "--nocapture"])
        .env(TASK, task)
        .env("FOLIO_COUNTED_FILE", dir.path().join("file"))
        .output()
        .expect("strace has been started before");
    let said = String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && said.contains("1 passed"), "{task} under strace:\n{said}");
    calls_between_marks(&fs::read_to_string(log).expect("strace has written its log"))
}

fn calls_between_marks(log: &str) -> (Calls, String) {
    let begin = log.lines().position(|line| line.contains(BEGIN)).expect("the task marks its beginning");
    let end = log.lines().position(|line| line.contains(END)).expect("the task marks its end");
    let marker =
        log.lines().nth(begin).and_then(|line| line.split_whitespace().next()).expect("a line has a thread");
    let mut calls = Calls::new();
    // The first line may be followed by the mark's own end, if another thread came in between.
    for line in log.lines().take(end).skip(begin + 1) {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        // The rest of a call that was interrupted in the log has been counted by its beginning.
        if let Some((name, _)) = call.trim_start().split_once('(').filter(|_| !call.contains(" resumed>")) {
            *calls.entry((thread.to_owned(), name.to_owned())).or_default() += 1;
        }
    }
    (calls, marker.to_owned())
}

fn mark(path: &str) {
    assert!(fs::metadata(path).is_err(), "{path} is only a mark");
}

#[test]
fn a_read_in_place_is_one_system_call() {
    if !can_trace("counting the system calls of a read in place") {
        return;
    }
    for task in ["read_at", "read", "read_until"] {
        let (calls, thread) = trace(task);
        if calls.contains_key(&(thread.clone(), "futex".to_owned())) {
            return skip("counting the system calls of a read in place", "nothing is read in place here");
        }
        let own: Vec<_> = calls.iter().filter(|((maker, _), _)| *maker == thread).collect();
        let expected = ((thread.clone(), "preadv2".to_owned()), ROUNDS);
        assert_eq!(own, [(&expected.0, &expected.1)], "{task}: {ROUNDS} reads");
    }
}

/// What opens a file says whether it is a directory, and a short read where it ends: neither is asked for once more.
#[test]
fn a_short_file_opened_read_and_closed_as_python_does_is_five_system_calls() {
    const WHAT: &str = "counting the system calls of a short file that is opened, read and closed";
    if !can_trace(WHAT) {
        return;
    }
    for task in ["whole", "whole_now"] {
        let (calls, thread) = trace(task);
        if calls.contains_key(&(thread.clone(), "futex".to_owned())) {
            return skip(WHAT, "nothing is done in place here");
        }
        // Neither the wait of the runtime when a task has used up its turn, nor a check of std's that optimised builds leave out.
        let counted = |(maker, name): &(String, String)| {
            *maker == thread && !["epoll_wait", "fcntl"].contains(&name.as_str())
        };
        let made: Vec<_> = calls.iter().filter(|(call, _)| counted(call)).collect();
        let of = |name: &str| (thread.clone(), name.to_owned());
        let stat = if calls.contains_key(&of("fstat")) { of("fstat") } else { of("newfstatat") };
        let mut expected = BTreeMap::from([
            (of("openat2"), ROUNDS),
            (stat, ROUNDS),
            // The second finds the end.
            (of("preadv2"), 2 * ROUNDS),
            (of("close"), ROUNDS),
        ]);
        if calls.contains_key(&of("statx")) {
            // A file system in user space or of a network is mounted somewhere: the file is found before it is opened.
            let open = if calls.contains_key(&of("open")) { of("open") } else { of("openat") };
            expected.extend([(open, ROUNDS), (of("statx"), ROUNDS), (of("close"), 2 * ROUNDS)]);
        }
        assert_eq!(made, Vec::from_iter(&expected), "{task}: {ROUNDS} files");
    }
}

#[track_caller]
fn check_burst(task: &str, names: &[&str], calls_max: u64) {
    if !can_trace(&format!("counting the system calls of {task}")) {
        return;
    }
    let (calls, _) = trace(task);
    let made: u64 =
        calls.iter().filter(|((_, name), _)| names.contains(&name.as_str())).map(|(_, count)| count).sum();
    assert!((1..=calls_max).contains(&made), "{task}: {made} calls of {names:?}: {calls:?}");
}

#[test]
fn a_queued_burst_of_writes_is_at_most_four_system_calls() {
    // And one for the write that tells when all are queued.
    check_burst("writes", &["pwritev", "pwritev2", "pwrite64"], 4 + 1);
    check_burst("appends", &["pwritev", "pwritev2", "pwrite64"], 4 + 1);
}

#[test]
fn a_queued_burst_of_syncs_is_at_most_two_system_calls() {
    check_burst("syncs", &["fsync", "fdatasync"], 2);
}

/// Promise X2. Three of the five operations of a round are about a name with a directory before it.
#[test]
fn x2_an_operation_below_a_directory_looks_its_path_up_once() {
    if !can_trace("counting the look-ups of operations below a directory") {
        return;
    }
    let (calls, _) = trace("below");
    let made = |name: &str| calls.iter().filter(|((_, call), _)| call == name).map(|(_, count)| count).sum();
    let (by_kernel, part_by_part): (u64, u64) = (made("openat2"), made("openat"));
    if part_by_part > 0 {
        return skip("counting the look-ups of operations below a directory", "openat2 is missing here");
    }
    assert_eq!(by_kernel, 3 * ROUNDS, "{calls:?}");
    for other in ["open", "stat", "lstat", "newfstatat", "readlink", "readlinkat"] {
        assert_eq!(made(other), 0_u64, "{other}: {calls:?}");
    }
}

/// Promise A1, by what it costs: two syncs, one rename, and nothing that grows with the old file.
#[test]
fn a1_a_replacement_is_two_syncs_and_a_rename_and_at_most_twenty_five_calls() {
    if !can_trace("counting the system calls of a replacement") {
        return;
    }
    let (calls, _) = trace("replace");
    let made = |names: &[&str]| -> u64 {
        let named = calls.iter().filter(|((_, call), _)| names.contains(&call.as_str()));
        named.map(|(_, count)| count).sum()
    };
    assert_eq!(made(&["fsync", "fdatasync"]), 2 * ROUNDS, "{calls:?}");
    assert_eq!(made(&["rename", "renameat", "renameat2"]), ROUNDS, "{calls:?}");
    assert_eq!(made(&["unlink", "unlinkat", "link", "linkat"]), 0, "{calls:?}");
    assert_eq!(made(&["flock"]), ROUNDS, "{calls:?}");
    // How threads start, wait for each other and get memory is another matter. Two of the calls are checks of std's that
    // optimised builds leave out.
    let apart =
        ["futex", "epoll_wait", "write", "brk", "mmap", "munmap", "madvise", "mprotect", "sched_yield"];
    let all: u64 = calls.values().sum();
    let own = all - made(&apart);
    // Other systems ask for the kind of a file system twice more.
    let most = if cfg!(any(folio_portable, not(target_os = "linux"))) { 27 } else { 25 };
    assert!((1..=most * ROUNDS).contains(&own), "{own}: {calls:?}");
}

/// Does what the variable says, between the marks; without it, nothing: then this is an ordinary run.
#[tokio::test]
async fn the_task_under_strace() {
    let (Ok(task), Ok(path)) = (std::env::var(TASK), std::env::var("FOLIO_COUNTED_FILE")) else { return };
    fs::write(&path, vec![7; 64 * 1024]).expect("the temporary directory takes files");
    let engine = Engine::builder().start().expect("the engine starts");
    let file =
        OpenOptions::new().read(true).write(true).open_on(&engine, &path).await.expect("it was just written");
    match task.as_str() {
        "read_at" | "read" | "read_until" => reads(&engine, &file, &task).await,
        "writes" => burst(Burst::Writes, &engine, &file, Path::new(&path)).await,
        "appends" => burst(Burst::Appends, &engine, &file, Path::new(&path)).await,
        "syncs" => burst(Burst::Syncs, &engine, &file, Path::new(&path)).await,
        "replace" => replace(&engine, Path::new(&path)).await,
        "whole" | "whole_now" => whole(&engine, Path::new(&path), &task).await,
        "below" => below(Path::new(&path)).await,
        other => panic!("nobody asks for {other}"),
    }
}

async fn reads(engine: &Engine, file: &File, task: &str) {
    let mut buf = [0; 512];
    file.read_at(&mut buf, 0).await.expect("it can be read");
    let before = engine.snapshot().counters.in_place;
    mark(BEGIN);
    for index in 0..ROUNDS {
        let (count, expected) = match task {
            "read" => (file.read(&mut buf).await, buf.len()),
            // Every byte of the file is a line.
            "read_until" => (file.read_until(7, usize::MAX).await.map(|line| line.len()), 1),
            _ => (file.read_at(&mut buf, index * 512).await, buf.len()),
        };
        assert_eq!(count.expect("it can be read"), expected);
    }
    mark(END);
    let in_place = engine.snapshot().counters.in_place - before;
    assert!(in_place == ROUNDS || in_place == 0, "all or none: {in_place}");
}

async fn whole(engine: &Engine, path: &Path, task: &str) {
    let contents = [7; 4096];
    fs::write(path, contents).expect("the temporary directory takes files");
    let mut options = OpenOptions::new();
    options.python_mode("rb");
    mark(BEGIN);
    for _ in 0..ROUNDS {
        let file = options.open_binary_on(engine, path).await.expect("it was just written");
        let mut room = [0; 4096];
        let count = match task {
            "whole_now" => file.readall_now(&mut room).expect("it can be read").unwrap_or_default(),
            _ => file.read(None).await.map(|bytes| bytes.len()).expect("it can be read"),
        };
        assert!(count == contents.len() || task == "whole_now", "{task}: {count}");
        file.close().await.expect("nothing was written");
    }
    mark(END);
}

async fn replace(engine: &Engine, path: &Path) {
    mark(BEGIN);
    for round in 0..ROUNDS {
        engine.scope(folio::fs::replace(path, round.to_string())).await.expect("it can be replaced");
    }
    mark(END);
}

async fn below(file: &Path) {
    let parent = file.parent().expect("a file has a parent");
    fs::create_dir(parent.join("inside")).expect("the temporary directory takes directories");
    let dir = Dir::open(parent).await.expect("it is there");
    mark(BEGIN);
    for _ in 0..ROUNDS {
        dir.metadata("inside/../file").await.expect("it is there");
        for name in ["inside/new", "new"] {
            dir.create_dir(name).await.expect("the name is free");
            dir.remove_dir(name).await.expect("it is empty");
        }
    }
    mark(END);
}

async fn burst(burst: Burst, engine: &Engine, file: &File, path: &Path) {
    let (let_go, held) = mpsc::channel::<()>();
    let holder = file.clone();
    let holder = tokio::spawn(async move { holder.run(move |_| held.recv().is_err()).await });
    eventually("a worker is inside", || engine.snapshot().files[0].running > 0).await;
    mark(BEGIN);
    burst.run(engine, file, || drop(let_go)).await;
    mark(END);
    assert!(holder.await.expect("it does not panic").expect("the closure runs"));
    if let Burst::Writes = burst {
        let written = fs::read(path).expect("the file is there");
        assert!(
            (0..64).all(|index: u8| written[usize::from(index) * WRITE_BYTES] == index),
            "in their places"
        );
    }
}
