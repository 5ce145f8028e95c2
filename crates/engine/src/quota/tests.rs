//! Limits, refusals, turns and giving up, one step at a time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::{Quota, Refused, Take};
use crate::fair::Flow;
use crate::random::{Random, seeds};

fn flow(file: u64) -> Flow {
    Flow { file, caller: 0 }
}

fn poll(take: &mut Take) -> Poll<bool> {
    Pin::new(take).poll(&mut Context::from_waker(Waker::noop()))
}

fn waiting(quota: &Arc<Quota>, bytes: usize, file: u64) -> Take {
    let mut take = quota.take(quota.units(bytes), flow(file));
    assert_eq!(poll(&mut take), Poll::Pending);
    take
}

#[test]
fn both_limits_hold_and_a_refusal_names_its_own() {
    let quota = Quota::new(2, 100);
    let (half, all) = (quota.units(50), quota.units(1_000));
    assert_eq!(quota.try_take(half), Ok(()));
    assert_eq!(quota.try_take(all), Err(Refused::Bytes));
    assert_eq!(quota.try_take(half), Ok(()));
    assert_eq!(quota.try_take(quota.units(0)), Err(Refused::Operations));
    [half, half].iter().for_each(|units| quota.release(*units));
    assert_eq!(quota.try_take(all), Ok(()), "an operation beyond the limit is admitted alone");
    assert_eq!(quota.try_take(half), Err(Refused::Bytes));
}

#[test]
fn b4_a_long_line_of_one_file_does_not_delay_another() {
    let quota = Arc::new(Quota::new(10, 1_000));
    let units = quota.units(100);
    (0..10).for_each(|_| assert_eq!(quota.try_take(units), Ok(())));
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
    let small = quota.units(1);
    assert_eq!(quota.try_take(small), Ok(()));
    let mut big = waiting(&quota, 100, 1);
    assert_eq!(
        quota.try_take(small),
        Err(Refused::Bytes),
        "one is free, and belongs to the caller that waits"
    );
    quota.release(small);
    assert_eq!(poll(&mut big), Poll::Ready(true));
}

#[test]
fn giving_up_lets_the_next_pass_and_returns_what_was_granted() {
    let quota = Arc::new(Quota::new(1, 100));
    let units = quota.units(10);
    assert_eq!(quota.try_take(units), Ok(()));
    let (first, second, mut third) = (waiting(&quota, 10, 1), waiting(&quota, 10, 1), waiting(&quota, 10, 1));
    drop(first);
    quota.release(units);
    drop(second);
    assert_eq!(poll(&mut third), Poll::Ready(true), "the second was granted and gave it on");
    quota.release(units);
    assert_eq!(quota.try_take(units), Ok(()), "no caller waits any more");
}

#[test]
fn closing_answers_everyone() {
    let quota = Arc::new(Quota::new(1, 100));
    let units = quota.units(10);
    assert_eq!(quota.try_take(units), Ok(()));
    let mut waits = waiting(&quota, 10, 1);
    quota.close();
    assert_eq!(poll(&mut waits), Poll::Ready(false));
    quota.release(units);
    assert_eq!(quota.try_take(units), Err(Refused::Closed));
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
            let units = quota.units(random.index(60));
            match random.index(6) {
                0 if quota.try_take(units).is_ok() => held.push(units),
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
        let all = quota.units(usize::MAX);
        assert_eq!(quota.try_take(all), Ok(()), "seed {seed}");
        quota.release(all);
        for _ in 0..ops {
            assert_eq!(quota.try_take(quota.units(0)), Ok(()), "seed {seed}");
        }
        assert_eq!(quota.try_take(quota.units(0)), Err(Refused::Operations), "seed {seed}");
    });
}
