//! Running loom models, and showing that each of them can fail.
//!
//! A passing model proves little until it fails on the bug that it is there for. So
//! [`mutant`](crate::sync::mutant) plants each bug in the code itself, and the model runs again with it, in a
//! child process, because a deadlock found by loom may abort.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Preemptions per execution, unless `LOOM_MAX_PREEMPTIONS` says otherwise. Two find nearly every bug of this
/// kind; each further one multiplies the time by about ten.
const PREEMPTIONS_MAX: usize = 2;

/// Explores the schedules of a model. There must be more than one, or nothing was explored.
pub(crate) fn explore(model: impl Fn() + Send + Sync + 'static) {
    let executions = Arc::new(AtomicUsize::new(0));
    let counted = executions.clone();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(PREEMPTIONS_MAX));
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let executions = executions.load(Ordering::Relaxed);
    println!("{executions} executions");
    assert!(executions > 1, "the model has only one schedule");
}

/// Runs the test `model` (its full path inside the crate) with the mutant planted, and expects it to fail.
pub(crate) fn assert_caught(model: &str, mutant: &str) {
    let this = std::env::current_exe().expect("the test's own executable has a path");
    let child = Command::new(this)
        .args([model, "--exact", "--nocapture", "--test-threads=1"])
        .env("FOLIO_MUTANT", mutant)
        .output()
        .expect("the test's own executable can be started again");
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(output.contains("running 1 test"), "no test is called {model}:\n{output}");
    assert!(!child.status.success(), "{model} does not notice {mutant}:\n{output}");
    let errors = String::from_utf8_lossy(&child.stderr);
    assert!(errors.contains("panicked at"), "{model} failed for another reason:\n{errors}");
    let cause = errors.lines().skip_while(|line| !line.contains("panicked at")).nth(1);
    println!("{mutant}: {}", cause.unwrap_or_default());
}
