//! The executors that rounds run on.

use tokio::runtime::{Builder, Runtime};

/// Worker threads of the executor with several.
const THREADS: usize = 2;

/// Starts an executor on threads of its own, or on this one.
pub(crate) fn runtime(multi_thread: bool) -> Runtime {
    let mut builder = if multi_thread { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    builder.worker_threads(THREADS).enable_all().build().expect("a runtime starts")
}
