//! Models of the queue: no wake-up is lost, and every worker ends.
//!
//! A model has no time, so a worker that is not woken stays asleep and loom reports a deadlock.

use std::sync::Arc;

use super::lanes::LaneId;
use super::queue::{Pushed, Queue, Seat, SpawnFailure};
use crate::limits::Limits;
use crate::mutants::{assert_caught, explore};
use crate::sync::{Condvar, Mutex, lock, wait_until};

/// What a worker of a model does.
enum Task {
    /// Counts itself.
    Count,
    /// Waits until so many others have counted, then counts itself.
    CountAfter(usize),
}

#[derive(Clone)]
struct Model {
    queue: Arc<Queue<Task>>,
    lane: LaneId,
    done: Arc<Tally>,
}

struct Tally {
    count: Mutex<usize>,
    changed: Condvar,
}

impl Tally {
    fn add(&self) {
        *lock(&self.count) += 1;
        self.changed.notify_all();
    }

    fn wait_for(&self, count: usize) {
        let mut now = lock(&self.count);
        while *now < count {
            now = wait_until(&self.changed, now, None);
        }
    }
}

impl Model {
    fn new(workers_max: usize) -> Model {
        let limits = Limits { workers_max, lane_workers_max: workers_max, ..Limits::default() };
        let queue = Arc::new(Queue::new(&limits));
        let lane = queue.add_lane(0);
        let done = Arc::new(Tally { count: Mutex::new(0), changed: Condvar::new() });
        Model { queue, lane, done }
    }

    fn submit(&self, task: Task) {
        match self.queue.push(self.lane.into(), task) {
            Ok((Pushed::Seen | Pushed::Covered, _)) => {}
            Ok((Pushed::Wake(wakeup), _)) => wakeup.notify(),
            Ok((Pushed::Spawn(seat), _)) => self.start(seat),
            Err(_) => panic!("the queue is open"),
        }
    }

    /// Submits while the system refuses threads.
    fn submit_without_threads(&self, task: Task) {
        match self.queue.push(self.lane.into(), task) {
            Ok((Pushed::Seen | Pushed::Covered, _)) => {}
            Ok((Pushed::Wake(wakeup), _)) => wakeup.notify(),
            Ok((Pushed::Spawn(seat), id)) => match self.queue.spawn_failed(seat.number(), Some(id)) {
                SpawnFailure::Degraded(wakeup) => wakeup.iter().for_each(|wakeup| wakeup.notify()),
                // The first worker did everything and ended before this thread could report.
                SpawnFailure::Stranded { own, others } => assert!(own.is_none() && others.is_empty()),
            },
            Err(_) => panic!("the queue is open"),
        }
    }

    fn start(&self, mut seat: Seat) {
        let model = self.clone();
        loom::thread::spawn(move || {
            while let Some(task) = model.queue.next(&mut seat) {
                match task {
                    Task::Count => {}
                    Task::CountAfter(others) => model.done.wait_for(others),
                }
                model.done.add();
            }
        });
    }

    fn finish(&self, tasks: usize) {
        self.queue.close();
        assert!(self.queue.wait_ended(None));
        assert_eq!(*lock(&self.done.count), tasks, "tasks done");
    }
}

#[test]
fn a_job_is_met_by_the_worker_that_parks() {
    explore(|| {
        let model = Model::new(1);
        model.submit(Task::Count);
        model.submit(Task::Count);
        model.done.wait_for(2);
        model.finish(2);
    });
}

#[test]
fn two_submitters_both_reach_the_one_worker() {
    explore(|| {
        let model = Model::new(1);
        model.submit(Task::Count);
        let other = model.clone();
        loom::thread::spawn(move || other.submit(Task::Count));
        model.submit(Task::Count);
        model.done.wait_for(3);
        model.finish(3);
    });
}

#[test]
fn closing_ends_every_worker_and_drops_no_job() {
    explore(|| {
        let model = Model::new(2);
        model.submit(Task::Count);
        model.submit(Task::Count);
        model.finish(2);
    });
}

#[test]
fn a_job_does_not_wait_behind_one_that_needs_it() {
    explore(|| {
        let model = Model::new(2);
        model.submit(Task::Count);
        model.submit(Task::CountAfter(2));
        model.submit(Task::Count);
        model.done.wait_for(3);
        model.finish(3);
    });
}

#[test]
fn a_refused_thread_leaves_no_job_behind() {
    explore(|| {
        let model = Model::new(2);
        model.submit(Task::Count);
        let other = model.clone();
        loom::thread::spawn(move || other.submit_without_threads(Task::Count));
        model.submit_without_threads(Task::Count);
        model.done.wait_for(3);
        model.finish(3);
    });
}

#[test]
fn a_job_passes_a_worker_that_is_stuck() {
    explore(|| {
        let model = Model::new(1);
        model.submit(Task::CountAfter(1));
        let aside = Model { lane: model.queue.add_lane(0), ..model.clone() };
        aside.submit(Task::Count);
        while *lock(&model.done.count) < 2 {
            let swept = model.queue.sweep();
            swept.wakeups.iter().for_each(|wakeup| wakeup.notify());
            swept.seats.into_iter().for_each(|seat| model.start(seat));
            crate::sync::spin();
        }
        model.finish(2);
    });
}

#[test]
fn the_models_catch_their_mutants() {
    for (model, mutant) in [
        ("a_job_is_met_by_the_worker_that_parks", "queue-parks-without-recheck"),
        ("two_submitters_both_reach_the_one_worker", "queue-parks-without-recheck"),
        ("two_submitters_both_reach_the_one_worker", "queue-never-forgets-a-wake"),
        ("closing_ends_every_worker_and_drops_no_job", "queue-close-forgets-to-notify"),
        ("a_job_does_not_wait_behind_one_that_needs_it", "queue-spinner-covers-every-job"),
        ("a_job_passes_a_worker_that_is_stuck", "queue-sweep-leaves-the-jobs"),
        ("a_refused_thread_leaves_no_job_behind", "queue-failed-spawn-forgets-the-parked"),
    ] {
        assert_caught(&format!("pool::loom::{model}"), mutant);
    }
}
