//! The waiting jobs, one FIFO per device, and the lanes that may start one.
//!
//! A lane whose workers are all stuck is not in `turns`: its jobs cost nothing, however many they are, and the
//! other lanes are served without it.

use std::collections::VecDeque;

/// The pool's share for one device. Only meaningful to the pool that created it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LaneId(usize);

impl LaneId {
    /// Its place in order of creation.
    pub(super) fn index(self) -> usize {
        self.0
    }
}

/// Identifies one waiting job, so that its submitter can find it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JobId(u64);

/// All lanes of one pool. No locks and no threads: the queue wraps it in its mutex.
pub(super) struct Lanes<J> {
    lanes: Vec<Lane<J>>,
    /// Lanes with a job that may start now, each once, in round-robin order.
    turns: VecDeque<LaneId>,
    workers_max: usize,
    startable: usize,
    ids: u64,
}

struct Lane<J> {
    waiting: VecDeque<(JobId, J)>,
    running: usize,
    /// Whether the lane is in `turns`.
    listed: bool,
}

impl<J> Lanes<J> {
    /// Creates it without lanes; each later lane may hold `workers_max` workers.
    pub(super) fn new(workers_max: usize) -> Lanes<J> {
        Lanes {
            lanes: Vec::new(),
            turns: VecDeque::new(),
            workers_max: workers_max.max(1),
            startable: 0,
            ids: 0,
        }
    }

    pub(super) fn add(&mut self) -> LaneId {
        self.lanes.push(Lane { waiting: VecDeque::new(), running: 0, listed: false });
        LaneId(self.lanes.len() - 1)
    }

    pub(super) fn push(&mut self, lane: LaneId, job: J) -> JobId {
        let id = JobId(self.ids);
        self.ids += 1;
        self.update(lane, |lane| lane.waiting.push_back((id, job)));
        id
    }

    /// Takes the oldest job of the next lane in turn, and one of the lane's slots.
    pub(super) fn take(&mut self) -> Option<(LaneId, J)> {
        let id = self.turns.pop_front()?;
        self.lanes[id.0].listed = false;
        let taken = self.update(id, |lane| {
            lane.running += 1;
            lane.waiting.pop_front()
        });
        let (_, job) = taken.expect("a listed lane has a job that may start");
        Some((id, job))
    }

    /// Returns the slot that [`take`](Self::take) took.
    pub(super) fn finish(&mut self, id: LaneId) {
        self.update(id, |lane| lane.running -= 1);
    }

    /// Removes every waiting job; running ones are unaffected.
    pub(super) fn drain(&mut self) -> Vec<(JobId, J)> {
        self.turns.clear();
        self.startable = 0;
        let lanes = self.lanes.iter_mut();
        lanes
            .flat_map(|lane| {
                lane.listed = false;
                lane.waiting.drain(..)
            })
            .collect()
    }

    /// Number of jobs that a worker could start now.
    pub(super) fn startable(&self) -> usize {
        self.startable
    }

    /// Waiting and running jobs of each lane, in order of creation.
    pub(super) fn counts(&self) -> impl Iterator<Item = (usize, usize)> {
        self.lanes.iter().map(|lane| (lane.waiting.len(), lane.running))
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
        self.waiting.len().min(workers_max - self.running)
    }
}
