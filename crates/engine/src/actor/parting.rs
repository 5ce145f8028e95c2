//! What buffered files that were dropped have still to write, and who waits for it: whoever asks for the same
//! path or opens the same file next. Without that, a file would seem to lack what was written to it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Parting {
    /// How many there are, so that a call without any costs one load. Whoever drops a file and then calls is
    /// one thread, or has told the other by something stronger; Relaxed is enough.
    count: AtomicUsize,
    paths: Mutex<HashMap<Arc<Path>, usize>>,
    gone: Notify,
}

impl Parting {
    pub(crate) fn begin(&self, path: &Arc<Path>) {
        *self.paths.lock().unwrap_or_else(PoisonError::into_inner).entry(path.clone()).or_default() += 1;
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end(&self, path: &Arc<Path>) {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = paths.get_mut(path) {
            *count -= 1;
            if *count == 0 {
                paths.remove(path);
            }
        }
        drop(paths);
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.gone.notify_waiters();
    }

    /// Whether there are any.
    pub(crate) fn is_any(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Waits for the files that were opened by one of these paths, spelled like that.
    pub(crate) async fn wait_for_path(&self, path: &Path, target: Option<&Path>) {
        let names =
            |path: &Path| self.paths.lock().unwrap_or_else(PoisonError::into_inner).contains_key(path);
        self.wait_while(|| names(path) || target.is_some_and(names)).await;
    }

    /// Waits for the files that were opened by paths below this one, spelled like that.
    pub(crate) async fn wait_for_tree(&self, root: &Path) {
        let paths = || self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        self.wait_while(|| paths().keys().any(|path| path.starts_with(root))).await;
    }

    /// Waits as long as `parting` says so; it is asked again each time a file has gone.
    pub(crate) async fn wait_while(&self, parting: impl Fn() -> bool) {
        while self.is_any() {
            let gone = self.gone.notified();
            if !parting() {
                return;
            }
            gone.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn a_tree_waits_for_what_is_below_it_and_for_nothing_else() {
        let parting = Parting::default();
        let (inside, beside): (Arc<Path>, Arc<Path>) = (Path::new("t/a/b").into(), Path::new("tt/a").into());
        parting.begin(&beside);
        parting.begin(&inside);
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting = pin!(parting.wait_for_tree(Path::new("t")));
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        parting.end(&inside);
        assert!(waiting.as_mut().poll(&mut context).is_ready());
    }
}
