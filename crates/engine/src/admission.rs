//! Admission: operations and bytes are counted before anything queues, per lane and for the whole engine.
//!
//! Permits travel with the operation and are returned when its outcome is known. Those that wait for one get it in
//! fair turns: files among each other, and the callers of a file.

use std::future::Future;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use crate::error::Cause;
use crate::fair::{Flow, KeyHasher};
use crate::limits::RETRY_PAUSE_MIN;
use crate::priority::Priority;
use crate::quota::{Quota, Refused, Take, Units};
use crate::stats::{AdmissionWait, Stats, add};

/// The flow of requests about paths and of the program's own closures, which have no file. No open file has this
/// number, which is an address.
const PATHS: u64 = 0;

/// On whose behalf an operation asks for permits and workers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    priority: Priority,
    file: u64,
}

impl Client {
    /// An open file, known by its address.
    pub(crate) fn of_file<T>(file: &T, priority: Priority) -> Client {
        Client { priority, file: std::ptr::from_ref(file).addr() as u64 }
    }

    /// Something without a file.
    pub(crate) fn of_paths(priority: Priority) -> Client {
        Client { priority, file: PATHS }
    }

    /// Its flow, for any caller.
    pub(crate) fn flow(self) -> Flow {
        let Client { priority, file } = self;
        Flow { priority, file, caller: 0 }
    }

    /// Its flow for the present caller: its task.
    pub(crate) fn flow_of_task(self) -> Flow {
        Flow { caller: task(), ..self.flow() }
    }
}

/// The present task, or 0 outside of tokio's tasks.
fn task() -> u64 {
    tokio::task::try_id().map_or(0, |id| {
        let mut hasher = KeyHasher::default();
        id.hash(&mut hasher);
        hasher.finish()
    })
}

fn refusal(refused: Refused) -> Cause {
    match refused {
        Refused::Operations => Cause::Overloaded("operations"),
        Refused::Bytes => Cause::Overloaded("bytes"),
        Refused::Closed => Cause::Stopped,
    }
}

/// Units of one quota, returned when dropped.
#[derive(Debug)]
struct Held<'a> {
    quota: &'a Arc<Quota>,
    units: Units,
}

impl Held<'_> {
    fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.quota.release(self.units);
    }
}

/// The right of one operation to be queued or running.
#[derive(Debug)]
pub(crate) struct Permit {
    shared: Arc<Shared>,
    /// `None` outside of the limits.
    units: Option<[Units; 2]>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Permit { shared, units } = self;
        // First, so that the next to be admitted never seems to be one too many.
        shared.stats.leave();
        if let Some([lane, engine]) = *units {
            // As in the admission: a caller that gets the lane's finds the engine's free too.
            shared.engine.release(engine);
            shared.lane.release(lane);
        }
    }
}

/// The admission of one lane, followed by the engine's.
#[derive(Clone, Debug)]
pub(crate) struct Admission(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    lane: Arc<Quota>,
    engine: Arc<Quota>,
    stopping: Arc<AtomicBool>,
    stats: Arc<Stats>,
}

impl Admission {
    /// Creates the engine's admission, with a lane of the same size for requests without a device.
    pub(crate) fn new(ops_max: usize, bytes_max: usize, stats: Arc<Stats>) -> Self {
        let engine = Arc::new(Quota::new(ops_max, bytes_max));
        let lane = Arc::new(Quota::new(ops_max, bytes_max));
        Admission(Arc::new(Shared { lane, engine, stopping: Arc::default(), stats }))
    }

    /// Creates the admission of one more device.
    pub(crate) fn for_lane(&self, ops_max: usize, bytes_max: usize) -> Self {
        let Shared { engine, stopping, stats, .. } = &*self.0;
        let lane = Arc::new(Quota::new(ops_max, bytes_max));
        let (engine, stopping, stats) = (engine.clone(), stopping.clone(), stats.clone());
        Admission(Arc::new(Shared { lane, engine, stopping, stats }))
    }

    /// Waits for a permit. Always the lane first, then the engine, so that no two callers can wait for each
    /// other.
    pub(crate) async fn admit(&self, bytes: usize, client: Client) -> Result<Permit, Cause> {
        if let Ok(permit) = self.try_admit(bytes, client) {
            return Ok(permit);
        }
        if self.is_stopping() {
            return Err(Cause::Stopped);
        }
        // Few wait, and the future of every operation would have room for it.
        Box::pin(self.admit_late(bytes, client)).await
    }

    /// Waits for a permit even while the engine stops, until admission closes: for clean-up. Counts as
    /// outstanding from the first poll on.
    pub(crate) fn admit_late(&self, bytes: usize, client: Client) -> Admit<'_> {
        Admit { admission: self, bytes, stage: Stage::New(client) }
    }

    /// Takes a permit if one is free; otherwise counts the refusal and returns the limit that was reached.
    pub(crate) fn admit_or_refuse(&self, bytes: usize, client: Client) -> Result<Permit, Cause> {
        self.try_admit(bytes, client).inspect_err(|cause| {
            if matches!(cause, Cause::Overloaded(_)) {
                add(&self.0.stats.refusals, 1);
            }
        })
    }

    /// Takes a permit if one is free; otherwise returns the limit that was reached.
    pub(crate) fn try_admit(&self, bytes: usize, client: Client) -> Result<Permit, Cause> {
        if self.is_stopping() {
            return Err(Cause::Stopped);
        }
        let Shared { lane, engine, .. } = &*self.0;
        let of_lane = try_take(lane, bytes, client.priority)?;
        let of_engine = try_take(engine, bytes, client.priority)?;
        Ok(self.permit(of_lane, of_engine))
    }

    fn permit(&self, lane: Held<'_>, engine: Held<'_>) -> Permit {
        self.0.stats.enter();
        let units = Some([lane.units, engine.units]);
        lane.keep();
        engine.keep();
        Permit { shared: self.0.clone(), units }
    }

    /// Returns a permit outside of the limits, for bytes that are bounded elsewhere. A shutdown waits for it.
    pub(crate) fn admit_beyond_limits(&self) -> Permit {
        self.0.stats.enter();
        Permit { shared: self.0.clone(), units: None }
    }

    /// Refuses new callers; those that wait already are admitted before [`drained`](Admission::drained)
    /// returns.
    pub(crate) fn stop(&self) {
        self.0.stopping.store(true, Ordering::Release);
    }

    /// Whether a shutdown has begun.
    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Acquire)
    }

    /// Waits until no permit is in use and no caller waits for one.
    pub(crate) async fn drained(&self) {
        while self.0.stats.outstanding() > 0 {
            tokio::time::sleep(RETRY_PAUSE_MIN).await;
        }
    }

    /// Goes on where callers do not come for their permits. Called now and then.
    pub(crate) fn resume(&self) {
        self.0.lane.resume();
        self.0.engine.resume();
    }

    /// Answers all waiting callers with [`Cause::Stopped`].
    pub(crate) fn close(&self) {
        self.0.lane.close();
        self.0.engine.close();
    }
}

/// A caller that waits for a permit. A million may wait: the state of an `async fn` would be twice as long.
pub(crate) struct Admit<'a> {
    admission: &'a Admission,
    bytes: usize,
    stage: Stage<'a>,
}

/// What a caller waits for. The fields are dropped in the order in which they are to be given up.
enum Stage<'a> {
    /// It has not been polled.
    New(Client),
    /// Units of the lane.
    Lane { take: Take, waiting: AdmissionWait<'a> },
    /// Units of the engine.
    Engine { take: Take, of_lane: Held<'a>, waiting: AdmissionWait<'a> },
    /// It has its answer.
    Done,
}

impl Future for Admit<'_> {
    type Output = Result<Permit, Cause>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Admit { admission, bytes, stage } = &mut *self;
        let Shared { lane, engine, stats, .. } = &*admission.0;
        loop {
            let taken = match stage {
                Stage::New(client) => {
                    let flow = client.flow_of_task();
                    let take = lane.take(lane.units(*bytes, flow.priority), flow);
                    *stage = Stage::Lane { take, waiting: stats.wait() };
                    continue;
                }
                Stage::Lane { take, .. } | Stage::Engine { take, .. } => ready!(Pin::new(take).poll(cx)),
                Stage::Done => unreachable!("a future that is done is not polled again"),
            };
            let (take, of_lane, waiting) = match std::mem::replace(stage, Stage::Done) {
                Stage::Lane { take, waiting } => (take, None, waiting),
                Stage::Engine { take, of_lane, waiting } => (take, Some(of_lane), waiting),
                Stage::New(_) | Stage::Done => unreachable!("it has just been polled"),
            };
            if !taken {
                return Poll::Ready(Err(Cause::Stopped));
            }
            let flow = take.flow();
            let of_engine = engine.units(*bytes, flow.priority);
            let of_lane = match of_lane {
                Some(of_lane) => of_lane,
                None => {
                    let of_lane = Held { units: lane.units(*bytes, flow.priority), quota: lane };
                    if engine.try_take(of_engine, flow.priority).is_err() {
                        *stage = Stage::Engine { take: engine.take(of_engine, flow), of_lane, waiting };
                        continue;
                    }
                    of_lane
                }
            };
            return Poll::Ready(Ok(admission.permit(of_lane, Held { units: of_engine, quota: engine })));
        }
    }
}

fn try_take(quota: &Arc<Quota>, bytes: usize, priority: Priority) -> Result<Held<'_>, Cause> {
    let units = quota.units(bytes, priority);
    quota.try_take(units, priority).map_err(refusal)?;
    Ok(Held { quota, units })
}
