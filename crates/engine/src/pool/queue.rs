//! The synchronised core of the pool: which worker takes which job, and which one sleeps.
//!
//! ```text
//!   starting ──┐            ┌── job ──▶ running ──┐
//!              ├──▶ next ───┤                     │
//!              │            └──▶ spinning ──▶ parked ──▶ ended
//!              └───────────────── finished ◀──────┘
//! ```
//!
//! One rule prevents lost wake-ups. A worker is *incoming* while it starts, spins, or has been woken: it will
//! look at the lanes under the lock before it parks. Whenever the lock is released,
//!
//! ```text
//!   startable jobs ≤ incoming workers,  or no worker is parked
//! ```
//!
//! so a push that an incoming worker will see costs one lock and no system call. A worker that finishes a job
//! keeps the rule by itself: it frees at most one job of its lane and takes one.
//!
//! Nothing here starts a thread: [`Queue::push`] returns what to do, and the pool (or a loom model) does it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::lanes::{JobId, LaneId, Lanes, Place, Slot};
use super::thread::yield_now;
use crate::limits::{Limits, WORKER_SPIN_ROUNDS, WORKER_SPIN_ROUNDS_PER_YIELD, WORKERS_SPINNING_MAX};
use crate::sync::{
    AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, has_passed, lock, mutant, spin, wait_until,
};

/// Jobs by lane, and the workers that wait for them.
pub(super) struct Queue<J> {
    state: Mutex<State<J>>,
    /// Startable jobs, written under the lock and read by spinning workers without it. It is a hint: a worker
    /// looks again under the lock, so Relaxed is enough.
    hint: AtomicUsize,
    /// Workers that are stuck: a hint too.
    stuck: AtomicUsize,
    /// Notified when the last worker has ended.
    ended: Condvar,
    workers_max: usize,
    spare_workers_max: usize,
    worker_idle_max: Duration,
}

struct State<J> {
    lanes: Lanes<J>,
    admission: Admission,
    /// Live workers, including those that are starting.
    workers: usize,
    starting: usize,
    spinning: usize,
    /// Removed from `parked` but not yet back under the lock.
    woken: usize,
    /// Parked workers. The last one is woken first: its caches are warm, and the others may expire.
    parked: Vec<Wakeup>,
    /// Numbers of ended workers, for reuse.
    numbers: Vec<usize>,
    /// What each worker is at, by its number.
    watched: Vec<Watched>,
    /// Workers whose jobs are stuck. They do not count against the limit.
    stuck: usize,
    /// Jobs begun so far.
    begun: u64,
    threads_started: u64,
    spawn_failures: u64,
}

/// Whether jobs are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Admission {
    /// Jobs are accepted, and workers wait for them.
    Open,
    /// No job is accepted; a worker that finds none to start ends.
    Closed,
}

/// What a sweep knows of one worker.
#[derive(Clone, Copy, Debug)]
struct Watched {
    /// The number of its job, and the slot it holds; `None` between two jobs.
    job: Option<(u64, Slot)>,
    /// The job that the last sweep saw.
    seen: u64,
    standing: Standing,
}

/// How a job counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Its worker counts against the limit, and it holds a slot of its lane.
    Counted,
    /// It is stuck: its worker does not count, and it holds its slot.
    Stuck,
    /// It is stuck, and holds no slot.
    Aside,
}

const UNWATCHED: Watched = Watched { job: None, seen: 0, standing: Standing::Counted };

/// What a sweep requires of its caller, without the lock.
pub(super) struct Swept {
    pub(super) wakeups: Vec<Wakeup>,
    /// Workers to start, as for [`Pushed::Spawn`], but for no job in particular.
    pub(super) seats: Vec<Seat>,
    /// Whether jobs wait, so that there should be another sweep.
    pub(super) waiting: bool,
}

/// What a push requires of its caller, without the lock.
pub(super) enum Pushed {
    /// Nothing: a spinning worker sees the job now.
    Seen,
    /// Nothing: an incoming worker will see the job, or all are busy.
    Covered,
    /// Wake this worker, which was parked.
    Wake(Wakeup),
    /// Start a worker with this seat, or report the failure to [`Queue::spawn_failed`].
    Spawn(Seat),
}

/// Consequence of a worker that could not be started.
pub(super) enum SpawnFailure<J> {
    /// Other workers are alive; the wakeup is for one that must take over the job of the failed one.
    Degraded(Option<Wakeup>),
    /// No worker is left to run the queued jobs, so they are returned.
    Stranded {
        /// The job of the push that asked for the worker, unless it has run in the meantime.
        own: Option<J>,
        /// Jobs of others that relied on a worker that failed as well.
        others: Vec<J>,
    },
}

/// The place of one worker in the pool.
pub(super) struct Seat {
    number: usize,
    wakeup: Wakeup,
    stage: Stage,
}

/// What a worker was doing when it last released the lock.
enum Stage {
    /// It has not asked for a job yet.
    Starting,
    /// It ran a job of this lane and still holds the lane's slot.
    Running(Slot),
}

/// Wakes one parked worker. A stale notification is harmless: a worker that is still in `parked` parks again.
#[derive(Clone)]
pub(super) struct Wakeup(Arc<Condvar>);

/// The queue's numbers at one moment.
pub(super) struct Counts {
    pub(super) workers: usize,
    pub(super) parked: usize,
    pub(super) spinning: usize,
    pub(super) threads_started: u64,
    pub(super) spawn_failures: u64,
    /// Waiting and running jobs of each lane.
    pub(super) lanes: Vec<(usize, usize)>,
}

impl<J> Queue<J> {
    pub(super) fn new(limits: &Limits) -> Queue<J> {
        Queue {
            state: Mutex::new(State {
                lanes: Lanes::new(limits.lane_workers_max),
                admission: Admission::Open,
                workers: 0,
                starting: 0,
                spinning: 0,
                woken: 0,
                parked: Vec::new(),
                numbers: Vec::new(),
                watched: Vec::new(),
                stuck: 0,
                begun: 0,
                threads_started: 0,
                spawn_failures: 0,
            }),
            hint: AtomicUsize::new(0),
            stuck: AtomicUsize::new(0),
            ended: Condvar::new(),
            workers_max: limits.workers_max.max(1),
            spare_workers_max: limits.spare_workers_max,
            worker_idle_max: limits.worker_idle_max,
        }
    }

    pub(super) fn add_lane(&self, stuck_max: usize) -> LaneId {
        lock(&self.state).lanes.add(stuck_max)
    }

    /// Queues a job; returns it if the queue is closed.
    pub(super) fn push(&self, place: Place, job: J) -> Result<(Pushed, JobId), J> {
        self.push_if(place, job, |state| state.admission == Admission::Open)
    }

    /// Queues a job even if the queue is closed, while a worker lives: it looks at the lanes once more before
    /// it ends.
    pub(super) fn push_late(&self, place: Place, job: J) -> Result<(Pushed, JobId), J> {
        self.push_if(place, job, |state| state.admission == Admission::Open || state.workers > 0)
    }

    fn push_if(
        &self,
        place: Place,
        job: J,
        admits: impl FnOnce(&State<J>) -> bool,
    ) -> Result<(Pushed, JobId), J> {
        let mut state = lock(&self.state);
        if !admits(&state) {
            return Err(job);
        }
        let id = state.lanes.push(place, job);
        self.publish(&state);
        // Cheapest first: an incoming worker, then a parked one, then a new one, else the job waits for a busy
        // one.
        if state.is_covered() {
            // One that has to wait for a slot of its lane is seen by no worker yet, and those that hold the slots may
            // be stuck.
            let is_seen = state.spinning > 0 && !state.lanes.is_held_up(place.lane);
            return Ok((if is_seen { Pushed::Seen } else { Pushed::Covered }, id));
        }
        if let Some(wakeup) = state.unpark() {
            return Ok((Pushed::Wake(wakeup), id));
        }
        if self.may_grow(&state) {
            return Ok((Pushed::Spawn(state.seat()), id));
        }
        Ok((Pushed::Covered, id))
    }

    /// As if a worker were about to look at the lanes.
    #[cfg(all(test, not(folio_loom)))]
    pub(super) fn pretend_spinning(&self) {
        lock(&self.state).spinning += 1;
    }

    /// Takes back a job that no worker has begun.
    pub(super) fn withdraw(&self, id: JobId) -> Option<J> {
        let mut state = lock(&self.state);
        let job = state.lanes.remove(id);
        self.publish(&state);
        job
    }

    /// Waits for the next job; `None` ends the worker. Returns the slot of its previous job.
    pub(super) fn next(&self, seat: &mut Seat) -> Option<J> {
        let mut state = lock(&self.state);
        let stuck = state.stuck;
        state.arrive(seat);
        if state.stuck != stuck {
            self.publish_stuck(&state);
        }
        let mut has_spun = false;
        let mut expires = None;
        // A worker looks at the lanes, spins once, looks again, and parks; after each wake-up it begins anew.
        loop {
            if let Some((slot, job)) = state.lanes.take() {
                self.publish(&state);
                seat.stage = Stage::Running(slot);
                state.watch(seat.number, slot);
                return Some(job);
            }
            let surplus = state.workers - state.stuck > self.workers_max;
            if state.admission == Admission::Closed || surplus || has_passed(expires) {
                self.retire(state, seat);
                return None;
            }
            if !has_spun && state.spinning < WORKERS_SPINNING_MAX {
                has_spun = true;
                state = self.spin(state);
                if !mutant("queue-parks-without-recheck") {
                    continue;
                }
            }
            if expires.is_none() {
                expires = Instant::now().checked_add(self.worker_idle_max);
            }
            state = self.park(state, seat, expires);
        }
    }

    /// Finds workers that are still at the job of the sweep before: they are stuck, and others may be started
    /// beside them.
    pub(super) fn sweep(&self) -> Swept {
        let mut state = lock(&self.state);
        for number in 0..state.watched.len() {
            state.sweep_one(number);
        }
        self.publish_stuck(&state);
        self.publish(&state);
        let mut swept = Swept { wakeups: Vec::new(), seats: Vec::new(), waiting: state.lanes.has_waiting() };
        while !state.is_covered() && !mutant("queue-sweep-leaves-the-jobs") {
            if let Some(wakeup) = state.unpark() {
                swept.wakeups.push(wakeup);
            } else if self.may_grow(&state) {
                swept.seats.push(state.seat());
            } else {
                break;
            }
        }
        swept
    }

    /// Whether one more worker may be started. Stuck ones do not count, up to a limit.
    fn may_grow(&self, state: &State<J>) -> bool {
        state.workers - state.stuck < self.workers_max
            && state.workers < self.workers_max.saturating_add(self.spare_workers_max)
    }

    /// Takes back the seat of a worker whose thread could not be started, and the job that it was for.
    pub(super) fn spawn_failed(&self, number: usize, id: Option<JobId>) -> SpawnFailure<J> {
        let mut state = lock(&self.state);
        state.starting -= 1;
        state.threads_started -= 1;
        state.spawn_failures += 1;
        state.free(number);
        if state.workers > 0 {
            // Since the push a worker may have parked, and another push may have relied on the failed start.
            // That push woke no worker, so one is woken here.
            if state.is_covered() || mutant("queue-failed-spawn-forgets-the-parked") {
                return SpawnFailure::Degraded(None);
            }
            return SpawnFailure::Degraded(state.unpark());
        }
        let mut stranded = state.lanes.drain();
        self.publish(&state);
        drop(state);
        self.ended.notify_all();
        let own = stranded.iter().position(|(other, _)| Some(*other) == id);
        let own = own.map(|index| stranded.swap_remove(index).1);
        SpawnFailure::Stranded { own, others: stranded.into_iter().map(|(_, job)| job).collect() }
    }

    /// Stops admission. Workers execute the queued jobs and then end.
    pub(super) fn close(&self) {
        let mut state = lock(&self.state);
        state.admission = Admission::Closed;
        let parked = std::mem::take(&mut state.parked);
        state.woken += parked.len();
        drop(state);
        if mutant("queue-close-forgets-to-notify") {
            return;
        }
        parked.iter().for_each(Wakeup::notify);
    }

    /// Removes every job that no worker has begun.
    pub(super) fn drain(&self) -> Vec<J> {
        let mut state = lock(&self.state);
        let drained = state.lanes.drain();
        self.publish(&state);
        drop(state);
        drained.into_iter().map(|(_, job)| job).collect()
    }

    pub(super) fn is_closed(&self) -> bool {
        lock(&self.state).admission == Admission::Closed
    }

    /// Blocks until no worker is alive or the deadline has passed; returns whether none is.
    pub(super) fn wait_ended(&self, deadline: Option<Instant>) -> bool {
        let mut state = lock(&self.state);
        while state.workers > 0 {
            if has_passed(deadline) {
                return false;
            }
            state = wait_until(&self.ended, state, deadline);
        }
        true
    }

    pub(super) fn counts(&self) -> Counts {
        let state = lock(&self.state);
        Counts {
            workers: state.workers,
            parked: state.parked.len(),
            spinning: state.spinning,
            threads_started: state.threads_started,
            spawn_failures: state.spawn_failures,
            lanes: state.lanes.counts().collect(),
        }
    }

    /// Whether a job could start that no worker has taken. A hint, without the lock.
    pub(super) fn has_startable(&self) -> bool {
        self.hint.load(Ordering::Relaxed) > 0
    }

    /// Whether a worker is stuck. A hint, without the lock.
    pub(super) fn has_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed) > 0
    }

    fn publish_stuck(&self, state: &State<J>) {
        self.stuck.store(state.stuck, Ordering::Relaxed);
    }

    fn publish(&self, state: &State<J>) {
        self.hint.store(state.lanes.startable(), Ordering::Relaxed);
    }

    /// Spins for work without the lock. The caller looks at the lanes again before it parks: a push may have
    /// relied on this worker until it takes the lock back.
    fn spin<'a>(&'a self, mut state: MutexGuard<'a, State<J>>) -> MutexGuard<'a, State<J>> {
        state.spinning += 1;
        drop(state);
        let mut rounds = 1;
        while self.hint.load(Ordering::Relaxed) == 0 && rounds < WORKER_SPIN_ROUNDS {
            rounds += 1;
            // A caller that was just answered may have been put on this very core.
            if rounds % WORKER_SPIN_ROUNDS_PER_YIELD == 0 {
                yield_now();
            }
            spin();
        }
        let mut state = lock(&self.state);
        state.spinning -= 1;
        state
    }

    /// Waits until another thread removes it from `parked`, or removes itself when its time is over.
    fn park<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<J>>,
        seat: &Seat,
        expires: Option<Instant>,
    ) -> MutexGuard<'a, State<J>> {
        state.parked.push(seat.wakeup.clone());
        loop {
            state = wait_until(&seat.wakeup.0, state, expires);
            let Some(index) = state.parked.iter().position(|wakeup| wakeup.is(&seat.wakeup)) else {
                state.woken -= usize::from(!mutant("queue-never-forgets-a-wake"));
                return state;
            };
            if has_passed(expires) {
                state.parked.remove(index);
                return state;
            }
        }
    }

    fn retire(&self, mut state: MutexGuard<'_, State<J>>, seat: &Seat) {
        state.free(seat.number);
        let is_last = state.workers == 0;
        drop(state);
        if is_last {
            self.ended.notify_all();
        }
    }
}

impl<J> State<J> {
    /// Whether every startable job has an incoming worker.
    fn is_covered(&self) -> bool {
        if self.spinning > 0 && mutant("queue-spinner-covers-every-job") {
            return true;
        }
        self.lanes.startable() <= self.starting + self.spinning + self.woken
    }

    fn unpark(&mut self) -> Option<Wakeup> {
        let wakeup = self.parked.pop()?;
        self.woken += 1;
        Some(wakeup)
    }

    /// Creates a seat. Numbers are reused, so that a thread's name fits into the kernel's 15 bytes: used and
    /// free numbers are always `0..workers + free`.
    fn seat(&mut self) -> Seat {
        let number = self.numbers.pop().unwrap_or(self.workers);
        self.workers += 1;
        self.starting += 1;
        self.threads_started += 1;
        Seat { number, wakeup: Wakeup(Arc::new(Condvar::new())), stage: Stage::Starting }
    }

    fn free(&mut self, number: usize) {
        self.workers -= 1;
        self.numbers.push(number);
    }

    fn arrive(&mut self, seat: &Seat) {
        match seat.stage {
            Stage::Starting => self.starting -= 1,
            Stage::Running(slot) => self.end_job(seat.number, slot),
        }
    }

    fn end_job(&mut self, number: usize, slot: Slot) {
        let watched = std::mem::replace(&mut self.watched[number], UNWATCHED);
        match watched.standing {
            Standing::Counted => self.lanes.finish(slot),
            Standing::Stuck => {
                self.stuck -= 1;
                self.lanes.finish(slot);
            }
            Standing::Aside => {
                self.stuck -= 1;
                self.lanes.finish_aside(slot);
            }
        }
    }

    fn watch(&mut self, number: usize, slot: Slot) {
        self.begun += 1;
        if self.watched.len() <= number {
            self.watched.resize(number + 1, UNWATCHED);
        }
        self.watched[number].job = Some((self.begun, slot));
    }

    fn sweep_one(&mut self, number: usize) {
        let watched = &mut self.watched[number];
        let Some((job, slot)) = watched.job else { return };
        let is_new = watched.seen != job;
        watched.seen = job;
        if is_new || watched.standing == Standing::Aside {
            return;
        }
        if watched.standing == Standing::Counted {
            self.stuck += 1;
        }
        watched.standing = if self.lanes.set_aside(slot) { Standing::Aside } else { Standing::Stuck };
    }
}

impl Seat {
    /// Distinguishes this worker from the other live ones.
    pub(super) fn number(&self) -> usize {
        self.number
    }
}

impl Wakeup {
    pub(super) fn notify(&self) {
        self.0.notify_one();
    }

    fn is(&self, other: &Wakeup) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
