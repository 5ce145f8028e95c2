//! A process of its own for each case, since a fork copies whatever else its process is doing; and its children.

use std::io::Read;
use std::process::{ExitCode, Stdio, Termination};

use folio_testkit::process::again;
use folio_testkit::wait::{PATIENCE, holds_in_time};
use fork::{Fork, fork};
use rustix::process::{Pid, WaitOptions, waitpid};

use crate::cases;

/// Names the case that a process is to run.
const CASE: &str = "FOLIO_FORKED_CASE";

/// What begins the lines that a case prints: the rest is the harness's.
const MARK: &str = "@";

/// Has a process run the case and print `expected`.
#[track_caller]
pub(crate) fn check(case: &str, expected: &str) {
    let mut command = again("child::a_process_runs_its_case");
    let mut process = command.env(CASE, case).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut out, mut err) = (String::new(), String::new());
    process.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    process.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    let status = process.wait().unwrap();
    let told: String =
        out.lines().filter_map(|line| Some(format!("{}\n", line.strip_prefix(MARK)?))).collect();
    assert!(status.success(), "{case}: {status}\n{out}\n{err}");
    assert_eq!(told, expected, "{case}:\n{out}\n{err}");
}

/// Does nothing unless it runs for [`check`].
#[test]
fn a_process_runs_its_case() {
    let Ok(case) = std::env::var(CASE) else { return };
    println!();
    match case.as_str() {
        "default_engine" => cases::default_engine(),
        "line_of_forks" => cases::line_of_forks(),
        "files" => cases::files(),
        "engines" => cases::engines(),
        "streams" => cases::streams(),
        "kept_back" => cases::kept_back(),
        "temporary" => cases::temporary(),
        "standard" => cases::standard(),
        "under_load" => cases::under_load(),
        other => panic!("no such case: {other}"),
    }
    tell("done");
}

/// Prints a line for [`check`].
pub(crate) fn tell(text: &str) {
    println!("{MARK}{text}");
}

/// Forks; runs `body` in the child, which then ends by `exit`, hooks and all. Returns when it has ended well.
///
/// A child that panics ends with the harness's code, and one that hangs is killed.
#[track_caller]
pub(crate) fn in_child<T: Termination>(body: impl FnOnce() -> T) {
    match fork().expect("a fork") {
        Fork::Child => {
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
            let fine = ended.is_ok_and(|ended| ended.report() == ExitCode::SUCCESS);
            std::process::exit(i32::from(!fine));
        }
        Fork::Parent(child) => {
            let child = Pid::from_raw(child).expect("a child has a number");
            let mut ended = None;
            let look = || waitpid(Some(child), WaitOptions::NOHANG).expect("the child is ours");
            if !holds_in_time(|| {
                ended = look();
                ended.is_some()
            }) {
                rustix::process::kill_process(child, rustix::process::Signal::KILL)
                    .expect("the child is ours");
            }
            let (_, status) = ended.expect("the child ends in time");
            assert_eq!(status.exit_status(), Some(0), "the child: {status:?}");
        }
    }
}

/// Runs a future on a runtime of its own, as a child must: its parent's has lost its threads.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(PATIENCE / 2, future).await.expect("it hangs") })
}
