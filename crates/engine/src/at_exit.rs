//! The end of the process: buffered bytes are written and temporary paths removed before it, up to a deadline.
//!
//! `exit` and a return from `main` run this. A signal without a handler, `abort` and a crash do not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use crate::context::EngineContext;
use crate::limits::EXIT_FLUSH_MAX;
use crate::origin::PerProcess;

/// The engines of this process that may have work then. The hook has no arguments, so it finds them here. What
/// a parent had accepted before a fork is the parent's to write.
static ENGINES: PerProcess<Mutex<Vec<Weak<EngineContext>>>> = PerProcess::new();

/// Makes the end of the process flush the buffered files of this engine and wait for its unfinished work.
pub(crate) fn register(context: &Arc<EngineContext>) {
    context.registered_at_exit.call_once(|| add(context));
}

fn add(context: &Arc<EngineContext>) {
    let Some(contexts) = ENGINES.get_or_init(hook) else { return };
    let mut contexts = contexts.lock().unwrap_or_else(PoisonError::into_inner);
    contexts.retain(|context| context.strong_count() > 0);
    contexts.push(Arc::downgrade(context));
}

/// Installs the hook, before the first engine needs it.
fn hook() -> Mutex<Vec<Weak<EngineContext>>> {
    if !shutdown_hooks::add_shutdown_hook(write_out) {
        tracing::warn!("the system takes no more exit hooks: flush or close buffered files before the end");
    }
    Mutex::default()
}

extern "C" fn write_out() {
    // Unwinding out of here would abort the process and change its exit code.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let Some(contexts) = ENGINES.get() else { return };
        let contexts = std::mem::take(&mut *contexts.lock().unwrap_or_else(PoisonError::into_inner));
        let engines: Vec<_> = contexts.iter().filter_map(Weak::upgrade).collect();
        for file in engines.iter().flat_map(|context| context.registry.all()) {
            file.flush_all();
        }
        let deadline = Instant::now() + EXIT_FLUSH_MAX;
        engines.iter().for_each(|context| context.unfinished.wait(deadline));
    }));
}

/// Work that no caller waits for and that must be done all the same: acknowledged bytes, or a path to be
/// removed. The end of the process waits for it.
pub(crate) struct ExitGuard(Arc<EngineContext>);

impl ExitGuard {
    pub(crate) fn new(context: &Arc<EngineContext>) -> Self {
        register(context);
        context.unfinished.add();
        ExitGuard(context.clone())
    }
}

impl Drop for ExitGuard {
    fn drop(&mut self) {
        self.0.unfinished.done();
    }
}
