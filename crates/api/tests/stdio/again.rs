//! The test binary run again for one test, with streams that its parent made.

use std::io::Write;
use std::process::{Command, Output};

use folio_testkit::process::ALONE;
use rustix::fs::{OFlags, fcntl_getfl};

/// Stands between what the test harness prints and what the test does.
pub(crate) const MARK: &str = "\n== the child begins ==\n";

/// A shell that runs `script`, in which `child` is `test` again.
pub(crate) fn shell(test: &str, script: &str) -> Command {
    let program = std::env::current_exe().unwrap();
    let arguments = arguments(test).join(" ");
    let script = format!("child() {{ '{}' {arguments}; }}; {script}", program.display());
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).env(ALONE, test);
    command
}

fn arguments(test: &str) -> [&str; 4] {
    [test, "--exact", "--nocapture", "--test-threads=1"]
}

/// Says that what follows is the child's, and runs that on a runtime of its own.
pub(crate) fn run(child: impl Future<Output = ()>) {
    std::io::stdout().write_all(MARK.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
    quietly(child);
}

/// The same for a child whose output nobody reads.
pub(crate) fn quietly(child: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(child);
}

/// What a child wrote itself.
pub(crate) fn written(output: &[u8]) -> &str {
    let text = std::str::from_utf8(output).unwrap();
    text.split_once(MARK).unwrap_or_else(|| panic!("no child in {text:?}")).1
}

/// What a child wrote itself, before the harness went on.
pub(crate) fn written_by(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    let text = written(&output.stdout);
    let end = text.rfind("test result: ok").and_then(|end| text[..end].rfind("ok\n\n"));
    &text[..end.unwrap_or(text.len())]
}

/// Whether a description's reads and writes refuse to wait.
pub(crate) fn is_nonblocking(file: impl std::os::fd::AsFd) -> bool {
    fcntl_getfl(file).unwrap().contains(OFlags::NONBLOCK)
}
