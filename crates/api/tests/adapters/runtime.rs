//! What carries a future: the runtimes that programs have, and a `select!` that loses again and again.

use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::Duration;

use folio_testkit::wait::soon;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

/// A future that any of them carries.
pub(crate) type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The other ends: peers, children's readers, feeders.
static PEERS: LazyLock<Runtime> = LazyLock::new(|| multi_thread(1));

/// What carries a future.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Carrier {
    CurrentThread,
    MultiThread,
    LocalSet,
    /// A `select!` whose other branch wins whenever the future is pending, and which asks again.
    LosingSelect,
}

impl Carrier {
    pub(crate) const ALL: [Carrier; 4] =
        [Carrier::CurrentThread, Carrier::MultiThread, Carrier::LocalSet, Carrier::LosingSelect];

    /// One after the other, so that a table meets all of them without being four times as long.
    pub(crate) fn nth(index: usize) -> Carrier {
        Carrier::ALL[index % Carrier::ALL.len()]
    }

    /// Carries what `work` makes, inside of the runtime, to its end.
    pub(crate) fn carry<T: Send + 'static>(self, work: impl FnOnce() -> Work<T> + Send + 'static) -> T {
        let work: Work<T> = Box::pin(async move { work().await });
        let work: Work<T> = Box::pin(async move { soon("it comes to an end", work).await });
        match self {
            Carrier::CurrentThread => current_thread().block_on(work),
            Carrier::MultiThread => {
                let runtime = multi_thread(2);
                runtime.block_on(runtime.spawn(work)).unwrap()
            }
            Carrier::LocalSet => {
                let local = LocalSet::new();
                let task = local.spawn_local(work);
                current_thread().block_on(local.run_until(task)).unwrap()
            }
            Carrier::LosingSelect => current_thread().block_on(losing(work)),
        }
    }
}

/// Loses to a branch that is ready at once, twice, and then to a timer: nothing would get on with it while this spins.
async fn losing<T>(mut work: Work<T>) -> T {
    for round in 0.. {
        let other = async {
            if round % 3 < 2 {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = other => {}
        }
    }
    unreachable!("rounds do not end")
}

pub(crate) fn peers() -> &'static Runtime {
    &PEERS
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap()
}
