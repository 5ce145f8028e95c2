//! The end of the process: what buffered files have accepted is written before it and what was to be cleaned up is
//! removed, up to a deadline.
//!
//! `exit` and a return from `main` run this. A signal that nobody handles, `abort` and a crash do not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use crate::context::EngineContext;
use crate::limits::EXIT_FLUSH_MAX;
use crate::origin::PerProcess;

/// The engines of this process that may have something to do then. The hook has no arguments, so it has to find them
/// somewhere. What a parent had accepted before a fork is the parent's to write.
static WATCHED: PerProcess<Mutex<Vec<Weak<EngineContext>>>> = PerProcess::new();

/// Makes the end of the process write out what the files of this engine keep back, and wait for what is under way.
pub(crate) fn watch(context: &Arc<EngineContext>) {
    context.watched.call_once(|| add(context));
}

fn add(context: &Arc<EngineContext>) {
    let Some(watched) = WATCHED.get_or_init(hook) else { return };
    let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
    watched.retain(|context| context.strong_count() > 0);
    watched.push(Arc::downgrade(context));
}

/// Sets the hook, before the first engine needs it.
fn hook() -> Mutex<Vec<Weak<EngineContext>>> {
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
        for file in engines.iter().flat_map(|context| context.registry.all()) {
            file.flush_all();
        }
        let deadline = Instant::now() + EXIT_FLUSH_MAX;
        engines.iter().for_each(|context| context.unfinished.wait(deadline));
    }));
}

/// Something that nobody waits for and that is to be done all the same, bytes that were acknowledged or a path to be
/// cleaned up: the end of the process waits for it.
pub(crate) struct Unsettled(Arc<EngineContext>);

impl Unsettled {
    pub(crate) fn new(context: &Arc<EngineContext>) -> Self {
        watch(context);
        context.unfinished.add();
        Unsettled(context.clone())
    }
}

impl Drop for Unsettled {
    fn drop(&mut self) {
        self.0.unfinished.done();
    }
}
