//! The end of the process: what buffered files have accepted is written before it and what was to be cleaned up is
//! removed, up to a deadline.
//!
//! `exit` and a return from `main` run this. A signal that nobody handles, `abort` and a crash do not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Instant;

use crate::actor::services::Services;
use crate::limits::EXIT_FLUSH_MAX;
use crate::origin::PerProcess;

/// The engines of this process that may have something to do then. The hook has no arguments, so it has to find them
/// somewhere. What a parent had accepted before a fork is the parent's to write.
static WATCHED: PerProcess<Mutex<Vec<Weak<Services>>>> = PerProcess::new();

/// What is on its way: portions of buffered files, accepted writes, removals.
#[derive(Debug, Default)]
pub(crate) struct Unwritten {
    count: Mutex<u64>,
    fewer: Condvar,
}

impl Unwritten {
    pub(crate) fn add(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    pub(crate) fn done(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.fewer.notify_all();
    }

    /// Blocks until there are none, or the deadline has come.
    fn wait(&self, deadline: Instant) {
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        drop(self.fewer.wait_timeout_while(count, left, |count| *count > 0));
    }
}

/// Has the end of the process write out what the files of this engine keep back, and wait for what is under way.
pub(crate) fn watch(services: &Arc<Services>) {
    let Some(watched) = WATCHED.get_or_init(hook) else { return };
    let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
    watched.retain(|services| services.strong_count() > 0);
    watched.push(Arc::downgrade(services));
}

/// Sets the hook, before the first engine needs it.
fn hook() -> Mutex<Vec<Weak<Services>>> {
    if !shutdown_hooks::add_shutdown_hook(write_out) {
        tracing::warn!("the system takes no more exit hooks: flush or close buffered files before the end");
    }
    Mutex::default()
}

extern "C" fn write_out() {
    // Unwinding out of here would abort the process and change its exit code.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let Some(watched) = WATCHED.get() else { return };
        let watched = std::mem::take(&mut *watched.lock().unwrap_or_else(PoisonError::into_inner));
        let engines: Vec<_> = watched.iter().filter_map(Weak::upgrade).collect();
        for file in engines.iter().flat_map(|services| services.registry.all()) {
            file.seal_all();
        }
        let deadline = Instant::now() + EXIT_FLUSH_MAX;
        engines.iter().for_each(|services| services.unwritten.wait(deadline));
    }));
}
