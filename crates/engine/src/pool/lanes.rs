//! The waiting jobs of each device, and the lanes that may start one. Within a lane files take turns.
//!
//! A lane whose workers are all stuck is not in `turns`: its jobs cost nothing, however many they are, and the
//! other lanes are served without it.

use std::collections::VecDeque;

use crate::fair::{FairQueue, Flow, Ticket};
use crate::limits::{BACKGROUND_LEAVES_WORKERS, FAIR_BYTES_PER_OPERATION};
use crate::priority::Priority;

/// The pool's share for one device. Only meaningful to the pool that created it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LaneId(usize);

/// Where a job waits, and what it counts for there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) lane: LaneId,
    pub(crate) flow: Flow,
    /// Bytes that the job reads or writes.
    pub(crate) bytes: u64,
}

#[cfg(test)]
impl From<LaneId> for Place {
    fn from(lane: LaneId) -> Place {
        Place { lane, flow: Flow { priority: Priority::Normal, file: 0, caller: 0 }, bytes: 0 }
    }
}

impl LaneId {
    /// Its place in order of creation.
    pub(super) fn index(self) -> usize {
        self.0
    }
}

/// Identifies one waiting job, so that its submitter can find it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JobId(LaneId, Ticket);

/// The slot of a lane that a running job holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) lane: LaneId,
    in_background: bool,
}

/// All lanes of one pool. No locks and no threads: the queue wraps it in its mutex.
pub(super) struct Lanes<J> {
    lanes: Vec<Lane<J>>,
    /// Lanes with a job that may start now, each once, in round-robin order.
    turns: VecDeque<LaneId>,
    workers_max: usize,
    startable: usize,
}

struct Lane<J> {
    waiting: FairQueue<J>,
    /// Jobs that hold one of its slots.
    running: usize,
    /// Those of them that are in the background.
    in_background: usize,
    /// Stuck jobs that have given theirs back.
    stuck: usize,
    stuck_max: usize,
    /// Whether the lane is in `turns`.
    listed: bool,
}

impl<J> Lanes<J> {
    /// Creates it without lanes; each later lane may hold `workers_max` workers.
    pub(super) fn new(workers_max: usize) -> Lanes<J> {
        Lanes { lanes: Vec::new(), turns: VecDeque::new(), workers_max: workers_max.max(1), startable: 0 }
    }

    /// Adds a lane in which so many stuck jobs do not count.
    pub(super) fn add(&mut self, stuck_max: usize) -> LaneId {
        let waiting = FairQueue::default();
        self.lanes.push(Lane { waiting, running: 0, in_background: 0, stuck: 0, stuck_max, listed: false });
        LaneId(self.lanes.len() - 1)
    }

    /// Queues a job.
    pub(super) fn push(&mut self, Place { lane, flow, bytes }: Place, job: J) -> JobId {
        let cost = bytes.saturating_add(FAIR_BYTES_PER_OPERATION);
        JobId(lane, self.update(lane, |lane| lane.waiting.push(flow, cost, job)))
    }

    /// Takes back a job; `None` if a worker has it.
    pub(super) fn remove(&mut self, JobId(lane, ticket): JobId) -> Option<J> {
        self.update(lane, |lane| lane.waiting.remove(ticket))
    }

    /// Takes the next job of the next lane in turn, and one of the lane's slots.
    pub(super) fn take(&mut self) -> Option<(Slot, J)> {
        let workers_max = self.workers_max;
        loop {
            let id = self.turns.pop_front()?;
            self.lanes[id.0].listed = false;
            // A listed lane without a job has lost it to its submitter.
            let taken = self.update(id, |lane| {
                let background = lane.background_startable(workers_max) > 0;
                let may = |priority| background || priority != Priority::Background;
                let (priority, job) = lane.waiting.pop(may)?;
                let in_background = priority == Priority::Background;
                lane.running += 1;
                lane.in_background += usize::from(in_background);
                Some((Slot { lane: id, in_background }, job))
            });
            if taken.is_some() {
                return taken;
            }
        }
    }

    /// Returns the slot that [`take`](Self::take) took.
    pub(super) fn finish(&mut self, slot: Slot) {
        self.update(slot.lane, |lane| lane.release(slot));
    }

    /// Gives back the slot of a job that is stuck, if its lane allows one more; returns whether it has.
    pub(super) fn set_aside(&mut self, slot: Slot) -> bool {
        let lane = &self.lanes[slot.lane.0];
        let allows = lane.stuck < lane.stuck_max;
        if allows {
            self.update(slot.lane, |lane| {
                lane.release(slot);
                lane.stuck += 1;
            });
        }
        allows
    }

    /// Ends a job that was set aside.
    pub(super) fn finish_aside(&mut self, slot: Slot) {
        self.lanes[slot.lane.0].stuck -= 1;
    }

    /// Whether a job of this lane waits for one of its slots.
    pub(super) fn is_held_up(&self, LaneId(lane): LaneId) -> bool {
        let lane = &self.lanes[lane];
        lane.waiting.len() > lane.startable(self.workers_max)
    }

    /// Whether any job waits, startable or not.
    pub(super) fn has_waiting(&self) -> bool {
        self.lanes.iter().any(|lane| lane.waiting.len() > 0)
    }

    /// Removes every waiting job; running ones are unaffected.
    pub(super) fn drain(&mut self) -> Vec<(JobId, J)> {
        self.turns.clear();
        self.startable = 0;
        let lanes = self.lanes.iter_mut();
        lanes
            .enumerate()
            .flat_map(|(index, lane)| {
                lane.listed = false;
                let jobs = lane.waiting.drain().into_iter();
                jobs.map(move |(ticket, job)| (JobId(LaneId(index), ticket), job))
            })
            .collect()
    }

    /// Number of jobs that a worker could start now.
    pub(super) fn startable(&self) -> usize {
        self.startable
    }

    /// Waiting and running jobs of each lane, in order of creation.
    pub(super) fn counts(&self) -> impl Iterator<Item = (usize, usize)> {
        self.lanes.iter().map(|lane| (lane.waiting.len(), lane.running + lane.stuck))
    }

    /// The only way to change a lane: keeps `startable` and `turns` consistent.
    fn update<R>(&mut self, id: LaneId, change: impl FnOnce(&mut Lane<J>) -> R) -> R {
        let lane = &mut self.lanes[id.0];
        let before = lane.startable(self.workers_max);
        let result = change(lane);
        let after = lane.startable(self.workers_max);
        self.startable = self.startable - before + after;
        if after > 0 && !lane.listed {
            lane.listed = true;
            self.turns.push_back(id);
        }
        result
    }
}

impl<J> Lane<J> {
    fn startable(&self, workers_max: usize) -> usize {
        let background = self.waiting.len_of(Priority::Background);
        let others = self.waiting.len() - background;
        (others + background.min(self.background_startable(workers_max))).min(workers_max - self.running)
    }

    /// How many more jobs may be in the background.
    fn background_startable(&self, workers_max: usize) -> usize {
        let left = workers_max / BACKGROUND_LEAVES_WORKERS;
        (workers_max - left).saturating_sub(self.in_background)
    }

    fn release(&mut self, slot: Slot) {
        self.running -= 1;
        self.in_background -= usize::from(slot.in_background);
    }
}
