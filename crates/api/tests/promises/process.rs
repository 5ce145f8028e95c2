//! Tests that need a process of their own: they run the test binary again for one test.

use std::process::{Command, ExitStatus};

/// Names the test that this process is to carry out alone.
const ALONE: &str = "FOLIO_PROMISE_ALONE";

/// What the parent tells the child.
const WORD: &str = "FOLIO_PROMISE_WORD";

/// Runs the calling test (by its full name) in a process of its own and demands success there; `true` in that
/// process. What one test does to threads, memory and descriptors cannot disturb another's count there.
pub(crate) fn alone(test: &str) -> bool {
    if word(test).is_some() {
        return true;
    }
    let status = again(test, "").status().unwrap();
    assert!(status.success(), "{test} failed in a process of its own: {status}");
    false
}

/// The command that runs `test` again with a word for it.
pub(crate) fn again(test: &str, word: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(ALONE, test).env(WORD, word);
    command
}

/// The parent's word, if this is the process for `test`.
pub(crate) fn word(test: &str) -> Option<String> {
    (std::env::var(ALONE).ok()? == test).then(|| std::env::var(WORD).unwrap_or_default())
}

/// Ends this process the hard way.
pub(crate) fn kill_myself() -> ! {
    let myself = rustix::process::getpid();
    rustix::process::kill_process(myself, rustix::process::Signal::KILL).unwrap();
    unreachable!("nobody survives SIGKILL")
}

pub(crate) fn was_killed(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.signal() == Some(rustix::process::Signal::KILL.as_raw())
}

/// Bytes of memory that are resident.
pub(crate) fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kib: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
    kib * 1024
}

/// Entries of one of `/proc/self`'s folders: `fd` or `task`.
pub(crate) fn count_own(folder: &str) -> usize {
    std::fs::read_dir(format!("/proc/self/{folder}")).unwrap().count()
}
