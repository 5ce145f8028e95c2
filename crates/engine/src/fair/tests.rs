//! Turns of flows and callers, against what they promise and against a naive model.

use std::collections::{HashMap, VecDeque};

use super::flows::Flows;
use super::{FairQueue, Flow, Ticket};
use crate::limits::FAIR_ENTRIES_KEPT_MAX;
use crate::priority::Priority;
use crate::random::{Random, seeds};

fn flow(file: u64, caller: u64) -> Flow {
    Flow { priority: Priority::Normal, file, caller }
}

fn take<T>(queue: &mut FairQueue<T>) -> Option<T> {
    queue.pop(|_| true).map(|(_, value)| value)
}

#[test]
fn b4_a_flow_that_comes_late_is_next() {
    for flooding in [1, 2, 50] {
        let mut queue = FairQueue::default();
        for number in 0..100 * flooding {
            queue.push(flow(number % flooding, number), 1_000_000, false);
        }
        for _ in 0..10 * flooding {
            assert_eq!(take(&mut queue), Some(false));
        }
        queue.push(flow(1_000, 0), 4_096, true);
        // Those that have been served as little as the present time go first, of each flooding flow at most one.
        let before = std::iter::from_fn(|| take(&mut queue)).position(|quiet| quiet);
        assert!(before.is_some_and(|before| before as u64 <= flooding), "{flooding}: {before:?} before it");
    }
}

#[test]
fn b4_small_entries_of_one_flow_do_not_wait_for_as_many_big_ones() {
    let mut queue = FairQueue::default();
    for _ in 0..100 {
        queue.push(flow(1, 0), 100, "big");
        queue.push(flow(2, 0), 1, "small");
    }
    let first: Vec<_> = (0..102).filter_map(|_| take(&mut queue)).collect();
    assert!(first.iter().filter(|one| **one == "big").count() <= 2, "{first:?}");
}

#[test]
fn b4_callers_of_one_flow_take_turns() {
    let mut queue = FairQueue::default();
    for _ in 0..1_000 {
        queue.push(flow(1, 1), 10, 1);
    }
    for _ in 0..10 {
        take(&mut queue);
    }
    for _ in 0..3 {
        queue.push(flow(1, 2), 10, 2);
    }
    let next: Vec<_> = (0..6).filter_map(|_| take(&mut queue)).collect();
    assert_eq!(next.iter().filter(|caller| **caller == 2).count(), 3, "{next:?}");
}

#[test]
fn o1_callers_with_one_entry_each_leave_in_order_of_arrival() {
    let mut queue = FairQueue::default();
    let mut expected = 0..;
    for caller in 0..1_000 {
        queue.push(flow(1, caller), 1 + caller * 7919 % 100, caller);
        if caller % 3 == 0 {
            assert_eq!(take(&mut queue), expected.next());
        }
    }
    let rest: Vec<u64> = std::iter::from_fn(|| take(&mut queue)).collect();
    assert!(rest.iter().copied().eq(expected.take(rest.len())), "{rest:?}");
}

/// Virtual times of flows that wait without pause differ by one entry of each at most.
#[test]
fn waiting_flows_get_the_same_share() {
    seeds(100, |seed| {
        const COST_MAX: u64 = 50;
        let mut random = Random::new(seed);
        let mut queue = FairQueue::default();
        let flows = 2 + random.index(6) as u64;
        for file in 0..flows {
            for _ in 0..200 {
                let cost = random.within(1..COST_MAX + 1);
                queue.push(flow(file, random.within(0..3)), cost, (file, cost));
            }
        }
        let mut served = vec![0; flows as usize];
        for _ in 0..150 {
            let (file, cost) = take(&mut queue).expect("every flow has entries left");
            served[file as usize] += cost;
            let (least, most) = (served.iter().min(), served.iter().max());
            let apart = most.zip(least).map(|(most, least)| most - least);
            assert!(apart <= Some(2 * COST_MAX), "seed {seed}: {served:?}");
        }
    });
}

#[test]
fn entries_of_one_caller_leave_in_order_of_arrival() {
    seeds(200, |seed| {
        let mut random = Random::new(seed);
        let mut queue = FairQueue::default();
        let mut model: HashMap<(u64, u64), VecDeque<(Ticket, u64)>> = HashMap::new();
        let callers = [2, 8, 24][random.index(3)];
        let mut waiting = 0;
        for number in 0..2_000 {
            let key = (random.within(0..4), random.within(0..callers));
            match random.index(10) {
                0..=4 => {
                    let value = (key, number);
                    let priority = Priority::ALL[key.0 as usize % 3];
                    let flow = Flow { priority, ..flow(key.0, key.1) };
                    let ticket = queue.push(flow, random.within(1..100), value);
                    model.entry(key).or_default().push_back((ticket, number));
                    waiting += 1;
                }
                5..=7 => {
                    let front = queue.front(|_| true).map(|(priority, value)| (priority, *value));
                    let popped = queue.pop(|_| true);
                    assert_eq!(front, popped, "seed {seed}");
                    assert_eq!(popped.is_some(), waiting > 0, "seed {seed}");
                    let Some((_, (key, number))) = popped else { continue };
                    let (ticket, expected) =
                        model.get_mut(&key).and_then(VecDeque::pop_front).expect("it waits");
                    assert_eq!(number, expected, "seed {seed}");
                    assert_eq!(queue.remove(ticket), None, "seed {seed}: it has left");
                    waiting -= 1;
                }
                8 => {
                    let Some(entries) = model.get_mut(&key).filter(|entries| !entries.is_empty()) else {
                        continue;
                    };
                    let (ticket, number) =
                        entries.remove(random.index(entries.len())).expect("the index is within");
                    assert_eq!(queue.get_mut(ticket), Some(&mut (key, number)), "seed {seed}");
                    assert_eq!(queue.remove(ticket), Some((key, number)), "seed {seed}");
                    waiting -= 1;
                }
                _ if number % 100 == 0 => {
                    assert_eq!(queue.drain().len(), waiting, "seed {seed}");
                    model.clear();
                    waiting = 0;
                }
                _ => {}
            }
            assert_eq!(queue.len(), waiting, "seed {seed}");
        }
    });
}

#[test]
fn b3_an_empty_queue_keeps_little_memory() {
    let mut flows = Flows::default();
    let tickets: Vec<_> =
        (0..10 * FAIR_ENTRIES_KEPT_MAX as u64).map(|number| flows.push(number, 0, 1, ())).collect();
    for ticket in tickets {
        assert_eq!(flows.remove(ticket), Some(()));
    }
    assert!(flows.kept() <= 2 * FAIR_ENTRIES_KEPT_MAX);
}

#[test]
fn b4_a_more_urgent_class_gets_more_turns_and_none_is_starved() {
    let mut queue = FairQueue::default();
    for number in 0..10_000 {
        for priority in Priority::ALL {
            queue.push(Flow { priority, ..flow(number, 0) }, 1, priority);
        }
    }
    let mut turns = [0; 3];
    for _ in 0..73 * 10 {
        turns[take(&mut queue).expect("every class has entries left").index()] += 1;
    }
    assert_eq!(turns, [640, 80, 10]);
}

#[test]
fn b4_a_class_that_comes_late_neither_waits_for_the_others_nor_catches_up() {
    let mut queue = FairQueue::default();
    (0..1_000).for_each(|number| _ = queue.push(flow(number, 0), 1_000, Priority::Normal));
    (0..100).for_each(|_| _ = take(&mut queue));
    for priority in [Priority::Interactive, Priority::Background] {
        (0..50).for_each(|number| _ = queue.push(Flow { priority, ..flow(number, 0) }, 1_000, priority));
    }
    let next: Vec<_> = (0..20).filter_map(|_| take(&mut queue)).collect();
    let urgent = next.iter().filter(|priority| **priority == Priority::Interactive).count();
    let late = next.iter().filter(|priority| **priority == Priority::Background).count();
    assert!(next[..2].contains(&Priority::Interactive) && urgent >= 14 && late <= 1, "{next:?}");
}

#[test]
fn a_class_that_may_not_go_is_passed_over() {
    let mut queue = FairQueue::default();
    queue.push(Flow { priority: Priority::Background, ..flow(1, 0) }, 1, "scan");
    let may = |priority| priority != Priority::Background;
    assert_eq!(queue.pop(may), None);
    queue.push(flow(2, 0), 1_000_000, "request");
    assert_eq!(queue.front(may), Some((Priority::Normal, &mut "request")));
    assert_eq!(queue.pop(may), Some((Priority::Normal, "request")));
    assert_eq!((queue.pop(may), take(&mut queue)), (None, Some("scan")));
}
