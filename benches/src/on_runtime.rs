//! Contenders whose laps are tasks on the runtime's workers.

use std::io;
use std::marker::PhantomData;
use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::contender::{Column, Contender, Lap, Outcome};
use crate::everyday::EverydayRival;
use crate::job::Job;
use crate::rival::Rival;
use crate::workloads;

/// Runs a rival's laps as tasks on the runtime's workers, as a service would: not on the thread that blocks on
/// the runtime, which pays for another wake-up.
#[derive(Debug)]
pub(crate) struct Async<R> {
    runtime: Arc<Runtime>,
    rival: PhantomData<R>,
}

impl<R: Rival> Async<R> {
    pub(crate) fn new(runtime: &Arc<Runtime>) -> Self {
        Self { runtime: Arc::clone(runtime), rival: PhantomData }
    }
}

impl<R: Rival> Contender for Async<R> {
    fn column(&self) -> Column {
        R::COLUMN
    }

    fn lap(&self, job: Job, lap: &Lap) -> Option<io::Result<Outcome>> {
        let Job::HotPath(job) = job else { return None };
        if !R::takes(job) {
            return None;
        }
        let task = self.runtime.spawn(workloads::lap::<R>(job, lap.clone()));
        Some(self.runtime.block_on(task).unwrap_or_else(|panic| Err(io::Error::other(panic))))
    }
}

/// The same for everyday work.
#[derive(Debug)]
pub(crate) struct OnRuntime<R> {
    runtime: Arc<Runtime>,
    rival: PhantomData<R>,
}

impl<R: EverydayRival> OnRuntime<R> {
    /// Returns a contender that runs on `runtime`.
    pub(crate) fn contender(runtime: &Arc<Runtime>) -> Box<dyn Contender> {
        Box::new(Self { runtime: Arc::clone(runtime), rival: PhantomData })
    }
}

impl<R: EverydayRival> Contender for OnRuntime<R> {
    fn column(&self) -> Column {
        R::COLUMN
    }

    fn lap(&self, job: Job, lap: &Lap) -> Option<io::Result<Outcome>> {
        let Job::Everyday(job) = job else { return None };
        if !R::takes(job) {
            return None;
        }
        let task = self.runtime.spawn(workloads::everyday_lap::<R>(job, lap.clone()));
        Some(self.runtime.block_on(task).unwrap_or_else(|panic| Err(io::Error::other(panic))))
    }
}
