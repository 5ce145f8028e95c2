//! A lap that many tasks run on one shared handle.

use std::io;
use std::time::Instant;

use tokio::task::JoinSet;

use crate::contender::{Lap, Outcome};
use crate::rival::AsyncFile;
use crate::witness::Witness;

/// Tasks that share a handle.
pub(crate) const TASKS: u64 = 64;

/// Runs `body` in [`TASKS`] tasks, each with a clone of `file` and its own number, and times them from the first
/// spawn to the last end.
///
/// # Errors
///
/// The first error of a task.
pub(super) async fn on_tasks<F, B, T>(mut file: F, lap: &Lap, body: B) -> io::Result<Outcome>
where
    F: AsyncFile + Clone,
    B: Fn(F, Lap, u64) -> T,
    T: Future<Output = io::Result<Witness>> + Send + 'static,
{
    let mut witness = Witness::new(lap.check);
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for task in 0..TASKS {
        tasks.spawn(body(file.clone(), lap.clone(), task));
    }
    while let Some(ended) = tasks.join_next().await {
        witness.merge(ended??);
    }
    file.finish().await?;
    Ok(Outcome { elapsed: start.elapsed(), witness })
}
