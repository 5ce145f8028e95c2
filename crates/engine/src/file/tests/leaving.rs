//! Operations that are given up while a great many wait: each costs the same, however many they are.

use std::cell::Cell;

use super::{Item, Kind, items};
use crate::file::order::{BatchId, OpPlace, Order, Ordered};
use crate::file::{Footprint, Merge};
use crate::limits::ORDER_WINDOW_OPS;
use crate::random::Random;

const OPERATIONS: usize = 10_000;

thread_local! {
    static COMPARED: Cell<u64> = const { Cell::new(0) };
}

/// Called for every two operations that are compared.
pub(crate) fn count_comparison() {
    COMPARED.with(|compared| compared.set(compared.get() + 1));
}

/// An item that knows where it is.
#[derive(Debug)]
struct Placed {
    item: Item,
    place: std::rc::Rc<Cell<OpPlace>>,
}

impl Ordered for Placed {
    fn footprint(&self, cursor: u64, room: u64) -> Footprint {
        self.item.footprint(cursor, room)
    }

    fn merge(&self) -> Merge {
        Merge::Alone
    }

    fn bytes(&self) -> u64 {
        self.item.bytes()
    }

    fn note_place(&self, place: OpPlace) {
        self.place.set(place);
    }
}

/// Every second write meets the first, which never ends; the others start at once. Then all are given up, in an order
/// that `arrange` makes. Returns the comparisons that takes.
fn compared_while_leaving(arrange: impl FnOnce(&mut Vec<usize>)) -> u64 {
    let mut order = Order::default();
    let (mut places, mut started) = (Vec::new(), Vec::new());
    for item in items((0..OPERATIONS as u64).map(|index| {
        let start = if index % 2 == 0 { 0 } else { 10 * index };
        Kind::Write(start..start + 10)
    })) {
        let place = std::rc::Rc::new(Cell::new(OpPlace::Nowhere));
        places.push(place.clone());
        let item = Placed { item, place };
        let footprint = item.footprint(0, u64::MAX);
        if places.len() == 1 || places.len() % 2 == 0 {
            started.push(order.start(item, footprint, 0, u64::MAX).batch_id);
        } else {
            order.push(item);
        }
    }
    let started = |number: u64| started.iter().copied().find(|batch: &BatchId| batch.number() == number);
    let mut leaving: Vec<usize> = (1..OPERATIONS).collect();
    arrange(&mut leaving);
    COMPARED.with(|compared| compared.set(0));
    for index in leaving {
        match places[index].get() {
            OpPlace::Waiting(number) => assert!(order.remove(number).is_some()),
            OpPlace::Started(number) => {
                let batch = started(number).expect("it was started");
                assert!(order.finish(batch).is_some());
            }
            place @ (OpPlace::Nowhere | OpPlace::Posted(_)) => panic!("{place:?}"),
        }
        assert!(order.next(0, u64::MAX, false).is_none(), "the first is still there");
    }
    assert!(!order.has_waiting());
    COMPARED.with(Cell::get)
}

#[test]
fn b2_leaving_costs_the_same_however_many_wait() {
    let mut random = Random::new(1);
    let most = (OPERATIONS + ORDER_WINDOW_OPS) as u64;
    for compared in [
        compared_while_leaving(|_| {}),
        compared_while_leaving(|order| order.reverse()),
        compared_while_leaving(|order| random.shuffle(order)),
    ] {
        assert!(compared < most, "{compared} comparisons for {OPERATIONS} that leave");
    }
}

/// Cause: each operation that started was compared with all that waited, for those that could join it. Loss: a
/// millisecond each. Fix: only what continues it is compared.
#[test]
fn starting_costs_little_beside_many_that_wait() {
    let mut order = Order::default();
    let blocked = items([Kind::Write(0..10)]).remove(0);
    let footprint = blocked.footprint(0, u64::MAX);
    order.start(blocked, footprint, 0, u64::MAX);
    (0..ORDER_WINDOW_OPS - 1).for_each(|id| order.push(Item { id, kind: Kind::Write(0..10) }));
    (1..=1_000_u64)
        .for_each(|index| order.push(Item { id: 0, kind: Kind::Write(20 * index..20 * index + 10) }));
    COMPARED.with(|compared| compared.set(0));
    for _ in 0..1_000 {
        assert!(order.next(0, u64::MAX, false).is_some(), "it meets nothing");
    }
    assert!(order.next(0, u64::MAX, false).is_none());
    // Each with all that it passes and all that run, and nothing else.
    let most = 1_000 * (ORDER_WINDOW_OPS as u64 + 1_000);
    let compared = COMPARED.with(Cell::get);
    assert!(compared < most, "{compared} comparisons");
}

#[test]
fn places_fit_into_a_word() {
    for place in [OpPlace::Nowhere, OpPlace::Posted(1), OpPlace::Waiting(2), OpPlace::Started(u64::MAX >> 2)]
    {
        assert_eq!(OpPlace::of_word(place.to_word()), place);
    }
}
