//! Limits, refusals, turns and giving up, one step at a time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use super::{Quota, Refused, Take, Units};
use crate::fair::Flow;
use crate::limits::{GRANT_UNTAKEN_AFTER, GRANTS_UNTAKEN_MAX};
use crate::priority::Priority;
use crate::random::{Random, seeds};

fn flow(file: u64) -> Flow {
    Flow { priority: Priority::Normal, file, caller: 0 }
}

fn poll(take: &mut Take) -> Poll<bool> {
    Pin::new(take).poll(&mut Context::from_waker(Waker::noop()))
}

fn waiting(quota: &Arc<Quota>, bytes: usize, file: u64) -> Take {
    let mut take = quota.take(quota.units(bytes, Priority::Normal), flow(file));
    assert_eq!(poll(&mut take), Poll::Pending);
    take
}

#[test]
fn both_limits_hold_and_a_refusal_names_its_own() {
    let quota = Quota::new(2, 100);
    let (half, all) = (quota.units(50, Priority::Normal), quota.units(1_000, Priority::Normal));
    assert_eq!(quota.try_take(half, Priority::Normal), Ok(()));
    assert_eq!(quota.try_take(all, Priority::Normal), Err(Refused::Bytes));
    assert_eq!(quota.try_take(half, Priority::Normal), Ok(()));
    assert_eq!(quota.try_take(quota.units(0, Priority::Normal), Priority::Normal), Err(Refused::Operations));
    [half, half].iter().for_each(|units| quota.release(*units));
    assert_eq!(
        quota.try_take(all, Priority::Normal),
        Ok(()),
        "an operation beyond the limit is admitted alone"
    );
    assert_eq!(quota.try_take(half, Priority::Normal), Err(Refused::Bytes));
}

#[test]
fn b4_a_long_line_of_one_file_does_not_delay_another() {
    let quota = Arc::new(Quota::new(10, 1_000));
    let units = quota.units(100, Priority::Normal);
    (0..10).for_each(|_| assert_eq!(quota.try_take(units, Priority::Normal), Ok(())));
    let mut flood: Vec<_> = (0..1_000).map(|_| waiting(&quota, 100, 1)).collect();
    quota.release(units);
    assert_eq!(poll(&mut flood[0]), Poll::Ready(true));
    let mut other = waiting(&quota, 1, 2);
    quota.release(units);
    quota.release(units);
    assert_eq!(poll(&mut other), Poll::Ready(true), "of two units released, one is the other file's");
}

#[test]
fn no_caller_overtakes_one_that_waits() {
    let quota = Arc::new(Quota::new(2, 100));
    let small = quota.units(1, Priority::Normal);
    assert_eq!(quota.try_take(small, Priority::Normal), Ok(()));
    let mut big = waiting(&quota, 100, 1);
    assert_eq!(
        quota.try_take(small, Priority::Normal),
        Err(Refused::Bytes),
        "one is free, and belongs to the caller that waits"
    );
    quota.release(small);
    assert_eq!(poll(&mut big), Poll::Ready(true));
}

#[test]
fn giving_up_lets_the_next_pass_and_returns_what_was_granted() {
    let quota = Arc::new(Quota::new(1, 100));
    let units = quota.units(10, Priority::Normal);
    assert_eq!(quota.try_take(units, Priority::Normal), Ok(()));
    let (first, second, mut third) = (waiting(&quota, 10, 1), waiting(&quota, 10, 1), waiting(&quota, 10, 1));
    drop(first);
    quota.release(units);
    drop(second);
    assert_eq!(poll(&mut third), Poll::Ready(true), "the second was granted and gave it on");
    quota.release(units);
    assert_eq!(quota.try_take(units, Priority::Normal), Ok(()), "no caller waits any more");
}

#[test]
fn closing_answers_everyone() {
    let quota = Arc::new(Quota::new(1, 100));
    let units = quota.units(10, Priority::Normal);
    assert_eq!(quota.try_take(units, Priority::Normal), Ok(()));
    let mut waits = waiting(&quota, 10, 1);
    quota.close();
    assert_eq!(poll(&mut waits), Poll::Ready(false));
    quota.release(units);
    assert_eq!(quota.try_take(units, Priority::Normal), Err(Refused::Closed));
    assert_eq!(poll(&mut quota.take(units, flow(1))), Poll::Ready(false));
}

/// Everything taken is given back, whether callers wait, give up or are refused; none waits while there is room.
#[test]
fn b1_no_unit_is_lost_or_made() {
    seeds(200, |seed| {
        let mut random = Random::new(seed);
        let (ops, bytes) = (1 + random.index(5), 1 + random.index(50));
        let quota = Arc::new(Quota::new(ops, bytes));
        let (mut held, mut takes) = (Vec::new(), Vec::new());
        for _ in 0..500 {
            let units = quota.units(random.index(60), Priority::Normal);
            match random.index(6) {
                0 if quota.try_take(units, Priority::Normal).is_ok() => held.push(units),
                1 | 2 => takes.push((quota.take(units, flow(random.within(0..3))), units)),
                3 if !held.is_empty() => quota.release(held.swap_remove(random.index(held.len()))),
                4 if !takes.is_empty() => drop(takes.swap_remove(random.index(takes.len()))),
                _ => {}
            }
            takes.retain_mut(|(take, units)| {
                let granted = poll(take) == Poll::Ready(true);
                held.extend(granted.then_some(*units));
                !granted
            });
            let taken: u64 = held.iter().map(|units| units.bytes()).sum();
            assert!(held.len() <= ops && taken <= bytes as u64, "seed {seed}");
            assert!(!held.is_empty() || takes.is_empty(), "seed {seed}: one waits for nothing");
        }
        takes.clear();
        held.into_iter().for_each(|units| quota.release(units));
        let all = quota.units(usize::MAX, Priority::Normal);
        assert_eq!(quota.try_take(all, Priority::Normal), Ok(()), "seed {seed}");
        quota.release(all);
        for _ in 0..ops {
            assert_eq!(
                quota.try_take(quota.units(0, Priority::Normal), Priority::Normal),
                Ok(()),
                "seed {seed}"
            );
        }
        assert_eq!(
            quota.try_take(quota.units(0, Priority::Normal), Priority::Normal),
            Err(Refused::Operations),
            "seed {seed}"
        );
    });
}

#[test]
fn b4_the_background_leaves_a_quarter_to_others() {
    let quota = Quota::new(8, 800);
    let scan = quota.units(100, Priority::Background);
    for _ in 0..6 {
        assert_eq!(quota.try_take(scan, Priority::Background), Ok(()));
    }
    assert_eq!(quota.try_take(scan, Priority::Background), Err(Refused::Operations));
    let request = quota.units(200, Priority::Interactive);
    assert_eq!(quota.try_take(request, Priority::Interactive), Ok(()));
    let huge = quota.units(usize::MAX, Priority::Background);
    quota.release(request);
    (0..6).for_each(|_| quota.release(scan));
    assert_eq!(quota.try_take(huge, Priority::Background), Ok(()), "it is admitted beside the reserve");
    assert_eq!(quota.try_take(request, Priority::Normal), Ok(()));
}

#[test]
fn b4_nothing_urgent_waits_for_what_waits_in_the_background() {
    let quota = Arc::new(Quota::new(4, 400));
    let units = quota.units(100, Priority::Background);
    (0..3).for_each(|_| assert_eq!(quota.try_take(units, Priority::Background), Ok(())));
    let background = Flow { priority: Priority::Background, ..flow(1) };
    let mut scans = [0; 2].map(|_| quota.take(units, background));
    assert!(scans.iter_mut().all(|scan| poll(scan).is_pending()));
    assert_eq!(quota.try_take(units, Priority::Normal), Ok(()), "the last one is its");
    assert_eq!(quota.try_take(units, Priority::Normal), Err(Refused::Operations));
    let mut request = waiting(&quota, 100, 2);
    quota.release(units);
    assert_eq!((poll(&mut request), poll(&mut scans[0])), (Poll::Ready(true), Poll::Pending));
    (0..2).for_each(|_| quota.release(units));
    assert_eq!((poll(&mut scans[0]), poll(&mut scans[1])), (Poll::Ready(true), Poll::Pending));
}

/// Counts how often it wakes.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A quota whose units are all in use, and callers in line for them.
struct Crowd {
    quota: Arc<Quota>,
    units: Units,
    woken: Arc<Counter>,
    takes: Vec<Take>,
}

impl Crowd {
    fn new(callers: usize) -> Crowd {
        let quota = Arc::new(Quota::new(callers + 1, 1_000_000));
        let units = quota.units(1, Priority::Normal);
        (0..=callers).for_each(|_| assert_eq!(quota.try_take(units, Priority::Normal), Ok(())));
        let mut takes: Vec<_> = (0..callers).map(|file| quota.take(units, flow(file as u64))).collect();
        let woken = Arc::<Counter>::default();
        let waker = Waker::from(woken.clone());
        for take in &mut takes {
            assert!(Pin::new(take).poll(&mut Context::from_waker(&waker)).is_pending());
        }
        Crowd { quota, units, woken, takes }
    }

    fn release(&self, operations: usize) {
        (0..operations).for_each(|_| self.quota.release(self.units));
    }

    fn woken(&self) -> usize {
        self.woken.0.load(Ordering::Relaxed)
    }
}

#[test]
fn b4_a_crowd_is_woken_a_few_at_a_time() {
    let mut crowd = Crowd::new(100);
    let begun = Instant::now();
    crowd.release(100);
    // Unless the time of those who do not come is over.
    assert!(crowd.woken() <= GRANTS_UNTAKEN_MAX || begun.elapsed() > GRANT_UNTAKEN_AFTER);
    for index in 0..100 {
        assert!(crowd.woken() > index, "the next one is always awake");
        assert_eq!(poll(&mut crowd.takes[index]), Poll::Ready(true));
    }
}

#[test]
fn b4_those_who_do_not_come_keep_others_waiting_for_a_moment_only() {
    let crowd = Crowd::new(3 * GRANTS_UNTAKEN_MAX);
    crowd.release(3 * GRANTS_UNTAKEN_MAX);
    while crowd.woken() < 3 * GRANTS_UNTAKEN_MAX {
        crowd.quota.resume();
        std::thread::yield_now();
    }
}

#[test]
fn b4_those_who_never_come_are_not_waited_for_once_nothing_else_goes_on() {
    let crowd = Crowd::new(100);
    crowd.release(30);
    let begun = Instant::now();
    while begun.elapsed() <= 2 * GRANT_UNTAKEN_AFTER {
        std::thread::yield_now();
    }
    crowd.release(71);
    assert_eq!(crowd.woken(), 100);
}

#[test]
fn b4_one_look_is_enough_where_nobody_comes() {
    let crowd = Crowd::new(100);
    crowd.release(100);
    let begun = Instant::now();
    while begun.elapsed() <= 2 * GRANT_UNTAKEN_AFTER {
        std::thread::yield_now();
    }
    crowd.quota.resume();
    assert_eq!(crowd.woken(), 100);
}

#[test]
fn b4_where_nothing_goes_on_nobody_is_kept_waiting() {
    let crowd = Crowd::new(100);
    crowd.release(101);
    assert_eq!(crowd.woken(), 100);
}

#[test]
fn b4_one_that_gives_up_what_it_was_granted_lets_the_next_come() {
    let mut crowd = Crowd::new(100);
    crowd.release(100);
    crowd.takes.truncate(50);
    assert!(crowd.woken() >= GRANTS_UNTAKEN_MAX);
    crowd.takes.clear();
    assert_eq!(crowd.quota.admitted(), 1, "all units are back but those of the one that goes on");
}
