//! D1, D6: every way in which a process, a runtime or an engine ends. What was accepted is in the file afterwards, unless
//! the process was ended without a word; what was written is in it in any case.

use std::cell::RefCell;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::OnceLock;

use folio::{Buffering, Engine, File};
use folio_testkit::process::{again, alone, resident_bytes};
use folio_testkit::wait::{block_on, holds_in_time};

const WAY: &str = "FOLIO_TEST_PROCESS_END";
const TARGET: &str = "FOLIO_TEST_PROCESS_TARGET";

/// Exit code of a child that ends on purpose.
const CODE: i32 = 7;

/// Engines of one process, one after another.
const ENGINES: usize = 100;

/// Engines before these, until the allocator has what it keeps.
const ENGINES_FIRST: usize = 50;

/// KiB by which the process may grow over them: an engine that stayed would take 40 KiB, a file of it 256.
const ENGINES_KIB_MAX: u64 = 2 * 1024;

static FILE: OnceLock<File> = OnceLock::new();

thread_local! {
    static KEPT: RefCell<Option<File>> = const { RefCell::new(None) };
}

async fn open(path: &Path, buffering: Buffering) -> File {
    let mut options = File::options();
    options.write(true).create(true).buffering(buffering);
    options.open(path).await.unwrap()
}

/// A file with accepted bytes that are not in it yet.
async fn accepted(path: &Path) -> File {
    let file = open(path, Buffering::Default).await;
    file.write_all(b"accepted").await.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), b"", "it is kept back");
    file
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn kill_myself(signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::getpid(), signal).unwrap();
}

/// Ends in a way, after a write that was accepted, or that is written.
fn end(way: &str, path: &Path) {
    match way {
        "exit" => {
            let _file = block_on(accepted(path));
            std::process::exit(CODE);
        }
        "return" => drop(block_on(accepted(path))),
        "unwinding panic" => {
            let _file = block_on(accepted(path));
            panic!("on purpose");
        }
        "abort" | "SIGKILL" => {
            let file = block_on(open(path, Buffering::Bytes(0)));
            block_on(file.write_all(b"accepted")).unwrap();
            if way == "abort" {
                std::process::abort();
            }
            kill_myself(rustix::process::Signal::KILL);
        }
        "SIGTERM with a handler" => runtime().block_on(async {
            let _file = accepted(path).await;
            let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
            kill_myself(rustix::process::Signal::TERM);
            term.recv().await.unwrap();
            std::process::exit(CODE);
        }),
        "another program meanwhile" => {
            let _file = block_on(accepted(path));
            assert!(Command::new("true").status().unwrap().success());
            assert_eq!(std::fs::read(path).unwrap(), b"", "it is this process's to write");
            std::process::exit(CODE);
        }
        "no runtime" => {
            drop(futures::executor::block_on(accepted(path)));
            std::process::exit(CODE);
        }
        "a thread-local destructor" => {
            let keep = || KEPT.set(Some(block_on(accepted(path))));
            std::thread::scope(|scope| scope.spawn(keep).join().unwrap());
            std::process::exit(CODE);
        }
        "a static" => {
            FILE.get_or_init(|| block_on(accepted(path)));
            std::process::exit(CODE);
        }
        other => end_with_runtimes(other, path),
    }
}

/// Ends after more than one runtime.
fn end_with_runtimes(way: &str, path: &Path) {
    match way {
        "a runtime dropped in the middle" => {
            let runtime = runtime();
            let file = runtime.block_on(accepted(path));
            runtime.spawn(async move { file.flush().await });
            drop(runtime);
            std::process::exit(CODE);
        }
        "a runtime within a runtime" => {
            let path = path.to_owned();
            let inner = move || drop(block_on(accepted(&path)));
            runtime().block_on(folio::run(inner)).unwrap();
            std::process::exit(CODE);
        }
        "a runtime on a blocking thread of a runtime" => {
            let path = path.to_owned();
            let inner = move || drop(runtime().block_on(accepted(&path)));
            #[expect(clippy::disallowed_methods, reason = "tokio's blocking threads are what is tried")]
            let on_a_blocking_thread = || tokio::task::spawn_blocking(inner);
            runtime().block_on(async { on_a_blocking_thread().await }).unwrap();
            std::process::exit(CODE);
        }
        "a second runtime after the first has died" => {
            let first = runtime();
            let file = first.block_on(open(path, Buffering::Default));
            first.block_on(file.write_all(b"acc")).unwrap();
            drop(first);
            runtime().block_on(async {
                file.write_all(b"epted").await.unwrap();
                // What the first has written is seen, too.
                assert_eq!(file.metadata().await.unwrap().len(), 8);
            });
            std::process::exit(CODE);
        }
        "a runtime dropped in a task of another" => runtime().block_on(async {
            let inner = runtime();
            let path = path.to_owned();
            let file = inner.spawn(async move { accepted(&path).await }).await.unwrap();
            inner.spawn(async move { file.flush().await });
            inner.shutdown_background();
            std::process::exit(CODE);
        }),
        other => panic!("no such way: {other}"),
    }
}

/// Does nothing unless it runs as the child of the next test.
#[test]
fn a_child_ends_in_its_way() {
    let (Ok(way), Ok(target)) = (std::env::var(WAY), std::env::var(TARGET)) else { return };
    end(&way, &PathBuf::from(target));
}

fn exited(code: i32) -> impl Fn(ExitStatus) -> bool {
    move |status| status.code() == Some(code)
}

fn killed(signal: i32) -> impl Fn(ExitStatus) -> bool {
    move |status| status.signal() == Some(signal)
}

fn check(way: &str, ended: impl Fn(ExitStatus) -> bool) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let mut child = again("process_ends::a_child_ends_in_its_way");
    let output = child.env(WAY, way).env(TARGET, &path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(ended(output.status), "{way}: {}\n{said}", output.status);
    assert_eq!(std::fs::read(&path).unwrap(), b"accepted", "{way}");
}

/// Cause: between the drop of the last handle on another thread and the job that writes, the end of the process found
/// the file in no list. Loss: what was accepted, in one of twelve such ends. Fix: from that drop on, the end waits for it.
#[test]
fn d1_d6_what_is_dropped_at_that_very_moment_is_written_before_the_process_ends() {
    for _ in 0..60 {
        check("a runtime dropped in a task of another", exited(CODE));
    }
}

#[test]
fn d1_d6_what_was_accepted_is_written_however_the_process_ends() {
    check("exit", exited(CODE));
    check("return", exited(0));
    check("unwinding panic", exited(101));
    check("abort", killed(6));
    check("SIGKILL", killed(9));
    check("SIGTERM with a handler", exited(CODE));
    check("another program meanwhile", exited(CODE));
    check("a runtime dropped in the middle", exited(CODE));
    check("a runtime within a runtime", exited(CODE));
    check("a runtime on a blocking thread of a runtime", exited(CODE));
    check("a second runtime after the first has died", exited(CODE));
    check("a runtime dropped in a task of another", exited(CODE));
    check("no runtime", exited(CODE));
    check("a thread-local destructor", exited(CODE));
    check("a static", exited(CODE));
}

#[test]
fn d6_a_hundred_engines_leave_no_thread_no_descriptor_and_no_memory() {
    if !alone("process_ends::d6_a_hundred_engines_leave_no_thread_no_descriptor_and_no_memory") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let count = |what: &str| std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
    // tokio opens what all runtimes of a process share with the first of them.
    drop(runtime());
    let (threads, descriptors) = (count("task"), count("fd"));
    let mut before = 0;
    for index in 0..ENGINES + ENGINES_FIRST {
        if index == ENGINES_FIRST {
            before = resident_bytes() / 1024;
        }
        let engine = Engine::builder().start().unwrap();
        let path = dir.path().join(index.to_string());
        drop(block_on(engine.scope(accepted(&path))));
    }
    let is_left = || (count("task"), count("fd")) == (threads, descriptors);
    assert!(holds_in_time(is_left), "{} threads, {} descriptors", count("task"), count("fd"));
    let grown = (resident_bytes() / 1024).saturating_sub(before);
    assert!(grown <= ENGINES_KIB_MAX, "{grown} KiB for {ENGINES} engines");
    for index in 0..ENGINES {
        assert_eq!(std::fs::read(dir.path().join(index.to_string())).unwrap(), b"accepted");
    }
}
