//! The pool with real threads, and its lanes and its queue without any.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use super::lanes::Lanes;
use super::queue::{Pushed, Queue, SpawnFailure};
use super::{Job, LaneId, LaneSnapshot, Place, Pool};
use crate::fair::Flow;
use crate::limits::Limits;
use crate::priority::Priority;
use crate::random::{Random, seeds};

/// Longer than any test takes: a test that waits so long has failed.
const FOREVER: Duration = Duration::from_secs(60);

struct Call<F>(F);

impl<F: FnOnce() + Send> Job for Call<F> {
    fn run(self: Box<Self>) {
        (self.0)();
    }
}

fn job(work: impl FnOnce() + Send + 'static) -> Box<dyn Job> {
    Box::new(Call(work))
}

fn limits(workers_max: usize, lane_workers_max: usize, worker_idle_max: Duration) -> Limits {
    Limits { workers_max, lane_workers_max, worker_idle_max, ..Limits::default() }
}

fn pool(workers_max: usize, lane_workers_max: usize) -> Pool {
    Pool::start(&limits(workers_max, lane_workers_max, FOREVER))
}

fn submit(pool: &Pool, lane: LaneId, work: impl FnOnce() + Send + 'static) {
    assert!(pool.submit(lane.into(), job(work)).is_ok(), "the pool is open");
}

fn finish(pool: &Pool) {
    pool.close();
    assert!(pool.join(Instant::now() + FOREVER), "workers left: {pool:?}");
}

fn receive<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(FOREVER).expect("something is sent")
}

/// Submits jobs that report their begin and then wait for the gate, which is closed while it is locked for
/// writing.
fn submit_stuck(pool: &Pool, lane: LaneId, jobs: usize, gate: &Arc<RwLock<()>>, begun: &Sender<()>) {
    for _ in 0..jobs {
        let (gate, begun) = (gate.clone(), begun.clone());
        submit(pool, lane, move || {
            begun.send(()).expect("the test listens");
            drop(gate.read());
        });
    }
}

#[test]
fn threads_never_exceed_workers_max() {
    for (workers_max, jobs) in [(1, 1), (1, 9), (3, 2), (3, 20), (16, 100)] {
        let pool = pool(workers_max, workers_max);
        let lane = pool.add_lane();
        let gate = Arc::new(RwLock::new(()));
        let (begun, begins) = channel();
        let shut = gate.write().expect("no job panics");
        submit_stuck(&pool, lane, jobs, &gate, &begun);
        let busy = jobs.min(workers_max);
        (0..busy).for_each(|_| receive(&begins));
        let now = pool.snapshot();
        assert_eq!((now.workers, now.running, now.queued), (busy, busy, jobs - busy), "{now:?}");
        assert!(begins.try_recv().is_err(), "a job more than there are workers");
        drop(shut);
        finish(&pool);
        assert_eq!(begins.try_iter().count(), jobs - busy);
        assert_eq!(pool.snapshot().threads_started, busy as u64);
    }
}

#[test]
fn i1_a_stuck_lane_leaves_other_lanes_alone() {
    for (workers_max, lane_workers_max, jobs) in [(2, 1, 1), (2, 1, 50), (4, 3, 50), (16, 12, 200)] {
        let pool = pool(workers_max, lane_workers_max);
        let (stuck, free) = (pool.add_lane(), pool.add_lane());
        let gate = Arc::new(RwLock::new(()));
        let (begun, begins) = channel();
        let shut = gate.write().expect("no job panics");
        submit_stuck(&pool, stuck, jobs, &gate, &begun);
        (0..jobs.min(lane_workers_max)).for_each(|_| receive(&begins));
        for number in 0..100 {
            let (done, answers) = channel();
            submit(&pool, free, move || done.send(number).expect("the test listens"));
            assert_eq!(receive(&answers), number);
        }
        let share = pool.snapshot().lanes[0];
        let running = jobs.min(lane_workers_max);
        assert_eq!(share, LaneSnapshot { queued: jobs - running, running });
        drop(shut);
        finish(&pool);
    }
}

#[test]
fn i1_no_sum_of_stuck_lanes_takes_the_last_worker() {
    const STUCK_LANES: usize = 9;
    for (workers_max, lane_workers_max) in [(1, 1), (4, 3), (16, 12)] {
        let pool = pool(workers_max, lane_workers_max);
        let free = pool.add_lane();
        let gate = Arc::new(RwLock::new(()));
        let (begun, begins) = channel();
        let shut = gate.write().expect("no job panics");
        for lane in 1..=STUCK_LANES {
            submit_stuck(&pool, pool.add_lane(), lane_workers_max, &gate, &begun);
            let stuck = lane * lane_workers_max;
            while pool.snapshot().running < stuck {
                pool.sweep();
            }
        }
        (0..STUCK_LANES * lane_workers_max).for_each(|_| receive(&begins));
        let (done, answers) = channel();
        submit(&pool, free, move || done.send(()).expect("the test listens"));
        sweep_until(&pool, 1, &answers);
        drop(shut);
        finish(&pool);
    }
}

/// Sweeps until so many messages came. A worker that has just been started is not stuck yet, so a number of sweeps says
/// nothing.
fn sweep_until<T>(pool: &Pool, count: usize, messages: &Receiver<T>) {
    let mut came = 0;
    while came < count {
        pool.sweep();
        came += messages.try_iter().count();
        thread::yield_now();
    }
}

#[test]
fn i1_stuck_requests_leave_slots_to_others_of_their_lane() {
    let pool = pool(4, 3);
    let lane = pool.add_lane_of_many();
    let gate = Arc::new(RwLock::new(()));
    let (begun, begins) = channel();
    let shut = gate.write().expect("no job panics");
    submit_stuck(&pool, lane, 50, &gate, &begun);
    let (done, answers) = channel();
    submit(&pool, lane, move || done.send(()).expect("the test listens"));
    sweep_until(&pool, 50, &begins);
    sweep_until(&pool, 1, &answers);
    assert!(pool.snapshot().workers <= 54, "{pool:?}");
    drop(shut);
    finish(&pool);
}

#[test]
fn b3_spare_workers_are_bounded_and_end_with_what_was_stuck() {
    let limits = Limits { spare_workers_max: 3, ..limits(2, 2, FOREVER) };
    let pool = Pool::start(&limits);
    let gate = Arc::new(RwLock::new(()));
    let (begun, begins) = channel();
    let shut = gate.write().expect("no job panics");
    for _ in 0..5 {
        submit_stuck(&pool, pool.add_lane(), 2, &gate, &begun);
    }
    sweep_until(&pool, 5, &begins);
    for _ in 0..4 {
        pool.sweep();
    }
    assert_eq!((pool.snapshot().workers, pool.snapshot().queued), (5, 5));
    drop(shut);
    (0..5).for_each(|_| receive(&begins));
    while pool.snapshot().workers > 2 {
        thread::yield_now();
    }
    finish(&pool);
}

#[test]
fn a_panic_costs_one_job_and_no_worker() {
    let pool = pool(1, 1);
    let lane = pool.add_lane();
    for _ in 0..3 {
        submit(&pool, lane, || std::panic::resume_unwind(Box::new("planted")));
    }
    let (done, answers) = channel();
    submit(&pool, lane, move || done.send(()).expect("the test listens"));
    receive(&answers);
    let now = pool.snapshot();
    assert_eq!((now.panics, now.workers, now.threads_started, now.queued), (3, 1, 1, 0));
    finish(&pool);
}

#[test]
fn close_carries_out_what_is_queued_and_takes_no_more() {
    let pool = pool(2, 1);
    let lanes = [pool.add_lane(), pool.add_lane()];
    let done = Arc::new(AtomicUsize::new(0));
    for number in 0..100 {
        let done = done.clone();
        submit(&pool, lanes[number % 2], move || {
            done.fetch_add(1, Ordering::Relaxed);
        });
    }
    pool.close();
    let refused = pool.submit(lanes[0].into(), job(|| {}));
    refused.expect_err("a closed pool gives the job back").run();
    assert!(pool.join(Instant::now() + FOREVER));
    assert_eq!(done.load(Ordering::Relaxed), 100);
    let now = pool.snapshot();
    assert_eq!((now.workers, now.idle, now.spinning, now.queued, now.running), (0, 0, 0, 0, 0), "{now:?}");
}

#[test]
fn a_late_job_is_taken_as_long_as_a_worker_lives() {
    let pool = pool(1, 1);
    let lane = pool.add_lane();
    let (begun, begins) = channel();
    let gate = Arc::new(RwLock::new(()));
    let shut = gate.write().unwrap();
    submit_stuck(&pool, lane, 1, &gate, &begun);
    receive(&begins);
    pool.close();
    let (said, heard) = channel();
    assert!(pool.submit_late(lane.into(), job(move || said.send(()).expect("the test listens"))).is_ok());
    drop(shut);
    receive(&heard);
    assert!(pool.join(Instant::now() + FOREVER));
    assert!(pool.submit_late(lane.into(), job(|| {})).is_err(), "nobody is left to do it");
}

#[test]
fn join_gives_up_at_its_deadline() {
    let pool = pool(1, 1);
    let lane = pool.add_lane();
    let gate = Arc::new(RwLock::new(()));
    let (begun, begins) = channel();
    let shut = gate.write().expect("no job panics");
    submit_stuck(&pool, lane, 1, &gate, &begun);
    receive(&begins);
    pool.close();
    assert!(!pool.join(Instant::now()));
    drop(shut);
    assert!(pool.join(Instant::now() + FOREVER));
}

#[test]
fn abandoned_jobs_are_dropped_and_never_run() {
    let pool = pool(1, 1);
    let lanes = [pool.add_lane(), pool.add_lane()];
    let gate = Arc::new(RwLock::new(()));
    let (begun, begins) = channel();
    let shut = gate.write().expect("no job panics");
    submit_stuck(&pool, lanes[0], 1, &gate, &begun);
    receive(&begins);
    let held = Arc::new(());
    for number in 0..10 {
        let held = held.clone();
        submit(&pool, lanes[number % 2], move || unreachable!("{held:?} is abandoned"));
    }
    assert_eq!(pool.abandon(), 10);
    assert_eq!(Arc::strong_count(&held), 1, "every job was dropped");
    assert_eq!(pool.abandon(), 0);
    drop(shut);
    let (done, answers) = channel();
    submit(&pool, lanes[1], move || done.send(()).expect("the test listens"));
    receive(&answers);
    finish(&pool);
    assert_eq!(pool.snapshot().panics, 0);
}

#[test]
fn an_idle_thread_ends_and_the_next_job_starts_another() {
    let pool = Pool::start(&limits(2, 2, Duration::from_millis(1)));
    let lane = pool.add_lane();
    for started in 1..=3 {
        let (done, names) = channel();
        submit(&pool, lane, move || {
            done.send(thread::current().name().map(str::to_owned)).expect("the test listens");
        });
        assert_eq!(receive(&names).as_deref(), Some("folio-worker-0"));
        assert!(pool.join(Instant::now() + FOREVER), "the worker stays: {pool:?}");
        assert_eq!(pool.snapshot().threads_started, started);
    }
}

#[test]
fn lanes_take_turns() {
    fn check(loads: &[usize], expected: &[usize]) {
        let pool = pool(1, 1);
        let first = pool.add_lane();
        let gate = Arc::new(RwLock::new(()));
        let (begun, begins) = channel();
        let shut = gate.write().expect("no job panics");
        submit_stuck(&pool, first, 1, &gate, &begun);
        receive(&begins);
        let (done, order) = channel();
        for (number, load) in loads.iter().enumerate() {
            let lane = pool.add_lane();
            for _ in 0..*load {
                let done = done.clone();
                submit(&pool, lane, move || done.send(number).expect("the test listens"));
            }
        }
        drop(shut);
        finish(&pool);
        assert_eq!(order.try_iter().collect::<Vec<_>>(), expected, "loads {loads:?}");
    }
    check(&[3], &[0, 0, 0]);
    check(&[2, 2], &[0, 1, 0, 1]);
    check(&[4, 1, 2], &[0, 1, 2, 0, 2, 0, 0]);
    check(&[0, 2, 1], &[1, 2, 1]);
}

#[test]
fn every_job_runs_once_while_workers_come_and_go() {
    const SUBMITTERS: usize = 4;
    const JOBS: usize = 2_000;
    for idle in [Duration::ZERO, Duration::from_micros(20), FOREVER] {
        let pool = Pool::start(&limits(4, 2, idle));
        let lanes = [pool.add_lane(), pool.add_lane(), pool.add_lane()];
        let (done, answers) = channel();
        thread::scope(|scope| {
            for _ in 0..SUBMITTERS {
                scope.spawn(|| {
                    for number in 0..JOBS {
                        let done = done.clone();
                        submit(&pool, lanes[number % 3], move || done.send(()).expect("the test listens"));
                    }
                });
            }
        });
        // Before the close, which would wake a worker that was forgotten.
        (0..SUBMITTERS * JOBS).for_each(|_| receive(&answers));
        finish(&pool);
        assert!(answers.try_recv().is_err(), "a job ran twice");
    }
}

#[test]
fn a_pool_without_any_thread_gives_the_job_back() {
    let queue = Queue::new(&limits(2, 2, FOREVER));
    let lane = queue.add_lane(0);
    let (Ok((Pushed::Spawn(first), first_id)), Ok((Pushed::Spawn(second), second_id))) =
        (queue.push(lane.into(), 1), queue.push(lane.into(), 2))
    else {
        panic!("both jobs need a worker");
    };
    let failure = queue.spawn_failed(first.number(), Some(first_id));
    assert!(matches!(failure, SpawnFailure::Degraded(None)), "the second may start yet");
    let failure = queue.spawn_failed(second.number(), Some(second_id));
    let SpawnFailure::Stranded { own, others } = failure else { panic!("nobody is left") };
    assert_eq!((own, others), (Some(2), vec![1]));
    let counts = queue.counts();
    assert_eq!((counts.workers, counts.threads_started, counts.spawn_failures), (0, 0, 2));
    assert!(matches!(queue.push(lane.into(), 3), Ok((Pushed::Spawn(_), _))), "the next job tries again");
}

#[test]
fn i1_a_job_behind_a_full_lane_is_looked_after_though_a_worker_is_about_to_come() {
    let queue = Queue::new(&limits(4, 1, FOREVER));
    let lane = queue.add_lane(1);
    let Ok((Pushed::Spawn(_starting), _)) = queue.push(lane.into(), 1) else { panic!("no worker yet") };
    queue.pretend_spinning();
    assert!(matches!(queue.push(queue.add_lane(1).into(), 2), Ok((Pushed::Seen, _))), "it may start");
    // Whoever takes the first may get stuck in it, so the second needs a sweep.
    assert!(matches!(queue.push(lane.into(), 3), Ok((Pushed::Covered, _))), "it waits for the first");
}

#[test]
fn a_refused_thread_only_costs_capacity() {
    let queue = Queue::new(&limits(2, 2, FOREVER));
    let lane = queue.add_lane(0);
    let Ok((Pushed::Spawn(mut worker), _)) = queue.push(lane.into(), 1) else { panic!("no worker yet") };
    assert_eq!(queue.next(&mut worker), Some(1));
    let Ok((Pushed::Spawn(refused), id)) = queue.push(lane.into(), 2) else { panic!("the worker is busy") };
    assert!(matches!(queue.spawn_failed(refused.number(), Some(id)), SpawnFailure::Degraded(None)));
    assert_eq!(queue.next(&mut worker), Some(2));
    queue.close();
    assert_eq!(queue.next(&mut worker), None);
    assert!(queue.wait_ended(Some(Instant::now())));
}

/// A naive model of the lanes. Only the order among lanes is left open.
struct Model {
    lanes: Vec<(VecDeque<u64>, usize)>,
    workers_max: usize,
}

impl Model {
    fn startable(&self) -> usize {
        self.lanes.iter().map(|(waiting, running)| waiting.len().min(self.workers_max - running)).sum()
    }
}

#[test]
fn lanes_are_fifos_with_a_bounded_number_of_workers() {
    seeds(200, |seed| {
        let mut random = Random::new(seed);
        let workers_max = 1 + random.index(3);
        let mut lanes = Lanes::new(workers_max);
        let ids: Vec<LaneId> = (0..4).map(|_| lanes.add(0)).collect();
        let mut model = Model { lanes: vec![Default::default(); ids.len()], workers_max };
        let mut slots = vec![Vec::new(); ids.len()];
        for step in 0..300 {
            let index = random.index(ids.len());
            match random.index(8) {
                0..=3 => {
                    lanes.push(ids[index].into(), step);
                    model.lanes[index].0.push_back(step);
                }
                4..=5 => {
                    let taken = lanes.take();
                    assert_eq!(taken.is_some(), model.startable() > 0, "seed {seed}, step {step}");
                    if let Some((slot, job)) = taken {
                        let lane = ids.iter().position(|id| *id == slot.lane).expect("it was added");
                        slots[lane].push(slot);
                        let (waiting, running) = &mut model.lanes[lane];
                        *running += 1;
                        assert_eq!(Some(job), waiting.pop_front(), "seed {seed}, step {step}");
                        assert!(*running <= workers_max, "seed {seed}, step {step}");
                    }
                }
                6 if model.lanes[index].1 > 0 => {
                    lanes.finish(slots[index].pop().expect("as many as in the model"));
                    model.lanes[index].1 -= 1;
                }
                7 if step % 50 == 0 => {
                    let drained = lanes.drain().len();
                    let waiting = model.lanes.iter_mut().map(|(waiting, _)| waiting.drain(..).len());
                    assert_eq!(drained, waiting.sum::<usize>(), "seed {seed}, step {step}");
                }
                _ => {}
            }
            assert_eq!(lanes.startable(), model.startable(), "seed {seed}, step {step}");
        }
    });
}

#[test]
fn b4_the_background_leaves_half_of_the_workers_to_others() {
    let mut lanes = Lanes::new(4);
    let id = lanes.add(0);
    let place = |priority| Place { flow: Flow { priority, file: 1, caller: 0 }, ..id.into() };
    for _ in 0..10 {
        lanes.push(place(Priority::Background), "scan");
    }
    assert_eq!(lanes.startable(), 2);
    let scans: Vec<_> = std::iter::from_fn(|| lanes.take()).collect();
    assert_eq!((scans.len(), lanes.startable()), (2, 0));
    for _ in 0..3 {
        lanes.push(place(Priority::Normal), "request");
    }
    assert_eq!(lanes.startable(), 2);
    let requests: Vec<_> = std::iter::from_fn(|| lanes.take()).collect();
    assert!(requests.len() == 2 && requests.iter().all(|(_, job)| *job == "request"));
    lanes.finish(scans[0].0);
    assert_eq!(lanes.take().map(|(_, job)| job), Some("request"), "it is more urgent than the next scan");
    lanes.finish(requests[0].0);
    assert_eq!(lanes.take().map(|(_, job)| job), Some("scan"));
    assert_eq!(lanes.take().map(|(_, job)| job), None);
}
